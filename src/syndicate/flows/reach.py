"""Reach: how many people got a story, in which languages, as their ledgers were last counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.flows.house import House
from syndicate.flows.tally import tally_of
from syndicate.model import DeliveryState, IssueState
from syndicate.store import told
from syndicate.store.tallies import Tally
from syndicate.store.told import Telling

_KINDS = {
    DeliveryState.ACCEPTED: "got",
    DeliveryState.UNSURE: "doubtful",
    DeliveryState.PLANNED: "waiting",
    DeliveryState.CLAIMED: "waiting",
    DeliveryState.BOUNCED: "lost",
    DeliveryState.REFUSED: "lost",
    DeliveryState.FAILED: "lost",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """People by what became of the mails that told them the version of ``language``.

    ``got`` it; of ``doubtful`` ones nobody knows; ``waiting`` are to get it still, as it was; ``lost`` never did. Who
    got the story by two issues is counted by each.
    """

    language: str
    got: int = 0
    doubtful: int = 0
    waiting: int = 0
    lost: int = 0


def reach(house: House, tellings: Sequence[Telling], now: datetime) -> tuple[Reach, ...]:
    """By language of the version, in the site's order; of issues that are no corrections, and frozen."""
    frozen = [one for one in tellings if one.state is not IssueState.PLANNED and not one.is_correction]
    counted = {number: tally_of(house.database, number, now) for number in {one.issue for one in frozen}}
    languages: dict[str, list[Telling]] = {}
    for one in frozen:
        languages.setdefault(one.language, []).append(one)
    order = {language: n for n, language in enumerate(house.site.languages)}
    ordered = sorted(languages, key=lambda one: (order.get(one, len(order)), one))
    return tuple(_reach(one, languages[one], counted) for one in ordered)


def tellings_of(house: House, story: str) -> list[Telling]:
    """The editions that tell a story, newest issue first."""
    with house.database.read() as connection:
        return told.tellings(connection, [story])


def _reach(language: str, tellings: Iterable[Telling], counted: dict[int, Tally]) -> Reach:
    found: Counter[str] = Counter()
    for one in tellings:
        for of, state, _, number in counted[one.issue].lines:
            if of == one.edition and state in _KINDS:
                found[_KINDS[DeliveryState(state)]] += number
    return Reach(language, **found)

"""Sum up: what became of an issue, for a page. From its tally: however long the ledger is, nothing of it is read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from syndicate.flows.house import House
from syndicate.flows.seen import mark
from syndicate.flows.tally import current
from syndicate.model import DeliveryState, Issue, IssueState
from syndicate.store import doubts, issues
from syndicate.store.feedback import CLICKED, COMPLAINED, FETCHED, LEFT, OPENED
from syndicate.store.tallies import Tally

S = DeliveryState


@dataclass(frozen=True, slots=True)
class Fates:
    """People of one language, or of one domain; ``name`` is empty for all, and for the domains that are not named.

    ``owed`` is the sum of ``sent`` (a carrier took it), ``failed`` (it was not taken), ``unsure``, ``skipped`` (asked
    last, they must not be mailed), ``cancelled`` and ``waiting``. Of those it was sent to, ``bounced`` and
    ``delivered`` (their server took it) are known; ``complained`` and ``left`` (the newsletter) are what they did, and
    ``opened`` and ``clicked`` where the carrier was asked to tell; ``fetched``: a machine opened it for them.
    """

    name: str
    owed: int = 0
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    left: int = 0
    opened: int = 0
    fetched: int = 0
    clicked: int = 0
    failed: int = 0
    unsure: int = 0
    skipped: int = 0
    cancelled: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """``whole`` is everybody who is in an edition; ``left_out`` who was in none. ``reasons`` are (state, reason,
    people) of all who did not get it, most first, without addresses. ``unsure`` is counted now, the rest at
    ``counted_at``; something was heard since where it ``is_stale``. ``missing`` certainly did not get it.
    """

    issue: Issue
    whole: Fates
    languages: tuple[Fates, ...]
    domains: tuple[Fates, ...]
    reasons: tuple[tuple[str, str, int], ...]
    left_out: int
    unsure: int
    counted_at: datetime
    is_stale: bool
    mark: str

    @property
    def missing(self) -> int:
        return self.whole.failed

    @property
    def may_send_again(self) -> bool:
        """Whether those who are missing can be owed it again."""
        ended = (IssueState.SENT, IssueState.SENDING, IssueState.APPROVED)
        return bool(self.missing) and self.issue.state in ended


def sum_up(house: House, number: int, now: datetime) -> Summary:
    """Raises NotFound."""
    with house.database.read() as connection:
        issues.get(connection, number)
    counted = current(house.database, number, now)
    with house.database.read() as connection:
        issue, languages = issues.get(connection, number), issues.languages(connection, number)
        unsure, seen = doubts.count(connection, number), mark(connection, number)
    return Summary(
        issue=issue,
        whole=_of_editions("", counted, set(languages)),
        languages=_by_language(counted, languages),
        domains=_by_domain(counted),
        reasons=_reasons(counted),
        left_out=sum(n for of, _, _, n in counted.lines if of is None),
        unsure=unsure,
        counted_at=counted.at,
        is_stale=counted.is_stale,
        mark=seen,
    )


def _by_language(counted: Tally, languages: dict[int, str]) -> tuple[Fates, ...]:
    found = [
        _of_editions(language, counted, {edition for edition, of in languages.items() if of == language})
        for language in dict.fromkeys(languages.values())
    ]
    return tuple(sorted(found, key=lambda one: -one.owed))


def _of_editions(name: str, counted: Tally, editions: set[int]) -> Fates:
    states = Counter[str]()
    for of, state, _, n in counted.lines:
        if of in editions:
            states[state] += n
    did = Counter[str]()
    for edition, what, n in counted.feedback:
        if edition in editions:
            did[what] += n
    arrived = sum(n for edition, n in counted.arrived.items() if edition in editions)
    return _fates(name, states, arrived, did)


def _by_domain(counted: Tally) -> tuple[Fates, ...]:
    """As the tally has them: most people first, the rest at the end."""
    states: dict[str, Counter[str]] = {}
    for domain, state, n in counted.domains:
        states.setdefault(domain, Counter())[state] += n
    return tuple(_fates(name, of, counted.arrived_at.get(name, 0)) for name, of in states.items())


def _fates(name: str, states: Counter[str], delivered: int, did: Counter[str] | None = None) -> Fates:
    did = did or Counter()
    return Fates(
        name=name,
        owed=states.total(),
        sent=states[S.ACCEPTED] + states[S.BOUNCED],
        # What came back afterwards did not arrive.
        delivered=min(delivered, states[S.ACCEPTED]),
        bounced=states[S.BOUNCED],
        complained=did[COMPLAINED],
        left=did[LEFT],
        opened=did[OPENED],
        fetched=did[FETCHED],
        clicked=did[CLICKED],
        failed=states[S.FAILED] + states[S.REFUSED],
        unsure=states[S.UNSURE],
        skipped=states[S.SKIPPED],
        cancelled=states[S.CANCELLED],
        waiting=states[S.PLANNED] + states[S.CLAIMED],
    )


def _reasons(counted: Tally) -> tuple[tuple[str, str, int], ...]:
    return summed((state, reason, n) for _, state, reason, n in counted.lines if state in NOT_GOT)


NOT_GOT = (S.FAILED, S.REFUSED, S.BOUNCED, S.UNSURE, S.SKIPPED, S.CANCELLED)
"""Who did not get it, or may not have; those that are still waited for are not among them."""


def summed(lines: Iterable[tuple[str, str, int]]) -> tuple[tuple[str, str, int], ...]:
    """(state, reason, people), each once, most people first."""
    found = Counter[tuple[str, str]]()
    for state, reason, n in lines:
        found[state, reason] += n
    return tuple((state, reason, n) for (state, reason), n in found.most_common())

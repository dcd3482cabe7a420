"""The report of an issue: every fate counted, per language, with reasons; and the names, for whoever asks for them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from syndicate.flows.house import House
from syndicate.flows.issues import told_outcomes
from syndicate.model import DeliveryState, Issue
from syndicate.store import deliveries, issues
from syndicate.store.deliveries import Line


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of people. ``owed`` is everybody an issue was planned for, and the sum of ``states``.

    ``languages`` is language to state to number; ``reasons`` are (state, reason, number), most first, without
    addresses. ``confirmed`` is how many the readers' own servers are known to have taken; ``waiting`` how many are to
    be tried again, and ``due`` when the first of them is.
    """

    issue: Issue
    owed: int
    states: dict[str, int]
    languages: dict[str, dict[str, int]]
    reasons: tuple[tuple[str, str, int], ...]
    confirmed: int
    waiting: int
    due: datetime | None


def report(house: House, number: int) -> Report:
    """Raises NotFound."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        counts = deliveries.counts(connection, number)
        spoken = {one.edition.id: one.edition.language for one in issues.editions(connection, number)}
        left, due = deliveries.next_due(connection, number)
        return Report(
            issue=issue,
            owed=sum(counts.values()),
            states=_states(counts),
            languages=_languages(counts, spoken),
            reasons=told_outcomes(deliveries.outcomes(connection, number)),
            confirmed=deliveries.confirmed(connection, number),
            waiting=left,
            due=due,
        )


def names(house: House, number: int, *states: DeliveryState) -> Iterator[Line]:
    """Who is in these states, one at a time. Raises NotFound."""
    with house.database.read() as connection:
        issues.get(connection, number)
        yield from deliveries.lines(connection, number, *states)


def _states(counts: dict[tuple[int | None, str], int]) -> dict[str, int]:
    """In the order in which a delivery goes through them."""
    summed: Counter[str] = Counter()
    for (_, state), number in counts.items():
        summed[state] += number
    return {state: summed[state] for state in DeliveryState if summed[state]}


def _languages(
    counts: dict[tuple[int | None, str], int], spoken: dict[int, str]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (edition, state), number in sorted(counts.items(), key=str):
        if edition is not None:
            states = found.setdefault(spoken[edition], {})
            states[state] = states.get(state, 0) + number
    return dict(sorted(found.items()))

"""Places: where in the ledger of an issue each state is found, so that a page finds five in a million lines at once.

A ledger has no index by state: it would cost each delivery a write, for what is asked after the fact. Whoever counts a
ledger sees all of it anyway, and keeps, of each state, the stretches of numbers it is in (``find``). A page then reads
those stretches alone (``lines``).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from sqlalchemy import Connection, func, select

from syndicate.model import DeliveryState
from syndicate.store.deliveries import Line, line_of, of_lines
from syndicate.store.tables import delivery

Place: TypeAlias = tuple[int, int]
"""The first and the last number of a stretch of deliveries."""

STRETCH = 1_000
"""Numbers in the shortest stretch that is kept: reading so many costs a page nothing."""

MOST = 200
"""Stretches kept of each state; where there are more, those next to each other become one."""


def find(connection: Connection, number: int) -> dict[str, tuple[Place, ...]]:
    """State to where it is found, in order. Of what carriers took, which is nearly everything, nothing is kept."""
    stretch = delivery.c.id // STRETCH
    query = (
        select(delivery.c.state, func.min(delivery.c.id), func.max(delivery.c.id))
        .where(delivery.c.issue == number, delivery.c.state != DeliveryState.ACCEPTED)
        .group_by(delivery.c.state, stretch)
    )
    found: dict[str, list[Place]] = {}
    for state, first, last in connection.execute(query):
        found.setdefault(state, []).append((first, last))
    return {state: joined(sorted(places)) for state, places in found.items()}


def joined(places: Sequence[Place], most: int = MOST) -> tuple[Place, ...]:
    """At most so many that cover the same, the smallest gaps between them closed; given and returned in order."""
    gaps = sorted(range(1, len(places)), key=lambda n: places[n][0] - places[n - 1][1], reverse=True)
    kept = sorted(gaps[: max(0, most - 1)])
    edges = [0, *kept, len(places)] if places else []
    return tuple((places[start][0], places[end - 1][1]) for start, end in pairwise(edges))


def lines(
    connection: Connection,
    number: int,
    places: Mapping[str, Iterable[Place]],
    states: Collection[str],
    after: int = 0,
) -> Iterator[Line]:
    """Deliveries of an issue that are in one of ``states`` now, numbered above ``after``, in order, read stretch by
    stretch: a page stops when it has enough."""
    for first, last in together([one for state in states for one in places.get(state, ())]):
        start = max(first, after + 1)
        while start <= last:
            end = min(last, start + STRETCH - 1)
            yield from _between(connection, number, states, start, end)
            start = end + 1


def together(places: Iterable[Place]) -> list[Place]:
    """In order, those that overlap as one."""
    found: list[Place] = []
    for first, last in sorted(places):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _between(
    connection: Connection, number: int, states: Collection[str], first: int, last: int
) -> Iterator[Line]:
    # "+ 0": by the numbers, and not by the index of who is in the issue, which would be read to its end.
    where = (delivery.c.id.between(first, last), delivery.c.issue + 0 == number, delivery.c.state.in_(states))
    for row in connection.execute(of_lines().where(*where).order_by(delivery.c.id)):
        yield line_of(row)

"""Tally: count the ledger of issues, so that pages need not. The clock does, while something moves."""

from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

from syndicate.deliveries import without_addresses
from syndicate.model import DeliveryState
from syndicate.store import Database, tallies
from syndicate.store.tallies import Tally

EVERY = timedelta(seconds=20)
"""How old the numbers of an issue under way may be."""

SHARE = 20
"""Counting takes a twentieth of the time at most, however long the ledger is."""

LATELY = timedelta(days=7)
"""For so long after an issue was sent readers leave through it, and nothing tells of that."""

AFTERWARDS, SELDOM = timedelta(minutes=10), 200
"""The same two, for issues that were sent lately."""

FEW = 5_000
"""So many lines are counted while a page waits: it takes a few milliseconds."""


def recount(database: Database, number: int, now: datetime) -> Tally:
    """Count an issue, and write it down."""
    began = monotonic()
    with database.begin() as connection:
        before = tallies.begin(connection, number)
    with database.read() as connection:
        counted = tallies.count(connection, number, now, without_addresses)
    took = timedelta(seconds=monotonic() - began)
    made = replace(counted, took=took, before=(before.at, before.left) if before else None)
    with database.begin() as connection:
        tallies.write(connection, number, made)
    return made


def tally_of(database: Database, number: int, now: datetime) -> Tally:
    """The numbers as they were last counted; counted now where they never were."""
    with database.read() as connection:
        found = tallies.get(connection, number)
    return found or recount(database, number, now)


def current(database: Database, number: int, now: datetime) -> Tally:
    """The numbers as they were last counted; counted again where they may be old and that takes no time."""
    found = tally_of(database, number, now)
    is_old = found.is_stale or now - found.at >= EVERY
    is_short = sum(n for _, _, _, n in found.lines) <= FEW
    return recount(database, number, now) if (is_old and is_short) or _is_bare(found) else found


def _is_bare(found: Tally) -> bool:
    """Counted by a syndicate that did not keep yet where each state is found."""
    return not found.places and any(state != DeliveryState.ACCEPTED for _, state, _, _ in found.lines)


def recount_moving(database: Database, now: datetime) -> list[int]:
    """Count what may have changed and was not counted for a while; which issues that were."""
    with database.read() as connection:
        wanted = {number: tallies.get(connection, number) for number in tallies.to_count(connection)}
        lately = {
            number: tallies.get(connection, number) for number in tallies.sent(connection, now - LATELY)
        }
    due = [number for number, found in wanted.items() if found is None or is_due(found, now)]
    due += [
        one
        for one, found in lately.items()
        if found and one not in due and is_due(found, now, AFTERWARDS, SELDOM)
    ]
    for number in due:
        recount(database, number, now)
    return due


def is_due(found: Tally, now: datetime, every: timedelta = EVERY, share: int = SHARE) -> bool:
    """Whether numbers are old enough to be counted again."""
    return now - found.at >= max(every, share * found.took) or found.at > now

"""Missed: who did not get an issue, and why: a page of names, or all of them as a list."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import islice

from syndicate.deliveries import without_addresses
from syndicate.flows.house import House
from syndicate.flows.seen import subject_of
from syndicate.flows.sum_up import NOT_GOT, summed
from syndicate.flows.tally import current
from syndicate.model import Actor, DeliveryState, Issue
from syndicate.store import Database, audit, issues, places
from syndicate.store.deliveries import Line
from syndicate.store.tallies import Tally
from syndicate.subscribers.lists.cells import inert

S = DeliveryState

FATES: dict[str, tuple[DeliveryState, ...]] = {
    "": NOT_GOT,
    "failed": (S.FAILED, S.REFUSED),
    "bounced": (S.BOUNCED,),
    "unsure": (S.UNSURE,),
    "skipped": (S.SKIPPED,),
    "cancelled": (S.CANCELLED,),
    "waiting": (S.PLANNED, S.CLAIMED),
}
"""What is asked for to the states that it means; all who did not get it for the empty one."""

MOST = 50
"""People on a page."""

LOOKED_AT = 20_000
"""Lines that one page reads at most: it says where to go on."""

COLUMNS = ("subscriber", "email", "name", "language", "state", "reason", "at")


@dataclass(frozen=True, slots=True)
class Asked:
    """``fate`` is a key of :data:`FATES`; ``reason`` a :func:`key`, empty for every one."""

    fate: str = ""
    reason: str = ""

    @property
    def states(self) -> tuple[DeliveryState, ...]:
        return FATES.get(self.fate, NOT_GOT)

    def is_meant(self, line: Line) -> bool:
        return not self.reason or key(line.reason) == self.reason


@dataclass(frozen=True, slots=True)
class Page:
    """``onward`` is the delivery after which the next page begins, 0 at the end. ``reasons`` are (key, state, reason,
    people) of the fate that was asked for, as of ``counted_at``; ``people`` how many it is about."""

    issue: Issue
    lines: tuple[Line, ...]
    onward: int
    reasons: tuple[tuple[str, str, str, int], ...]
    people: int
    counted_at: datetime


def missed(house: House, number: int, asked: Asked, after: int, now: datetime) -> Page:
    """Those numbered above ``after``. Raises NotFound."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
    counted = current(house.database, number, now)
    found, onward = _page(house.database, number, counted, asked, after, MOST)
    lines = [(state, reason, n) for _, state, reason, n in counted.lines if state in asked.states]
    reasons = tuple((key(reason), state, reason, n) for state, reason, n in summed(lines))
    plain = tuple(replace(line, reason=without_addresses(line.reason)) for line in found)
    people = sum(n for of, _, _, n in reasons if asked.reason in ("", of))
    return Page(issue, plain, onward, reasons, people, counted.at)


def as_list(
    house: House, number: int, asked: Asked, actor: Actor, clock: Callable[[], datetime]
) -> Iterator[bytes]:
    """The bytes of a CSV file (RFC 4180) of all of them. That it began is in the audit log before the first byte, how
    many people were written and whether it came to its end after the last. Raises NotFound.
    """
    with house.database.read() as connection:
        issues.get(connection, number)
    counted = current(house.database, number, clock())
    with house.database.begin() as connection:
        chosen = {"fate": asked.fate or "all", "reason": asked.reason}
        audit.note(connection, actor, "issue.export", subject_of(number), clock(), **chosen)
    return _written(house.database, number, counted, asked, actor, clock)


def key(reason: str) -> str:
    """A reason as it stands in the address of a page: what carriers answer is long, and may name somebody."""
    return sha256(without_addresses(reason).encode("utf-8", "replace")).hexdigest()[:12]


def _page(
    database: Database, number: int, counted: Tally, asked: Asked, after: int, most: int
) -> tuple[tuple[Line, ...], int]:
    """At most ``most`` of them, and where to go on."""
    found: list[Line] = []
    last = after
    with database.read() as connection:
        read = places.lines(connection, number, counted.places, asked.states, after)
        for line in islice(read, LOOKED_AT):
            if asked.is_meant(line):
                if len(found) == most:
                    return tuple(found), last
                found.append(line)
            last = line.id
        return tuple(found), last if next(read, None) else 0


def _written(
    database: Database,
    number: int,
    counted: Tally,
    asked: Asked,
    actor: Actor,
    clock: Callable[[], datetime],
) -> Iterator[bytes]:
    after, people, is_whole = 0, 0, False
    try:
        yield _csv([COLUMNS])
        while True:
            lines, after = _page(database, number, counted, asked, after, 1_000)
            people += len(lines)
            yield _csv([_cells(line) for line in lines])
            if not after:
                is_whole = True
                return
    finally:
        with database.begin() as connection:
            told = {"people": people, "whole": is_whole}
            audit.note(connection, actor, "issue.exported", subject_of(number), clock(), **told)


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def _cells(line: Line) -> tuple[str, ...]:
    """No cell is a formula to a spreadsheet (CWE-1236)."""
    at = line.settled_at or line.handed_at
    told = (line.email, line.name, line.language, line.state, line.reason, at.isoformat() if at else "")
    return (str(line.subscriber), *(inert(cell) for cell in told))

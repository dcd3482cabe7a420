"""Browse: the issues there are, newest first, with what they say and how far they are; and the slots to come."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from syndicate.editions import Slot, next_slots
from syndicate.flows.house import House
from syndicate.flows.timetable import zones_of
from syndicate.model import DeliveryState, Issue
from syndicate.store import Connection, issues, tallies

AT_ONCE = 25
SLOTS = 3


@dataclass(frozen=True, slots=True)
class Tongue:
    """An issue in one language: ``subject`` of its main edition; ``owed`` people, of whom ``left`` are still to be
    mailed. Both are None where the ledger was not counted."""

    language: str
    subject: str
    owed: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An issue of a list."""

    issue: Issue
    tongues: tuple[Tongue, ...]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A newsletter's next slots. ``issue`` is the one that the first of them has already."""

    newsletter: str
    slots: tuple[Slot, ...]
    issue: Issue | None
    is_instant: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A page; ``older`` is the issue after which the next one begins, None on the last."""

    rows: tuple[Row, ...]
    older: Issue | None


def browse(
    house: House, newsletter: str = "", state: str = "", before: tuple[datetime, int] | None = None
) -> Listing:
    """Issues of a newsletter, in a state; of all where these are empty."""
    with house.database.read() as connection:
        found = issues.page(connection, newsletter, state, before, AT_ONCE + 1)
        shown = found[:AT_ONCE]
        return Listing(tuple(_rows(connection, shown)), shown[-1] if len(found) > AT_ONCE else None)


def one(house: House, number: int) -> Row:
    """Raises NotFound."""
    with house.database.read() as connection:
        return next(_rows(connection, [issues.get(connection, number)]))


def ahead(house: House, now: datetime) -> tuple[Ahead, ...]:
    """Of every newsletter."""
    with house.database.read() as connection:
        return tuple(_ahead(connection, house, now))


def _ahead(connection: Connection, house: House, now: datetime) -> Iterator[Ahead]:
    for newsletter in house.newsletters.values():
        found = next_slots(newsletter, now, SLOTS, zones_of(connection, newsletter))
        first = issues.find(connection, newsletter.key, found[0].name, found[0].moment) if found else None
        yield Ahead(newsletter.key, found, first, newsletter.cadence == "instant")


def _rows(connection: Connection, shown: list[Issue]) -> Iterator[Row]:
    subjects = issues.subjects(connection, [issue.id for issue in shown])
    for issue in shown:
        people = _people(connection, issue)
        tongues: dict[str, Tongue] = {}
        for _, language, _, subject in subjects.get(issue.id, ()):
            # Rarer cadences tell the same again: the own one comes first.
            tongues.setdefault(language, Tongue(language, subject, *people.get(language, (None, None))))
        yield Row(issue, tuple(tongues.values()))


def _people(connection: Connection, issue: Issue) -> dict[str, tuple[int, int]]:
    """(owed, left) by language, as counted last."""
    counted = tallies.get(connection, issue.id)
    if counted is None:
        return {}
    spoken, found = issues.languages(connection, issue.id), dict[str, tuple[int, int]]()
    for edition, state, _, number in counted.lines:
        if edition in spoken:
            owed, left = found.get(spoken[edition], (0, 0))
            waits = number if state in (DeliveryState.PLANNED, DeliveryState.CLAIMED) else 0
            found[spoken[edition]] = (owed + number, left + waits)
    return dict.fromkeys(spoken.values(), (0, 0)) | found

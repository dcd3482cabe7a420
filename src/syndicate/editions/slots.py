"""The timetable's arithmetic: which local dates a newsletter has an issue on, and when that is in UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from syndicate.model import Newsletter


@dataclass(frozen=True, slots=True)
class Slot:
    """One date of the timetable. ``moment`` is UTC; ``date`` is local and names the issue."""

    moment: datetime
    date: date


def to_utc(day: date, at: time, zone: str) -> datetime:
    """The moment at which clocks in ``zone`` show ``at`` on ``day``, in UTC.

    In a gap (clocks jump over ``at``) the moment is as long after the jump as ``at`` lies after its start;
    in an overlap (clocks show ``at`` twice) it is the first: exactly one moment a day, always (RFC 5545, 3.3.5).
    """
    return datetime.combine(day, at, ZoneInfo(zone)).replace(fold=0).astimezone(UTC)


def latest_slot(newsletter: Newsletter, now: datetime) -> Slot:
    """The newest slot at or before ``now``."""
    today = now.astimezone(ZoneInfo(newsletter.timezone)).date()
    days = (today + timedelta(days=1 - back) for back in range(64))
    return next(slot for slot in _slots(newsletter, days) if slot.moment <= now)


def next_slot(newsletter: Newsletter, now: datetime) -> Slot:
    """The first slot after ``now``."""
    today = now.astimezone(ZoneInfo(newsletter.timezone)).date()
    days = (today + timedelta(days=ahead - 1) for ahead in range(64))
    return next(slot for slot in _slots(newsletter, days) if slot.moment > now)


def _slots(newsletter: Newsletter, days: Iterator[date]) -> Iterator[Slot]:
    at = time.fromisoformat(newsletter.at)
    for day in days:
        if _has_issue(newsletter, day):
            yield Slot(to_utc(day, at, newsletter.timezone), day)


def _has_issue(newsletter: Newsletter, day: date) -> bool:
    match newsletter.cadence:
        case "daily":
            return True
        case "weekdays":
            return day.weekday() < 5
        case "weekly":
            return day.weekday() == newsletter.weekday
        case _:
            return day.day == 1

"""The timetable's arithmetic: at which local times a newsletter has an issue, and when that is in UTC.

cadences, own and offered -> local times -> moved out of closed days and hours -> UTC, of the earliest zone

Everything is counted on local clocks and turned to UTC at the end, by :func:`to_utc` alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim

from syndicate.model import Newsletter

OWN = ""
"""The newsletter's own cadence, as editions and subscriptions call it."""

DAY = timedelta(days=1)
_WINDOWS = tuple(timedelta(days=n) for n in (3, 40, 400, 15_000))
"""How far to look for a slot: a cron's 29 February that must be a Sunday comes once in 28 or 40 years."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One time of the timetable. ``moment`` is UTC, of the earliest zone; ``date`` and ``at`` are what local clocks
    show. ``name`` is the date, or date-HHMM where a day may have several. ``cadences`` are those due, "" the own.
    """

    moment: datetime
    date: date
    name: str
    cadences: tuple[str, ...] = (OWN,)
    at: time = time(0)


def to_utc(day: date, at: time, zone: str) -> datetime:
    """The moment at which clocks in ``zone`` show ``at`` on ``day``, in UTC.

    In a gap (clocks jump over ``at``) the moment is as long after the jump as ``at`` lies after its start;
    in an overlap (clocks show ``at`` twice) it is the first: exactly one moment a day, always (RFC 5545, 3.3.5).
    """
    return datetime.combine(day, at, ZoneInfo(zone)).replace(fold=0).astimezone(UTC)


def latest_slot(newsletter: Newsletter, now: datetime, zones: Iterable[str] = ()) -> Slot | None:
    """The newest slot at or before ``now``; None where there was none for forty years, as of an instant newsletter."""
    where = _zones(newsletter, zones)
    ranges = (slots(newsletter, now - back, now, where) for back in _WINDOWS)
    return next((found[-1] for found in ranges if found), None)


def next_slots(
    newsletter: Newsletter, now: datetime, count: int, zones: Iterable[str] = ()
) -> tuple[Slot, ...]:
    """The first ``count`` slots after ``now``, fewer where there are no more in forty years."""
    where = _zones(newsletter, zones)
    found: tuple[Slot, ...] = ()
    for ahead in _WINDOWS:
        found = slots(newsletter, now, now + ahead, where)
        if len(found) >= count:
            break
    return found[:count]


def instant_slot(newsletter: Newsletter, now: datetime) -> Slot:
    """The minute ``now`` is in, as a slot of an instant newsletter."""
    minute = now.replace(second=0, microsecond=0)
    local = minute.astimezone(ZoneInfo(newsletter.timezone)).replace(tzinfo=None)
    return Slot(minute, local.date(), _name(newsletter, local), (OWN,), local.time())


def due_in(newsletter: Newsletter, slot: Slot, zone: str, now: datetime) -> datetime | None:
    """When somebody in ``zone`` is mailed: at the slot's hour there, and when mail may leave; None for at once."""
    place = known_zone(zone, newsletter.timezone)
    begin = max(to_utc(slot.date, slot.at, place), now)
    opened = opens(newsletter, begin, place)
    return opened if opened > now else None


def opens(newsletter: Newsletter, moment: datetime, zone: str) -> datetime:
    """The first moment from ``moment`` on at which mail may leave, by the clocks of ``zone``."""
    began = local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    while True:
        if local.weekday() in newsletter.not_on:
            local = datetime.combine(local.date() + DAY, time(0))
        elif _is_closed(newsletter, local.time()):
            local = _end_of_closed(newsletter, local)
        else:
            break
    return moment if local == began else max(moment, to_utc(local.date(), local.time(), zone))


def slots(
    newsletter: Newsletter, after: datetime, until: datetime, zones: Sequence[str] = ()
) -> tuple[Slot, ...]:
    """Every slot in (after, until], rising. ``zones`` are the readers', of a newsletter that follows them.

    Two local times at one moment (one was moved out of a closed day, or lies in a gap) are one slot, named by the
    later.
    """
    where = _zones(newsletter, zones)
    reach = (9 if newsletter.not_on or newsletter.not_between else 2) * DAY
    found: dict[datetime, tuple[datetime, set[str]]] = {}
    for planned, cadence in _local_times(newsletter, (after - reach).date(), (until + 2 * DAY).date()):
        local = _moved(newsletter, planned)
        moment = min(to_utc(local.date(), local.time(), zone) for zone in where)
        held, cadences = found.get(moment, (local, set()))
        found[moment] = (max(held, local), cadences | {cadence})
    return tuple(
        _slot(newsletter, moment, *found[moment]) for moment in sorted(found) if after < moment <= until
    )


def _slot(newsletter: Newsletter, moment: datetime, local: datetime, cadences: set[str]) -> Slot:
    due = tuple(one for one in (OWN, *newsletter.cadences) if one in cadences)
    return Slot(moment, local.date(), _name(newsletter, local), due, local.time())


def _name(newsletter: Newsletter, local: datetime) -> str:
    return f"{local:%Y-%m-%d-%H%M}" if newsletter.cadence in ("instant", "cron") else f"{local:%Y-%m-%d}"


def _zones(newsletter: Newsletter, zones: Iterable[str]) -> tuple[str, ...]:
    if not newsletter.follows_readers:
        return (newsletter.timezone,)
    known = {known_zone(zone, newsletter.timezone) for zone in zones}
    return tuple(sorted(known)) or (newsletter.timezone,)


@lru_cache(maxsize=1024)
def known_zone(zone: str, otherwise: str) -> str:
    """``zone``, where this machine knows it: another one may have written it."""
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise


# -- local clocks, without a zone


def _local_times(newsletter: Newsletter, first: date, last: date) -> Iterator[tuple[datetime, str]]:
    """(local time, cadence) of each time of the timetable from ``first`` to ``last``, as it is before it is moved."""
    if newsletter.cron:
        yield from ((local, OWN) for local in _cron_times(newsletter.cron, first, last))
    at = time.fromisoformat(newsletter.at)
    named = {OWN: newsletter.cadence, **{one: one for one in newsletter.cadences}}
    for n in range((last - first).days + 1):
        day = first + n * DAY
        for key, cadence in named.items():
            if _has_issue(cadence, newsletter.weekday, day):
                yield datetime.combine(day, at), key


def _cron_times(cron: str, first: date, last: date) -> Iterator[datetime]:
    begin = datetime.combine(first, time(0)) - timedelta(seconds=1)
    end = datetime.combine(last + DAY, time(0))
    return takewhile(lambda local: local < end, CronSim(cron, begin))


def _has_issue(cadence: str, weekday: int, day: date) -> bool:
    """Of a cadence that goes by days."""
    return (
        cadence == "daily"
        or (cadence == "weekdays" and day.weekday() < 5)
        or (cadence == "weekly" and day.weekday() == weekday)
        or (cadence == "monthly" and day.day == 1)
    )


def _moved(newsletter: Newsletter, local: datetime) -> datetime:
    """Out of a closed day to the same hour of the next open one, out of closed hours to their end.

    Not to the midnight on which a closed day ends: nobody means that by "not on Sundays, at 08:00".
    """
    while True:
        if local.weekday() in newsletter.not_on:
            local += DAY
        elif _is_closed(newsletter, local.time()):
            local = _end_of_closed(newsletter, local)
        else:
            return local


def _is_closed(newsletter: Newsletter, clock: time) -> bool:
    """Whether it lies in ``not_between``: its first minute does, its last does not."""
    if not newsletter.not_between:
        return False
    first, last = _hours(newsletter.not_between)
    return first <= clock < last if first < last else clock >= first or clock < last


def _end_of_closed(newsletter: Newsletter, local: datetime) -> datetime:
    _, last = _hours(newsletter.not_between)
    day = local.date() if local.time() < last else local.date() + DAY
    return datetime.combine(day, last)


def _hours(text: str) -> tuple[time, time]:
    first, _, last = text.partition("-")
    return time.fromisoformat(first), time.fromisoformat(last)

"""The timetable: one moment for each local date that is due, whatever clocks do."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.editions import Slot, latest_slot, next_slot, to_utc
from syndicate.model import Newsletter

ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
DAY = timedelta(days=1)


def newsletter(cadence: str, zone: str, at: str = "08:00", weekday: int = 0) -> Newsletter:
    return Newsletter(
        key="n", title={}, languages=("en",), cadence=cadence, at=at, timezone=zone, weekday=weekday
    )


def due(wanted: Newsletter, day: date) -> bool:
    return {
        "daily": True,
        "weekdays": day.isoweekday() <= 5,
        "weekly": day.weekday() == wanted.weekday,
        "monthly": day.day == 1,
    }[wanted.cadence]


def slots(wanted: Newsletter, start: datetime, end: datetime) -> list[Slot]:
    found, now = [], start
    while (slot := next_slot(wanted, now)).moment <= end:
        found.append(slot)
        now = slot.moment
    return found


@pytest.mark.parametrize(
    ("cadence", "now", "latest", "upcoming"),
    [
        ("daily", "2026-06-03T05:00", "2026-06-03T05:00", "2026-06-04T05:00"),
        ("daily", "2026-06-03T04:59", "2026-06-02T05:00", "2026-06-03T05:00"),
        ("weekdays", "2026-06-07T12:00", "2026-06-05T05:00", "2026-06-08T05:00"),
        ("weekly", "2026-06-07T12:00", "2026-06-01T05:00", "2026-06-08T05:00"),
        ("monthly", "2026-06-01T04:00", "2026-05-01T05:00", "2026-06-01T05:00"),
    ],
)
def test_the_slots_around_a_moment(cadence: str, now: str, latest: str, upcoming: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    wanted = newsletter(cadence, "Europe/Istanbul")
    assert latest_slot(wanted, moment).moment == datetime.fromisoformat(latest).replace(tzinfo=UTC)
    assert next_slot(wanted, moment).moment == datetime.fromisoformat(upcoming).replace(tzinfo=UTC)


def test_the_date_is_the_newsletter_s_own() -> None:
    wanted = newsletter("daily", "Pacific/Kiritimati", "00:30")
    assert next_slot(wanted, datetime(2026, 6, 1, 0, 0, tzinfo=UTC)) == Slot(
        datetime(2026, 6, 1, 10, 30, tzinfo=UTC), date(2026, 6, 2)
    )


def test_a_time_that_clocks_jump_over_and_one_they_show_twice() -> None:
    assert to_utc(date(2026, 3, 29), time(2, 30), "Europe/Berlin") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert to_utc(date(2026, 10, 25), time(2, 30), "Europe/Berlin") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


@settings(max_examples=200)
@given(
    cadence=st.sampled_from(["daily", "weekdays", "weekly", "monthly"]),
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2034, 12, 1), timezones=st.just(UTC)),
    at=st.times(),
    weekday=st.integers(0, 6),
)
def test_every_due_date_has_one_slot_and_slots_only_rise(
    cadence: str, zone: str, now: datetime, at: time, weekday: int
) -> None:
    wanted = newsletter(cadence, zone, f"{at:%H:%M}", weekday)
    found = slots(wanted, now, now + 70 * DAY)
    assert all(a.moment < b.moment for a, b in itertools.pairwise(found))
    local = ZoneInfo(zone)
    first, last = (m.astimezone(local).date() for m in (now + DAY, now + 69 * DAY))
    days = [first + n * DAY for n in range((last - first).days)]
    dates = [slot.date for slot in found]
    assert [d for d in dates if d in days] == [d for d in days if due(wanted, d)]
    assert all(latest_slot(wanted, slot.moment) == slot for slot in found)
    assert latest_slot(wanted, now).moment <= now < next_slot(wanted, now).moment


def _changes(zone: str) -> Iterator[datetime]:
    """The moments from 2024 to 2034 at which clocks in ``zone`` are put forward or back, to the hour."""
    local, moment = ZoneInfo(zone), datetime(2024, 1, 1, tzinfo=UTC)
    offset = moment.astimezone(local).utcoffset()
    while moment.year < 2035:
        if (moment + DAY).astimezone(local).utcoffset() != offset:
            while moment.astimezone(local).utcoffset() == offset:
                moment += timedelta(hours=1)
            offset = moment.astimezone(local).utcoffset()
            yield moment
        else:
            moment += 7 * DAY if (moment + 7 * DAY).astimezone(local).utcoffset() == offset else DAY


def test_on_the_days_clocks_change_each_date_has_one_slot() -> None:
    """A sample of the zones, the same each time, at every quarter of an hour that is jumped over or shown twice."""
    sample = random.Random(2026)
    zones = {*sample.sample(ZONES, 40), "Australia/Lord_Howe", "Africa/Casablanca", "America/Godthab"}
    seen = 0
    for zone in sorted(zones & set(ZONES)):
        changes = list(_changes(zone))
        for moment in sample.sample(changes, min(4, len(changes))):
            seen += 1
            for back in (-75, -45, -15, 0, 15, 30, 45, 75):
                at = f"{(moment + timedelta(minutes=back)).astimezone(ZoneInfo(zone)):%H:%M}"
                wanted = newsletter("daily", zone, at)
                found = slots(wanted, moment - 3 * DAY, moment + 3 * DAY)
                dates = [slot.date for slot in found]
                assert dates == [dates[0] + n * DAY for n in range(len(dates))], (zone, moment, at)
                assert len(dates) in {5, 6, 7}
                gaps = {b.moment - a.moment for a, b in itertools.pairwise(found)}
                assert all(timedelta(hours=20) < gap < timedelta(hours=28) for gap in gaps), (
                    zone,
                    moment,
                    at,
                )
    assert seen > 40

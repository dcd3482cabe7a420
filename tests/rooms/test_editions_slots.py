"""The timetable: one moment for each local time that is due, whatever clocks do, and when mail may leave."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.editions import (
    Slot,
    due_in,
    instant_slot,
    known_zone,
    latest_slot,
    next_slots,
    opens,
    slots,
    to_utc,
)
from syndicate.model import Newsletter

ZONES = sorted(available_timezones())
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
TWO_CLOCKS = st.tuples(st.times(), st.times()).filter(lambda pair: f"{pair[0]:%H:%M}" != f"{pair[1]:%H:%M}")


def newsletter(cadence: str, zone: str, at: str = "08:00", weekday: int = 0, **values: Any) -> Newsletter:
    given_in: dict[str, Any] = {"key": "n", "title": {}, "languages": ("en",)}
    given_in |= {"cadence": cadence, "at": at, "timezone": zone, "weekday": weekday}
    return Newsletter(**(given_in | values))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(wanted: Newsletter, day: date) -> bool:
    return {
        "daily": True,
        "weekdays": day.isoweekday() <= 5,
        "weekly": day.weekday() == wanted.weekday,
        "monthly": day.day == 1,
    }[wanted.cadence]


def between(wanted: Newsletter, first: str, last: str, *zones: str) -> list[tuple[str, str]]:
    """(name, UTC) of each slot."""
    return [(s.name, f"{s.moment:%d %H:%M}") for s in slots(wanted, utc(first), utc(last), zones)]


# -- single slots


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
    wanted = newsletter(cadence, "Europe/Istanbul")
    found = latest_slot(wanted, utc(now))
    assert found
    assert found.moment == utc(latest)
    assert next_slots(wanted, utc(now), 1)[0].moment == utc(upcoming)


def test_the_date_is_the_newsletter_s_own() -> None:
    wanted = newsletter("daily", "Pacific/Kiritimati", "00:30")
    assert next_slots(wanted, utc("2026-06-01"), 1) == (
        Slot(utc("2026-06-01T10:30"), date(2026, 6, 2), "2026-06-02", ("",), time(0, 30)),
    )


def test_a_time_that_clocks_jump_over_and_one_they_show_twice() -> None:
    assert to_utc(date(2026, 3, 29), time(2, 30), "Europe/Berlin") == utc("2026-03-29T01:30")
    assert to_utc(date(2026, 10, 25), time(2, 30), "Europe/Berlin") == utc("2026-10-25T00:30")


def test_rarer_cadences_share_slots_or_have_their_own() -> None:
    wanted = newsletter("weekdays", "UTC", cadences=("weekly", "monthly"), weekday=6)
    found = slots(wanted, utc("2026-07-30T12:00"), utc("2026-08-03T12:00"))
    assert [(s.name, s.cadences) for s in found] == [
        ("2026-07-31", ("",)),
        ("2026-08-01", ("monthly",)),
        ("2026-08-02", ("weekly",)),
        ("2026-08-03", ("",)),
    ]
    every = newsletter("daily", "UTC", cadences=("weekly", "monthly"), weekday=1)
    assert next_slots(every, utc("2026-08-31T12:00"), 1)[0].cadences == ("", "weekly", "monthly")


def test_an_instant_newsletter_has_slots_for_its_other_cadences_alone() -> None:
    assert latest_slot(newsletter("instant", "UTC"), START) is None
    assert next_slots(newsletter("instant", "UTC"), START, 3) == ()
    offered = newsletter("instant", "UTC", cadences=("daily",))
    assert next_slots(offered, START, 1)[0] == Slot(
        utc("2026-01-01T08:00"), date(2026, 1, 1), "2026-01-01-0800", ("daily",), time(8)
    )
    minute = instant_slot(newsletter("instant", "Asia/Tokyo"), utc("2026-01-01T15:04:59"))
    assert minute == Slot(utc("2026-01-01T15:04"), date(2026, 1, 2), "2026-01-02-0004", ("",), time(0, 4))


# -- cron


def test_cron_has_one_slot_a_local_time_in_a_gap_and_in_an_overlap() -> None:
    wanted = newsletter("cron", "Europe/Berlin", cron="30 2 * * *")
    assert between(wanted, "2026-03-28", "2026-03-31") == [
        ("2026-03-28-0230", "28 01:30"),
        ("2026-03-29-0230", "29 01:30"),
        ("2026-03-30-0230", "30 00:30"),
    ]
    assert between(wanted, "2026-10-24", "2026-10-26") == [
        ("2026-10-24-0230", "24 00:30"),
        ("2026-10-25-0230", "25 00:30"),
    ]


def test_what_cron_names_in_a_gap_coincides_with_the_hour_after_it() -> None:
    often = newsletter("cron", "Europe/Berlin", cron="*/30 * * * *")
    assert between(often, "2026-03-29T00:30", "2026-03-29T02:00") == [
        ("2026-03-29-0300", "29 01:00"),
        ("2026-03-29-0330", "29 01:30"),
        ("2026-03-29-0400", "29 02:00"),
    ]
    assert [name for name, _ in between(often, "2026-10-24T23:59", "2026-10-25T02:00")] == [
        "2026-10-25-0200",
        "2026-10-25-0230",
        "2026-10-25-0300",
    ]


def test_a_cron_that_hardly_ever_comes_is_found_and_one_that_never_does_is_none() -> None:
    leap = newsletter("cron", "UTC", cron="0 8 29 2 *")
    assert latest_slot(leap, START).name == "2024-02-29-0800"  # type: ignore[union-attr]
    assert [s.date.year for s in next_slots(leap, START, 3)] == [2028, 2032, 2036]


@given(
    spec=st.tuples(
        st.sampled_from(["0", "30", "*/20", "15,45"]),
        st.sampled_from(["*", "2", "0-3", "*/6"]),
        st.sampled_from(["*", "1", "*/10"]),
        st.just("*"),
        st.sampled_from(["*", "1-5", "0"]),
    ),
    zone=st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Tehran"]),
    day=st.integers(0, 3000),
)
def test_cron_slots_rise_and_each_name_is_given_once(spec: tuple[str, ...], zone: str, day: int) -> None:
    wanted = newsletter("cron", zone, cron=" ".join(spec))
    begin = START + day * DAY
    found = slots(wanted, begin, begin + 4 * DAY)
    assert all(a.moment < b.moment for a, b in itertools.pairwise(found))
    assert len({s.name for s in found}) == len(found)
    pieces = [slots(wanted, begin + n * DAY, begin + (n + 1) * DAY) for n in range(4)]
    assert tuple(itertools.chain(*pieces)) == found, "the same, however it is cut"


# -- every zone, ten years


@cache
def _changes(zone: str) -> tuple[datetime, ...]:
    """The moments from 2026 to 2036 around which clocks in ``zone`` are put forward or back, to the hour."""
    local, moment, found = ZoneInfo(zone), START, []
    end = START + 3653 * DAY
    while moment < end:
        later = moment + 5 * DAY
        if moment.astimezone(local).utcoffset() != later.astimezone(local).utcoffset():
            low, high = moment, later
            while high - low > timedelta(hours=1):
                middle = low + (high - low) / 2
                same = middle.astimezone(local).utcoffset() == low.astimezone(local).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        moment = later
    return tuple(found)


def _clocks(zone: str, change: datetime) -> Iterator[time]:
    """Local times in, and at the edges of, the hour that is jumped over or shown twice."""
    for offset in (-90, -45, -30, 0, 15, 45, 90):
        yield (
            (change + timedelta(minutes=offset))
            .astimezone(ZoneInfo(zone))
            .time()
            .replace(second=0, microsecond=0)
        )


def test_in_every_zone_each_local_date_has_one_slot_and_they_rise() -> None:
    """Of ten years, the days around each change of clocks, at the times that it concerns; on others nothing happens."""
    alike: dict[tuple[datetime, ...], str] = {}
    for zone in ZONES:
        alike.setdefault(_changes(zone), zone)
    seen = 0
    for changes, zone in alike.items():
        # Years repeat themselves: the first four, the last, and what comes between at wider steps.
        for change in (*changes[:8], *changes[8::5]):
            seen += 1
            day = change.astimezone(ZoneInfo(zone)).date()
            for at in _clocks(zone, change):
                moments = [to_utc(day + n * DAY, at, zone) for n in (-2, -1, 0, 1, 2)]
                gaps = {b - a for a, b in itertools.pairwise(moments)}
                assert all(timedelta(hours=21) <= gap <= timedelta(hours=27) for gap in gaps), (zone, day, at)
                shown = [m.astimezone(ZoneInfo(zone)) for m in moments]
                assert [one.date() for one in shown] == [day + n * DAY for n in (-2, -1, 0, 1, 2)]
    assert seen > 100


def test_a_daily_newsletter_in_every_zone_has_a_slot_a_day() -> None:
    for zone in ZONES:
        changes = _changes(zone) or (START + 200 * DAY,)
        for change in changes[:2]:
            at = f"{change.astimezone(ZoneInfo(zone)):%H:%M}"
            found = slots(newsletter("daily", zone, at), change - 3 * DAY, change + 3 * DAY)
            dates = [slot.date for slot in found]
            assert dates == [dates[0] + n * DAY for n in range(len(dates))], (zone, change)
            assert len(dates) in {5, 6, 7}


@given(
    cadence=st.sampled_from(["daily", "weekdays", "weekly", "monthly"]),
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),
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
    (following,) = next_slots(wanted, now, 1)
    assert latest_slot(wanted, following.moment - MINUTE) != following
    assert following == (found[0] if found else following)


# -- readers' zones


def test_the_moment_is_that_of_the_earliest_zone_and_each_reader_has_their_own() -> None:
    wanted = newsletter("daily", "Europe/Istanbul", follows_readers=True)
    zones = ("America/Los_Angeles", "Asia/Tokyo", "Europe/Istanbul")
    (slot,) = next_slots(wanted, utc("2026-06-01T12:00"), 1, zones)
    assert (slot.name, slot.moment) == ("2026-06-02", utc("2026-06-01T23:00"))
    assert due_in(wanted, slot, "Asia/Tokyo", slot.moment) is None
    assert due_in(wanted, slot, "Europe/Istanbul", slot.moment) == utc("2026-06-02T05:00")
    assert due_in(wanted, slot, "America/Los_Angeles", slot.moment) == utc("2026-06-02T15:00")
    assert due_in(wanted, slot, "Europe/Istanbul", utc("2026-06-02T06:00")) is None, "planned late: at once"
    assert due_in(wanted, slot, "Mars/Olympus", slot.moment) == utc("2026-06-02T05:00")
    assert next_slots(wanted, utc("2026-06-01T12:00"), 1)[0].moment == utc("2026-06-02T05:00"), (
        "no reader yet"
    )


@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=5, unique=True),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),
    at=st.times(),
)
def test_nobody_is_due_before_the_slot_nor_a_day_later(zones: list[str], now: datetime, at: time) -> None:
    wanted = newsletter("daily", "UTC", f"{at:%H:%M}", follows_readers=True)
    for slot in next_slots(wanted, now, 3, zones):
        moments = [due_in(wanted, slot, zone, slot.moment) or slot.moment for zone in zones]
        assert min(moments) == slot.moment
        assert max(moments) - slot.moment <= timedelta(hours=28)
        for zone, moment in zip(zones, moments, strict=True):
            assert moment.astimezone(ZoneInfo(zone)).date() == slot.date


def test_a_zone_that_this_machine_does_not_know_is_the_newsletter_s() -> None:
    assert known_zone("Europe/Berlin", "UTC") == "Europe/Berlin"
    assert {known_zone(odd, "UTC") for odd in ("", "Mars/Olympus", "../etc/passwd", "a\x00b")} == {"UTC"}


# -- when nothing may leave


def test_a_slot_on_a_closed_day_is_at_its_hour_of_the_next_open_one() -> None:
    weekend = newsletter("daily", "UTC", not_on=(5, 6))
    assert between(weekend, "2026-06-05T00:00", "2026-06-09T12:00") == [
        ("2026-06-05", "05 08:00"),
        ("2026-06-08", "08 08:00"),
        ("2026-06-09", "09 08:00"),
    ]
    sunday = newsletter("weekly", "UTC", weekday=6, not_on=(6, 0))
    assert between(sunday, "2026-06-05", "2026-06-10") == [("2026-06-09", "09 08:00")]


def test_a_slot_in_closed_hours_is_at_their_end() -> None:
    night = newsletter("daily", "Europe/Istanbul", "23:30", not_between="22:00-07:00")
    assert between(night, "2026-06-01T00:00", "2026-06-02T12:00") == [
        ("2026-06-01", "01 04:00"),
        ("2026-06-02", "02 04:00"),
    ]
    noon = newsletter("daily", "UTC", "12:30", not_between="12:00-13:00", not_on=(0,))
    assert between(noon, "2026-06-01T00:00", "2026-06-02T14:00") == [("2026-06-02", "02 13:00")]


def test_closed_hours_are_those_of_each_reader() -> None:
    wanted = newsletter("daily", "UTC", "21:30", follows_readers=True, not_between="22:00-07:00")
    (slot,) = next_slots(wanted, utc("2026-06-01T00:00"), 1, ("Asia/Tokyo", "Europe/Berlin"))
    assert slot.moment == utc("2026-06-01T12:30")
    assert due_in(wanted, slot, "Europe/Berlin", slot.moment) == utc("2026-06-01T19:30")
    # Planned so late that it is night there: in the morning.
    assert due_in(wanted, slot, "Europe/Berlin", utc("2026-06-01T20:30")) == utc("2026-06-02T05:00")


@given(
    not_on=st.sets(st.integers(0, 6), max_size=6),
    hours=st.one_of(
        st.just(""), st.tuples(st.times(), st.times()).filter(lambda p: f"{p[0]:%H:%M}" != f"{p[1]:%H:%M}")
    ),
    zone=st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Asia/Tokyo", "Pacific/Apia"]),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
)
def test_it_opens_at_the_first_minute_that_is_allowed(
    not_on: set[int], hours: Any, zone: str, moment: datetime
) -> None:
    text = f"{hours[0]:%H:%M}-{hours[1]:%H:%M}" if hours else ""
    wanted = newsletter("daily", zone, not_on=tuple(not_on), not_between=text)
    moment = moment.replace(second=0, microsecond=0)

    def allowed(at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(zone))
        clock, (first, _, last) = f"{local:%H:%M}", text.partition("-")
        inside = (first <= clock < last) if first < last else (clock >= first or clock < last)
        return local.weekday() not in not_on and not (text and inside)

    opened = opens(wanted, moment, zone)
    assert (opened == moment) == allowed(moment)
    steps = int((opened - moment) / MINUTE)
    assert 0 <= steps <= 8 * 24 * 60
    assert not any(allowed(moment + n * MINUTE) for n in range(0, steps, 7))
    if steps:
        near_a_change = any(abs(change - opened) < DAY for change in _changes(zone))
        assert near_a_change or (allowed(opened) and not allowed(opened - MINUTE))


@given(
    not_on=st.sets(st.integers(0, 6), max_size=6),
    at=st.times(),
    last=st.times(),
    cadence=st.sampled_from(["daily", "weekdays", "weekly", "monthly"]),
    day=st.integers(0, 3000),
)
def test_moved_slots_rise_have_names_of_their_own_and_are_allowed(
    not_on: set[int], at: time, last: time, cadence: str, day: int
) -> None:
    hours = f"20:00-{last:%H:%M}" if f"{last:%H:%M}" != "20:00" else ""
    wanted = newsletter(cadence, "Europe/Berlin", f"{at:%H:%M}", not_on=tuple(not_on), not_between=hours)
    begin = START + day * DAY
    found = slots(wanted, begin, begin + 45 * DAY)
    assert found
    assert all(a.moment < b.moment for a, b in itertools.pairwise(found))
    assert len({s.name for s in found}) == len(found)
    assert not any(s.date.weekday() in not_on for s in found)
    assert all(latest_slot(wanted, slot.moment) == slot for slot in found)

"""Leases and duties, on both databases: one holder at a time, whoever asks and whatever clocks do."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.store import Database, duties, leases

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
LENGTH = timedelta(seconds=30)


def take(database: Database, holder: str, now: datetime) -> bool:
    with database.begin() as connection:
        return leases.take(connection, "clock", holder, now, LENGTH)


def held(database: Database) -> leases.Lease | None:
    with database.read() as connection:
        return leases.get(connection, "clock")


def test_it_is_held_until_it_is_not_renewed(database: Database) -> None:
    assert take(database, "a", NOW)
    assert not take(database, "b", NOW + LENGTH / 2)
    assert take(database, "a", NOW + LENGTH / 2), "its holder renews it"
    assert not take(database, "b", NOW + LENGTH)
    assert take(database, "b", NOW + LENGTH * 1.5)
    assert not take(database, "a", NOW + LENGTH * 1.6), "whoever lost it must not go on"
    assert held(database) == leases.Lease("clock", "b", NOW + LENGTH * 1.5, NOW + LENGTH * 2.5)


def test_renewing_does_not_change_since_when_it_is_held(database: Database) -> None:
    take(database, "a", NOW)
    take(database, "a", NOW + LENGTH / 3)
    assert held(database) == leases.Lease("clock", "a", NOW, NOW + LENGTH / 3 + LENGTH)


def test_what_is_given_back_is_free_at_once_and_only_by_its_holder(database: Database) -> None:
    take(database, "a", NOW)
    with database.begin() as connection:
        leases.release(connection, "clock", "b")
    assert not take(database, "b", NOW)
    with database.begin() as connection:
        leases.release(connection, "clock", "a")
    assert held(database) is None
    assert take(database, "b", NOW)


def test_a_lease_from_the_future_is_void(database: Database) -> None:
    """It was taken before the clock was set back an hour; its holder may have died since."""
    take(database, "a", NOW + timedelta(hours=1))
    assert take(database, "b", NOW)
    assert not take(database, "a", NOW)


def test_a_clock_that_is_a_little_behind_takes_nothing_away(database: Database) -> None:
    take(database, "a", NOW)
    assert not take(database, "b", NOW - LENGTH * 0.9)


def test_leases_of_other_names_are_other_leases(database: Database) -> None:
    take(database, "a", NOW)
    with database.begin() as connection:
        assert leases.take(connection, "sources", "b", NOW, LENGTH)


@pytest.mark.parametrize("turn", range(4))
def test_of_many_that_ask_at_once_one_gets_it(database: Database, turn: int) -> None:
    if turn % 2:
        take(database, "dead", NOW - LENGTH * 2)
    start, won = threading.Barrier(6), []

    def ask(holder: str) -> None:
        start.wait()
        if take(database, holder, NOW):
            won.append(holder)

    threads = [threading.Thread(target=ask, args=(f"{n}",)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found = held(database)
    assert found
    assert won == [found.holder]


def test_a_duty_remembers_when_it_last_went_well(database: Database) -> None:
    with database.begin() as connection:
        duties.note(connection, "ring", NOW, NOW + timedelta(seconds=1))
        duties.note(connection, "ring", NOW + timedelta(minutes=1), None, "the database is away")
        duties.note(connection, "listen", NOW, None, "no route to the mailbox")
    with database.read() as connection:
        found = duties.every(connection)
    ring = duties.Duty("ring", NOW + timedelta(minutes=1), NOW + timedelta(seconds=1), "the database is away")
    assert found == {"ring": ring, "listen": duties.Duty("listen", NOW, None, "no route to the mailbox")}
    with database.begin() as connection:
        duties.note(connection, "ring", NOW + timedelta(minutes=2), NOW + timedelta(minutes=2))
    with database.read() as connection:
        assert duties.every(connection)["ring"].problem == ""

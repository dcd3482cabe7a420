"""The queue of pings: one line per hub and feed, nobody told twice at once, nothing lost in between."""

from datetime import datetime, timedelta

from tests.contracts.samples import HOUR, NOW

from syndicate.store import Database, pings

HUB, OTHER = "https://hub.example.org/", "https://other.example.org/hub"
RSS, ATOM = "https://news.example.org/feeds/en/rss.xml", "https://news.example.org/feeds/en/atom.xml"
LATER = NOW + HOUR


def queued(database: Database, *topics: str, now: datetime = NOW, hubs: tuple[str, ...] = (HUB,)) -> None:
    with database.begin() as connection:
        pings.queue(connection, hubs, topics, now)


def taken(database: Database, now: datetime = NOW, hub: str = HUB, most: int = 50) -> list[pings.Ping]:
    with database.begin() as connection:
        return pings.take(connection, hub, now, now + timedelta(minutes=2), most)


def test_a_feed_that_changed_often_is_one_ping_for_each_hub(database: Database) -> None:
    queued(database, RSS, ATOM, RSS, hubs=(HUB, OTHER))
    queued(database, RSS, now=LATER, hubs=(HUB, OTHER))
    with database.read() as connection:
        assert pings.due(connection, LATER) == [HUB, OTHER]
        assert pings.waiting(connection) == (4, NOW)
    assert [(one.topic, one.queued_at, one.changed_at) for one in taken(database, LATER)] == [
        (ATOM, NOW, NOW),
        (RSS, NOW, LATER),
    ]


def test_what_one_takes_no_other_takes_until_its_time_is_over(database: Database) -> None:
    queued(database, RSS, ATOM)
    assert len(taken(database, most=1)) == 1
    assert len(taken(database)) == 1
    assert taken(database) == []
    with database.read() as connection:
        assert pings.due(connection, NOW) == []
    assert len(taken(database, NOW + timedelta(minutes=3))) == 2, "whoever took them died"


def test_what_is_told_is_forgotten_unless_it_changed_meanwhile(database: Database) -> None:
    queued(database, RSS, ATOM)
    some = taken(database)
    queued(database, ATOM, now=LATER)
    with database.begin() as connection:
        pings.told(connection, HUB, some, LATER)
    again = taken(database, LATER)
    assert [(one.topic, one.queued_at, one.attempts) for one in again] == [(ATOM, LATER, 0)]


def test_what_is_put_off_waits_even_when_the_feed_changes_and_counts_from_the_first_change(
    database: Database,
) -> None:
    queued(database, RSS)
    taken(database)
    with database.begin() as connection:
        pings.put_off(connection, HUB, [(RSS, LATER)], "answered 503")
    queued(database, RSS, now=NOW + timedelta(minutes=5))
    assert taken(database, NOW + timedelta(minutes=30)) == []
    [one] = taken(database, LATER)
    assert (one.queued_at, one.attempts) == (NOW, 1)
    with database.read() as connection:
        assert pings.silent(connection) == [pings.Silent(HUB, 1, NOW, "answered 503", False)]


def test_what_is_given_up_is_told_of_and_comes_back_with_the_next_change(database: Database) -> None:
    queued(database, RSS, ATOM)
    taken(database)
    with database.begin() as connection:
        pings.put_off(connection, HUB, [(RSS, None), (ATOM, LATER)], "no answer")
    assert [one.topic for one in taken(database, LATER + HOUR)] == [ATOM]
    with database.read() as connection:
        assert [(one.topics, one.is_given_up) for one in pings.silent(connection)] == [(1, False), (1, True)]
        assert pings.waiting(connection) == (1, NOW)
    queued(database, RSS, now=LATER)
    assert [(one.topic, one.queued_at, one.attempts) for one in taken(database, LATER)] == [(RSS, LATER, 0)]


def test_what_was_not_tried_is_due_again_and_other_hubs_are_forgotten(database: Database) -> None:
    queued(database, RSS, hubs=(HUB, OTHER))
    taken(database)
    with database.begin() as connection:
        pings.give_back(connection, HUB, [RSS], NOW)
        pings.forget_others(connection, [HUB])
    assert [one.attempts for one in taken(database)] == [0]
    assert taken(database, LATER, OTHER) == []


def test_thousands_are_taken_in_pieces(database: Database) -> None:
    topics = [f"https://news.example.org/feeds/en/tag/t{n}/rss.xml" for n in range(1200)]
    queued(database, *topics)
    seen: list[str] = []
    while some := taken(database, most=700):
        seen += [one.topic for one in some]
        with database.begin() as connection:
            pings.told(connection, HUB, some, NOW)
    assert sorted(seen) == sorted(topics)
    with database.read() as connection:
        assert pings.waiting(connection) == (0, None)


def test_nothing_is_queued_where_there_is_no_hub(database: Database) -> None:
    queued(database, RSS, hubs=())
    queued(database, hubs=(HUB,))
    with database.read() as connection:
        assert pings.due(connection, LATER) == []

"""The test list: who is on it, once each, in the order in which they came."""

from tests.contracts.samples import HOUR, NOW

from syndicate.store import Database, errands, testers


def test_each_address_is_on_the_list_once(database: Database) -> None:
    with database.begin() as connection:
        assert testers.add(connection, "b@example.org", "B", NOW)
        assert testers.add(connection, "a@example.org", "", NOW + HOUR)
        assert not testers.add(connection, "b@example.org", "Another B", NOW + 2 * HOUR)
    with database.read() as connection:
        found = testers.every(connection)
        assert [(one.email, one.name, one.added_at) for one in found] == [
            ("b@example.org", "B", NOW),
            ("a@example.org", "", NOW + HOUR),
        ]
        assert testers.count(connection) == 2


def test_who_is_taken_off_is_off_and_may_come_back(database: Database) -> None:
    with database.begin() as connection:
        testers.add(connection, "a@example.org", "A", NOW)
        assert testers.remove(connection, "a@example.org")
        assert not testers.remove(connection, "a@example.org")
        assert testers.add(connection, "a@example.org", "A", NOW)


def test_the_newest_errand_of_a_kind_and_name(database: Database) -> None:
    with database.begin() as connection:
        first = errands.begin(connection, "preflight", 1, "one", {}, NOW)
        errands.end(connection, first, NOW + HOUR, {}, [["link", "https://example.org/", ""]])
        second = errands.begin(connection, "preflight", 1, "one", {}, NOW)
        errands.begin(connection, "preflight", 1, "other", {}, NOW)
        errands.begin(connection, "tag", 1, "one", {}, NOW)
    with database.read() as connection:
        running = errands.newest(connection, "preflight", "one")
        done = errands.newest(connection, "preflight", "one", errands.DONE)
        assert running
        assert done
        assert (running.id, done.id) == (second, first)
        assert done.told == [["link", "https://example.org/", ""]]
        assert errands.newest(connection, "preflight", "nothing") is None
        assert [one.kind for one in errands.latest(connection, 9, "import", "tag")] == ["tag"]

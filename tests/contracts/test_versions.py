"""Older versions of feed documents: the last ten, found by the beginning of their hash."""

from datetime import timedelta
from hashlib import sha256

from tests.contracts.samples import NOW

from syndicate.store import Database, versions

PATH = "feeds/en/rss.xml"


def mark(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def held(database: Database, number: int, path: str = PATH) -> dict[str, str] | None:
    with database.read() as connection:
        return versions.entries(connection, path, mark(number)[:32])


def test_the_last_ten_are_known(database: Database) -> None:
    with database.begin() as connection:
        for n in range(13):
            versions.save(connection, PATH, mark(n), NOW + timedelta(seconds=n), {f"id {n}": mark(n)})
        versions.save(connection, "feeds/en/atom.xml", mark(0), NOW, {"other": "1"})
    assert [n for n in range(13) if held(database, n) == {f"id {n}": mark(n)}] == [*range(3, 13)]
    assert held(database, 0, "feeds/en/atom.xml") == {"other": "1"}
    assert held(database, 12, "feeds/tr/rss.xml") is None


def test_bytes_that_come_back_are_one_version(database: Database) -> None:
    with database.begin() as connection:
        for n, at in ((1, 0), (2, 1), (1, 2)):
            versions.save(connection, PATH, mark(n), NOW + timedelta(seconds=at), {"id": str(at)})
    assert held(database, 1) == {"id": "2"}
    assert held(database, 2) == {"id": "1"}


def test_what_is_forgotten_is_forgotten(database: Database) -> None:
    with database.begin() as connection:
        versions.save(connection, PATH, mark(1), NOW, {})
        versions.save(connection, "feeds/en/atom.xml", mark(1), NOW, {})
        versions.forget(connection, PATH)
    assert held(database, 1) is None
    assert held(database, 1, "feeds/en/atom.xml") == {}


def test_a_tag_is_no_pattern(database: Database) -> None:
    with database.begin() as connection:
        versions.save(connection, PATH, mark(1), NOW, {})
    with database.read() as connection:
        assert versions.entries(connection, PATH, "%") is None
        assert versions.entries(connection, PATH, "_" * 32) is None

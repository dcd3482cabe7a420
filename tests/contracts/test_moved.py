"""What became of addresses that led somewhere: gone, moved, or there again."""

from tests.contracts.samples import NOW

from syndicate.store import Database, moved
from syndicate.store.moved import Past

ENERGY = "feeds/en/tag/energy/"


def past(database: Database, path: str) -> Past | None:
    with database.read() as connection:
        return moved.past(connection, path)


def test_what_was_removed_is_gone_until_it_comes_back(database: Database) -> None:
    paths = [f"{ENERGY}rss.xml", f"{ENERGY}index.html", *(f"feeds/en/{n}.xml" for n in range(1200))]
    with database.begin() as connection:
        moved.bury(connection, paths, NOW)
        moved.bury(connection, paths[:3], NOW)
    for path in (f"{ENERGY}rss.xml", ENERGY, ENERGY.rstrip("/"), f"{ENERGY}index.html", "feeds/en/1199.xml"):
        assert past(database, path) == Past(""), path
    for path in (
        f"{ENERGY}atom.xml",
        f"{ENERGY}rss.xml/x",
        "feeds/en/",
        "",
        "feeds/en/1200.xml",
        "a/" * 30000,
    ):
        assert past(database, path) is None, path
    with database.begin() as connection:
        moved.revive(connection, paths[1:])
    assert past(database, f"{ENERGY}rss.xml") == Past("")
    assert past(database, ENERGY) is None
    assert past(database, "feeds/en/7.xml") is None


def test_a_folder_moves_with_all_below_and_stays_moved(database: Database) -> None:
    with database.begin() as connection:
        moved.bury(connection, [f"{ENERGY}rss.xml", f"{ENERGY}index.html"], NOW)
        moved.rename(connection, {f"/{ENERGY}": "/feeds/en/tag/power/"}, NOW)
        moved.bury(connection, [f"{ENERGY}atom.xml"], NOW)
    for path, rest in (
        (f"{ENERGY}rss.xml", "rss.xml"),
        (f"{ENERGY}atom.xml", "atom.xml"),
        (ENERGY, ""),
        (ENERGY.rstrip("/"), ""),
        (f"{ENERGY}archive/1/rss.xml", "archive/1/rss.xml"),
    ):
        assert past(database, path) == Past(f"/feeds/en/tag/power/{rest}"), path
    assert past(database, "feeds/en/tag/energy-old/rss.xml") is None
    # Nobody says so any more, but readers still come by the old address.
    with database.begin() as connection:
        moved.rename(connection, {}, NOW)
        moved.rename(connection, {f"/{ENERGY}archive/": "/feeds/en/archive/"}, NOW)
    assert past(database, f"{ENERGY}rss.xml") == Past("/feeds/en/tag/power/rss.xml")
    assert past(database, f"{ENERGY}archive/1/rss.xml") == Past("/feeds/en/archive/1/rss.xml")


def test_a_move_is_told_anew_and_may_be_of_one_file(database: Database) -> None:
    with database.begin() as connection:
        moved.rename(connection, {"/old.xml": "/feeds/en/rss.xml", f"/{ENERGY}": "/feeds/en/a/"}, NOW)
        moved.rename(connection, {f"/{ENERGY}": "/feeds/en/b/"}, NOW)
    assert past(database, "old.xml") == Past("/feeds/en/rss.xml")
    assert past(database, "old.xml/more") is None
    assert past(database, f"{ENERGY}rss.xml") == Past("/feeds/en/b/rss.xml")


def test_who_moved_twice_is_found_at_once(database: Database) -> None:
    ways = {"/feeds/en/tag/a/": "/feeds/en/tag/b/", "/feeds/en/tag/b/": "/feeds/en/tag/c/"}
    with database.begin() as connection:
        moved.rename(connection, ways, NOW)
    assert past(database, "feeds/en/tag/a/rss.xml") == Past("/feeds/en/tag/c/rss.xml")
    with database.begin() as connection:
        moved.rename(connection, {"/feeds/en/tag/c/": "/feeds/en/tag/a/"}, NOW)
    assert past(database, "feeds/en/tag/a/rss.xml") is None  # a circle leads nowhere

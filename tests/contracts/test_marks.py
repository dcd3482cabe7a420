"""Marks: they last once written, are refused where something was called back, and outlive a broken connection."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from tests.contracts.samples import NOW, planned_issue

from syndicate.model import StoreError
from syndicate.store import Database, claims, issues, marks
from syndicate.store.marks import Mark, Pen
from syndicate.store.tables import claim

LATER = NOW + timedelta(minutes=1, microseconds=7)
HOLDER = "here:/lock#1"


@dataclass(frozen=True, slots=True)
class Two:
    """Two claims of four deliveries each; who wants to see another database's view opens one at ``url``."""

    issue: int
    numbers: tuple[int, int]
    url: str

    def mark(self, which: int, marked: bytes = b"\x03", revision: int = 0) -> Mark:
        return Mark(self.numbers[which], revision, marked, b"\x01", LATER)

    def seen(self) -> list[tuple[bytes, bytes]]:
        """What somebody else finds of them."""
        other = Database(self.url)
        with other.read() as connection:
            rows = connection.execute(select(claim).order_by(claim.c.number)).all()
        other.close()
        return [(row.marked, row.taken) for row in rows if row.until in (LATER, NOW)]


@pytest.fixture
def two(database: Database) -> Two:
    issue, _ = planned_issue(database, 8)
    numbers, after = [], 0
    for _ in range(2):
        with database.begin() as connection:
            found = claims.take(
                connection, issue, "weekly", "smtp", HOLDER, after=after, most=4, now=NOW, until=NOW
            )
        assert found
        numbers.append(found.number)
        after = found.last
    url = database.engine.url.render_as_string(hide_password=False)
    return Two(issue, (numbers[0], numbers[1]), url)


@pytest.fixture
def pen(database: Database) -> Iterator[Pen]:
    held = Pen(database)
    yield held
    held.close()


def test_what_is_written_lasts_and_others_see_it(two: Two, pen: Pen) -> None:
    assert pen.write([two.mark(0)])
    assert two.seen() == [(b"\x03", b"\x01"), (b"\0", b"\0")]
    assert pen.write([two.mark(0, b"\x07")])
    assert two.seen()[0] == (b"\x07", b"\x01")


def test_several_are_written_at_once(two: Two, pen: Pen) -> None:
    assert pen.write([two.mark(0), two.mark(1, b"\x0f")])
    assert two.seen() == [(b"\x03", b"\x01"), (b"\x0f", b"\x01")]


@pytest.mark.parametrize("until", [NOW, LATER])
def test_moments_are_spelled_as_everywhere(two: Two, pen: Pen, database: Database, until: datetime) -> None:
    """By SQLAlchemy, by the driver in a transaction, and by the pen: SQLite compares them as text."""
    assert pen.write([two.mark(0)._replace(until=until)])
    query = text("SELECT until FROM claim ORDER BY number")
    with database.begin() as connection:
        assert marks.record(connection, two.mark(1)._replace(until=until))
        ours = connection.execute(query).scalars().all()
        connection.execute(update(claim).values(until=until))
        assert connection.execute(query).scalars().all() == ours


def test_the_fence_refuses_what_was_called_back_and_what_is_lost(
    two: Two, pen: Pen, database: Database
) -> None:
    assert pen.write([two.mark(0)])
    with database.begin() as connection:
        claims.recall(connection, issue=two.issue)
    assert not pen.write([two.mark(0)])
    assert not pen.write([two.mark(0), two.mark(1, revision=1)]), "one of two is enough"
    assert pen.write([two.mark(0, revision=1), two.mark(1, revision=1)])
    with database.begin() as connection:
        claims.close(connection, two.numbers[0], [], NOW)
    assert not pen.write([two.mark(0, revision=1)])


def test_a_closed_pen_writes_again_and_holds_up_nobody(two: Two, pen: Pen, database: Database) -> None:
    assert pen.write([two.mark(0)])
    pen.close()
    pen.close()
    with database.begin() as connection:
        assert issues.get(connection, two.issue)
    assert pen.write([two.mark(1)])
    assert database.forget(), "no reader of it stays behind"


def test_a_connection_that_broke_is_opened_again(two: Two, pen: Pen, database: Database) -> None:
    assert pen.write([two.mark(0)])
    if database.engine.dialect.name == "postgresql":
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        with database.begin() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        with pytest.raises(StoreError, match="cannot be used"):
            pen.write([two.mark(0, b"\x07")])
    else:
        with database.begin():
            pen._driver.execute("PRAGMA busy_timeout=1")
            with pytest.raises(StoreError, match="locked"):
                pen.write([two.mark(0, b"\x07")])
            with pytest.raises(StoreError, match="locked"):
                _impatient(pen).write([two.mark(0, b"\x07"), two.mark(1)])
    assert two.seen()[0] == (b"\x03", b"\x01")
    assert pen.write([two.mark(0, b"\x07"), two.mark(1)])
    assert two.seen() == [(b"\x07", b"\x01"), (b"\x03", b"\x01")]


def test_a_database_that_is_away_is_said_so(tmp_path: object) -> None:
    away = Database(f"postgresql+psycopg://nobody@/none?host={tmp_path}")
    with pytest.raises(StoreError, match="cannot be opened"):
        Pen(away).write([Mark(1, 0, b"\0", b"\0", NOW)])


def _impatient(pen: Pen) -> Pen:
    """One that was opened anew, and waits for nobody."""
    pen._driver = pen._database.driver()
    pen._driver.execute("PRAGMA busy_timeout=1")
    pen._cursor = pen._driver.cursor()
    return pen

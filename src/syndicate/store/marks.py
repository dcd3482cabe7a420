"""Marks: how far a claim is, written hundreds of times a second while mail goes out (DESIGN laws 5 and 6).

A mark is absolute: written twice, or together with others of which one is refused, it says the same.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect

from syndicate.store.database import Database
from syndicate.store.tables import spelled


class Mark(NamedTuple):
    """One claim as it is to stand, ours until ``until`` (aware, UTC).

    ``revision`` is the one that was last seen. ``marked`` (may be handed over from now on) and ``taken`` (its carrier
    has it) are bitmaps over its deliveries.
    """

    number: int
    revision: int
    marked: bytes
    taken: bytes
    until: datetime


def record(connection: Connection, mark: Mark) -> bool:
    """Write one. False when something was called back, or the claim is lost.

    Then nothing of ``marked`` may be handed over that was not before; ``claims.held`` tells what is still ours.
    """
    dialect = connection.dialect
    return connection.exec_driver_sql(_RECORD[dialect.name], _values(dialect, mark)).rowcount == 1


def is_set(bitmap: bytes | bytearray, place: int) -> bool:
    """Whether the delivery at this place of its claim is in it."""
    return bool(bitmap[place >> 3] >> (place & 7) & 1)


class Pen:
    """Writes marks and nothing else, on a connection that is kept for as long as a sending lasts.

    The statement is said to the driver itself, prepared once: by way of SQLAlchemy it would cost three times as much,
    and lanes wait for it. For one thread. A connection that broke is opened again by the next :meth:`write`.
    """

    def __init__(self, database: Database) -> None:
        self._database, self._dialect = database, database.engine.dialect
        self._driver: Any = None
        self._cursor: Any = None

    def write(self, marks: Sequence[Mark]) -> bool:
        """Whether all could be written; see :func:`record`. They last when it returns (one transaction).

        Raises StoreError for what the database refuses: away, full, locked too long. Whether they were written is
        not known then.
        """
        rows = [_values(self._dialect, mark) for mark in marks]
        with self._database.explained("cannot be used"):
            try:
                return self._written(rows) == len(rows)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Give the connection up."""
        driver, self._driver, self._cursor = self._driver, None, None
        if driver is not None:
            driver.close()

    def _written(self, rows: Sequence[tuple[Any, ...]]) -> int:
        if self._driver is None:
            self._driver = self._database.driver()
            self._cursor = self._driver.cursor()
        write = _write_postgres if self._dialect.name == "postgresql" else _write_sqlite
        return write(self._cursor, rows)


def _write_sqlite(cursor: Any, rows: Sequence[tuple[Any, ...]]) -> int:
    if len(rows) == 1:
        cursor.execute(_RECORD["sqlite"], rows[0])
        return int(cursor.rowcount)
    cursor.execute("BEGIN IMMEDIATE")
    cursor.executemany(_RECORD["sqlite"], rows)
    written = int(cursor.rowcount)
    cursor.execute("COMMIT")
    return written


def _write_postgres(cursor: Any, rows: Sequence[tuple[Any, ...]]) -> int:
    if len(rows) == 1:
        cursor.execute(_RECORD["postgresql"], rows[0], prepare=True)
    else:
        # Sent together, they are one transaction, and one wait for the disk.
        cursor.executemany(_RECORD["postgresql"], rows)
    return int(cursor.rowcount)


_STATEMENT = "UPDATE claim SET marked = {0}, taken = {0}, until = {0} WHERE number = {0} AND revision = {0}"
_RECORD = {"sqlite": _STATEMENT.format("?"), "postgresql": _STATEMENT.format("%b")}


def _values(dialect: Dialect, mark: Mark) -> tuple[Any, ...]:
    return mark.marked, mark.taken, spelled(dialect, mark.until), mark.number, mark.revision

"""The temporary tables of a list, and the quickest way into them that each database has.

``list_line``: the lines as they came. ``list_profile``, ``list_wish``: what many of them share, and its newsletters.
``list_fresh``: the lines in order of address, of which only people who are new are left in the end; ``id`` is theirs to
be. ``list_asked``: those of them that take a decision. ``list_changed``: people held whom one of these changes.
``list_joined``: newsletters that such decisions add. ``list_late``: addresses that changed while we read.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

_TABLES = {
    "list_line": "place {number} PRIMARY KEY, number {number}, email TEXT, canonical TEXT, name TEXT, "
    "profile {number}, consent_at {moment}, address_hash {bytes}, reason TEXT",
    "list_profile": "id {number} PRIMARY KEY, languages TEXT, timezone TEXT, status TEXT, wishes TEXT, source TEXT",
    "list_wish": "profile {number}, newsletter TEXT, cadence TEXT, PRIMARY KEY (profile, newsletter)",
    "list_fresh": "key {serial} PRIMARY KEY, {id} place {number}, number {number}, email TEXT, canonical TEXT, "
    "name TEXT, profile {number}, consent_at {moment}, address_hash {bytes}",
    "list_asked": "key {number} PRIMARY KEY, held {number}, is_barred {number}, is_same {number}",
    "list_changed": "id {number} PRIMARY KEY, canonical TEXT, name TEXT, languages TEXT, timezone TEXT, status TEXT, "
    "consent_at {moment}, source TEXT, address_hash {bytes}, seal {bytes}, is_loss {number}",
    "list_joined": "canonical TEXT, newsletter TEXT, cadence TEXT, source TEXT, at {moment}, "
    "PRIMARY KEY (canonical, newsletter)",
    "list_late": "canonical TEXT PRIMARY KEY",
}
_SQLITE = {"number": "INTEGER", "serial": "INTEGER", "moment": "DATETIME", "bytes": "BLOB", "id": ""}
# Numbers of new people are drawn before the transaction: a sequence waits for nobody, and what is not used is lost.
_POSTGRES = {
    "number": "BIGINT",
    "serial": "BIGSERIAL",
    "moment": "TIMESTAMP WITH TIME ZONE",
    "bytes": "BYTEA",
    "id": "id BIGINT DEFAULT nextval('subscriber_id_seq'),",
}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


Speller = Callable[[datetime], Any]


def speller(connection: Connection) -> Speller:
    """How the driver itself takes a moment that is in UTC."""
    if connection.dialect.name == "postgresql":
        return lambda moment: moment
    return _spelled


def _spelled(moment: datetime) -> str:
    # As SQLAlchemy stores it, without asking it a million times.
    return f"{moment.isoformat(' ', 'microseconds')[:26]}"


def create(connection: Connection) -> None:
    words = _POSTGRES if connection.dialect.name == "postgresql" else _SQLITE
    for name, columns in _TABLES.items():
        connection.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns.format(**words)})"))


def measure(connection: Connection, *tables: str) -> None:
    """Tell PostgreSQL how large they are: it does not look at temporary tables by itself."""
    if connection.dialect.name == "postgresql":
        for table in tables:
            connection.execute(text(f"ANALYZE {table}"))


def fill(connection: Connection, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows. Moments are to be spelled before (:func:`speller`)."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table} ({columns}) FROM STDIN", rows)
    else:
        marks = ", ".join("?" * len(rows[0]))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 (no value in it)
        connection.exec_driver_sql(sql, list(rows))


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """By the text format of COPY: half the time of the driver's own."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise AssertionError("the connection is open")
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("".join("\t".join(map(_copied, row)) + "\n" for row in rows))


def _copied(value: Any) -> str:
    if value.__class__ is str:
        return str(value.translate(_ESCAPES)) if not value.isalnum() else value
    if value is None:
        return "\\N"
    if value.__class__ is bytes:
        return f"\\\\x{value.hex()}"
    return value.isoformat() if isinstance(value, datetime) else str(value)

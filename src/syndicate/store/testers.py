"""Who gets test mails: a short list that staff keep."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.store.tables import tester


@dataclass(frozen=True, slots=True)
class Tester:
    """``email`` as it is written on an envelope."""

    email: str
    name: str
    added_at: datetime


def every(connection: Connection) -> list[Tester]:
    """In the order in which they were added."""
    query = select(tester.c.email, tester.c.name, tester.c.added_at)
    return [Tester(*row) for row in connection.execute(query.order_by(tester.c.added_at, tester.c.email))]


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(tester)).scalar_one())


def add(connection: Connection, email: str, name: str, now: datetime) -> bool:
    """False, and nothing changes, when the address is there already."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"email": email, "name": name, "added_at": now}
    query = insert(tester).values(values).on_conflict_do_nothing().returning(tester.c.email)
    return connection.execute(query).first() is not None


def remove(connection: Connection, email: str) -> bool:
    """Whether the address was there."""
    return connection.execute(delete(tester).where(tester.c.email == email)).rowcount == 1

"""What was answered to requests that carry a key of their own, so that the same request again gets the same answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.store.tables import answered

UNDER_WAY = 0
"""In place of a status, until there is an answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """``request`` is the hash of what was asked; ``at`` (UTC) is when whoever works on it began."""

    request: str
    status: int
    body: str
    at: datetime


def claim(connection: Connection, actor: str, key: str, request: str, now: datetime) -> bool:
    """Begin on a request, before anything is done. False when its key is known already."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {
        "actor": actor,
        "key": key,
        "request": request,
        "status": UNDER_WAY,
        "body": "",
        "at": now,
    }
    made = insert(answered).values(values).on_conflict_do_nothing().returning(answered.c.key)
    return connection.execute(made).scalar() is not None


def get(connection: Connection, actor: str, key: str) -> Answered | None:
    columns = (answered.c.request, answered.c.status, answered.c.body, answered.c.at)
    row = connection.execute(select(*columns).where(*_of(actor, key))).first()
    return Answered(*row) if row else None


def take_over(connection: Connection, actor: str, key: str, began: datetime, now: datetime) -> bool:
    """Begin again on what somebody ``began`` and did not end. False when another was faster."""
    where = (*_of(actor, key), answered.c.at == began, answered.c.status == UNDER_WAY)
    return connection.execute(update(answered).where(*where).values(at=now)).rowcount == 1


def keep(connection: Connection, actor: str, key: str, began: datetime, status: int, body: str) -> bool:
    """The answer, of who ``began`` then. False, and nothing is kept, when another has taken it over."""
    where = (*_of(actor, key), answered.c.at == began, answered.c.status == UNDER_WAY)
    values = {"status": status, "body": body}
    return connection.execute(update(answered).where(*where).values(values)).rowcount == 1


def forget(connection: Connection, actor: str, key: str, began: datetime) -> None:
    """As if it had never been asked."""
    connection.execute(delete(answered).where(*_of(actor, key), answered.c.at == began))


def prune(connection: Connection, before: datetime) -> int:
    """Delete what is older; how many."""
    return connection.execute(delete(answered).where(answered.c.at < before)).rowcount


def _of(actor: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return answered.c.actor == actor, answered.c.key == key

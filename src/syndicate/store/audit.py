"""The audit log: what staff did, append-only (the database refuses anything else)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from syndicate.model import Actor
from syndicate.store.tables import audit


@dataclass(frozen=True, slots=True)
class Entry:
    """``subject`` is what it was done to, ``detail`` what exactly; neither holds an address."""

    id: int
    at: datetime
    staff: int
    name: str
    role: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    network: str


def note(
    connection: Connection, actor: Actor, action: str, subject: str, now: datetime, **detail: Any
) -> None:
    """Write a line, in the transaction of what it tells of."""
    values = {
        "at": now,
        "staff": actor.staff,
        "name": actor.name,
        "role": actor.role,
        "action": action,
        "subject": subject,
        "detail": detail,
        "network": actor.network,
    }
    connection.execute(audit.insert().values(values))


def last(connection: Connection, subject: str) -> int:
    """The number of the newest line about ``subject``; 0 for none."""
    query = select(audit.c.id).where(audit.c.subject == subject).order_by(audit.c.id.desc()).limit(1)
    return connection.execute(query).scalar() or 0


def newest(connection: Connection) -> int:
    """The number of the newest line; 0 for none."""
    return connection.execute(select(audit.c.id).order_by(audit.c.id.desc()).limit(1)).scalar() or 0


def is_any(connection: Connection, action: str, after: int) -> bool:
    """Whether there is a line newer than ``after`` of an action that begins so."""
    where = (audit.c.id > after, audit.c.action.startswith(action, autoescape=True))
    return connection.execute(select(audit.c.id).where(*where).limit(1)).first() is not None


def entries(
    connection: Connection, *, before: int = 0, subject: str = "", staff: int = 0, limit: int = 50
) -> list[Entry]:
    """Newest first, those older than the line ``before``; of one subject or member where given."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before:
        query = query.where(audit.c.id < before)
    if subject:
        query = query.where(audit.c.subject == subject)
    if staff:
        query = query.where(audit.c.staff == staff)
    return [Entry(*row) for row in connection.execute(query)]

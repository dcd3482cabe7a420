"""Leases: which of several processes does a piece of work now. Held until a time, and renewed before that."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.store.tables import lease

PLAUSIBLE = 2
"""A lease that ends more than so many times its length from now was written before a clock was set back."""


@dataclass(frozen=True, slots=True)
class Lease:
    """``holder`` is whoever does the work, ``until`` (UTC) unless it is renewed; ``since`` they have it."""

    name: str
    holder: str
    since: datetime
    until: datetime


def take(connection: Connection, name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """Take the lease, or renew it, until ``now + length``; False while somebody else holds it.

    One conditional statement: of two that ask at once, one gets it. What has run out is anybody's, and so is what
    ends later than any lease could that was taken at about ``now``.
    """
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {"holder": holder, "since": now, "until": now + length}
    is_mine = lease.c.holder == holder
    is_void = or_(lease.c.until <= now, lease.c.until > now + PLAUSIBLE * length)
    statement = (
        insert(lease)
        .values(name=name, **values)
        .on_conflict_do_update(
            index_elements=[lease.c.name],
            set_=values | {"since": case((is_mine, lease.c.since), else_=now)},
            where=or_(is_mine, is_void),
        )
        .returning(lease.c.holder)
    )
    return connection.execute(statement).first() is not None


def release(connection: Connection, name: str, holder: str) -> None:
    """Give it back, so that nobody has to wait for its end. Nothing happens when it is somebody else's."""
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))


def get(connection: Connection, name: str) -> Lease | None:
    """Whoever has it, or had it last; None when nobody ever did, or it was given back."""
    row = connection.execute(select(lease).where(lease.c.name == name)).first()
    return Lease(row.name, row.holder, row.since, row.until) if row else None

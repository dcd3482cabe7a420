"""Numbers for whoever watches. Asked every few seconds, so nothing here counts the ledger or the people: each reads a
small table, or an index that holds only what is to be done.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from syndicate.store.tables import (
    delivery,
    duty,
    is_planned,
    is_unsure,
    issue,
    lease,
    problem,
    received,
    signup,
)


def planned(connection: Connection) -> int:
    """Deliveries that are owed."""
    return connection.execute(select(func.count()).select_from(delivery).where(is_planned)).scalar_one()


def unsure(connection: Connection) -> int:
    """Deliveries in doubt."""
    return connection.execute(select(func.count()).select_from(delivery).where(is_unsure)).scalar_one()


def issues(connection: Connection) -> dict[str, int]:
    """State to how many."""
    query = select(issue.c.state, func.count()).group_by(issue.c.state)
    return _pairs(connection, query)


def problems(connection: Connection) -> dict[str, int]:
    """Source to how much is wrong with it."""
    query = select(problem.c.source, func.count()).group_by(problem.c.source)
    return _pairs(connection, query)


def signups(connection: Connection, now: datetime, since: datetime) -> dict[str, int]:
    """State to how many, of those asked for after ``since`` that have not expired."""
    where = (signup.c.at > since, signup.c.expires_at > now)
    query = select(signup.c.state, func.count()).where(*where).group_by(signup.c.state)
    return _pairs(connection, query)


def bodies(connection: Connection) -> tuple[int, int]:
    """What providers said that was not read yet, and that could not be."""
    carriers = connection.execute(select(received.c.carrier, func.count()).group_by(received.c.carrier)).all()
    aside = sum(number for carrier, number in carriers if carrier.startswith("aside:"))
    return sum(number for _, number in carriers) - aside, aside


def leases(connection: Connection) -> dict[str, datetime]:
    """Name to until when somebody has it."""
    return _pairs(connection, select(lease.c.name, lease.c.until))


def duties(connection: Connection) -> dict[str, datetime]:
    """What the clock does to when it last went well."""
    query = select(duty.c.name, duty.c.done_at).where(duty.c.done_at.is_not(None))
    return _pairs(connection, query)


def _pairs(connection: Connection, query: Select[Any]) -> dict[str, Any]:
    return {row[0]: row[1] for row in connection.execute(query)}

"""Approvals: who of the staff said that an issue may go out, and what they had before them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.store.tables import approval, draft, staff


@dataclass(frozen=True, slots=True)
class Approval:
    """``staff`` is 0, and ``name`` empty, for the command line. ``at`` is UTC."""

    staff: int
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Drafted:
    """The last change of an issue's draft: its number, by whom, and when (UTC)."""

    revision: int
    staff: int
    at: datetime


def add(connection: Connection, issue: int, member: int, now: datetime) -> None:
    """Once for each member: a second one is the newer one."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(approval).values(issue=issue, staff=member, at=now)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[approval.c.issue, approval.c.staff], set_={"at": now})
    )


def of(connection: Connection, issue: int) -> list[Approval]:
    """Oldest first."""
    query = (
        select(approval.c.staff, staff.c.name, approval.c.at)
        .join(staff, staff.c.id == approval.c.staff, isouter=True)
        .where(approval.c.issue == issue)
        .order_by(approval.c.at, approval.c.staff)
    )
    return [Approval(row.staff, row.name or "", row.at) for row in connection.execute(query)]


def clear(connection: Connection, issue: int) -> None:
    connection.execute(delete(approval).where(approval.c.issue == issue))


def drafted(connection: Connection, issue: int) -> Drafted | None:
    """None where staff changed nothing."""
    query = select(draft.c.revision, draft.c.staff, draft.c.saved_at).where(draft.c.issue == issue)
    row = connection.execute(query).first()
    return Drafted(row.revision, row.staff, row.saved_at) if row else None

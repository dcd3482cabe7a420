"""Drafts: what staff changed about an issue's automatic choice, and what it was before."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from syndicate.model import Draft
from syndicate.store.chunks import chunks
from syndicate.store.tables import draft, staff

MOST_UNDONE = 40
"""Changes that can be taken back."""


@dataclass(frozen=True, slots=True)
class Held:
    """A draft as it was saved: number ``revision`` (0: nobody changed anything), by ``name`` (empty for the command
    line), ``at`` (UTC). ``undoable`` is how many changes can be taken back; ``is_applied``: the editions are of it."""

    draft: Draft
    revision: int = 0
    name: str = ""
    at: datetime | None = None
    undoable: int = 0
    is_applied: bool = True


def get(connection: Connection, issue: int) -> Held:
    """An empty one where staff changed nothing."""
    row = _row(connection, issue)
    if row is None:
        return Held(Draft())
    is_applied = row.applied == row.revision
    return Held(_draft(row.content), row.revision, row.name or "", row.saved_at, len(row.before), is_applied)


def save(connection: Connection, issue: int, value: Draft, revision: int, member: int, now: datetime) -> bool:
    """Save what was made of ``revision``; False, and nothing is, when that is not the newest any more."""
    return _write(connection, issue, value, revision, member, now, step=1)


def undo(connection: Connection, issue: int, revision: int, member: int, now: datetime) -> bool:
    """Take the last change back; False, and nothing is, when ``revision`` is not the newest, or there is none."""
    row = _row(connection, issue)
    if row is None or not row.before:
        return False
    return _write(connection, issue, _draft(row.before[-1]), revision, member, now, step=-1)


def mark_applied(connection: Connection, issue: int, revision: int) -> None:
    """The issue's editions are made of ``revision``."""
    connection.execute(update(draft).where(draft.c.issue == issue).values(applied=revision))


def of(connection: Connection, issues: Collection[int]) -> dict[int, Draft]:
    """The drafts there are, by issue."""
    found: dict[int, Draft] = {}
    for some in chunks(sorted(issues)):
        query = select(draft.c.issue, draft.c.content).where(draft.c.issue.in_(some))
        found |= {row.issue: _draft(row.content) for row in connection.execute(query)}
    return found


def _write(
    connection: Connection, issue: int, value: Draft, revision: int, member: int, now: datetime, step: int
) -> bool:
    row = _row(connection, issue, hold=True)
    if revision != (row.revision if row else 0):
        return False
    values: dict[str, Any] = {
        "revision": revision + 1,
        "staff": member,
        "saved_at": now,
        "content": asdict(value),
        "before": _before(row, step),
    }
    if row:
        connection.execute(update(draft).where(draft.c.issue == issue).values(values))
    else:
        connection.execute(draft.insert().values(issue=issue, applied=0, **values))
    return True


def _before(row: Row[*tuple[Any, ...]] | None, step: int) -> list[Any]:
    if row is None:
        return [asdict(Draft())]
    return row.before[:-1] if step < 0 else [*row.before, row.content][-MOST_UNDONE:]


def _row(connection: Connection, issue: int, hold: bool = False) -> Row[*tuple[Any, ...]] | None:
    query = select(draft, staff.c.name).join(staff, staff.c.id == draft.c.staff, isouter=True)
    query = query.where(draft.c.issue == issue)
    return connection.execute(query.with_for_update(of=draft) if hold else query).first()


def _draft(content: dict[str, Any]) -> Draft:
    lists = {name: tuple(content[name]) for name in ("included", "left_out", "order")}
    return Draft(**lists, lead=content["lead"], notes=content["notes"], subjects=content["subjects"])

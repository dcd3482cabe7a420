"""Errands: what staff asked for that takes a while, how far it is and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from syndicate.model import NotFound
from syndicate.store.tables import errand

RUNNING, DONE, FAILED = "running", "done", "failed"


@dataclass(frozen=True, slots=True)
class Errand:
    """``kind`` is rehearsal, import or tag; ``told`` are the first (place, fate, reason) that were refused.

    Of the kind preflight ``name`` is what was looked at, and ``told`` what was found (``digests.preflight.kept``).
    """

    id: int
    kind: str
    state: str
    staff: int
    name: str
    asked: Mapping[str, Any]
    stage: str
    done: int
    total: int | None
    counts: Mapping[str, int]
    told: Sequence[Sequence[str]]
    problem: str
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None


def begin(
    connection: Connection, kind: str, staff: int, name: str, asked: Mapping[str, Any], now: datetime
) -> int:
    values = {
        "kind": kind,
        "state": RUNNING,
        "staff": staff,
        "name": name,
        "asked": dict(asked),
        "stage": "",
        "done": 0,
        "total": None,
        "counts": {},
        "told": [],
        "problem": "",
        "began_at": now,
        "seen_at": now,
    }
    return int(connection.execute(errand.insert().values(values).returning(errand.c.id)).scalar_one())


def get(connection: Connection, identity: int) -> Errand:
    """Raises NotFound."""
    row = connection.execute(select(errand).where(errand.c.id == identity)).first()
    if row is None:
        raise NotFound(f"there is no errand {identity}")
    return _errand(row)


def latest(connection: Connection, most: int = 20, *kinds: str) -> list[Errand]:
    """Newest first; of these kinds only, where any are given."""
    query = select(errand).order_by(errand.c.id.desc()).limit(most)
    query = query.where(errand.c.kind.in_(kinds)) if kinds else query
    return [_errand(row) for row in connection.execute(query)]


def newest(connection: Connection, kind: str, name: str, state: str = "") -> Errand | None:
    """The last one of a kind and name; None for none."""
    where = [errand.c.kind == kind, errand.c.name == name, *([errand.c.state == state] if state else [])]
    row = connection.execute(select(errand).where(*where).order_by(errand.c.id.desc()).limit(1)).first()
    return _errand(row) if row else None


def restart(connection: Connection, identity: int, kind: str, *expected: str, now: datetime) -> bool:
    """Begin the next step with the same file. False when it is not in one of the ``expected`` kinds, done."""
    where = (errand.c.id == identity, errand.c.state == DONE, errand.c.kind.in_(expected))
    values = {
        "kind": kind,
        "state": RUNNING,
        "began_at": now,
        "seen_at": now,
        "stage": "",
        "done": 0,
        "total": None,
        "ended_at": None,
    }
    return connection.execute(update(errand).where(*where).values(values)).rowcount == 1


def tell(
    connection: Connection, identity: int, stage: str, done: int, total: int | None, now: datetime
) -> None:
    """How far it is."""
    values = {"stage": stage, "done": done, "total": total, "seen_at": now}
    connection.execute(update(errand).where(errand.c.id == identity).values(values))


def end(
    connection: Connection,
    identity: int,
    now: datetime,
    counts: Mapping[str, int],
    told: Sequence[Sequence[str]] = (),
    problem: str = "",
) -> None:
    values = {
        "state": FAILED if problem else DONE,
        "counts": dict(counts),
        "told": [list(one) for one in told],
        "problem": problem,
        "seen_at": now,
        "ended_at": now,
    }
    connection.execute(update(errand).where(errand.c.id == identity).values(values))


def _errand(row: Row[*tuple[Any, ...]]) -> Errand:
    return Errand(*row)

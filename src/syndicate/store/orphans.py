"""Orphans: claims whose sender is gone. Whoever takes one over makes it theirs first, and settles it then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from syndicate.model import DeliveryState, Outcome
from syndicate.store import claims
from syndicate.store.accepted import accept, count
from syndicate.store.chunks import numbers
from syndicate.store.marks import is_set
from syndicate.store.tables import claim


@dataclass(frozen=True, slots=True)
class Left:
    """A claim whose sender is gone: what it had marked and not settled, by delivery, and what its carrier took."""

    number: int
    carrier: str
    revision: int
    marked: tuple[int, ...]
    taken: tuple[int, ...]
    untouched: tuple[int, ...]


def abandoned(connection: Connection, issue: int, place: str, now: datetime) -> list[int]:
    """Claims of an issue whose sender is gone: those made at ``place`` (we hold its lock), and those that ran out."""
    rows = connection.execute(
        select(claim.c.number, claim.c.holder, claim.c.until).where(claim.c.issue == issue)
    )
    return [row.number for row in rows if row.holder.startswith(f"{place}#") or row.until < now]


def seize(connection: Connection, number: int, holder: str, until: datetime) -> Left | None:
    """Make a claim ours: its sender, should it live, can record nothing any more. None when it is gone.

    What it had settled itself is not among what is left.
    """
    values = {"holder": holder, "until": until, "revision": claim.c.revision + 1}
    connection.execute(update(claim).where(claim.c.number == number).values(values))
    row = connection.execute(select(claim).where(claim.c.number == number)).first()
    found = claims.held(connection, number, holder)
    if row is None or found is None:
        return None
    groups: dict[str, list[int]] = {"marked": [], "taken": [], "untouched": []}
    for n, identity in enumerate(numbers(row.deliveries)):
        if identity in found[1]:
            groups[_group(row, n)].append(identity)
    return Left(number, row.carrier, row.revision, *(tuple(ids) for ids in groups.values()))


def resolve(
    connection: Connection, left: Left, doubts: Mapping[int, Outcome], holder: str, now: datetime
) -> bool:
    """Settle what a dead sender left: ``doubts`` says what each marked one is worth. False when it is lost again."""
    where = (claim.c.number == left.number, claim.c.holder == holder, claim.c.revision == left.revision)
    if connection.execute(delete(claim).where(*where)).rowcount != 1:
        return False
    accept(connection, left.number, [(identity, "", now) for identity in left.taken])
    taken = len(left.taken) + sum(one.state is DeliveryState.ACCEPTED for one in doubts.values())
    count(connection, left.carrier, taken, now)
    for identity, outcome in doubts.items():
        claims.settle(connection, left.number, identity, outcome, now)
    claims.release(connection, left.number, left.untouched)
    return True


def _group(row: Row[*tuple[Any, ...]], n: int) -> str:
    if is_set(row.taken, n):
        return "taken"
    return "marked" if is_set(row.marked, n) else "untouched"

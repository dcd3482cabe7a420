"""Claims: the deliveries that one sender has taken to hand over, and how far each is (DESIGN laws 5 and 6).

    take (consent asked) -> marks, again and again (before it can take effect, and when it was taken) -> close
                                |
    recall (a reader leaves, staff pause) bumps the revision: the next mark fails, and the sender looks again
    seize  (the sender is dead, see ``orphans``) does so, too: whoever wakes up afterwards can mark nothing

One row is written all the time instead of one a delivery: a bitmap of what may have been handed over, and one of
what the carrier took. Both are worth what a row of ``delivery`` is; ``close`` brings them there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from syndicate.model import DeliveryState, Outcome, SkipReason, SubscriberStatus
from syndicate.store.accepted import Taken, accept, count
from syndicate.store.chunks import among, numbers, ranges
from syndicate.store.marks import is_set
from syndicate.store.owed import Owed, owed
from syndicate.store.tables import (
    claim,
    delivery,
    ledger,
    volume,
)


class Claimed(NamedTuple):
    """A delivery that is ours to hand over now, with the address as it is at this moment."""

    id: int
    edition: int
    subscriber: int
    message_id: str
    attempts: int
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Claim:
    """``number`` is the fencing epoch. ``last`` is the highest delivery looked at, where the next claim begins.

    ``lines`` may be empty: then nobody of those looked at wanted the mail any more, and there is nothing to close.
    """

    number: int
    lines: tuple[Claimed, ...]
    last: int


@dataclass(frozen=True, slots=True)
class Open:
    """A claim in numbers. ``machine`` is where its sender runs; it is dead after ``until`` (UTC)."""

    machine: str
    until: datetime
    claimed: int
    marked: int
    taken: int


def take(
    connection: Connection,
    issue: int,
    newsletter: str,
    carrier: str,
    holder: str,
    *,
    after: int,
    most: int,
    now: datetime,
    until: datetime,
) -> Claim | None:
    """Claim at most ``most`` planned deliveries that are due, from ``after`` on; None when there are none.

    Consent is asked here: whoever is not an active subscriber of the newsletter at this moment is settled as
    skipped, with the reason. On PostgreSQL the subscribers' rows are held until the end of the transaction, so that
    whoever leaves meanwhile finds the delivery claimed, and calls it back.
    """
    rows = owed(connection, issue, newsletter, after, most, now)
    if not rows:
        return None
    last = rows[-1][0]
    lines, objections = _asked(rows)
    _skip(connection, objections, now)
    if not lines:
        return Claim(0, (), last)
    number = _next_number(connection)
    ids = [line.id for line in lines]
    where = (_within(connection, ids), delivery.c.state == DeliveryState.PLANNED)
    values = {"state": DeliveryState.CLAIMED, "claim": number, "carrier": carrier}
    connection.execute(update(delivery).where(*where).values(values))
    nothing = bytes((len(ids) + 7) // 8)
    row = {
        "number": number, "issue": issue, "carrier": carrier, "holder": holder, "until": until, "revision": 0,
        "deliveries": ranges(ids), "marked": nothing, "taken": nothing,
    }  # fmt: skip
    connection.execute(claim.insert().values(row))
    return Claim(number, lines, last)


def held(connection: Connection, number: int, holder: str) -> tuple[int, frozenset[int]] | None:
    """(revision, deliveries still claimed) of a claim of ours; None when it is lost."""
    row = connection.execute(select(claim).where(claim.c.number == number, claim.c.holder == holder)).first()
    if row is None:
        return None
    where = (among(connection, delivery.c.id, numbers(row.deliveries)), delivery.c.claim == number)
    ours = select(delivery.c.id).where(*where, delivery.c.state == DeliveryState.CLAIMED)
    return row.revision, frozenset(connection.execute(ours).scalars())


def settle(
    connection: Connection,
    number: int,
    identity: int,
    outcome: Outcome,
    now: datetime,
    due: datetime | None = None,
) -> bool:
    """Write what became of one that its carrier did not take. ``PLANNED`` is owed again, from ``due`` on.

    Not settled twice: False when it is no longer claimed by ``number``.
    """
    is_planned = outcome.state is DeliveryState.PLANNED
    values = {
        "state": outcome.state,
        "reason": outcome.detail,
        "attempts": delivery.c.attempts + 1,
        "due_at": due if is_planned else None,
        "handed_at": now,
        "settled_at": None if is_planned else now,
    }
    where = (delivery.c.id == identity, delivery.c.claim == number, _OPEN)
    return connection.execute(update(delivery).where(*where).values(values)).rowcount == 1


def close(connection: Connection, number: int, taken: Sequence[Taken], now: datetime) -> None:
    """End a claim of which everything is settled; ``taken`` are (delivery, what the carrier said, when).

    What the carrier took is written even when the claim was lost meanwhile: a proof settles a doubt.
    """
    accept(connection, number, taken)
    carrier = connection.execute(
        delete(claim).where(claim.c.number == number).returning(claim.c.carrier)
    ).scalar()
    if carrier is not None:
        count(connection, carrier, len(taken), now)


def release(connection: Connection, number: int, ids: Collection[int]) -> None:
    """Owe again what was claimed and not touched."""
    where = (among(connection, delivery.c.id, ids), delivery.c.claim == number, _OPEN)
    connection.execute(
        update(delivery).where(*where).values(state=DeliveryState.PLANNED, claim=None, carrier="")
    )


def recall(connection: Connection, *, issue: int | None = None, subscriber: int | None = None) -> int:
    """Owe again what is claimed and not marked, of an issue or a person, so that its claim asks again; how many.

    To be called in the transaction that takes consent away, or pauses. What is marked may be out already.
    """
    number = 0
    for one in sorted(_claims_of(connection, issue, subscriber)):
        found = connection.execute(select(claim).where(claim.c.number == one).with_for_update()).first()
        if found is None:
            continue
        ids = numbers(found.deliveries)
        open_ids = [identity for n, identity in enumerate(ids) if not is_set(found.marked, n)]
        where = [among(connection, delivery.c.id, open_ids), delivery.c.claim == one, _OPEN]
        if subscriber is not None:
            where.append(delivery.c.subscriber == subscriber)
        values = {"state": DeliveryState.PLANNED, "claim": None, "carrier": ""}
        called = connection.execute(update(delivery).where(*where).values(values)).rowcount
        if called or issue is not None:
            connection.execute(
                update(claim).where(claim.c.number == one).values(revision=claim.c.revision + 1)
            )
        number += called
    return number


def unfinished(connection: Connection) -> list[int]:
    """The issues that have a claim open, whatever their state: being sent, or left by a sender that died."""
    return sorted(connection.execute(select(claim.c.issue).distinct()).scalars())


def open_of(connection: Connection, issue: int) -> list[Open]:
    """The claims of an issue that are open, and how far each is."""
    rows = connection.execute(select(claim).where(claim.c.issue == issue).order_by(claim.c.number))
    return [
        Open(
            row.holder.partition(":")[0],
            row.until,
            sum(last - first + 1 for first, last in row.deliveries),
            int.from_bytes(row.marked).bit_count(),
            int.from_bytes(row.taken).bit_count(),
        )
        for row in rows
    ]


def open_for(connection: Connection, issue: int) -> int:
    """How many claims of an issue are open."""
    query = select(func.count()).select_from(claim).where(claim.c.issue == issue)
    return connection.execute(query).scalar_one()


_OPEN = delivery.c.state == DeliveryState.CLAIMED


def _asked(rows: Sequence[Owed]) -> tuple[tuple[Claimed, ...], dict[int, str]]:
    """The lines of those who want the mail, and why the others must not get it, by delivery."""
    wanted = SubscriberStatus.ACTIVE.value
    lines = tuple([Claimed._make(row[:7]) for row in rows if row[7] == wanted and row[8]])
    if len(lines) == len(rows):
        return lines, {}
    reasons = {row[0]: objection(row[7], is_subscribed=row[8]) for row in rows}
    return lines, {identity: reason for identity, reason in reasons.items() if reason}


def _within(connection: Connection, ids: Sequence[int]) -> ColumnElement[bool]:
    """One of these, which are in order: planned together, they are nearly always one after the other."""
    first, last = ids[0], ids[-1]
    if last - first + 1 == len(ids):
        return delivery.c.id.between(first, last)
    return among(connection, delivery.c.id, ids)


def objection(status: str | None, *, is_subscribed: bool = False) -> str:
    """Why somebody of this status (None: erased) must not be mailed a newsletter; empty when nothing is against it."""
    if status is None:
        return SkipReason.ERASED
    if status == SubscriberStatus.SUPPRESSED:
        return SkipReason.SUPPRESSED
    if status != SubscriberStatus.ACTIVE or not is_subscribed:
        return SkipReason.UNSUBSCRIBED
    return ""


def _skip(connection: Connection, objections: Mapping[int, str], now: datetime) -> None:
    by_reason: dict[str, list[int]] = {}
    for identity, reason in objections.items():
        by_reason.setdefault(reason, []).append(identity)
    for reason, ids in by_reason.items():
        values = {"state": DeliveryState.SKIPPED, "reason": reason, "settled_at": now}
        connection.execute(update(delivery).where(among(connection, delivery.c.id, ids)).values(values))


def _next_number(connection: Connection) -> int:
    query = update(ledger).values(claims=ledger.c.claims + 1).returning(ledger.c.claims)
    return int(connection.execute(query).scalar_one())


def _claims_of(connection: Connection, issue: int | None, subscriber: int | None) -> set[int]:
    if issue is not None:
        return set(connection.execute(select(claim.c.number).where(claim.c.issue == issue)).scalars())
    query = select(delivery.c.claim).where(delivery.c.subscriber == subscriber, _OPEN)
    return set(connection.execute(query).scalars())


def volumes(connection: Connection, carrier: str) -> dict[str, int]:
    """Day (UTC, ISO) to how many messages the carrier took on it; open claims are not counted yet."""
    rows = connection.execute(select(volume.c.day, volume.c.messages).where(volume.c.carrier == carrier))
    return {row.day: row.messages for row in rows}


def ever(connection: Connection) -> int:
    """How many messages carriers took in closed claims, in all the days there were."""
    return int(connection.execute(select(func.sum(volume.c.messages))).scalar() or 0)

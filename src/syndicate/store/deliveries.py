"""The ledger: what is owed to whom, and what became of it (DESIGN laws 4 to 6)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select, update

from syndicate.model import DeliveryState, Outcome, SkipReason, SubscriberStatus
from syndicate.store.chunks import chunks
from syndicate.store.tables import delivery, edition_item, subscriber, subscription

GONE_OUT = (
    DeliveryState.PLANNED,
    DeliveryState.HANDING,
    DeliveryState.ACCEPTED,
    DeliveryState.UNSURE,
)
"""States in which a person has had the stories, is owed them, or may have had them."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One line of the ledger to be: ``edition`` is None for somebody who is skipped from the start."""

    subscriber: int
    edition: int | None
    message_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to hand over now, with the address as it is at this moment."""

    id: int
    edition: int
    subscriber: int
    message_id: str
    email: str
    name: str


def plan(connection: Connection, issue_id: int, lines: Iterable[Planned], now: datetime) -> int:
    """Write the ledger of an issue; the unique (issue, subscriber) refuses a second one. Returns how many."""
    rows = [
        {
            "issue": issue_id,
            "edition": line.edition,
            "subscriber": line.subscriber,
            "state": DeliveryState.SKIPPED if line.edition is None else DeliveryState.PLANNED,
            "reason": line.reason,
            "carrier": "",
            "message_id": line.message_id,
            "settled_at": now if line.edition is None else None,
        }
        for line in lines
    ]
    for some in chunks(rows, 5000):
        connection.execute(delivery.insert(), list(some))
    return len(rows)


def had(connection: Connection, stories: Collection[str]) -> dict[int, frozenset[str]]:
    """Which subscribers have had which of ``stories``, or are owed them."""
    found: dict[int, set[str]] = {}
    for some in chunks(sorted(stories)):
        query = (
            select(delivery.c.subscriber, edition_item.c.story)
            .join(edition_item, edition_item.c.edition == delivery.c.edition)
            .where(edition_item.c.story.in_(some), delivery.c.state.in_(GONE_OUT))
        )
        for row in connection.execute(query):
            found.setdefault(row.subscriber, set()).add(row.story)
    return {identity: frozenset(of) for identity, of in found.items()}


def claim(
    connection: Connection, issue_id: int, newsletter: str, carrier: str, now: datetime
) -> Claimed | None:
    """Take the next planned delivery of the issue, or None when none is left.

    Consent is asked here and nowhere later: whoever is not an active subscriber of the newsletter at this
    moment is settled as skipped, with the reason, and the next one is tried. The mark HANDING is committed
    with the caller's transaction, before anything leaves.
    """
    while (row := _next(connection, issue_id, newsletter)) is not None:
        reason = _objection(row)
        values = (
            {"state": DeliveryState.SKIPPED, "reason": reason, "settled_at": now}
            if reason
            else {"state": DeliveryState.HANDING, "carrier": carrier, "handed_at": now}
        )
        where = (delivery.c.id == row.id, delivery.c.state == DeliveryState.PLANNED)
        taken = connection.execute(update(delivery).where(*where).values(values)).rowcount == 1
        if taken and not reason:
            return Claimed(row.id, row.edition, row.subscriber, row.message_id, row.email, row.name)
    return None


def settle(connection: Connection, delivery_id: int, outcome: Outcome, now: datetime) -> bool:
    """Write what became of a hand-over. False when it was settled already."""
    retried = outcome.state is DeliveryState.PLANNED
    values = {
        "state": outcome.state,
        "reason": outcome.detail,
        "settled_at": None if retried else now,
    }
    where = (
        delivery.c.id == delivery_id,
        delivery.c.state.in_((DeliveryState.HANDING, DeliveryState.UNSURE)),
    )
    return connection.execute(update(delivery).where(*where).values(values)).rowcount == 1


def orphans(connection: Connection, issue_id: int) -> list[tuple[int, str, str]]:
    """(id, carrier, message id) of what was being handed over when its sender died."""
    where = (delivery.c.issue == issue_id, delivery.c.state == DeliveryState.HANDING)
    rows = connection.execute(select(delivery.c.id, delivery.c.carrier, delivery.c.message_id).where(*where))
    return [(row.id, row.carrier, row.message_id) for row in rows]


def counts(connection: Connection, issue_id: int) -> dict[tuple[int | None, str], int]:
    """(edition, state) to number, of one issue."""
    query = (
        select(delivery.c.edition, delivery.c.state, func.count())
        .where(delivery.c.issue == issue_id)
        .group_by(delivery.c.edition, delivery.c.state)
    )
    return {(edition, state): number for edition, state, number in connection.execute(query)}


def outcomes(connection: Connection, issue_id: int) -> list[tuple[str, str, int]]:
    """(state, reason, how many) of one issue; a reason may be a carrier's answer and hold an address."""
    group = (delivery.c.state, delivery.c.reason)
    query = select(*group, func.count().label("number")).where(delivery.c.issue == issue_id).group_by(*group)
    return [(row.state, row.reason, row.number) for row in connection.execute(query)]


def of_subscriber(connection: Connection, identity: int) -> list[tuple[int, str, str, datetime | None]]:
    """(issue, state, reason, settled at) of everything one person was owed, newest first."""
    query = (
        select(delivery.c.issue, delivery.c.state, delivery.c.reason, delivery.c.settled_at)
        .where(delivery.c.subscriber == identity)
        .order_by(delivery.c.id.desc())
    )
    return [(row.issue, row.state, row.reason, row.settled_at) for row in connection.execute(query)]


def cancel(connection: Connection, issue_id: int, now: datetime) -> int:
    """Settle everything still planned as cancelled; returns how many."""
    where = (delivery.c.issue == issue_id, delivery.c.state == DeliveryState.PLANNED)
    values = {"state": DeliveryState.CANCELLED, "settled_at": now}
    return connection.execute(update(delivery).where(*where).values(values)).rowcount


def _next(connection: Connection, issue_id: int, newsletter: str) -> Row[*tuple[Any, ...]] | None:
    """The next planned delivery with what is known of its subscriber now (outer joins: they may have left)."""
    subscribed = and_(
        subscription.c.subscriber == delivery.c.subscriber, subscription.c.newsletter == newsletter
    )
    query = (
        select(
            delivery.c.id,
            delivery.c.edition,
            delivery.c.subscriber,
            delivery.c.message_id,
            subscriber.c.email,
            subscriber.c.name,
            subscriber.c.status,
            subscription.c.newsletter,
        )
        .join(subscriber, subscriber.c.id == delivery.c.subscriber, isouter=True)
        .join(subscription, subscribed, isouter=True)
        .where(delivery.c.issue == issue_id, delivery.c.state == DeliveryState.PLANNED)
        .order_by(delivery.c.id)
        .limit(1)
    )
    return connection.execute(query).first()


def _objection(row: Row[*tuple[Any, ...]]) -> str:
    """Why this person must not be mailed after all; empty when nothing speaks against it."""
    if row.status is None:
        return SkipReason.ERASED
    if row.status == SubscriberStatus.SUPPRESSED:
        return SkipReason.SUPPRESSED
    if row.status != SubscriberStatus.ACTIVE or row.newsletter is None:
        return SkipReason.UNSUBSCRIBED
    return ""

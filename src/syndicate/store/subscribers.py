"""Subscribers, what they subscribed to, their consent, and who must never be mailed."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from syndicate.model import Subscriber, SubscriberStatus, Subscription
from syndicate.store.tables import consent_event, subscriber, subscription, suppression


def by_canonical(connection: Connection, canonical: str) -> Subscriber | None:
    row = connection.execute(select(subscriber).where(subscriber.c.canonical == canonical)).first()
    return _subscriber(connection, row) if row else None


def by_id(connection: Connection, identity: int) -> Subscriber | None:
    row = connection.execute(select(subscriber).where(subscriber.c.id == identity)).first()
    return _subscriber(connection, row) if row else None


def save(connection: Connection, value: Subscriber, now: datetime) -> int:
    """Insert, or update the one with the same canonical address; its subscriptions become ``value``'s."""
    row = _row(value)
    where = subscriber.c.canonical == value.canonical
    identity = connection.execute(select(subscriber.c.id).where(where)).scalar()
    if identity is None:
        insert = subscriber.insert().values(row | {"created_at": now}).returning(subscriber.c.id)
        identity = connection.execute(insert).scalar_one()
    else:
        connection.execute(update(subscriber).where(subscriber.c.id == identity).values(row))
    _set_subscriptions(connection, int(identity), value.subscriptions)
    return int(identity)


def every(connection: Connection) -> Iterator[Subscriber]:
    """All, by address; subscriptions included."""
    held: dict[int, list[Subscription]] = {}
    for row in connection.execute(select(subscription).order_by(subscription.c.newsletter)):
        held.setdefault(row.subscriber, []).append(Subscription(row.newsletter, row.cadence))
    for row in connection.execute(select(subscriber).order_by(subscriber.c.canonical)):
        yield _value(row, held.get(row.id, ()))


def readers(connection: Connection, newsletter: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(id, languages in order of preference) of everyone whom an issue of ``newsletter`` is owed."""
    query = (
        select(subscriber.c.id, subscriber.c.languages)
        .join(subscription, subscription.c.subscriber == subscriber.c.id)
        .where(subscription.c.newsletter == newsletter, subscriber.c.status == SubscriberStatus.ACTIVE)
        .order_by(subscriber.c.id)
    )
    for row in connection.execute(query):
        yield row.id, tuple(row.languages.split())


def unsubscribe(connection: Connection, identity: int, newsletter: str, source: str, now: datetime) -> bool:
    """End one subscription. False when there was none."""
    where = (subscription.c.subscriber == identity, subscription.c.newsletter == newsletter)
    ended = connection.execute(delete(subscription).where(*where)).rowcount == 1
    if ended:
        note(connection, identity, "unsubscribed", newsletter, source, now)
    return ended


def subscribe(connection: Connection, identity: int, newsletter: str, source: str, now: datetime) -> None:
    """Begin a subscription, or begin it again; one that runs goes on and nothing is noted."""
    where = (subscription.c.subscriber == identity, subscription.c.newsletter == newsletter)
    if connection.execute(select(subscription.c.newsletter).where(*where)).first():
        return
    values = {"subscriber": identity, "newsletter": newsletter, "cadence": ""}
    connection.execute(subscription.insert().values(values))
    note(connection, identity, "subscribed", newsletter, source, now)


def left(connection: Connection, identity: int) -> frozenset[str]:
    """The newsletters that a person unsubscribed from and did not come back to."""
    what: dict[str, str] = {}
    for _, event, newsletter, _ in history(connection, identity):
        what[newsletter] = event
    return frozenset(newsletter for newsletter, event in what.items() if event == "unsubscribed")


def note(
    connection: Connection, identity: int, what: str, newsletter: str, source: str, now: datetime
) -> None:
    """Add to the history of consent."""
    values = {"subscriber": identity, "at": now, "what": what, "newsletter": newsletter, "source": source}
    connection.execute(consent_event.insert().values(values))


def history(connection: Connection, identity: int) -> list[tuple[datetime, str, str, str]]:
    """(when, what, newsletter, source), oldest first."""
    where = consent_event.c.subscriber == identity
    rows = connection.execute(select(consent_event).where(where).order_by(consent_event.c.id))
    return [(row.at, row.what, row.newsletter, row.source) for row in rows]


def suppress(connection: Connection, address_hash: bytes, reason: str, now: datetime) -> None:
    if not is_suppressed(connection, address_hash):
        values = {"address_hash": address_hash, "reason": reason, "at": now}
        connection.execute(suppression.insert().values(values))


def is_suppressed(connection: Connection, address_hash: bytes) -> bool:
    query = select(suppression.c.reason).where(suppression.c.address_hash == address_hash)
    return connection.execute(query).first() is not None


def erase(connection: Connection, identity: int) -> None:
    """Delete everything held about a person; the deliveries keep a number that now names nobody."""
    for table in (consent_event, subscription):
        connection.execute(delete(table).where(table.c.subscriber == identity))
    connection.execute(delete(subscriber).where(subscriber.c.id == identity))


def _set_subscriptions(connection: Connection, identity: int, values: Iterable[Subscription]) -> None:
    connection.execute(delete(subscription).where(subscription.c.subscriber == identity))
    rows = [{"subscriber": identity, "newsletter": s.newsletter, "cadence": s.cadence} for s in values]
    if rows:
        connection.execute(subscription.insert(), rows)


def _subscriber(connection: Connection, row: Row[*tuple[Any, ...]]) -> Subscriber:
    query = select(subscription).where(subscription.c.subscriber == row.id)
    found = connection.execute(query.order_by(subscription.c.newsletter))
    return _value(row, [Subscription(s.newsletter, s.cadence) for s in found])


def _value(row: Row[*tuple[Any, ...]], subscriptions: Iterable[Subscription]) -> Subscriber:
    return Subscriber(
        id=row.id,
        email=row.email,
        canonical=row.canonical,
        name=row.name,
        languages=tuple(row.languages.split()),
        timezone=row.timezone,
        status=SubscriberStatus(row.status),
        subscriptions=tuple(subscriptions),
        consent_at=row.consent_at,
        consent_source=row.consent_source,
    )


def _row(value: Subscriber) -> dict[str, Any]:
    return {
        "email": value.email,
        "canonical": value.canonical,
        "name": value.name,
        "languages": " ".join(value.languages),
        "timezone": value.timezone,
        "status": value.status,
        "consent_at": value.consent_at,
        "consent_source": value.consent_source,
    }

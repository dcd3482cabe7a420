"""Subscribers, what they subscribed to, their consent, and who must never be mailed.

Whatever takes consent away, or changes an address, holds the subscriber's row first and calls back what a sender has
claimed for them and not marked (:func:`claims.recall`): after its commit nothing leaves that had not left before.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from syndicate.model import DeliveryState, Subscriber, SubscriberStatus, Subscription
from syndicate.store import claims
from syndicate.store.tables import consent_event, delivery, event, subscriber, subscription, suppression

_SAID_BY_CARRIERS = (
    DeliveryState.ACCEPTED,
    DeliveryState.BOUNCED,
    DeliveryState.REFUSED,
    DeliveryState.FAILED,
    DeliveryState.UNSURE,
)
# Of two reasons not to mail an address the graver stays, whichever was heard first.
_GRAVER = {"complained": ("bounced", "erased", "unsubscribed")}


@dataclass(frozen=True, slots=True)
class Consent:
    """One line of the history of a person's consent; see the table for ``words`` and ``origin``."""

    at: datetime
    what: str
    newsletter: str
    source: str
    words: str = ""
    origin: str = ""


def by_canonical(connection: Connection, canonical: str) -> Subscriber | None:
    row = connection.execute(select(subscriber).where(subscriber.c.canonical == canonical)).first()
    return _subscriber(connection, row) if row else None


def by_id(connection: Connection, identity: int) -> Subscriber | None:
    row = connection.execute(select(subscriber).where(subscriber.c.id == identity)).first()
    return _subscriber(connection, row) if row else None


def save(connection: Connection, value: Subscriber, now: datetime) -> int:
    """Insert, or update the one with the same canonical address; its subscriptions become ``value``'s."""
    where = subscriber.c.canonical == value.canonical
    row = connection.execute(select(subscriber).where(where).with_for_update()).first()
    if row is None:
        values = _row(value) | {"created_at": now}
        added = connection.execute(subscriber.insert().values(values).returning(subscriber.c.id)).scalar_one()
        _set_subscriptions(connection, int(added), value.subscriptions)
        return int(added)
    held = _subscriber(connection, row)
    connection.execute(update(subscriber).where(subscriber.c.id == held.id).values(_row(value)))
    _set_subscriptions(connection, held.id, value.subscriptions)
    if loses(held, value):
        claims.recall(connection, subscriber=held.id)
    return held.id


def unsubscribe(
    connection: Connection, identity: int, newsletter: str, source: str, now: datetime, origin: str = ""
) -> bool:
    """End one subscription. False when there was none."""
    _lock(connection, identity)
    where = (subscription.c.subscriber == identity, subscription.c.newsletter == newsletter)
    ended = connection.execute(delete(subscription).where(*where)).rowcount == 1
    if ended:
        note(connection, identity, "unsubscribed", newsletter, source, now, origin=origin)
        claims.recall(connection, subscriber=identity)
    return ended


def subscribe(
    connection: Connection,
    identity: int,
    newsletter: str,
    source: str,
    now: datetime,
    cadence: str = "",
    origin: str = "",
) -> None:
    """Begin a subscription, or begin it again; one that runs goes on and nothing is noted."""
    where = (subscription.c.subscriber == identity, subscription.c.newsletter == newsletter)
    if connection.execute(select(subscription.c.newsletter).where(*where)).first():
        return
    values = {"subscriber": identity, "newsletter": newsletter, "cadence": cadence}
    connection.execute(subscription.insert().values(values))
    note(connection, identity, "subscribed", newsletter, source, now, origin=origin)


def set_cadence(connection: Connection, identity: int, newsletter: str, cadence: str) -> None:
    """How often a person gets what they are subscribed to."""
    where = (subscription.c.subscriber == identity, subscription.c.newsletter == newsletter)
    connection.execute(update(subscription).where(*where).values(cadence=cadence))


def set_person(connection: Connection, value: Subscriber) -> None:
    """Write name, languages, zone and status; subscriptions stay as they are."""
    values = {
        "name": value.name,
        "languages": " ".join(value.languages),
        "timezone": value.timezone,
        "status": value.status,
    }
    connection.execute(update(subscriber).where(subscriber.c.id == value.id).values(values))


def set_status(connection: Connection, identity: int, status: SubscriberStatus) -> None:
    connection.execute(update(subscriber).where(subscriber.c.id == identity).values(status=status))


def left(connection: Connection, identity: int) -> frozenset[str]:
    """The newsletters that a person unsubscribed from and did not come back to."""
    what: dict[str, str] = {}
    for one in consent(connection, identity):
        if one.what in ("subscribed", "unsubscribed"):
            what[one.newsletter] = one.what
    return frozenset(newsletter for newsletter, last in what.items() if last == "unsubscribed")


def note(
    connection: Connection,
    identity: int,
    what: str,
    newsletter: str,
    source: str,
    now: datetime,
    words: str = "",
    origin: str = "",
) -> None:
    """Add to the history of consent."""
    values = {"subscriber": identity, "at": now, "what": what, "newsletter": newsletter, "source": source}
    connection.execute(consent_event.insert().values(values | {"words": words, "origin": origin}))


def history(connection: Connection, identity: int) -> list[tuple[datetime, str, str, str]]:
    """(when, what, newsletter, source), oldest first."""
    return [(one.at, one.what, one.newsletter, one.source) for one in consent(connection, identity)]


def consent(connection: Connection, identity: int) -> list[Consent]:
    """All that is known of a person's consent, oldest first."""
    where = consent_event.c.subscriber == identity
    rows = connection.execute(select(consent_event).where(where).order_by(consent_event.c.id))
    return [Consent(row.at, row.what, row.newsletter, row.source, row.words, row.origin) for row in rows]


def suppress(connection: Connection, address_hash: bytes, reason: str, now: datetime) -> None:
    """Never mail an address again; of those who have it, see :func:`suppress_person`."""
    where = suppression.c.address_hash == address_hash
    held = connection.execute(select(suppression.c.reason).where(where)).scalar()
    if held is None:
        values = {"address_hash": address_hash, "reason": reason, "at": now}
        connection.execute(suppression.insert().values(values))
    elif held in _GRAVER.get(reason, ()):
        connection.execute(update(suppression).where(where).values(reason=reason))


def suppress_person(
    connection: Connection, identity: int, address_hash: bytes, reason: str, now: datetime
) -> bool:
    """Never mail a person again, nor their address (as its hash). False when that was so, or they were erased."""
    status = _lock(connection, identity)
    suppress(connection, address_hash, reason, now)
    if status is None or status == SubscriberStatus.SUPPRESSED:
        return False
    values = {"status": SubscriberStatus.SUPPRESSED}
    connection.execute(update(subscriber).where(subscriber.c.id == identity).values(values))
    note(connection, identity, "suppressed", "", reason, now)
    claims.recall(connection, subscriber=identity)
    return True


def is_suppressed(connection: Connection, address_hash: bytes) -> bool:
    return bool(suppressed(connection, address_hash))


def suppressed(connection: Connection, address_hash: bytes) -> str:
    """Why an address is never to be mailed; empty when it may be."""
    query = select(suppression.c.reason).where(suppression.c.address_hash == address_hash)
    return connection.execute(query).scalar() or ""


def suppressions(connection: Connection) -> dict[str, int]:
    """How many addresses are never to be mailed, by reason, most first."""
    number = func.count().label("number")
    query = select(suppression.c.reason, number).group_by(suppression.c.reason)
    return {row.reason: row.number for row in connection.execute(query.order_by(number.desc()))}


def lift(connection: Connection, address_hash: bytes, reasons: Collection[str]) -> None:
    """Mail an address again that was suppressed for one of ``reasons``."""
    where = (suppression.c.address_hash == address_hash, suppression.c.reason.in_(reasons))
    connection.execute(delete(suppression).where(*where))


def erase(connection: Connection, identity: int) -> None:
    """Delete everything held about a person; the deliveries keep a number that now names nobody.

    What carriers said of them goes, too: servers like to repeat the address.
    """
    _lock(connection, identity)
    _forget_words(connection, identity)
    for table in (consent_event, subscription):
        connection.execute(delete(table).where(table.c.subscriber == identity))
    connection.execute(delete(subscriber).where(subscriber.c.id == identity))
    claims.recall(connection, subscriber=identity)


def locked(connection: Connection, identity: int) -> Subscriber | None:
    """:func:`by_id`, and nobody else changes them until the end of the transaction."""
    return by_id(connection, identity) if _lock(connection, identity) is not None else None


def _lock(connection: Connection, identity: int) -> str | None:
    """Hold a person's row until the end of the transaction (SQLite has one writer anyway); their status."""
    query = select(subscriber.c.status).where(subscriber.c.id == identity)
    status: str | None = connection.execute(query.with_for_update()).scalar()
    return status


def loses(held: Subscriber, value: Subscriber) -> bool:
    """Whether a mail made for ``held`` might be wrong for ``value``."""
    was_active = held.status is SubscriberStatus.ACTIVE
    gets = {one.newsletter for one in value.subscriptions}
    ends = any(one.newsletter not in gets for one in held.subscriptions)
    return was_active and (ends or value.status is not held.status or value.email != held.email)


def _forget_words(connection: Connection, identity: int) -> None:
    theirs = select(delivery.c.id).where(delivery.c.subscriber == identity)
    connection.execute(update(event).where(event.c.delivery.in_(theirs)).values(detail="", raw=""))
    where = (delivery.c.subscriber == identity, delivery.c.state.in_(_SAID_BY_CARRIERS))
    connection.execute(update(delivery).where(*where).values(reason=""))


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

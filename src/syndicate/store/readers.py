"""The readers of a newsletter as its timetable and its issues see them: many at once, and without their addresses."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, func, select, text

from syndicate.model import SubscriberStatus
from syndicate.store.tables import delivery, edition, subscriber, subscription

AT_ONCE = 5000

# Each time zone once, by jumping from one to the next in the index on it, and of those the ones that a reader is in.
_ZONES = text("""
    WITH RECURSIVE zone(name) AS (
        SELECT min(timezone) FROM subscriber
        UNION ALL
        SELECT (SELECT min(timezone) FROM subscriber WHERE timezone > zone.name) FROM zone WHERE zone.name IS NOT NULL
    )
    SELECT name FROM zone WHERE name IS NOT NULL AND EXISTS (
        SELECT 1 FROM subscriber JOIN subscription ON subscription.subscriber = subscriber.id
        WHERE subscriber.timezone = zone.name AND subscriber.status = :active AND subscription.newsletter = :newsletter
    )
""")


def every(connection: Connection, newsletter: str) -> Iterator[tuple[int, tuple[str, ...], str, str]]:
    """(id, languages in order of preference, cadence, time zone) of everyone whom an issue may be owed, by id.

    Streamed: a million of them are never in memory at once.
    """
    columns = (subscriber.c.id, subscriber.c.languages, subscription.c.cadence, subscriber.c.timezone)
    query = (
        select(*columns)
        .join(subscription, subscription.c.subscriber == subscriber.c.id)
        .where(*_active(newsletter))
        .order_by(subscriber.c.id)
    )
    spoken: dict[str, tuple[str, ...]] = {}
    zones: dict[str, str] = {}
    found = connection.execute(query.execution_options(yield_per=AT_ONCE))
    for identity, languages, cadence, zone in found:
        reads = spoken.get(languages)
        if reads is None:
            reads = spoken[languages] = tuple(languages.split())
        yield identity, reads, cadence, zones.setdefault(zone, zone)


def groups(connection: Connection, newsletter: str) -> dict[tuple[tuple[str, ...], str], int]:
    """(languages, cadence) to how many readers have just these."""
    query = (
        select(subscriber.c.languages, subscription.c.cadence, func.count())
        .join(subscription, subscription.c.subscriber == subscriber.c.id)
        .where(*_active(newsletter))
        .group_by(subscriber.c.languages, subscription.c.cadence)
    )
    return {(tuple(languages.split()), cadence): n for languages, cadence, n in connection.execute(query)}


def zones(connection: Connection, newsletter: str) -> tuple[str, ...]:
    """The time zones that a newsletter's readers are in."""
    values = {"active": str(SubscriberStatus.ACTIVE), "newsletter": newsletter}
    return tuple(connection.execute(_ZONES, values).scalars())


def per_zone(connection: Connection, newsletter: str) -> dict[tuple[str, str], int]:
    """(time zone, cadence) to how many readers."""
    query = (
        select(subscriber.c.timezone, subscription.c.cadence, func.count())
        .join(subscription, subscription.c.subscriber == subscriber.c.id)
        .where(*_active(newsletter))
        .group_by(subscriber.c.timezone, subscription.c.cadence)
    )
    return {(zone, cadence): number for zone, cadence, number in connection.execute(query)}


def moved_from(
    connection: Connection, newsletter: str, issue_id: int, cadence: str, is_offered: bool
) -> set[int]:
    """Those who got, or were found to need nothing of, an issue as readers of ``cadence``, and have another now.

    With one that is no longer offered, everybody who had it has.
    """
    query = (
        select(delivery.c.subscriber)
        .join(subscription, subscription.c.subscriber == delivery.c.subscriber)
        .join(edition, edition.c.id == delivery.c.edition, isouter=True)
        .where(delivery.c.issue == issue_id, subscription.c.newsletter == newsletter)
        .where(edition.c.id.is_(None) | (edition.c.cadence == cadence))
    )
    return set(
        connection.execute(query.where(subscription.c.cadence != cadence) if is_offered else query).scalars()
    )


def _active(newsletter: str) -> tuple[ColumnElement[bool], ...]:
    return (subscription.c.newsletter == newsletter, subscriber.c.status == SubscriberStatus.ACTIVE)

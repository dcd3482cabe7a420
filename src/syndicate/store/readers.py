"""The readers of a newsletter as its timetable and its issues see them: many at once, and without their addresses."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, select, text

from syndicate.model import IssueState, SubscriberStatus
from syndicate.store.chunks import among, chunks
from syndicate.store.tables import delivery, is_correction, issue, subscriber, subscription

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


def passed_over(
    connection: Connection,
    newsletter: str,
    issue_id: int,
    cadence: str,
    others: Collection[str],
    since: datetime,
    before: int | None = None,
) -> dict[int, datetime]:
    """Readers of ``cadence`` who were not among those of an issue of theirs, but of another issue from ``since`` on:
    with the cutoff of the last of these. They had another cadence meanwhile.

    ``others`` are the cadences that are offered besides the newsletter's own, which is "".
    Issues from ``before`` on are not looked at, where given.
    """
    line = delivery.c.subscriber == subscription.c.subscriber
    is_theirs = subscription.c.cadence == cadence if cadence else subscription.c.cadence.not_in(others)
    absent = (
        select(subscription.c.subscriber)
        .where(subscription.c.newsletter == newsletter, is_theirs)
        .where(~exists().where(delivery.c.issue == issue_id, line))
    )
    found: dict[int, datetime] = {}
    for some in chunks(connection.execute(absent).scalars().all(), AT_ONCE):
        query = (
            select(delivery.c.subscriber, func.max(issue.c.cutoff))
            .join(issue, issue.c.id == delivery.c.issue)
            .where(among(connection, delivery.c.subscriber, some), issue.c.newsletter == newsletter)
            .where(issue.c.cutoff >= since, issue.c.state != IssueState.CANCELLED, ~is_correction)
            .group_by(delivery.c.subscriber)
        )
        query = query if before is None else query.where(issue.c.id < before)
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def _active(newsletter: str) -> tuple[ColumnElement[bool], ...]:
    return (subscription.c.newsletter == newsletter, subscriber.c.status == SubscriberStatus.ACTIVE)

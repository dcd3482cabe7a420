"""Who got a story: the lines of the ledger in whose edition it was told. Corrections of it are not asked."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from syndicate.model import DeliveryState
from syndicate.store.claims import objection
from syndicate.store.tables import (
    delivery,
    edition,
    edition_item,
    is_correction,
    issue,
    subscriber,
    subscription,
)

GOT = (DeliveryState.ACCEPTED, DeliveryState.UNSURE)
"""States in which a person has had a mail, or may have; one that bounced reached nobody."""


class Line(NamedTuple):
    """A mail that told a person the story in the version ``article``. ``objection`` as of ``claims.objection``."""

    subscriber: int
    newsletter: str
    article: str
    is_doubtful: bool
    objection: str


def of(
    connection: Connection, story: str, articles: Collection[str], newsletters: Collection[str]
) -> Iterator[Line]:
    """Everybody who got one of these versions by one of these newsletters, or may have; a person's lines together, the
    first mail first."""
    query = _lines(story, articles, newsletters).order_by(delivery.c.subscriber, delivery.c.id)
    for row in connection.execute(query.execution_options(yield_per=5000)):
        yield _line(row)


def places(connection: Connection, story: str, newsletters: Collection[str]) -> list[tuple[str, str]]:
    """(newsletter, article): which versions were told in issues of which newsletters, sorted."""
    where = (edition_item.c.story == story, issue.c.newsletter.in_(newsletters), ~is_correction)
    query = (
        select(issue.c.newsletter, edition_item.c.article)
        .join(edition, edition.c.id == edition_item.c.edition)
        .join(issue, issue.c.id == edition.c.issue)
        .where(*where)
        .distinct()
    )
    return sorted((row.newsletter, row.article) for row in connection.execute(query))


def unreachable(
    connection: Connection, story: str, articles: Collection[str], newsletters: Collection[str]
) -> dict[str, int]:
    """Article to how many of :func:`of`'s lines are of people who must not be mailed that newsletter any more.

    It looks at each line: not for a page when there are very many.
    """
    is_active = and_(subscriber.c.status == "active", subscription.c.newsletter.is_not(None))
    query = (
        _lines(story, articles, newsletters)
        .with_only_columns(edition_item.c.article, func.count().label("number"))
        .where(or_(subscriber.c.id.is_(None), ~is_active))
        .group_by(edition_item.c.article)
    )
    return {row.article: row.number for row in connection.execute(query)}


def _lines(story: str, articles: Collection[str], newsletters: Collection[str]) -> Select[Any]:
    subscribes = and_(
        subscription.c.subscriber == delivery.c.subscriber, subscription.c.newsletter == issue.c.newsletter
    )
    return (
        select(
            delivery.c.subscriber,
            issue.c.newsletter,
            edition_item.c.article,
            delivery.c.state,
            subscriber.c.status,
            subscription.c.newsletter.label("subscribed"),
        )
        .select_from(edition_item)
        .join(edition, edition.c.id == edition_item.c.edition)
        .join(issue, issue.c.id == edition.c.issue)
        .join(delivery, delivery.c.edition == edition.c.id)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber, isouter=True)
        .join(subscription, subscribes, isouter=True)
        .where(edition_item.c.story == story, edition_item.c.article.in_(articles), ~is_correction)
        .where(issue.c.newsletter.in_(newsletters), delivery.c.state.in_(GOT))
    )


def _line(row: Row[Any]) -> Line:
    is_doubtful = row.state == DeliveryState.UNSURE
    why = objection(row.status, is_subscribed=row.subscribed is not None)
    return Line(row.subscriber, row.newsletter, row.article, is_doubtful, why)

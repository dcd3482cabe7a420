"""Totals for a summary. They count whole tables: for a person at a terminal, not for a page."""

from sqlalchemy import Connection, func, select

from syndicate.model import ArticleState, DeliveryState
from syndicate.store.tables import article, delivery, edition, problem, subscriber


def count(connection: Connection) -> dict[str, int]:
    """articles and stories that are out, editions, deliveries, problems."""
    out = article.c.state == ArticleState.PUBLISHED
    queries = {
        "articles": select(func.count()).select_from(article).where(out),
        "stories": select(func.count(article.c.story.distinct())).where(out),
        "editions": select(func.count()).select_from(edition),
        "deliveries": select(func.count()).select_from(delivery).where(delivery.c.edition.is_not(None)),
        "problems": select(func.count()).select_from(problem),
    }
    return {name: connection.execute(query).scalar_one() for name, query in queries.items()}


def accepted_per_language(connection: Connection) -> dict[str, int]:
    """Language of the edition to number of messages that a carrier took, most first."""
    number = func.count().label("number")
    query = (
        select(edition.c.language, number)
        .join(delivery, delivery.c.edition == edition.c.id)
        .where(delivery.c.state == DeliveryState.ACCEPTED)
        .group_by(edition.c.language)
        .order_by(number.desc(), edition.c.language)
    )
    return {row.language: row.number for row in connection.execute(query)}


def subscribers(connection: Connection) -> dict[str, int]:
    """How many there are in each status."""
    number = func.count().label("number")
    query = select(subscriber.c.status, number).group_by(subscriber.c.status)
    return {row.status: row.number for row in connection.execute(query)}


def deliveries(connection: Connection) -> dict[str, int]:
    """How many there are in each state, most first."""
    number = func.count().label("number")
    query = (
        select(delivery.c.state, number).group_by(delivery.c.state).order_by(number.desc(), delivery.c.state)
    )
    return {row.state: row.number for row in connection.execute(query)}

"""What one person was sent: each delivery with its issue, edition and stories, newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from syndicate.model import DeliveryState, NotFound
from syndicate.store.chunks import among
from syndicate.store.tables import article, delivery, edition, edition_item, issue


@dataclass(frozen=True, slots=True)
class Sent:
    """``language`` and ``subject`` are empty for who was skipped; ``stories`` are (story, title) in its order."""

    id: int
    issue: int
    newsletter: str
    name: str
    language: str
    subject: str
    state: str
    reason: str
    at: datetime
    delivered_at: datetime | None
    stories: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """``planned_at`` is when an issue's people were chosen; None while they are not."""

    newsletter: str
    name: str
    planned_at: datetime | None


def to(connection: Connection, identity: int, most: int) -> list[Sent]:
    """The last ``most`` that a person was owed."""
    columns = (delivery, issue.c.newsletter, issue.c.name, issue.c.planned_at)
    query = (
        select(*columns, edition.c.language, edition.c.subject)
        .join(issue, issue.c.id == delivery.c.issue)
        .join(edition, edition.c.id == delivery.c.edition, isouter=True)
        .where(delivery.c.subscriber == identity)
        .order_by(delivery.c.id.desc())
        .limit(most)
    )
    rows = connection.execute(query).all()
    told = _stories(connection, [row.edition for row in rows if row.edition])
    return [
        Sent(
            row.id,
            row.issue,
            row.newsletter,
            row.name,
            row.language or "",
            row.subject or "",
            row.state,
            row.reason,
            row.handed_at or row.settled_at or row.planned_at,
            row.delivered_at,
            tuple(told.get(row.edition, ())),
        )
        for row in rows
    ]


def line(
    connection: Connection, issue_id: int, identity: int
) -> tuple[DeliveryState, str, datetime | None] | None:
    """(state, reason, when) of what one person was owed of an issue."""
    where = (delivery.c.issue == issue_id, delivery.c.subscriber == identity)
    columns = (delivery.c.state, delivery.c.reason, delivery.c.handed_at, delivery.c.settled_at)
    row = connection.execute(select(*columns).where(*where)).first()
    return (DeliveryState(row.state), row.reason, row.handed_at or row.settled_at) if row else None


def edition_of(connection: Connection, issue_id: int, identity: int) -> int | None:
    """The number of the edition of an issue that one person was owed; None for none."""
    where = (delivery.c.issue == issue_id, delivery.c.subscriber == identity)
    found: int | None = connection.execute(select(delivery.c.edition).where(*where)).scalar()
    return found


def plan(connection: Connection, issue_id: int) -> Plan:
    """Raises NotFound."""
    columns = (issue.c.newsletter, issue.c.name, issue.c.planned_at)
    row = connection.execute(select(*columns).where(issue.c.id == issue_id)).first()
    if row is None:
        raise NotFound(f"there is no issue {issue_id}; see: syndicate issue list")
    return Plan(row.newsletter, row.name, row.planned_at)


def _stories(connection: Connection, editions: list[int]) -> dict[int, list[tuple[str, str]]]:
    query = (
        select(edition_item.c.edition, edition_item.c.story, article.c.title)
        .join(article, article.c.id == edition_item.c.article, isouter=True)
        .where(among(connection, edition_item.c.edition, editions))
        .order_by(edition_item.c.edition, edition_item.c.position)
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.edition, []).append((row.story, row.title or row.story))
    return found

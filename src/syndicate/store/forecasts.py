"""Forecasts of next issues, as the clock worked them out; and readers as they were last counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.store.tables import article, forecast, subscriber


@dataclass(frozen=True, slots=True)
class Kept:
    """``people`` are [languages, cadence, how many], counted at ``counted_at``; ``content`` is the flow's own."""

    made_at: datetime
    counted_at: datetime
    people: list[list[Any]]
    content: Mapping[str, Any]


def get(connection: Connection, newsletter: str) -> Kept | None:
    """None where no clock ever made one."""
    columns = (forecast.c.made_at, forecast.c.counted_at, forecast.c.people, forecast.c.content)
    row = connection.execute(select(*columns).where(forecast.c.newsletter == newsletter)).first()
    return Kept(*row) if row else None


def write(connection: Connection, newsletter: str, value: Kept) -> None:
    """In place of the one before."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    kept = {
        "made_at": value.made_at,
        "counted_at": value.counted_at,
        "people": value.people,
        "content": value.content,
    }
    statement = insert(forecast).values(newsletter=newsletter, **kept)
    connection.execute(statement.on_conflict_do_update(index_elements=[forecast.c.newsletter], set_=kept))


def size(connection: Connection) -> int:
    """About how many articles or subscribers there are, whichever is more: their highest numbers cost nothing."""
    tops = (select(func.max(article.c.sequence)), select(func.max(subscriber.c.id)))
    return max(connection.execute(top).scalar() or 0 for top in tops)

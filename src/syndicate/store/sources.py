"""What each source was last seen to hold, and what is wrong with it now."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from syndicate.model import Problem
from syndicate.store.tables import problem, source_item


def known(connection: Connection, source: str) -> dict[str, str]:
    """Key to fingerprint of everything ``source`` was last seen to hold."""
    query = select(source_item.c.key, source_item.c.fingerprint).where(source_item.c.source == source)
    return {row.key: row.fingerprint for row in connection.execute(query)}


def remember(connection: Connection, source: str, key: str, fingerprint: str) -> None:
    where = (source_item.c.source == source, source_item.c.key == key)
    if connection.execute(update(source_item).where(*where).values(fingerprint=fingerprint)).rowcount == 0:
        values = {"source": source, "key": key, "fingerprint": fingerprint}
        connection.execute(source_item.insert().values(values))


def forget(connection: Connection, source: str, key: str) -> None:
    where = (source_item.c.source == source, source_item.c.key == key)
    connection.execute(delete(source_item).where(*where))


def set_problems(
    connection: Connection, source: str, item: str, problems: Iterable[Problem], now: datetime
) -> None:
    """Replace what was wrong with ``item`` of ``source`` ("": what belongs to no item that was taken)."""
    connection.execute(delete(problem).where(problem.c.source == source, problem.c.item == item))
    rows = [
        {
            "source": source,
            "item": item,
            "place": p.place,
            "reason": p.reason,
            "advice": p.advice,
            "fatal": p.fatal,
            "noted_at": now,
        }
        for p in problems
    ]
    if rows:
        connection.execute(problem.insert(), rows)


def problems(connection: Connection) -> list[tuple[str, Problem]]:
    """All that is wrong now, as (source, problem), fatal ones first."""
    query = select(problem).order_by(problem.c.fatal.desc(), problem.c.source, problem.c.place, problem.c.id)
    return [
        (row.source, Problem(row.place, row.reason, row.advice, row.fatal))
        for row in connection.execute(query)
    ]

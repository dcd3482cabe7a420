"""What each source was last seen to hold, and what is wrong with it now."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, literal, select, update

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


@dataclass(frozen=True, slots=True)
class Noted:
    """A problem as it stands in the store: of which source, of which of the things it holds, and since when."""

    source: str
    item: str
    problem: Problem
    at: datetime


def noted(connection: Connection, source: str, limit: int, items: Sequence[str] = ()) -> list[Noted]:
    """At most ``limit`` problems of a source, fatal ones first, then newest; of ``items`` alone where given."""
    query = select(problem).where(problem.c.source == source)
    if items:
        query = query.where(problem.c.item.in_(items))
    query = query.order_by(problem.c.fatal.desc(), problem.c.noted_at.desc(), problem.c.id).limit(limit)
    return [_noted(row) for row in connection.execute(query)]


def counted(connection: Connection) -> dict[str, tuple[int, int, datetime]]:
    """Source to how many things it holds were left out, how many have a warning, and the newest of these."""
    left_out = func.sum(case((problem.c.fatal, 1), else_=0))
    query = select(problem.c.source, left_out, func.count(), func.max(problem.c.noted_at)).group_by(
        problem.c.source
    )
    return {source: (fatal, every - fatal, at) for source, fatal, every, at in connection.execute(query)}


def failed(connection: Connection) -> list[Noted]:
    """Sources that could not be read to their end."""
    place = literal("source ").concat(problem.c.source)
    query = select(problem).where(problem.c.item == "", problem.c.fatal, problem.c.place == place)
    return [_noted(row) for row in connection.execute(query.order_by(problem.c.source))]


def last_read(connection: Connection, names: Collection[str], key: str) -> dict[str, str]:
    """Source to what is remembered of it under ``key``."""
    where = (source_item.c.source.in_(names), source_item.c.key == key)
    query = select(source_item.c.source, source_item.c.fingerprint).where(*where)
    return {row.source: row.fingerprint for row in connection.execute(query)}


def _noted(row: Row[*tuple[Any, ...]]) -> Noted:
    found = Problem(row.place, row.reason, row.advice, row.fatal)
    return Noted(row.source, row.item, found, row.noted_at)

"""Duties: what the clock does again and again, and how it went the last time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.store.tables import duty


@dataclass(frozen=True, slots=True)
class Duty:
    """``began_at`` is the last time it was begun, ``done_at`` the last that it went well (UTC); ``problem`` the
    reason when the last time it did not, without addresses."""

    name: str
    began_at: datetime
    done_at: datetime | None
    problem: str


def note(
    connection: Connection, name: str, began: datetime, done: datetime | None, problem: str = ""
) -> None:
    """Write down how it went; ``done`` None leaves the last good time as it was."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {"name": name, "began_at": began, "done_at": done, "problem": problem}
    kept = {key: value for key, value in values.items() if key != "name" and (key != "done_at" or value)}
    statement = insert(duty).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=[duty.c.name], set_=kept))


def every(connection: Connection) -> dict[str, Duty]:
    """By name; none where no clock ever ran."""
    rows = connection.execute(select(duty).order_by(duty.c.name))
    return {row.name: Duty(row.name, row.began_at, row.done_at, row.problem) for row in rows}

"""Hubs (WebSub) that are still to be told of a feed that changed: one line per hub and topic, however often it did.

queue (with the feeds' rows) -> take (nobody else tells it meanwhile) -> told, or put_off
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.store.chunks import chunks
from syndicate.store.tables import Moment, ping


@dataclass(frozen=True, slots=True)
class Ping:
    """``topic`` is the feed's own address; the hub does not know since ``queued_at``, the last change is of
    ``changed_at``.
    """

    hub: str
    topic: str
    queued_at: datetime
    changed_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Silent:
    """A hub that did not take what it was told: of how many topics, since when, and why; is it still tried."""

    hub: str
    topics: int
    since: datetime
    reason: str
    is_given_up: bool


def queue(connection: Connection, hubs: Collection[str], topics: Collection[str], now: datetime) -> None:
    """To be told at once. Belongs into the transaction that notes the feeds: so that a crash loses none.

    What was put off stays so, a hub that is away is not asked more often because feeds change; what was given up is
    tried again.
    """
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(ping)
    gone = ping.c.due_at.is_(None)
    new = insert.excluded
    again = insert.on_conflict_do_update(
        index_elements=["hub", "topic"],
        set_={
            "changed_at": new.changed_at,
            "queued_at": case((gone, new.queued_at), else_=ping.c.queued_at),
            "attempts": case((gone, 0), else_=ping.c.attempts),
            "due_at": func.coalesce(ping.c.due_at, new.due_at),
        },
    )
    # In one order for everybody: two who queue the same would else wait for each other.
    rows = [
        {
            "hub": hub, "topic": topic, "queued_at": now, "changed_at": now, "attempts": 0, "due_at": now, "reason": "",
        }
        for hub in sorted(set(hubs))
        for topic in sorted(set(topics))
    ]  # fmt: skip
    if rows:
        connection.execute(again, rows)


def due(connection: Connection, now: datetime) -> list[str]:
    """The hubs that are to be told of something."""
    return sorted(connection.execute(select(ping.c.hub).where(ping.c.due_at <= now).distinct()).scalars())


def take(connection: Connection, hub: str, now: datetime, until: datetime, most: int) -> list[Ping]:
    """At most ``most`` that are due, oldest first. They are not due to anybody else before ``until``."""
    where = (ping.c.hub == hub, ping.c.due_at <= now)
    query = select(ping).where(*where).order_by(ping.c.queued_at, ping.c.topic).limit(most)
    rows = connection.execute(query.with_for_update(skip_locked=True)).all()
    found = [Ping(row.hub, row.topic, row.queued_at, row.changed_at, row.attempts) for row in rows]
    for some in chunks([one.topic for one in found]):
        where_taken = (ping.c.hub == hub, ping.c.topic.in_(some))
        connection.execute(update(ping).where(*where_taken).values(due_at=until))
    return found


def told(connection: Connection, hub: str, taken: Collection[Ping], now: datetime) -> None:
    """The hub knows. What changed since it was taken is due at once."""
    rows = [{"_topic": one.topic, "_changed_at": one.changed_at, "_now": now} for one in taken]
    if not rows:
        return
    where = (ping.c.hub == hub, ping.c.topic == bindparam("_topic"))
    is_same = ping.c.changed_at == bindparam("_changed_at", type_=Moment)
    connection.execute(delete(ping).where(*where, is_same), rows)
    values = {
        "queued_at": ping.c.changed_at,
        "attempts": 0,
        "due_at": bindparam("_now", type_=Moment),
        "reason": "",
    }
    connection.execute(update(ping).where(*where, ~is_same).values(values), rows)


def put_off(
    connection: Connection, hub: str, again: Collection[tuple[str, datetime | None]], reason: str
) -> None:
    """Topics, and from when on each is tried again; None gives it up, until the feed changes again."""
    rows = [{"_topic": topic, "_due_at": due_at} for topic, due_at in again]
    values = {"due_at": bindparam("_due_at", type_=Moment), "attempts": ping.c.attempts + 1, "reason": reason}
    where = (ping.c.hub == hub, ping.c.topic == bindparam("_topic"))
    if rows:
        connection.execute(update(ping).where(*where).values(values), rows)


def give_back(connection: Connection, hub: str, topics: Collection[str], now: datetime) -> None:
    """Taken and not tried: due again."""
    for some in chunks(sorted(topics)):
        connection.execute(update(ping).where(ping.c.hub == hub, ping.c.topic.in_(some)).values(due_at=now))


def forget_others(connection: Connection, hubs: Collection[str]) -> None:
    """Hubs that are no longer in config.toml need not be told."""
    connection.execute(delete(ping).where(ping.c.hub.not_in(sorted(hubs))))


def silent(connection: Connection) -> list[Silent]:
    """The hubs that did not take what they were told at least once, by name."""
    gone = ping.c.due_at.is_(None)
    query = (
        select(ping.c.hub, gone, func.count(), func.min(ping.c.queued_at), func.max(ping.c.reason))
        .where(or_(ping.c.attempts > 0, gone))
        .group_by(ping.c.hub, gone)
        .order_by(ping.c.hub, gone)
    )
    return [
        Silent(hub, number, since, why, bool(ended))
        for hub, ended, number, since, why in connection.execute(query)
    ]


def waiting(connection: Connection) -> tuple[int, datetime | None]:
    """How many are to be told still, and since when the oldest."""
    query = select(func.count(), func.min(ping.c.queued_at)).where(ping.c.due_at.is_not(None))
    number, oldest = connection.execute(query).one()
    return number, oldest

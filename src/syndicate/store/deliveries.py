"""The ledger's lines: what is owed to whom, and what became of it (DESIGN laws 4 to 6). ``claims`` hands them over."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, select, update

from syndicate.model import DeliveryState, SkipReason
from syndicate.store import claims
from syndicate.store.chunks import among, chunks
from syndicate.store.entering import AT_ONCE, enter
from syndicate.store.entering import Planned as Planned
from syndicate.store.tables import (
    delivery,
    edition,
    edition_item,
    is_correction,
    is_planned,
    is_unsure,
    issue,
    subscriber,
)

GONE_OUT = (
    DeliveryState.PLANNED,
    DeliveryState.CLAIMED,
    DeliveryState.ACCEPTED,
    DeliveryState.BOUNCED,
    DeliveryState.UNSURE,
)
"""States in which a person has had the stories, is owed them, or may have had them."""

MISSING = (DeliveryState.FAILED, DeliveryState.REFUSED)
"""States in which somebody certainly did not get a mail that they were owed."""

AGAIN = "owed again"
"""What :func:`owe_missing` calls those who get it after all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery as a report names it; ``email`` and ``name`` are empty for somebody erased."""

    id: int
    email: str
    language: str
    state: str
    reason: str
    attempts: int
    handed_at: datetime | None
    settled_at: datetime | None
    due_at: datetime | None
    subscriber: int = 0
    name: str = ""
    carrier: str = ""
    message_id: str = ""


def plan(connection: Connection, issue_id: int, lines: Iterable[Planned], now: datetime) -> int:
    """Write the ledger of an issue; the unique (issue, subscriber) refuses a second one. Returns how many.

    ``lines`` are written as they come: a million of them are never in memory at once. They cannot ask the database,
    which is busy taking them. Raises ValueError when one is of an edition that is not this issue's.
    """
    number = enter(connection, issue_id, _checked(_held(connection, issue_id), lines), now)
    if number >= AT_ONCE:
        # Without it PostgreSQL looks for a table as small as it was.
        _measure(connection)
    return number


def had(
    connection: Connection, stories: Collection[str], but: int | None = None
) -> dict[int, frozenset[str]]:
    """Which subscribers have had which of ``stories``, or are owed them, by any issue ``but`` this one."""
    found: dict[int, set[str]] = {}
    for some in chunks(sorted(stories)):
        query = (
            select(delivery.c.subscriber, edition_item.c.story)
            .join(edition_item, edition_item.c.edition == delivery.c.edition)
            .where(edition_item.c.story.in_(some), delivery.c.state.in_(GONE_OUT))
        )
        if but is not None:
            query = query.where(delivery.c.issue != but)
        for row in connection.execute(query):
            found.setdefault(row.subscriber, set()).add(row.story)
    return {identity: frozenset(of) for identity, of in found.items()}


def next_due(connection: Connection, issue_id: int) -> tuple[int, datetime | None]:
    """How many are planned still, and when the first of them is due; None when one is due at once, or none is left."""
    number, waiting, first = connection.execute(
        select(func.count(), func.count(delivery.c.due_at), func.min(delivery.c.due_at)).where(
            delivery.c.issue == issue_id, is_planned
        )
    ).one()
    return number, first if waiting == number else None


def planned(connection: Connection, issue_id: int) -> int:
    """How many are planned still; read from an index that holds nothing else."""
    query = select(func.count(delivery.c.id)).where(delivery.c.issue == issue_id, is_planned)
    return connection.execute(query).scalar_one()


def counts(connection: Connection, issue_id: int) -> dict[tuple[int | None, str], int]:
    """(edition, state) to number, of one issue."""
    query = (
        select(delivery.c.edition, delivery.c.state, func.count())
        .where(delivery.c.issue == issue_id)
        .group_by(delivery.c.edition, delivery.c.state)
    )
    return {(edition, state): number for edition, state, number in connection.execute(query)}


def outcomes(connection: Connection, issue_id: int) -> list[tuple[str, str, int]]:
    """(state, reason, how many) of one issue; a reason may be a carrier's answer and hold an address.

    What a carrier says of what it took differs for each message: those are one, without it.
    """
    reason = case((delivery.c.state == DeliveryState.ACCEPTED, ""), else_=delivery.c.reason).label("said")
    query = (
        select(delivery.c.state, reason, func.count().label("number"))
        .where(delivery.c.issue == issue_id)
        .group_by(delivery.c.state, reason)
    )
    return [(row.state, row.said, row.number) for row in connection.execute(query)]


def find(connection: Connection, issue_id: int, identity: int) -> int | None:
    """The number of an issue's delivery to one person."""
    where = (delivery.c.issue == issue_id, delivery.c.subscriber == identity)
    return connection.execute(select(delivery.c.id).where(*where)).scalar()


def confirmed(connection: Connection, issue_id: int) -> int:
    """How many of an issue the readers' own servers are known to have taken."""
    where = (delivery.c.issue == issue_id, delivery.c.delivered_at.is_not(None))
    return connection.execute(select(func.count()).select_from(delivery).where(*where)).scalar_one()


def lines(connection: Connection, issue_id: int, *states: DeliveryState) -> Iterator[Line]:
    """The deliveries of an issue that are in ``states`` (all, if none is given), by number."""
    query = of_lines().where(delivery.c.issue == issue_id).order_by(delivery.c.id)
    if states:
        query = query.where(delivery.c.state.in_(states))
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield line_of(row)


def of_subscriber(connection: Connection, identity: int) -> list[tuple[int, str, str, datetime | None]]:
    """(issue, state, reason, settled at) of everything one person was owed, newest first."""
    query = (
        select(delivery.c.issue, delivery.c.state, delivery.c.reason, delivery.c.settled_at)
        .where(delivery.c.subscriber == identity)
        .order_by(delivery.c.id.desc())
    )
    return [(row.issue, row.state, row.reason, row.settled_at) for row in connection.execute(query)]


def cancel(connection: Connection, issue_id: int, now: datetime) -> int:
    """Settle everything that cannot have been handed over as cancelled; returns how many."""
    claims.recall(connection, issue=issue_id)
    where = (delivery.c.issue == issue_id, is_planned)
    values = {"state": DeliveryState.CANCELLED, "settled_at": now}
    return connection.execute(update(delivery).where(*where).values(values)).rowcount


def settle_unsure(
    connection: Connection,
    issue_id: int,
    to: DeliveryState,
    reason: str,
    now: datetime,
    only: Collection[int] | None = None,
) -> int:
    """Staff's word on what is in doubt, all or ``only`` some: it was delivered, is to be sent again (PLANNED), or is
    given up; how many."""
    settled_at = None if to is DeliveryState.PLANNED else now
    values: dict[str, Any] = {"state": to, "reason": reason, "settled_at": settled_at}
    where = [delivery.c.issue == issue_id, is_unsure]
    if only is not None:
        where.append(among(connection, delivery.c.id, only))
    return connection.execute(update(delivery).where(*where).values(values)).rowcount


def owe_missing(connection: Connection, issue_id: int) -> Mapping[str, int]:
    """Owe again what certainly did not arrive; returns how many by what becomes of them.

    Whoever has had a story of theirs in a later issue meanwhile would get it twice: they are left out, and counted. Not
    so of a correction, which is about a story that they have had.
    """
    where = (delivery.c.issue == issue_id, delivery.c.state.in_(MISSING))
    rows = connection.execute(
        select(delivery.c.id, delivery.c.subscriber, delivery.c.edition).where(*where)
    ).all()
    told = _told(connection, {row.edition for row in rows})
    corrects = connection.execute(select(is_correction).where(issue.c.id == issue_id)).scalar_one()
    since = {} if corrects else had(connection, {story for stories in told.values() for story in stories})
    again = [row.id for row in rows if not told[row.edition] & since.get(row.subscriber, frozenset())]
    values = {
        "state": DeliveryState.PLANNED,
        "attempts": 0,
        "due_at": None,
        "settled_at": None,
        "claim": None,
    }
    for some in chunks(again, AT_ONCE):
        connection.execute(update(delivery).where(among(connection, delivery.c.id, some)).values(values))
    return {AGAIN: len(again), SkipReason.HAD_ALL: len(rows) - len(again)}


def unsure(connection: Connection) -> dict[int, int]:
    """Issue to how many of its deliveries are in doubt."""
    query = (
        select(delivery.c.issue, func.count())
        .where(is_unsure)
        .group_by(delivery.c.issue)
        .order_by(delivery.c.issue)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _held(connection: Connection, issue_id: int) -> set[int | None]:
    """The editions that lines of an issue may be of; neither it nor they can be deleted before the lines are committed.

    PostgreSQL is not asked for the parents of each line: see the table.
    """
    held = select(issue.c.id).where(issue.c.id == issue_id).with_for_update(read=True, key_share=True)
    connection.execute(held).one()
    ours = connection.execute(select(edition.c.id).where(edition.c.issue == issue_id)).scalars()
    return {None, *ours}


def _checked(editions: Collection[int | None], lines: Iterable[Planned]) -> Iterator[Planned]:
    for one in lines:
        if one.edition not in editions:
            raise ValueError(f"edition {one.edition} is none of this issue: nobody can be owed it")
        yield one


def _measure(connection: Connection) -> None:
    connection.exec_driver_sql("ANALYZE delivery")


def _told(connection: Connection, editions: Collection[int | None]) -> dict[int | None, frozenset[str]]:
    told: dict[int | None, set[str]] = {one: set() for one in editions}
    where = among(connection, edition_item.c.edition, [one for one in editions if one is not None])
    for row in connection.execute(select(edition_item.c.edition, edition_item.c.story).where(where)):
        told[row.edition].add(row.story)
    return {one: frozenset(stories) for one, stories in told.items()}


def of_lines() -> Select[Any]:
    """What :func:`line_of` reads."""
    columns = ("id", "state", "reason", "attempts", "handed_at", "settled_at", "due_at")
    more = ("subscriber", "carrier", "message_id")
    return (
        select(*(delivery.c[name] for name in (*columns, *more)))
        .add_columns(subscriber.c.email, subscriber.c.name, edition.c.language)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber, isouter=True)
        .join(edition, edition.c.id == delivery.c.edition, isouter=True)
    )


def line_of(row: Row[*tuple[Any, ...]]) -> Line:
    texts = {name: getattr(row, name) or "" for name in ("email", "name", "language")}
    return Line(**{**row._mapping, **texts})

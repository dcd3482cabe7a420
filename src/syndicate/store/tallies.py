"""Tallies: the ledger of an issue, counted. A page never counts a million lines; it says when these were.

planned, sent, paused … -> count -> write          hear back -> stale -> counted again, when there is time
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.model import DeliveryState, IssueState
from syndicate.store import claims, feedback, places
from syndicate.store.chunks import chunks
from syndicate.store.places import Place
from syndicate.store.tables import delivery, is_open, issue, subscriber, tally
from syndicate.store.tables.desk import is_stale
from syndicate.store.tables.people import domain_of

MOST_DOMAINS = 40
"""Domains kept by name; the rest is one line, without a name."""

MOST_REASONS = 40
"""Reasons kept of each edition and state; the rest is one line, without a reason."""


@dataclass(frozen=True, slots=True)
class Tally:
    """``lines`` are (edition, state, reason, how many): no edition for those skipped from the start.

    ``domains`` are (domain of the address, state, how many), most people first; ``carriers`` (name, state, how many).
    ``put_off`` is edition to how many are planned for later, ``due`` when the first of those is. ``took`` is how long
    counting took; ``before`` is (when, how many were still to be handed over) of the tally before this one;
    ``ever`` what carriers had taken by then, of this issue and all others (``claims.ever``).

    ``arrived`` is edition to how many the readers' own servers are known to have taken, ``arrived_at`` domain to the
    same; ``feedback`` are (edition, what, how many people), see ``feedback``; ``places`` is where each state is found
    (see ``places``).
    """

    at: datetime
    lines: tuple[tuple[int | None, str, str, int], ...]
    domains: tuple[tuple[str, str, int], ...] = ()
    carriers: tuple[tuple[str, str, int], ...] = ()
    put_off: dict[int, int] = field(default_factory=dict)
    due: datetime | None = None
    took: timedelta = timedelta(0)
    before: tuple[datetime, int] | None = None
    ever: int = 0
    is_stale: bool = False
    arrived: dict[int, int] = field(default_factory=dict)
    arrived_at: dict[str, int] = field(default_factory=dict)
    feedback: tuple[tuple[int, str, int], ...] = ()
    places: dict[str, tuple[Place, ...]] = field(default_factory=dict)

    def sum(self, *states: DeliveryState, edition: int | None = None) -> int:
        """People in these states; of one edition, or of all."""
        return sum(n for of, state, _, n in self.lines if state in states and edition in (None, of))

    @property
    def owed(self) -> int:
        """Everybody who is in an edition."""
        return sum(n for of, _, _, n in self.lines if of is not None)

    @property
    def left(self) -> int:
        """Still to be handed over, or in a sender's hands."""
        return self.sum(DeliveryState.PLANNED, DeliveryState.CLAIMED)


def get(connection: Connection, number: int) -> Tally | None:
    """None for an issue that was not counted yet."""
    row = connection.execute(select(tally).where(tally.c.issue == number)).first()
    return _tally(row) if row else None


def count(connection: Connection, number: int, now: datetime, told: Callable[[str], str]) -> Tally:
    """Count the ledger as it is: it takes seconds for a million lines.

    ``told`` takes addresses out of a reason.
    """
    rows = connection.execute(_counting(number, now)).all()
    due = [row.due for row in rows if row.due is not None]
    later: Counter[int] = Counter()
    arrived: Counter[int] = Counter()
    for row in rows:
        if row.edition is not None:
            later[row.edition] += row.later
            arrived[row.edition] += row.arrived
    domains, arrived_at = _domains(connection, number)
    heard_of = feedback.counts(connection, number).items() if any(row.carrier for row in rows) else ()
    return Tally(
        now,
        _lines(rows, told),
        domains,
        _carriers(rows),
        dict(+later),
        min(due, default=None),
        ever=claims.ever(connection),
        arrived=dict(+arrived),
        arrived_at=arrived_at,
        feedback=tuple((of, what, n) for (of, what), n in sorted(heard_of)),
        places=places.find(connection, number),
    )


def write(connection: Connection, number: int, value: Tally) -> None:
    """In place of the one before, unless that is newer. What was heard since it was begun makes it stale as before."""
    content = {
        "lines": value.lines,
        "domains": value.domains,
        "carriers": value.carriers,
        "put_off": list(value.put_off.items()),
        "due": value.due and value.due.isoformat(),
        "took": value.took.total_seconds(),
        "ever": value.ever,
        "before": value.before and (value.before[0].isoformat(), value.before[1]),
        "arrived": list(value.arrived.items()),
        "arrived_at": value.arrived_at,
        "feedback": value.feedback,
        "places": value.places,
    }
    kept = {"counted_at": value.at, "counts": content}
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(tally).values(issue=number, is_stale=False, **kept)
    is_older = tally.c.counted_at <= value.at
    connection.execute(
        statement.on_conflict_do_update(index_elements=[tally.c.issue], set_=kept, where=is_older)
    )


def begin(connection: Connection, number: int) -> Tally | None:
    """Before an issue is counted: whatever is heard from now on makes it stale. Returns how it was counted last."""
    where = (tally.c.issue == number, is_stale)
    connection.execute(update(tally).where(*where).values(is_stale=False))
    return get(connection, number)


def outdated(connection: Connection, number: int) -> None:
    """Something was done with an issue: it is to be counted again."""
    where = (tally.c.issue == number, tally.c.is_stale != literal_column("true"))
    connection.execute(update(tally).where(*where).values(is_stale=True))


def heard(connection: Connection, deliveries: Collection[int]) -> None:
    """Something was heard of these deliveries: their issues are to be counted again."""
    found: set[int] = set()
    for some in chunks(sorted(deliveries)):
        query = select(delivery.c.issue).where(delivery.c.id.in_(some)).distinct()
        found.update(connection.execute(query).scalars())
    # In one order for everybody: two who hear of the same issues would else wait for each other.
    for number in sorted(found):
        outdated(connection, number)


def to_count(connection: Connection) -> list[int]:
    """The issues whose numbers may have moved since they were counted."""
    under_way = select(issue.c.id).where(is_open, issue.c.state == IssueState.SENDING)
    changed = select(tally.c.issue).where(is_stale)
    return sorted({*connection.execute(under_way).scalars(), *connection.execute(changed).scalars()})


def sent(connection: Connection, since: datetime) -> list[int]:
    """The issues that were sent, and left at ``since`` or later."""
    left = func.coalesce(issue.c.not_before, issue.c.slot)
    where = (issue.c.state == IssueState.SENT, left >= since)
    return list(connection.execute(select(issue.c.id).where(*where).order_by(issue.c.id)).scalars())


def _counting(number: int, now: datetime) -> Any:
    reason = case((delivery.c.state == DeliveryState.ACCEPTED, ""), else_=delivery.c.reason).label("said")
    is_later = (delivery.c.state == DeliveryState.PLANNED) & (delivery.c.due_at > now)
    return (
        select(
            delivery.c.edition,
            delivery.c.state,
            reason,
            delivery.c.carrier,
            func.count().label("number"),
            func.sum(case((is_later, 1), else_=0)).label("later"),
            func.min(case((is_later, delivery.c.due_at))).label("due"),
            func.count(delivery.c.delivered_at).label("arrived"),
        )
        .where(delivery.c.issue == number)
        .group_by(delivery.c.edition, delivery.c.state, reason, delivery.c.carrier)
    )


def _lines(
    rows: Iterable[Row[Any]], told: Callable[[str], str]
) -> tuple[tuple[int | None, str, str, int], ...]:
    summed: Counter[tuple[int | None, str, str]] = Counter()
    for row in rows:
        summed[row.edition, row.state, told(row.said)] += row.number
    named: Counter[tuple[int | None, str]] = Counter()
    found: Counter[tuple[int | None, str, str]] = Counter()
    for (of, state, said), number in summed.most_common():
        named[of, state] += 1
        found[of, state, said if named[of, state] <= MOST_REASONS else ""] += number
    return tuple((of, state, said, number) for (of, state, said), number in found.most_common())


def _carriers(rows: Iterable[Row[Any]]) -> tuple[tuple[str, str, int], ...]:
    summed: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.carrier:
            summed[row.carrier, row.state] += row.number
    return tuple((name, state, number) for (name, state), number in sorted(summed.items()))


def _domains(connection: Connection, number: int) -> tuple[tuple[tuple[str, str, int], ...], dict[str, int]]:
    """(domain, state, people) and, by domain, whose servers are known to have taken it."""
    query = (
        select(
            domain_of.label("domain"),
            delivery.c.state,
            func.count().label("number"),
            func.count(delivery.c.delivered_at).label("arrived"),
        )
        .join(subscriber, subscriber.c.id == delivery.c.subscriber)
        .where(delivery.c.issue == number, delivery.c.edition.is_not(None))
        .group_by(domain_of, delivery.c.state)
    )
    rows = connection.execute(query).all()
    people: Counter[str] = Counter()
    for row in rows:
        people[row.domain] += row.number
    order = {domain: n for n, (domain, _) in enumerate(people.most_common(MOST_DOMAINS))}
    summed: Counter[tuple[str, str]] = Counter()
    arrived: Counter[str] = Counter()
    for row in rows:
        domain = row.domain if row.domain in order else ""
        summed[domain, row.state] += row.number
        arrived[domain] += row.arrived
    listed = sorted(summed.items(), key=lambda one: (order.get(one[0][0], len(order)), one[0][1]))
    return tuple((domain, state, n) for (domain, state), n in listed), dict(+arrived)


def _tally(row: Row[Any]) -> Tally:
    held: dict[str, Any] = row.counts
    return Tally(
        row.counted_at,
        tuple((of, state, said, n) for of, state, said, n in held["lines"]),
        tuple((domain, state, n) for domain, state, n in held["domains"]),
        tuple((name, state, n) for name, state, n in held["carriers"]),
        dict(held["put_off"]),
        _moment(held["due"]),
        timedelta(seconds=held["took"]),
        (datetime.fromisoformat(held["before"][0]), held["before"][1]) if held["before"] else None,
        held["ever"],
        row.is_stale,
        dict(held.get("arrived", ())),
        held.get("arrived_at", {}),
        tuple((of, what, n) for of, what, n in held.get("feedback", ())),
        {state: tuple((a, b) for a, b in where) for state, where in held.get("places", {}).items()},
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""Headway: how far an issue is, cheap enough to be asked every two seconds by everybody who watches.

what is left now (an index of what is planned, the bitmaps of open claims) + how it was counted last (``tally``)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.flows.duties import CLOCK
from syndicate.flows.house import House
from syndicate.flows.seen import mark
from syndicate.flows.tally import tally_of
from syndicate.flows.timetable import closed_until
from syndicate.model import DeliveryState, Issue, IssueState
from syndicate.store import Connection, claims, deliveries, issues, leases
from syndicate.store.claims import Open
from syndicate.store.tallies import Tally

FEW = 100_000
"""So many are counted for a page; of more, what is left follows from what carriers have taken since the tally."""

SHORTEST = timedelta(seconds=1)
"""Over less than that no rate is told."""

_GIVEN_UP = (DeliveryState.FAILED, DeliveryState.REFUSED)


@dataclass(frozen=True, slots=True)
class Part:
    """People of one language, or of one carrier, as of the tally. ``handed`` is what the carrier took, bounced or not;
    ``skipped`` are those who must not be mailed any more, and what was cancelled."""

    name: str
    owed: int
    handed: int
    left: int
    put_off: int
    failed: int
    unsure: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Headway:
    """``left`` is how many are still to be handed over now, ``on_the_wire`` how many of those are just being handed.

    ``languages`` and ``carriers`` are as of ``counted_at``. ``rate`` is messages a second, 0 where nobody knows.
    ``sender`` is the machine that sends now, empty for none; ``has_clock`` whether a clock runs that would.
    ``closed`` is until when nothing may leave at this hour, ``due`` when the first of those put off is tried again.
    """

    issue: Issue
    owed: int
    left: int
    on_the_wire: int
    languages: tuple[Part, ...]
    carriers: tuple[Part, ...]
    whole: Part
    counted_at: datetime
    rate: float
    sender: str
    has_clock: bool
    closed: datetime | None
    due: datetime | None
    mark: str

    @property
    def done(self) -> int:
        return self.owed - self.left

    @property
    def is_over(self) -> bool:
        return self.issue.state in (
            IssueState.SENT,
            IssueState.CANCELLED,
            IssueState.EMPTY,
            IssueState.FOLDED,
        )

    @property
    def rest(self) -> timedelta | None:
        """How long it takes still, without what is put off; None where nobody knows."""
        due_now = self.left - self.whole.put_off
        if self.issue.state is not IssueState.SENDING or not self.rate or due_now <= 0:
            return None
        return timedelta(seconds=due_now / self.rate)


def headway(house: House, number: int, now: datetime) -> Headway:
    """Raises NotFound."""
    with house.database.read() as connection:
        issues.get(connection, number)
    counted = tally_of(house.database, number, now)
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        open_claims = claims.open_of(connection, number)
        left = _left(connection, number, counted, open_claims)
        lease = leases.get(connection, CLOCK)
        languages, seen = issues.languages(connection, number), mark(connection, number)
    newsletter = house.newsletters.get(issue.newsletter)
    return Headway(
        issue=issue,
        owed=counted.owed,
        left=min(left, counted.owed),
        on_the_wire=sum(one.marked - one.taken for one in open_claims),
        languages=_by_language(counted, languages),
        carriers=tuple(_part(name, _of_carrier(counted, name)) for name in _carriers(counted)),
        whole=_part("", counted.lines, sum(counted.put_off.values())),
        counted_at=counted.at,
        rate=_rate(counted, left, now),
        sender=next((one.machine for one in open_claims if one.until > now), ""),
        has_clock=lease is not None and lease.until > now,
        closed=closed_until(newsletter, now) if newsletter else None,
        due=counted.due,
        mark=seen,
    )


def _left(connection: Connection, number: int, counted: Tally, open_claims: list[Open]) -> int:
    """Still to be handed over. Of many it is a guess until the next tally, where other issues are sent, too."""
    taken = sum(one.taken for one in open_claims)
    if counted.left > FEW:
        return max(0, counted.left - (claims.ever(connection) - counted.ever) - taken)
    return deliveries.planned(connection, number) + sum(one.claimed for one in open_claims) - taken


def _by_language(counted: Tally, languages: dict[int, str]) -> tuple[Part, ...]:
    found = []
    for language in dict.fromkeys(languages.values()):
        editions = {edition for edition, of in languages.items() if of == language}
        lines = tuple(line for line in counted.lines if line[0] in editions)
        later = sum(counted.put_off.get(edition, 0) for edition in editions)
        found.append(_part(language, lines, later))
    return tuple(sorted(found, key=lambda one: -one.owed))


def _carriers(counted: Tally) -> list[str]:
    return list(dict.fromkeys(name for name, _, _ in counted.carriers))


def _of_carrier(counted: Tally, name: str) -> tuple[tuple[int, str, str, int], ...]:
    return tuple((0, state, "", n) for of, state, n in counted.carriers if of == name)


def _part(name: str, lines: "tuple[tuple[int | None, str, str, int], ...]", later: int = 0) -> Part:
    def people(*states: DeliveryState) -> int:
        return sum(n for of, state, _, n in lines if of is not None and state in states)

    return Part(
        name=name,
        owed=people(*DeliveryState),
        handed=people(DeliveryState.ACCEPTED, DeliveryState.BOUNCED),
        left=people(DeliveryState.PLANNED, DeliveryState.CLAIMED),
        put_off=later,
        failed=people(*_GIVEN_UP),
        unsure=people(DeliveryState.UNSURE),
        skipped=people(DeliveryState.SKIPPED, DeliveryState.CANCELLED),
    )


def _rate(counted: Tally, left: int, now: datetime) -> float:
    """Since the last time it was counted, or where that was just now, between the last two."""
    for since, (until, rest) in (
        ((counted.at, counted.left), (now, left)),
        (counted.before, (counted.at, counted.left)),
    ):
        if since and until - since[0] >= SHORTEST and since[1] > rest:
            return (since[1] - rest) / (until - since[0]).total_seconds()
    return 0.0

"""Standing: whether a clock runs, when it last did what, and what is overdue."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.flows.duties import CLOCK
from syndicate.flows.house import House
from syndicate.flows.timetable import due_slot
from syndicate.store import duties, leases
from syndicate.store.duties import Duty
from syndicate.store.leases import Lease

OVERDUE = timedelta(minutes=5)
"""How long after its time something that nobody did is told of."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``lease`` is that of the clock that leads, or led last and did not end in order; ``leads`` whether it holds.

    ``duties`` are by name; ``overdue`` are sentences on issues whose time came and that nobody planned.
    """

    lease: Lease | None
    leads: bool
    duties: Mapping[str, Duty]
    overdue: tuple[str, ...]

    @property
    def who(self) -> str:
        """Machine and process of the clock, as ``host:pid``."""
        return self.lease.holder.rpartition(":")[0] if self.lease else ""

    @property
    def summary(self) -> str:
        """Whether one runs, and when it last rang."""
        ring = self.duties.get("ring")
        last = f"; it last rang at {ring.began_at:%Y-%m-%d %H:%M} UTC" if ring else ""
        if self.lease and self.leads:
            return f"syndicate clock runs, {self.who} since {self.lease.since:%Y-%m-%d %H:%M} UTC{last}"
        return f"syndicate clock does not run{last}"

    @property
    def sentences(self) -> tuple[str, ...]:
        """Whatever somebody should do something about."""
        return (*self._silent(), *self._failing(), *self.overdue)

    def _silent(self) -> Iterator[str]:
        """A clock that was ended in order gave its lease back."""
        if self.lease and not self.leads:
            yield f"the clock {self.who} is silent since {self.lease.until:%Y-%m-%d %H:%M} UTC: start syndicate clock"

    def _failing(self) -> Iterator[str]:
        for one in self.duties.values():
            if one.problem:
                yield f"the clock's {one.name}, at {one.began_at:%Y-%m-%d %H:%M} UTC: {one.problem}"


def standing(house: House, now: datetime) -> Standing:
    """How the clock stands at ``now``."""
    with house.database.read() as connection:
        lease, done = leases.get(connection, CLOCK), duties.every(connection)
    return Standing(lease, lease is not None and lease.until > now, done, tuple(_overdue(house, now)))


def _overdue(house: House, now: datetime) -> Iterator[str]:
    for newsletter in house.newsletters.values():
        due = due_slot(house.database, newsletter, now)
        if due and not due.issue and due.late is not None and now - due.slot.moment > OVERDUE:
            yield (
                f"{newsletter.key}: the issue of {due.slot.moment:%Y-%m-%d %H:%M} UTC is not planned: "
                "start syndicate clock, or: syndicate run"
            )

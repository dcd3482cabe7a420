"""Ping: hubs (WebSub) are told which feeds changed. Publishing queues, this sends, between transactions.

due hubs -> each in a thread of its own: take -> tell -> told | put off | given up
"""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from syndicate.feeds.pings import tried_again
from syndicate.flows.house import House
from syndicate.model import Problem
from syndicate.store import Database, pings
from syndicate.store.pings import Ping

if TYPE_CHECKING:
    from syndicate.carriers.hubs import Hub

AT_ONCE = 50
LEASE = timedelta(minutes=2)
"""How long what one process has taken is left to it."""

LONGEST = 20.0
"""Seconds spent on a hub that answers slowly; what is left is due at the next run."""

SIDE_BY_SIDE = 8


@dataclass(slots=True)
class PingReport:
    """How many pings hubs took, how many wait for another attempt, how many were given up; sentences on why."""

    told: int = 0
    put_off: int = 0
    given_up: int = 0
    problems: list[str] = field(default_factory=list)


def send_pings(house: House, now: datetime) -> PingReport:
    """Tell every hub what is due. A hub that is away holds up no other, and nothing else: it is tried again later."""
    with house.database.read() as connection:
        found = pings.due(connection, now)
    hubs = [hub for hub in found if hub in house.site.hubs]
    if len(hubs) < len(found):
        with house.database.begin() as connection:
            pings.forget_others(connection, house.site.hubs)
    if not hubs:
        return PingReport()
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(hubs)), "ping") as pool:
        return _sum(list(pool.map(lambda hub: _tell(house.database, hub, now), hubs)))


def silent_hubs(house: House) -> list[Problem]:
    """What is wrong with hubs now."""
    with house.database.read() as connection:
        found = pings.silent(connection)
    return [
        Problem(
            place=one.hub,
            reason=f"does not know of {one.topics} feeds since {one.since:%Y-%m-%d %H:%M} UTC: {one.reason}",
            advice="given up until they change; is feeds.hubs right?"
            if one.is_given_up
            else "is tried again",
            fatal=one.is_given_up,
        )
        for one in found
    ]


def _tell(database: Database, address: str, now: datetime) -> PingReport:
    from syndicate.carriers.hubs import Hub

    report, until = PingReport(), monotonic() + LONGEST
    with Hub(address) as hub:
        call = _Call(database, hub, now, until, report)
        while call.goes_on and (some := _taken(database, address, now)):
            call.tell(some)
    return report


def _taken(database: Database, hub: str, now: datetime) -> list[Ping]:
    with database.begin() as connection:
        return pings.take(connection, hub, now, now + LEASE, AT_ONCE)


@dataclass(slots=True)
class _Call:
    """One hub being told, as long as it listens."""

    database: Database
    hub: "Hub"
    now: datetime
    until: float
    report: PingReport
    away: str = ""

    @property
    def goes_on(self) -> bool:
        """Once it is away, what is left is only put off."""
        return bool(self.away) or monotonic() < self.until

    def tell(self, some: Sequence[Ping]) -> None:
        took: list[Ping] = []
        refused: list[tuple[Ping, str]] = []
        left: list[Ping] = []
        for one in some:
            if not self.goes_on:
                left.append(one)
            elif reason := self._told(one):
                refused.append((one, reason))
            else:
                took.append(one)
        self._write(took, refused, left)

    def _told(self, one: Ping) -> str:
        """Why the hub did not take it; empty when it did."""
        if self.away:
            return self.away
        answer = self.hub.tell(one.topic)
        if answer.is_away:
            self.away = answer.reason
        if not answer.took:
            self.report.problems.append(f"{self.hub.address}: {answer.reason}")
        return answer.reason

    def _write(self, took: Sequence[Ping], refused: Sequence[tuple[Ping, str]], left: Sequence[Ping]) -> None:
        chance = random.random()  # noqa: S311 (spreads load, guards nothing)
        with self.database.begin() as connection:
            pings.told(connection, self.hub.address, took, self.now)
            for reason in dict.fromkeys(reason for _, reason in refused):
                again = [
                    (one.topic, tried_again(one.attempts + 1, one.queued_at, self.now, chance))
                    for one, why in refused
                    if why == reason
                ]
                pings.put_off(connection, self.hub.address, again, reason)
                given_up = sum(due is None for _, due in again)
                self.report.given_up += given_up
                self.report.put_off += len(again) - given_up
            pings.give_back(connection, self.hub.address, [one.topic for one in left], self.now)
        self.report.told += len(took)


def _sum(reports: Sequence[PingReport]) -> PingReport:
    return PingReport(
        told=sum(one.told for one in reports),
        put_off=sum(one.put_off for one in reports),
        given_up=sum(one.given_up for one in reports),
        problems=[problem for one in reports for problem in dict.fromkeys(one.problems)],
    )

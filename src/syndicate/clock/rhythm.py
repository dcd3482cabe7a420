"""When each duty is due: by how often, by the timetable, and again when the wall clock jumped."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.triggers.base import BaseTrigger


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often. ``ingest`` and ``listen`` are the newsroom's; ``tally`` is how often what is being sent is counted;
    ``net`` is how often it is asked whether something is due, whatever was computed before. ``lease`` is how long a
    clock leads without saying so again, which it does every ``beat``; ``patience`` how long a clock that is ended
    waits for what it has begun.
    """

    ingest: timedelta = timedelta(minutes=5)
    listen: timedelta = timedelta(minutes=10)
    tally: timedelta = timedelta(seconds=20)
    net: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(seconds=30)
    beat: timedelta = timedelta(seconds=5)
    patience: timedelta = timedelta(seconds=9)


class Every(BaseTrigger):  # type: ignore[misc]
    """At the latest ``pause`` from now; sooner where ``sooner(now)`` says so. Never late for what was missed: the
    next time is always after now."""

    def __init__(self, pause: timedelta, sooner: Callable[[datetime], datetime | None] | None = None) -> None:
        self.pause, self.sooner = pause, sooner

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """APScheduler asks; ``previous`` does not matter."""
        due = now + self.pause
        found = self.sooner(now) if self.sooner else None
        return min(due, found) if found and found > now else due


@dataclass(slots=True)
class Watch:
    """Compares the wall clock with one that cannot be set. ``wall`` is UTC, ``steady`` monotonic seconds."""

    wall: datetime
    steady: float

    def jumped(self, wall: datetime, steady: float) -> timedelta:
        """By how much the wall clock was set, or how long the machine slept, since it was last asked."""
        jump = (wall - self.wall) - timedelta(seconds=steady - self.steady)
        self.wall, self.steady = wall, steady
        return jump

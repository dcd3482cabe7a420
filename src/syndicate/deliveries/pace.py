"""How fast a carrier may be used: rates over all and per domain, slowing down when told so, and a warm-up by days.

Pure: times are given, in seconds of a monotonic clock; days are dates in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

_SLOWEST = 60.0
_FIRST_PAUSE = 0.5
_NEGLIGIBLE = 0.005
_BURST = 0.1
"""Seconds that a rate may run ahead of itself: without it, threads that wake late would lose their turns."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages a second over all, to any one domain, to single domains; 0 is no limit.

    ``warm_up`` is how many go out on the first day that a carrier is used, growing by ``growth`` a day; 0: no limit.
    """

    per_second: float = 0.0
    per_second_domain: float = 0.0
    domains: Mapping[str, float] = field(default_factory=dict)
    warm_up: int = 0
    growth: float = 1.5


def allowance(limits: Limits, volumes: Mapping[str, int], today: date) -> int | None:
    """How many messages may still go out today; None for no limit. ``volumes`` is day (ISO) to messages taken.

    A day counts when something went out on it: whoever pauses for a week goes on where they were.
    """
    if not limits.warm_up:
        return None
    before = sum(1 for day, number in volumes.items() if number and day < today.isoformat())
    allowed = limits.warm_up * limits.growth ** min(before, 60)
    return max(0, int(min(allowed, 10**9)) - volumes.get(today.isoformat(), 0))


@dataclass(slots=True)
class _Lane:
    """One thing that has a rate: ``gap`` seconds between messages as configured, ``brake`` as we were told."""

    gap: float = 0.0
    brake: float = 0.0
    free_at: float = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.free_at - _BURST - now) if not self.brake else max(0.0, self.free_at - now)

    def spend(self, now: float) -> None:
        if gap := max(self.gap, self.brake):
            self.free_at = max(self.free_at, now) + gap


class Pace:
    """Says when the next message to a domain may go. Not for many threads at once: its owner locks."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all = _Lane(_gap(limits.per_second))
        self._domains: dict[str, _Lane] = {}
        self._refusing: set[str] = set()

    def pause(self, now: float) -> float:
        """Seconds until a message to anybody may go; 0 when one may go now."""
        return self._all.wait(now)

    def wait(self, domain: str, now: float) -> float:
        """Seconds until ``domain`` may get its next message, apart from what everybody waits for."""
        lane = self._known(domain)
        return lane.wait(now) if lane else 0.0

    def spend(self, domain: str, now: float) -> None:
        """A message to ``domain`` goes now."""
        self._all.spend(now)
        if lane := self._known(domain):
            lane.spend(now)

    def stop(self, seconds: float, now: float) -> None:
        """Nothing to anybody for so long."""
        self._all.free_at = max(self._all.free_at, now + seconds + _BURST)

    def refused(self, domain: str, now: float) -> None:
        """The domain put a message off (4yz): half as fast, and half again, down to one a minute.

        When a third domain does so and none took anything in between, it is us, and everything slows down.
        """
        self._refusing.add(domain)
        lanes = [self._lane(domain), *([self._all] if len(self._refusing) >= 3 else [])]
        for lane in lanes:
            lane.brake = min(_SLOWEST, max(_FIRST_PAUSE, 2 * max(lane.brake, lane.gap)))
            lane.free_at = max(lane.free_at, now + lane.brake)

    def taken(self, domain: str) -> None:
        """The domain took a message: a little faster again, up to where we were."""
        if not self._refusing and domain not in self._domains:
            return
        self._refusing.discard(domain)
        for lane in (self._lane(domain), self._all):
            lane.brake = lane.brake * 0.8 if lane.brake * 0.8 > max(lane.gap, _NEGLIGIBLE) else 0.0

    def _known(self, domain: str) -> _Lane | None:
        """None for a domain that has no rate and never refused: most, and there may be a million."""
        rate = self._limits.domains.get(domain, self._limits.per_second_domain)
        return self._lane(domain) if rate else self._domains.get(domain)

    def _lane(self, domain: str) -> _Lane:
        lane = self._domains.get(domain)
        if lane is None:
            rate = self._limits.domains.get(domain, self._limits.per_second_domain)
            lane = self._domains[domain] = _Lane(_gap(rate))
        return lane


def _gap(rate: float) -> float:
    return 1.0 / rate if rate else 0.0

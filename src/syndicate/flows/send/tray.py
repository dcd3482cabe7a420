"""The tray behind all desks: what lies ready, what is out, what waits to be committed.

A lane waits in ``mark`` on a lock of its own until the keeper has committed for everybody who waits; the keeper is
woken as seldom as can be, because each waking costs as much as a commit.
"""

import re
import threading
from collections import deque
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from time import monotonic
from typing import Any

from syndicate.deliveries import Pace
from syndicate.flows.send.book import OpenClaim
from syndicate.model import DeliveryState, Outcome
from syndicate.store.claims import Claimed

TICK = 0.1
"""Seconds after which the keeper looks around, whatever happens."""

QUIET = 0.001
"""Seconds after which nobody else is waited for: far from the server, lanes come one by one, each waiting for nothing
but its commit; near it they come in a stream, and one commit is for all of them."""

HELD_MOST = 20_000
"""Lines kept back for domains that must wait, before no more are claimed: they are in memory."""

_PUT_OFF = re.compile(r"\w+: 4\d\d")


class Ticket:
    """One lane's wait for its marks to be committed; ``may`` are those that may go."""

    __slots__ = ("deliveries", "gate", "may")

    def __init__(self, deliveries: Sequence[int]) -> None:
        self.deliveries, self.may = deliveries, frozenset[int]()
        self.gate = threading.Lock()
        self.gate.acquire()


@dataclass(slots=True)
class Turn:
    """What is committed together. ``claims`` go on, ``finished`` are settled altogether."""

    tickets: list[Ticket]
    news: list[tuple[OpenClaim, Claimed, Outcome]]
    claims: list[OpenClaim] = field(default_factory=list)
    finished: list[OpenClaim] = field(default_factory=list)

    @property
    def asked(self) -> set[int]:
        """Deliveries whose marks are first committed with this turn."""
        return {one for ticket in self.tickets for one in ticket.deliveries}


class Tray:
    """Shared by all lanes and the keeper. ``make`` turns a line into what the carrier takes (see ``messages``)."""

    def __init__(self, pace: Pace, make: Callable[[Claimed], Any], *, by_edition: bool) -> None:
        self.pace, self.make, self.by_edition = pace, make, by_edition
        self.lock = threading.Lock()
        self.more, self.bell = threading.Condition(self.lock), threading.Condition(self.lock)
        self.claims: dict[int, OpenClaim] = {}
        self.claim_of: dict[int, OpenClaim] = {}
        self.ready: dict[object, deque[Claimed]] = {}
        self.held: dict[str, deque[Claimed]] = {}
        self.free_at: list[tuple[float, str]] = []
        self.number_ready = self.number_held = self.accepted = 0
        self.waiting: list[Ticket] = []
        self.news: list[tuple[OpenClaim, Claimed, Outcome]] = []
        self.alive = self.busy = 0
        self.gap = self.committed_at = self.marked_at = 0.0
        self.low_water = 0
        self.is_ended = self.has_finished = False
        self.moment: Any = None

    # -- the keeper's side

    def add(self, claim: OpenClaim) -> None:
        """Lay a new claim out."""
        with self.lock:
            self.claims[claim.number] = claim
            for line in claim.unsettled.values():
                self.claim_of[line.id] = claim
                self._lay(line)
            self.more.notify_all()

    def wait_turn(self) -> None:
        """Until a commit is due: a lane waits and no other can go on, or enough time passed since the last one."""
        until = monotonic() + TICK
        with self.lock:
            while (rest := self._rest(until)) > 0:
                self.bell.wait(rest)

    def turn(self, heartbeat: bool) -> Turn:
        """What there is to commit, the marks of the waiting lanes set. With ``heartbeat``, every claim of ours."""
        with self.lock:
            made = Turn(self.waiting, self.news)
            self.waiting, self.news = [], []
            self.has_finished = False
            for ticket in made.tickets:
                for one in ticket.deliveries:
                    ours = self.claim_of.get(one)
                    if ours is not None and not ours.is_lost:
                        ours.mark(one)
            told: dict[int, int] = {}
            for claim, _, _ in made.news:
                told[claim.number] = told.get(claim.number, 0) + 1
            for claim in self.claims.values():
                if len(claim.unsettled) == told.get(claim.number, 0):
                    made.finished.append(claim)
                elif claim.is_dirty or heartbeat:
                    claim.is_dirty = False
                    made.claims.append(claim)
            return made

    def committed(self, turn: Turn) -> None:
        """What ``turn`` held is written down: the lanes that wait go on."""
        with self.lock:
            for claim, line, _ in turn.news:
                claim.unsettled.pop(line.id, None)
            for claim in turn.finished:
                self.claims.pop(claim.number, None)
            self.busy += len(turn.tickets)
            self.committed_at = monotonic()
        for ticket in turn.tickets:
            ticket.may = frozenset(one for one in ticket.deliveries if self._may(one))
            ticket.gate.release()

    def refuse(self, turn: Turn) -> None:
        """Nothing of ``turn`` could be written down: nobody may go on."""
        with self.lock:
            self.busy += len(turn.tickets)
            self.news = turn.news + self.news
            for claim in turn.claims:
                claim.is_dirty = True
            for ticket in turn.tickets:
                for one in ticket.deliveries:
                    if ours := self.claim_of.get(one):
                        ours.unmark(one)
                ticket.gate.release()

    def forget(self, claim: OpenClaim, gone: Iterable[Claimed]) -> None:
        """Some deliveries are not ours any more: they were called back, or the claim is lost."""
        lost = {line.id for line in gone}
        with self.lock:
            for one in lost:
                claim.unmark(one)
                self.claim_of.pop(one, None)
            self.number_ready -= sum(_without(queue, lost) for queue in self.ready.values())
            self.number_held -= sum(_without(queue, lost) for queue in self.held.values())

    def end(self) -> None:
        """No lane gets any more; those that wait for it end."""
        with self.lock:
            self.is_ended = True
            self.low_water = 0
            self.more.notify_all()

    @property
    def wants_more(self) -> bool:
        is_full = self.number_held > HELD_MOST
        return self.number_ready < self.low_water and not self.is_ended and not is_full

    @property
    def settled(self) -> bool:
        """Nothing is out and nothing lies ready."""
        return not self.claims

    # -- the lanes' side, by way of their desks (see ``desk``)

    def pick(self, most: int, *, wait: bool) -> list[Claimed]:
        """Lines that may go now; see ``carriers.desk.Desk.take``."""
        with self.lock:
            while not self.is_ended:
                found, rest = self._pick(most)
                if found or not wait:
                    return found
                self.busy -= 1
                if self.busy <= 0 or not self.number_ready:
                    self.bell.notify()
                self.more.wait(rest)
                self.busy += 1
            return []

    def mark(self, deliveries: Sequence[int]) -> frozenset[int]:
        ticket = Ticket(deliveries)
        with self.lock:
            self.waiting.append(ticket)
            self.marked_at = monotonic()
            self.busy -= 1
            if self.busy <= 0 or len(self.waiting) == 1:
                self.bell.notify()
        ticket.gate.acquire()
        return ticket.may

    def settle(self, line: Claimed, outcome: Outcome) -> None:
        with self.lock:
            claim = self.claim_of.pop(line.id, None)
            if claim is None:
                return
            if outcome.state is DeliveryState.ACCEPTED:
                claim.accept(line.id, outcome.detail, self.moment)
                self.accepted += 1
                self.pace.taken(_domain(line))
                if not claim.unsettled:
                    # It may have been the last there is: nobody waits for a tick then.
                    self.has_finished = True
                    self.bell.notify()
                return
            self.news.append((claim, line, outcome))
            if outcome.retry and _PUT_OFF.match(outcome.detail):
                self.pace.refused(_domain(line), monotonic())

    def give_back(self, line: Claimed) -> None:
        with self.lock:
            if line.id in self.claim_of:
                self._lay(line)
                self.more.notify()

    def slow_down(self, seconds: float) -> None:
        with self.lock:
            self.pace.stop(seconds, monotonic())

    def went(self) -> None:
        """A lane ends."""
        with self.lock:
            self.alive -= 1
            self.busy -= 1
            self.bell.notify()

    # -- all with the lock held

    def _rest(self, until: float) -> float:
        """Seconds until a commit is due."""
        now = monotonic()
        if self.wants_more or self.has_finished or not self.alive:
            return 0.0
        if self.waiting:
            due = min(self.marked_at + QUIET, self.committed_at + self.gap)
            return 0.0 if self.busy <= 0 else min(until, due) - now
        return until - now

    def _lay(self, line: Claimed, *, first: bool = False) -> None:
        place = line.edition if self.by_edition else None
        queue = self.ready.setdefault(place, deque())
        if first:
            queue.appendleft(line)
        else:
            queue.append(line)
        self.number_ready += 1

    def _pick(self, most: int) -> tuple[list[Claimed], float]:
        """Lines of one edition that may go, and how long to wait when there are none."""
        now = monotonic()
        if (rest := self.pace.pause(now)) > 0:
            return [], rest
        self._let_go(now)
        for queue in sorted(self.ready.values(), key=len, reverse=True):
            found: list[Claimed] = []
            while queue and len(found) < most and not (found and self.pace.pause(now)):
                line = queue.popleft()
                self.number_ready -= 1
                if self._may_go(line, now):
                    found.append(line)
            if found:
                if self.wants_more:
                    self.bell.notify()
                return found, 0.0
        return [], max(self.free_at[0][0] - now, 0.001) if self.free_at else TICK * 10

    def _may_go(self, line: Claimed, now: float) -> bool:
        """Whether its domain takes it now; else it is kept back until then."""
        domain = _domain(line)
        rest = self.pace.wait(domain, now)
        if rest <= 0:
            self.pace.spend(domain, now)
            return True
        queue = self.held.setdefault(domain, deque())
        if not queue:
            heappush(self.free_at, (now + rest, domain))
        queue.append(line)
        self.number_held += 1
        return False

    def _let_go(self, now: float) -> None:
        """Lay out again the first line that was kept back for each domain whose time has come."""
        while self.free_at and self.free_at[0][0] <= now:
            _, domain = heappop(self.free_at)
            queue = self.held[domain]
            if not queue:
                continue
            if (rest := self.pace.wait(domain, now)) > 0:
                heappush(self.free_at, (now + rest, domain))
                continue
            self.number_held -= 1
            self._lay(queue.popleft(), first=True)
            if queue:
                heappush(self.free_at, (now + 0.001, domain))

    def _may(self, delivery: int) -> bool:
        claim = self.claim_of.get(delivery)
        return claim is not None and not claim.is_lost and claim.is_marked(delivery)


def _without(queue: deque[Claimed], lost: Container[int]) -> int:
    """Take what is lost out of a queue; how many that were."""
    before = len(queue)
    kept = [line for line in queue if line.id not in lost]
    queue.clear()
    queue.extend(kept)
    return before - len(kept)


def _domain(line: Claimed) -> str:
    return line.email.rpartition("@")[2].lower()

"""The keeper: claims what the lanes are to hand over, and commits their marks and outcomes, many at a time.

It runs in the thread that called ``send``. What a lane settled before it marks its next delivery is committed in the
same transaction as that mark, so that a death leaves at most one delivery of each lane in doubt.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import TypeVar

from syndicate.deliveries import Decision, after
from syndicate.flows.progress import Progress
from syndicate.flows.send.book import OpenClaim, opened
from syndicate.flows.send.mailroom import Mailroom
from syndicate.flows.send.tray import Tray, Turn
from syndicate.model import DeliveryState, Issue, IssueState, Newsletter, Outcome, StoreError
from syndicate.store import Connection, claims, deliveries, issues, subscribers
from syndicate.store.claims import Claim, Claimed
from syndicate.store.marks import Pen, record
from syndicate.store.witness import Count, count
from syndicate.subscribers import address_hash, canonical

T = TypeVar("T")
Settlement = tuple[OpenClaim, Claimed, Decision]

CLAIM = 1000
"""Deliveries of one claim."""

LOW_WATER = 400
LEASE = timedelta(seconds=60)
HEARTBEAT = 1.0
"""Seconds between two records at least: a pause or a lost claim is noticed by then."""

SHARE = 0.07
"""How much of the time may go into commits while lanes could do something else: the more a commit costs, the more
lanes share one."""

LONGEST_GAP = 0.025
TRY_AGAIN = 0.5
"""Seconds after which one looks again for something to claim, where there was nothing."""

PATIENCE = 5.0
"""Seconds to wait for what was put off, and for a database that is away times six, before giving up for this run."""


class Keeper:
    """Of one issue. ``states`` counts what was settled, ``ledger_seconds`` is the time spent in the database.

    ``is_stopped``: staff paused or cancelled it; ``is_cut_short``: every lane is gone, and something is left to do.
    ``allowed`` is how many may be claimed still, None for no limit.
    """

    def __init__(
        self,
        mailroom: Mailroom,
        newsletter: Newsletter,
        issue: Issue,
        clock: Callable[[], datetime],
        tray: Tray,
        holder: str,
        allowed: int | None,
    ) -> None:
        self.mailroom, self.newsletter, self.issue, self.clock = mailroom, newsletter, issue, clock
        self.tray, self.holder, self.allowed = tray, holder, allowed
        self.states: Counter[str] = Counter()
        self.ledger_seconds = 0.0
        self.is_stopped = self.is_cut_short = False
        self._after = 0
        self._dry_since = self._tried = 0.0
        self._cost = 0.0005
        self._beat = monotonic()
        self._identity = ""
        self._pen = Pen(mailroom.database)
        self._tell: Callable[[], None] = lambda: None
        self._end: float | None = None

    def run(self, progress: Progress, stage: str, owed: int) -> None:
        """Until nothing is owed that is due, staff stopped the issue, or every lane is gone."""
        told = 0.0
        self._tell = lambda: progress(stage, self.states.total(), owed)
        while not self._is_over():
            self._refill()
            self.tray.wait_turn()
            self._commit()
            if monotonic() - told >= 0.1:
                told = monotonic()
                self._tell()
        self._tell()

    def drain(self, seconds: float) -> None:
        """Let the lanes finish what is on the wire, and write down what becomes of it."""
        self.tray.end()
        self._tell = lambda: None
        self._end = until = monotonic() + seconds
        while self.tray.alive and monotonic() < until:
            self.tray.wait_turn()
            self._commit()
        self._commit()

    def release(self) -> None:
        """Owe again what was claimed and not touched. What is marked still, its lane did not come back: in doubt."""
        self._pen.close()
        with self.mailroom.database.begin() as connection:
            for claim in self.tray.claims.values():
                if claim.is_lost:
                    continue
                untouched = [one for one in claim.unsettled if not claim.is_marked(one)]
                claims.release(connection, claim.number, untouched)
                if len(untouched) == len(claim.unsettled):
                    claims.close(connection, claim.number, claim.accepted, self.clock())

    # -- claiming

    def _is_over(self) -> bool:
        if self.is_stopped:
            return True
        if self.tray.settled and self._dry_since > 0:
            return not self._waits_a_little()
        self.is_cut_short = not self.tray.alive
        return self.is_cut_short

    def _waits_a_little(self) -> bool:
        """Whether something that was put off is due so soon that it is waited for."""
        left, due = self._patiently(self._next_due)
        if not left or self.allowed == 0:
            return False
        rest = (due - self.clock()).total_seconds() if due else 0.0
        return rest <= PATIENCE and monotonic() - self._dry_since <= 2 * PATIENCE

    def _next_due(self) -> tuple[int, datetime | None]:
        with self.mailroom.database.read() as connection:
            return deliveries.next_due(connection, self.issue.id)

    def _refill(self) -> None:
        now = monotonic()
        is_dry = self._dry_since > 0 and now - self._tried < TRY_AGAIN
        self.tray.low_water = 0 if is_dry or self.allowed == 0 else LOW_WATER
        if self.allowed == 0:
            self._dry_since = self._dry_since or now
        if not self.tray.wants_more:
            return
        is_found = self._claim()
        if not is_found and self._after:
            # Round again from the start: what was put off may be due by now.
            self._after = 0
            is_found = self._claim()
        if is_found:
            self._dry_since = 0.0
        else:
            self._tried, self.tray.low_water = now, 0
            self._dry_since = self._dry_since or now
        self.ledger_seconds += monotonic() - now

    def _claim(self) -> bool:
        """Whether there was something to claim."""
        now = self.clock()
        found = self._patiently(lambda: self._taken(now))
        if found is None:
            return False
        self._after = found.last
        if found.lines:
            seen = Count(self._identity, found.number)
            self._patiently(lambda: self.mailroom.witness.write(seen))
            self.tray.moment = now
            self.tray.add(opened(found))
            if self.allowed is not None:
                self.allowed -= len(found.lines)
        return True

    def _taken(self, now: datetime) -> Claim | None:
        """None when there was nothing, or staff stopped the issue. A claim whose commit was not heard of is an orphan:
        nothing of it is marked, and the next send owes it again."""
        most = CLAIM if self.allowed is None else min(CLAIM, self.allowed)
        with self.mailroom.database.begin() as connection:
            if issues.state_of(connection, self.issue.id) is not IssueState.SENDING:
                self.is_stopped = True
                return None
            self._identity = self._identity or count(connection).database
            return claims.take(
                connection, self.issue.id, self.newsletter.key, self.mailroom.carrier.name, self.holder,
                after=self._after, most=most, now=now, until=now + LEASE,
            )  # fmt: skip

    # -- committing

    def _commit(self) -> None:
        is_beat = monotonic() - self._beat >= HEARTBEAT
        turn = self.tray.turn(is_beat)
        if not (turn.tickets or turn.news or turn.finished or is_beat):
            return
        began = self._beat = monotonic()
        try:
            decided = [(claim, line, self._decided(line, outcome)) for claim, line, outcome in turn.news]
            self._patiently(lambda: self._persist(turn, decided))
        except BaseException:
            self.tray.refuse(turn)
            raise
        self._timed(monotonic() - began)
        self.tray.committed(turn)
        self._suppress(decided)
        self.states.update(d.outcome.state for _, _, d in decided if d.outcome.state != DeliveryState.PLANNED)
        self.states[DeliveryState.ACCEPTED] = self.tray.accepted

    def _timed(self, cost: float) -> None:
        self.ledger_seconds += cost
        self._cost += 0.1 * (cost - self._cost)
        self.tray.gap = min(LONGEST_GAP, self._cost * (1 / SHARE - 1))

    def _decided(self, line: Claimed, outcome: Outcome) -> Decision:
        room = self.mailroom
        return after(outcome, line.attempts + 1, room.attempts, self.clock(), room.on_unsure)

    def _persist(self, turn: Turn, decided: list[Settlement]) -> None:
        """Write it. Whether a commit came through may not be known: what is written says where things stand, not what
        changed, so that written twice it is the same."""
        if not self._write_at_once(turn):
            with self.mailroom.database.begin() as connection:
                self._write(connection, turn, decided)

    def _patiently(self, task: Callable[[], T]) -> T:
        """Do it, and again while the database is away. Raises StoreError in the end.

        Who interrupts us is heard meanwhile, and then it is waited no longer than for what is on the wire.
        """
        until = self._end or monotonic() + PATIENCE * 6
        pause = 0.1
        while True:
            try:
                return task()
            except StoreError:
                rest = until - monotonic()
                if rest <= 0:
                    raise
                self._tell()
                time.sleep(min(pause, rest))
                pause = min(1.0, pause * 2)

    def _write_at_once(self, turn: Turn) -> bool:
        """Whether marks were all there was to write, as is usual, and none was refused."""
        if turn.news or turn.finished:
            return False
        now = self.tray.moment = self.clock()
        marks = [claim.mark_until(now + LEASE) for claim in turn.claims if not claim.is_lost]
        return not marks or self._pen.write(marks)

    def _write(self, connection: Connection, turn: Turn, decided: list[Settlement]) -> None:
        now = self.tray.moment = self.clock()
        for claim in turn.claims:
            if not claim.is_lost:
                self._record(connection, claim, turn, now)
        for claim, line, decision in decided:
            claims.settle(connection, claim.number, line.id, decision.outcome, now, decision.due)
        for claim in turn.finished:
            claims.close(connection, claim.number, claim.accepted, now)

    def _record(self, connection: Connection, claim: OpenClaim, turn: Turn, now: datetime) -> None:
        """Until it is written, or the claim is lost; what was called back meanwhile is forgotten first."""
        while not record(connection, claim.mark_until(now + LEASE)):
            found = claims.held(connection, claim.number, self.holder)
            if found is None:
                self._lose(claim, turn)
                return
            claim.revision = found[0]
            self.tray.forget(claim, claim.keep(found[1]))
            if issues.state_of(connection, self.issue.id) is not IssueState.SENDING:
                self.is_stopped = True
                self.tray.end()

    def _lose(self, claim: OpenClaim, turn: Turn) -> None:
        """Somebody took us for dead. What is on the wire goes on, and what its carrier says is proof; no more goes."""
        claim.is_lost = True
        asked = turn.asked
        on_the_wire = {one for one in claim.unsettled if claim.is_marked(one) and one not in asked}
        self.tray.forget(claim, claim.keep(on_the_wire))

    def _suppress(self, decided: list[Settlement]) -> None:
        """Addresses that are no good: nobody mails them again. Not in the transaction of the ledger, which locks
        in another order than people who leave."""
        for _, line, decision in decided:
            if decision.is_dead:
                self._patiently(partial(self._suppress_one, line))

    def _suppress_one(self, line: Claimed) -> None:
        hashed = address_hash(self.mailroom.key, canonical(line.email))
        with self.mailroom.database.begin() as connection:
            subscribers.suppress_person(connection, line.subscriber, hashed, "bounced", self.clock())

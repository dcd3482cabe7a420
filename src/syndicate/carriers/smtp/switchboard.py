"""The switchboard: one thread for many lanes, going on with whichever has something to go on with.

A lane is a coroutine with a seat here. It stops where it has to wait, and only there: for the server (``readable``,
``writable``), for something to do (``work``), for its mark (``mark``), for time to pass (``rest``). The marks of all
who have come so far are asked for together, and blocking: whoever could go on meanwhile waits for the server anyway.
A thread for each connection does the same for twice the processor's time: the interpreter changes hands at each step.
"""

import selectors
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from time import monotonic, sleep
from types import coroutine
from typing import Any

from syndicate.carriers.desk import Desk
from syndicate.carriers.smtp.patience import Patience
from syndicate.carriers.smtp.wire import Lost
from syndicate.model import CarrierError, HandOver

TICK = 0.05
"""Seconds after which it is looked for what has waited too long, and for something new to do."""

ENOUGH = 0.75
"""Of the lanes at work: the others keep the server busy for as long as a commit takes."""

Run = Callable[["Seat"], Coroutine[Any, Any, None]]


@coroutine
def _stop() -> Generator[None, Any, Any]:
    """Until the switchboard goes on with this lane, and with what it is told then."""
    return (yield)


class Seat:
    """A lane's place. ``timeout`` is how long the server may be waited for each time, in seconds.

    What waits for the server raises Lost when that takes too long.
    """

    __slots__ = (
        "asks",
        "board",
        "hears",
        "is_resting",
        "lane",
        "marked",
        "sock",
        "timeout",
        "until",
        "wants",
    )

    def __init__(self, board: "Switchboard", timeout: float) -> None:
        self.board, self.timeout = board, timeout
        self.lane: Coroutine[Any, Any, None]
        self.sock: socket.socket | None = None
        # What the system tells us of the socket, and what the lane waits for (selectors.EVENT_…).
        self.hears = self.wants = 0
        self.until = float("inf")
        self.is_resting = False
        # The delivery whose mark is waited for, and the last that got it: numbers may be 0, so they stand in tuples.
        self.asks: tuple[int, ...] = ()
        self.marked: tuple[int, ...] = ()

    async def readable(self, sock: socket.socket) -> None:
        await self._ready(sock, selectors.EVENT_READ)

    async def writable(self, sock: socket.socket) -> None:
        await self._ready(sock, selectors.EVENT_WRITE)

    async def work(self) -> HandOver | None:
        """The next to hand over; None when there is no more."""
        self.board.idle.append(self)
        item: HandOver | None = await _stop()
        return item

    def more(self) -> HandOver | None:
        """The next to hand over, if there is one at this moment."""
        return self.board.more()

    async def mark(self, delivery: int) -> bool:
        """Whether it is committed that this one may have been handed over, and may be. Raises Lost when the server
        says something while we wait.
        """
        self.asks = (delivery,)
        self.board.asking.append(self)
        try:
            may: bool = await _stop()
        finally:
            self.asks = ()
        return may

    async def rest(self, seconds: float) -> None:
        self.is_resting, self.until = True, monotonic() + seconds
        await _stop()
        self.is_resting = False

    def answered(self, seconds: float) -> None:
        """The server took so long to answer a message."""
        self.board.patience.answered(seconds)

    def deafen(self) -> None:
        """Hear nothing of the socket any more: it is closed, or nobody wants to know at this time."""
        if self.sock is not None:
            self.board.selector.unregister(self.sock)
        self.sock, self.hears = None, 0

    async def _ready(self, sock: socket.socket, event: int) -> None:
        if self.hears != event:
            self._hear(sock, event)
        self.wants, self.until = event, monotonic() + self.timeout
        try:
            await _stop()
        finally:
            self.wants, self.until = 0, float("inf")

    def _hear(self, sock: socket.socket, event: int) -> None:
        if self.sock is None:
            self.board.selector.register(sock, event, self)
        else:
            self.board.selector.modify(sock, event, self)
        self.sock, self.hears = sock, event


class Switchboard:
    """Run once, in one thread, with at most so many ``connections``. ``run_lane`` is what a lane does with its seat."""

    def __init__(self, desk: Desk[HandOver], connections: int, timeout: float, run_lane: Run) -> None:
        self.desk, self.connections, self.timeout, self.run_lane = desk, connections, timeout, run_lane
        self.selector = selectors.DefaultSelector()
        self.patience = Patience()
        self.seats: set[Seat] = set()
        # The lane that was the last to have nothing to do is the first to get something.
        self.idle: list[Seat] = []
        self.asking: list[Seat] = []
        self.ready: deque[HandOver] = deque()
        self.error: CarrierError | None = None
        self.committed_at = self.swept_at = self.dry_until = monotonic()

    def run(self) -> None:
        """Until the desk has no more. Raises CarrierError when a lane had to give up, after the others did the work.

        Whatever is raised, nothing taken is forgotten.
        """
        try:
            while self._hand_out():
                self._listen()
                if self.asking and self._wait() <= 0:
                    self._mark()
            self._dismiss()
        finally:
            for seat in list(self.seats):
                self._end(seat)
            for one in self.ready:
                self.desk.give_back(one.delivery)
            self.selector.close()
        if self.error:
            raise self.error

    def more(self) -> HandOver | None:
        if not self.ready:
            self.ready.extend(self.desk.take(1, wait=False))
        return self.ready.popleft() if self.ready else None

    # -- work

    def _hand_out(self) -> bool:
        """Give those who have nothing to do something; False when there is no more and nobody is at it."""
        vacant = self.connections - len(self.seats) + len(self.idle)
        is_all = len(self.idle) == len(self.seats)
        if vacant and not self.ready and (is_all or monotonic() >= self.dry_until):
            self.ready.extend(self.desk.take(vacant, wait=is_all))
            if not self.ready:
                self.dry_until = monotonic() + TICK
            if is_all and not self.ready:
                return False
        while self.ready and vacant > 0:
            vacant -= 1
            one = self.ready.popleft()
            if self.idle:
                self._go_on(self.idle.pop(), one)
            else:
                self._seat(one)
        return True

    def _seat(self, first: HandOver) -> None:
        """A new lane, with something to do."""
        seat = Seat(self, self.timeout)
        seat.lane = self.run_lane(seat)
        self.seats.add(seat)
        self._go_on(seat, None)
        if seat in self.seats:
            self.idle.remove(seat)
            self._go_on(seat, first)

    def _dismiss(self) -> None:
        """All say good-bye, all at once."""
        while self.idle:
            self._go_on(self.idle.pop(), None)
        while self.seats:
            self._listen()

    # -- the server

    def _listen(self) -> None:
        """Go on with whom the server has something for; wait for it as long as nothing else is due."""
        for key, event in self._events(self._wait() if self.asking else TICK):
            seat = key.data
            if seat.wants & event:
                self._go_on(seat, None)
            else:
                self._disturb(seat)
        if (now := monotonic()) - self.swept_at >= TICK:
            self.swept_at = now
            self._sweep(now)

    def _events(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """What happened; waits so long for it, and a little longer for more where there is no hurry."""
        if self.asking and seconds > 0:
            sleep(min(seconds, max(self.patience.nap, 0.0002)))
            seconds = 0.0
        if not self.selector.get_map():
            sleep(max(0.0, seconds))
            return []
        return self.selector.select(seconds)

    def _disturb(self, seat: Seat) -> None:
        """The server spoke, or left, though nobody waits for it: who is about to end a message has to know."""
        seat.deafen()
        if seat.asks:
            self.asking.remove(seat)
            self._break(seat, Lost("the server spoke before the end"))

    def _sweep(self, now: float) -> None:
        for seat in [one for one in self.seats if one.until <= now]:
            if seat.is_resting:
                self._go_on(seat, None)
            else:
                self._break(seat, Lost("TimeoutError: timed out"))

    # -- marks

    def _wait(self) -> float:
        """Seconds until the marks that are asked for are due: none when so many wait that the server may run dry."""
        at_work = len(self.seats) - len(self.idle)
        if len(self.asking) >= ENOUGH * at_work:
            return 0.0
        return self.committed_at + self.patience.wait - monotonic()

    def _mark(self) -> None:
        asking, self.asking = self.asking, []
        # What follows is made out now, while nobody waits for it with a dot in hand.
        if (missing := len(asking) - len(self.ready)) > 0:
            self.ready.extend(self.desk.take(missing, wait=False))
        deliveries = [one for seat in asking for one in seat.asks]
        began = monotonic()
        may = self.desk.mark(deliveries)
        self.committed_at = monotonic()
        self.patience.committed(self.committed_at - began)
        for seat, delivery in zip(asking, deliveries, strict=True):
            # Before anybody goes on: should one of them break, the others have to know what is certain of theirs.
            seat.marked = (delivery,) if delivery in may else ()
        for seat, delivery in zip(asking, deliveries, strict=True):
            self._go_on(seat, delivery in may)

    # -- lanes

    def _go_on(self, seat: Seat, told: object) -> None:
        self._step(seat, seat.lane.send, told)

    def _break(self, seat: Seat, lost: Lost) -> None:
        self._step(seat, seat.lane.throw, lost)

    def _step(self, seat: Seat, step: Callable[[Any], object], word: object) -> None:
        """Up to where the lane waits again, ends or gives up."""
        try:
            step(word)
        except StopIteration:
            self.seats.discard(seat)
        except CarrierError as error:
            self._give_up(seat, error)

    def _give_up(self, seat: Seat, error: CarrierError) -> None:
        """A connection less; the others do the rest. Where there are none it is not tried again and again: a login that
        is refused often is an account that is locked.
        """
        self.error = self.error or error
        self.seats.discard(seat)
        self.connections -= 1
        if not self.seats:
            raise error

    def _end(self, seat: Seat) -> None:
        """Wherever the lane stands, it gives back what it has."""
        seat.lane.close()
        self.seats.discard(seat)

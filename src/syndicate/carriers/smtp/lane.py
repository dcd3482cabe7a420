"""The lane: hands over one after the other, and is in doubt of one at most."""

from collections.abc import Awaitable, Callable
from time import monotonic

from syndicate.carriers.desk import Desk
from syndicate.carriers.smtp.conversation import Conversation
from syndicate.carriers.smtp.envelope import Inspection, Ready, Sign, lacking
from syndicate.carriers.smtp.server import SmtpServer
from syndicate.carriers.smtp.switchboard import Seat
from syndicate.carriers.smtp.verdict import UNANSWERED, UNENDED
from syndicate.carriers.smtp.wire import Lost, Unwelcome, Wire, name
from syndicate.model import CarrierError, DeliveryState, HandOver, Outcome

PAUSES = (0.5, 1.5, 4.5)
"""Seconds between tries to open a connection again, where one was open before."""

LONGEST_REST = 60.0
"""Seconds, at most, that everybody is asked to wait when one connection after the other breaks."""

A_WHILE = 0.05
"""Seconds of waiting for a mark after which one looks whether the server is still there."""

Open = Callable[[], Awaitable[Wire]]
_Doubt = tuple[int, Outcome]


class Lane:
    """Run once, at its ``seat``. ``open_wire`` is ``opening.opened``; lanes of a thread may share an ``inspection``."""

    def __init__(
        self,
        server: SmtpServer,
        desk: Desk[HandOver],
        sign: Sign | None,
        open_wire: Open,
        seat: Seat,
        inspection: Inspection,
    ) -> None:
        self.server, self.desk, self.sign, self.open_wire = server, desk, sign, open_wire
        self.seat, self.inspection = seat, inspection
        self.talk: Conversation | None = None
        self.worked = False
        self.setbacks = 0
        self.waited = 0.0
        # Taken and not marked: given back, whatever happens.
        self.unmarked: list[int] = []
        # Marked and not settled, with what is to be said of it should we end here.
        self.doubt: _Doubt | None = None

    async def run(self) -> None:
        """Until the desk has no more. Raises CarrierError; whatever is raised, nothing taken is forgotten."""
        try:
            while one := await self._first():
                await self._begin(await self._open(), one)
        except Unwelcome as error:
            self._abandon()
            raise self._error(error) from error
        except BaseException:
            self._abandon()
            raise
        if self.talk:
            await self.talk.leave()

    async def _begin(self, talk: Conversation, one: Ready) -> None:
        """One, and all that can follow it without a pause."""
        if reason := lacking(one, talk.wire.offers):
            await self._settle(one, Outcome(DeliveryState.FAILED, reason))
            return
        await talk.begin(one)
        following: Ready | None = one
        while following:
            following = await self._carry(talk, following)

    async def _carry(self, talk: Conversation, one: Ready) -> Ready | None:
        """One whose envelope was sent, to its end; gives the next, whose envelope went with the dot."""
        if (refused := await talk.offer(one)) is not None:
            await self._settle(one, refused)
            return None
        try:
            may_go = await self._mark(one)
        except Lost as lost:
            await self._settle(one, await talk.early_word(lost))
            return None
        if not may_go:
            # The message is on the wire without its dot: there is no way out but to hang up.
            self._hang_up()
        elif self.waited > A_WHILE and talk.wire.has_news():
            await self._settle(one, await talk.early_word(Lost("the server spoke before the end")))
        else:
            return await self._finish(talk, one)
        return None

    async def _finish(self, talk: Conversation, one: Ready) -> Ready | None:
        """The dot, for one that is marked, and what the server says to it."""
        following = self._following() if self._may_follow(talk) else None
        self.doubt = one.item.delivery, UNANSWERED
        outcome = await talk.end(following)
        if talk.waited:
            self.seat.answered(talk.waited)
        await self._settle(one, outcome)
        if following and self.talk is None:
            self._give_back(following)
            return None
        return following

    # -- the desk -------------------------------------------------------------------------------------------

    async def _first(self) -> Ready | None:
        """The next, waited for; None when there is no more."""
        while item := await self.seat.work():
            if one := self._looked_at(item):
                return one
        return None

    def _following(self) -> Ready | None:
        """The next, if there is one."""
        while item := self.seat.more():
            if one := self._looked_at(item):
                return one
        return None

    def _looked_at(self, item: HandOver) -> Ready | None:
        """One that may go on a wire, as far as can be seen from here; settled as failed otherwise."""
        self.unmarked.append(item.delivery)
        found = self.inspection.of(item)
        offers = self.talk.wire.offers if self.talk else None
        reason = found if isinstance(found, str) else offers is not None and lacking(found, offers)
        if isinstance(found, Ready) and not reason:
            return found
        self._say(item.delivery, Outcome(DeliveryState.FAILED, str(reason)))
        return None

    async def _mark(self, one: Ready) -> bool:
        delivery = one.item.delivery
        began = monotonic()
        may_go = await self.seat.mark(delivery)
        self.waited = monotonic() - began
        self.unmarked.remove(delivery)
        if may_go:
            self.doubt = delivery, UNENDED
        return may_go

    async def _settle(self, one: Ready, outcome: Outcome) -> None:
        self._say(one.item.delivery, outcome)
        if outcome.state is DeliveryState.ACCEPTED:
            self.setbacks = 0
        if self.talk is None:
            return
        if self.talk.is_over:
            self._setback()
        elif self.talk.carried >= self.server.messages_per_connection:
            await self.talk.leave()
            self.talk = None

    def _say(self, delivery: int, outcome: Outcome) -> None:
        if delivery in self.unmarked:
            self.unmarked.remove(delivery)
        else:
            self.doubt = None
        self.desk.settle(delivery, outcome)

    def _give_back(self, one: Ready) -> None:
        self.unmarked.remove(one.item.delivery)
        self.desk.give_back(one.item.delivery)

    def _abandon(self) -> None:
        """What was not marked is owed as before; of what was marked we say what we know."""
        self._hang_up()
        while self.unmarked:
            delivery = self.unmarked.pop()
            if delivery in self.seat.marked:
                self.desk.settle(delivery, UNENDED)
            else:
                self.desk.give_back(delivery)
        if self.doubt:
            self.desk.settle(*self.doubt)

    # -- the connection -------------------------------------------------------------------------------------

    async def _open(self) -> Conversation:
        if self.talk and self.talk.wire.has_news():
            # While there was nothing to send the server has gone, or says that it is going.
            self._hang_up()
        if self.talk is None:
            self.talk = Conversation(await self._opened(), self.sign)
            self.worked = True
        return self.talk

    async def _opened(self) -> Wire:
        for pause in PAUSES if self.worked else ():
            try:
                return await self.open_wire()
            except (OSError, Lost):
                await self.seat.rest(pause)
        try:
            return await self.open_wire()
        except (OSError, Lost) as error:
            raise self._error(error) from error
        except UnicodeError:
            # No cause, for the error holds what could not be written, which may be the password.
            raise self._error(Unwelcome("host, user name or password cannot be written")) from None

    def _error(self, error: Exception) -> CarrierError:
        reason = name(error) if isinstance(error, OSError) else str(error)
        return CarrierError(f"{self.server.place}: no mail can be handed over: {reason}")

    def _may_follow(self, talk: Conversation) -> bool:
        return talk.pipelines and talk.carried + 1 < self.server.messages_per_connection

    def _setback(self) -> None:
        """A connection that broke. Where the next one does too before it carried anything, all should wait."""
        self._hang_up()
        self.setbacks += 1
        if self.setbacks > 1:
            self.desk.slow_down(min(2.0**self.setbacks, LONGEST_REST))

    def _hang_up(self) -> None:
        if self.talk:
            self.talk.drop()
        self.talk = None

"""The lane: hands over one after the other, and is in doubt of one at most."""

import time
from collections.abc import Callable

from syndicate.carriers.desk import Desk
from syndicate.carriers.smtp.conversation import Conversation
from syndicate.carriers.smtp.envelope import Inspection, Ready, Sign, lacking
from syndicate.carriers.smtp.server import SmtpServer
from syndicate.carriers.smtp.verdict import lost_before
from syndicate.carriers.smtp.wire import Lost, Unwelcome, Wire, name
from syndicate.model import CarrierError, DeliveryState, HandOver, Outcome

PAUSES = (0.5, 1.5, 4.5)
"""Seconds between tries to open a connection again, where one was open before."""

LONGEST_REST = 60.0
"""Seconds, at most, that everybody is asked to wait when one connection after the other breaks."""

A_WHILE = 0.05
"""Seconds of waiting for a mark after which one looks whether the server is still there."""

_Doubt = tuple[int, Outcome]


class Lane:
    """Run once, in one thread. ``open_wire`` is ``opening.opened``."""

    def __init__(
        self, server: SmtpServer, desk: Desk[HandOver], sign: Sign | None, open_wire: Callable[[], Wire]
    ) -> None:
        self.server, self.desk, self.sign, self.open_wire = server, desk, sign, open_wire
        self.inspection = Inspection()
        self.talk: Conversation | None = None
        self.worked = False
        self.setbacks = 0
        self.waited = 0.0
        # Taken and not marked: given back, whatever happens.
        self.unmarked: list[int] = []
        # Marked and not settled, with what is to be said of it should we end here.
        self.doubt: _Doubt | None = None

    def run(self) -> None:
        """Until the desk has no more. Raises CarrierError; whatever is raised, nothing taken is forgotten."""
        try:
            while one := self._fetch(wait=True):
                self._begin(self._open(), one)
        except Unwelcome as error:
            self._abandon()
            raise self._error(error) from error
        except BaseException:
            self._abandon()
            raise
        if self.talk:
            self.talk.leave()

    def _begin(self, talk: Conversation, one: Ready) -> None:
        """One, and all that can follow it without a pause."""
        if reason := lacking(one, talk.wire.offers):
            self._settle(one, Outcome(DeliveryState.FAILED, reason))
            return
        talk.begin(one)
        following: Ready | None = one
        while following:
            following = self._carry(talk, following)

    def _carry(self, talk: Conversation, one: Ready) -> Ready | None:
        """One whose envelope was sent, to its end; gives the next, whose envelope went with the dot."""
        if (refused := talk.offer(one)) is not None:
            self._settle(one, refused)
        elif not self._mark(one):
            # The message is on the wire without its dot: there is no way out but to hang up.
            self._hang_up()
        elif self.waited > A_WHILE and talk.wire.has_news():
            self._settle(one, talk.early_word(Lost("the server spoke before the end")))
        else:
            return self._finish(talk, one)
        return None

    def _finish(self, talk: Conversation, one: Ready) -> Ready | None:
        """The dot, for one that is marked, and what the server says to it."""
        following = self._fetch(wait=False) if self._may_follow(talk) else None
        self.doubt = one.item.delivery, Outcome(DeliveryState.UNSURE, "the sender ended before the answer")
        self._settle(one, talk.end(following))
        if following and self.talk is None:
            self._give_back(following)
            return None
        return following

    # -- the desk -------------------------------------------------------------------------------------------

    def _fetch(self, *, wait: bool) -> Ready | None:
        """The next that may go on a wire, as far as can be seen from here."""
        while taken := self.desk.take(1, wait=wait):
            (item,) = taken
            self.unmarked.append(item.delivery)
            found = self.inspection.of(item)
            offers = self.talk.wire.offers if self.talk else None
            reason = found if isinstance(found, str) else offers is not None and lacking(found, offers)
            if isinstance(found, Ready) and not reason:
                return found
            self._say(item.delivery, Outcome(DeliveryState.FAILED, str(reason)))
        return None

    def _mark(self, one: Ready) -> bool:
        delivery = one.item.delivery
        began = time.monotonic()
        may_go = bool(self.desk.mark((delivery,)))
        self.waited = time.monotonic() - began
        self.unmarked.remove(delivery)
        if may_go:
            self.doubt = delivery, lost_before(Lost("the sender ended before the last byte"))
        return may_go

    def _settle(self, one: Ready, outcome: Outcome) -> None:
        self._say(one.item.delivery, outcome)
        if outcome.state is DeliveryState.ACCEPTED:
            self.setbacks = 0
        if self.talk is None:
            return
        if self.talk.is_over:
            self._setback()
        elif self.talk.carried >= self.server.messages_per_connection:
            self.talk.leave()
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
            self.desk.give_back(self.unmarked.pop())
        if self.doubt:
            self.desk.settle(*self.doubt)

    # -- the connection -------------------------------------------------------------------------------------

    def _open(self) -> Conversation:
        if self.talk and self.talk.wire.has_news():
            # While there was nothing to send the server has gone, or says that it is going.
            self._hang_up()
        if self.talk is None:
            self.talk = Conversation(self._opened(), self.sign)
            self.worked = True
        return self.talk

    def _opened(self) -> Wire:
        for pause in PAUSES if self.worked else ():
            try:
                return self.open_wire()
            except (OSError, Lost):
                time.sleep(pause)
        try:
            return self.open_wire()
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

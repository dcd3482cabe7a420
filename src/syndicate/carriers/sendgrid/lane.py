"""What one lane does with what it took: requests, marks, answers, and who in a refused request is at fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syndicate.carriers.desk import Desk
from syndicate.carriers.sendgrid import answers, body
from syndicate.carriers.sendgrid.account import SendGridAccount
from syndicate.carriers.sendgrid.batches import Batches
from syndicate.carriers.sendgrid.exchange import Abandoned, Answer, Lost
from syndicate.model import CarrierError, DeliveryState, Letter, Outcome, Personal

if TYPE_CHECKING:
    from syndicate.carriers.sendgrid.wire import Wire

Items = Sequence[Personal]


@dataclass(frozen=True, slots=True)
class Request:
    """Readers of one letter; ``from_name`` where the letter's own is not used."""

    items: Items
    schedule: body.Schedule | None
    from_name: str | None


class Lane:
    """For one thread. ``names`` holds, for all lanes, the sender names that had to be spelled in ASCII, by edition.

    ``_held`` is what was taken and is neither settled nor called back, ``_may`` what was marked of it, ``_groups``
    what is still to be put into a request.
    """

    def __init__(
        self,
        account: SendGridAccount,
        desk: Desk[Personal],
        wire: "Wire",
        batches: Batches,
        names: dict[int, str],
    ) -> None:
        self.account, self.desk, self.wire, self.batches, self.names = account, desk, wire, batches, names
        self._held: dict[int, Personal] = {}
        self._may: set[int] = set()
        self._groups: list[Items] = []

    def carry(self, items: Items) -> None:
        """Everything of one take. Raises :class:`CarrierError`; nothing is held then."""
        self._held, self._may = {item.delivery: item for item in items}, set()
        self._groups = list(reversed(body.without_repeats(self._fit(items))))
        try:
            while self._groups:
                self._send(self._groups.pop())
        except CarrierError as error:
            self._let_go(str(error))
            raise

    def _fit(self, items: Items) -> Items:
        """Those that can be sent; the others fail for good, and cost nobody a request."""
        shared = body.header_objection(items[0].letter.headers.items())
        fit = []
        for item in items:
            if reason := shared or body.objection(item):
                self._settle([item], Outcome(DeliveryState.FAILED, reason))
            else:
                fit.append(item)
        return fit

    def _send(self, items: Items) -> None:
        """One request, and whatever follows from its answer."""
        if not (request := self._prepared(items)):
            return
        if not (made := self._built(request)):
            self._halve(items, "too large, or not to be written in UTF-8")
            return
        try:
            answer = self.wire.send(made, lambda: self._mark(items))
        except Abandoned:
            self._again([item for item in items if item.delivery in self._held])
        except Lost as error:
            self._lost(request, error)
        else:
            self._answered(request, answer)

    def _prepared(self, items: Items) -> Request | None:
        """In strict mode a request has a batch; where none is to be had nothing is sent, which is certain."""
        name = self.names.get(items[0].letter.edition)
        if not self.account.strict:
            return Request(items, None, name)
        try:
            got = self.batches.begin(self.wire)
        except Lost as error:
            self._unreached(error)
            self._settle(items, answers.lost(str(error), left=False))
            return None
        if isinstance(got, body.Schedule):
            return Request(items, got, name)
        self._heed(got)
        self._settle(items, answers.not_sent(got, self.account))
        return None

    def _built(self, request: Request) -> bytes | None:
        try:
            made = body.build(self.account, request.items, request.schedule, request.from_name)
        except TypeError:
            return None
        return made if len(made) < body.LARGEST_BODY else None

    def _mark(self, items: Items) -> None:
        """All but the last byte left. Marked once: what is sent again after a refusal is marked already."""
        asked = [item.delivery for item in items if item.delivery not in self._may]
        if not asked:
            return
        may = self.desk.mark(asked)
        self._may |= may
        for delivery in set(asked) - may:
            del self._held[delivery]
        if len(may) < len(asked):
            raise Abandoned

    def _answered(self, request: Request, answer: Answer) -> None:
        self._heed(answer)
        if answer.status in answers.REFUSED_BODY:
            self._refused(request, answer)
            return
        outcome = answers.outcome(answer, self.account)
        if outcome.state is DeliveryState.UNSURE:
            outcome = self._called_back(outcome, request.schedule)
        self._settle(request.items, outcome)

    def _lost(self, request: Request, error: Lost) -> None:
        self._unreached(error)
        outcome = answers.lost(str(error), error.left)
        if error.left:
            outcome = self._called_back(outcome, request.schedule)
        self._settle(request.items, outcome)

    def _heed(self, answer: Answer) -> None:
        """What concerns everybody: how long to wait, and that we are not let in."""
        if seconds := answers.pause(answer, self.account.clock()):
            self.desk.slow_down(seconds)
        if reason := answers.REFUSED_US.get(answer.status):
            raise CarrierError(f"SendGrid: {answers.told(answer, self.account.key)}: {reason}")

    def _unreached(self, error: Lost) -> None:
        if not error.reached:
            raise CarrierError(f"SendGrid cannot be reached, see carriers.sendgrid.url: {error}")

    def _refused(self, request: Request, answer: Answer) -> None:
        """Nothing was taken. Whoever is at fault fails for good, and the others go in another request."""
        items, why = request.items, answers.told(answer, self.account.key)
        blamed = answers.culprits(answer, self.account.key, len(items))
        for place, reason in blamed.items():
            self._settle([items[place]], Outcome(DeliveryState.FAILED, reason))
        if blamed:
            self._again([item for place, item in enumerate(items) if place not in blamed])
        elif answers.names_the_sender(answer) and self._spells(items[0].letter, request.from_name):
            self._again(items)
        elif answers.names_the_letter(answer):
            self._settle(items, Outcome(DeliveryState.FAILED, why))
        else:
            self._halve(items, why)

    def _spells(self, letter: Letter, used: str | None) -> bool:
        """SendGrid documents no Unicode in From. Where it means it, the name is spelled in ASCII, once."""
        if used is not None or letter.from_name.isascii():
            return False
        from anyascii import anyascii

        self.names[letter.edition] = " ".join(anyascii(letter.from_name).split())
        return True

    def _halve(self, items: Items, why: str) -> None:
        """Look for the one at fault: alone it fails for good."""
        if len(items) == 1:
            self._settle(items, Outcome(DeliveryState.FAILED, why))
            return
        middle = len(items) // 2
        self._again(items[middle:])
        self._again(items[:middle])

    def _called_back(self, outcome: Outcome, schedule: body.Schedule | None) -> Outcome:
        """In strict mode a doubt can be ended; elsewhere it stays one."""
        if schedule is None or not self.batches.cancel(self.wire, schedule):
            return outcome
        return Outcome(
            DeliveryState.FAILED, f"not sent, its batch is cancelled: {outcome.detail}", retry=True
        )

    def _again(self, items: Items) -> None:
        if items:
            self._groups.append(items)

    def _settle(self, items: Items, outcome: Outcome) -> None:
        for item in items:
            self.desk.settle(item.delivery, outcome)
            del self._held[item.delivery]

    def _let_go(self, why: str) -> None:
        """Nothing of what is still held took effect: unmarked it is owed as before, marked it was a try."""
        for item in list(self._held.values()):
            if item.delivery in self._may:
                self._settle([item], Outcome(DeliveryState.FAILED, why, retry=True))
            else:
                self.desk.give_back(item.delivery)
                del self._held[item.delivery]

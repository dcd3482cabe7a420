"""Post: whoever signed up on the web gets a mail, or none. The background half of ``sign_up``.

::

    what is due -> taken, one process after the other -> decided -+-> dropped, with the reason
                                                                  +-> a mail -> carrier -> mailed | tried again

A mail that is lost would leave its reader waiting, and one that comes twice does no harm: unlike a digest it is handed
over again when in doubt, with the same Message-ID, and a dead process's after a lease.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syndicate.deliveries import after
from syndicate.digests import Confirmation, Envelope, confirmation, note_letter, note_pieces
from syndicate.flows.house import House
from syndicate.flows.send import Carrier
from syndicate.flows.sign_up import CONFIRM
from syndicate.model import (
    CarrierError,
    DeliveryState,
    HandOver,
    Outcome,
    Personal,
    Signup,
    SignupState,
    TemplateError,
    UnsafeValue,
)
from syndicate.store import Connection, signups, subscribers
from syndicate.subscribers import address_hash, message_id
from syndicate.subscribers.signups import ATTEMPTS, BETWEEN_MAILS, KEPT, ONE_OF_MANY, Known, Mail, decide

AT_ONCE = 50
LEASE = timedelta(minutes=10)
"""How long one that was taken is ours; longer than a carrier's time-outs."""

AWAY = timedelta(minutes=1)
"""When to try again what could not be tried, because the carrier is away."""

Clock = Callable[[], datetime]


@dataclass(slots=True)
class PostReport:
    """How many were ``mailed`` and ``retried`` later, ``dropped`` by reason, lines ``pruned``; ``problems`` are
    sentences on what stopped it."""

    mailed: int = 0
    retried: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    pruned: int = 0
    problems: list[str] = field(default_factory=list)


def deliver_post(house: House, clock: Clock) -> PostReport:
    """Mail whoever waits for it, and forget what is long over. Digests that are held hold nothing of this.

    A carrier that is away, and a template that is broken, are problems of the report; raises StoreError when the
    database is away.
    """
    report = PostReport(pruned=_prune(house, clock()))
    while not report.problems and _is_due(house, clock()):
        taken = _take(house, clock(), report)
        if taken:
            _hand_over(house, _Desk(house, clock, taken, report))
    return report


@dataclass(frozen=True, slots=True)
class _Letter:
    """A sign-up that is ours for now (``held`` is what it is known by), and which mail it gets."""

    asked: Signup
    mail: Mail
    subscriber: int
    held: datetime


def _prune(house: House, now: datetime) -> int:
    with house.database.read() as connection:
        if not signups.is_old(connection, now - KEPT):
            return 0
    with house.database.begin() as connection:
        return signups.prune(connection, now - KEPT)


def _is_due(house: House, now: datetime) -> bool:
    with house.database.read() as connection:
        return signups.is_due(connection, now)


def _take(house: House, now: datetime, report: PostReport) -> list[_Letter]:
    """What is due: that which gets no mail is dropped, the rest is ours."""
    with house.database.begin() as connection:
        signups.in_turn(connection)
        # Of one address only the first: what is done about it is done about them all.
        due: dict[str, Signup] = {}
        for asked in signups.due(connection, now, AT_ONCE):
            due.setdefault(asked.canonical, asked)
        return [one for asked in due.values() if (one := _decided(connection, house, asked, now, report))]


def _decided(
    connection: Connection, house: House, asked: Signup, now: datetime, report: PostReport
) -> _Letter | None:
    known = _known(connection, house, asked, now)
    step = decide(asked, known, now)
    reason = step.reason or ONE_OF_MANY
    if others := signups.drop_others(connection, asked, now, reason):
        report.dropped[reason] += others
    if step.mail is None:
        signups.settle(connection, asked.id, asked.due_at, SignupState.DROPPED, reason)
        report.dropped[reason] += 1
        return None
    until = now + LEASE
    signups.hold(connection, asked, now, until)
    return _Letter(asked, step.mail, known.subscriber.id if known.subscriber else 0, until)


def _known(connection: Connection, house: House, asked: Signup, now: datetime) -> Known:
    return Known(
        subscribers.by_canonical(connection, asked.canonical),
        subscribers.suppressed(connection, address_hash(house.key, asked.canonical)),
        signups.is_mailed(connection, asked, now - BETWEEN_MAILS),
    )


def _hand_over(house: House, desk: "_Desk") -> None:
    """One lane, in this thread."""
    try:
        with house.post() as carrier:
            desk.open(carrier)
            carrier.carry(desk)
    except (CarrierError, TemplateError) as error:
        desk.report.problems.append(str(error))
    finally:
        desk.close()


class _Desk:
    """What a carrier is handed letters from, see ``carriers.desk``: those of one take, one by one, for one lane.

    Letters are known by the negative of their sign-up's number, so that none is ever taken for a delivery.
    """

    def __init__(self, house: House, clock: Clock, letters: Sequence[_Letter], report: PostReport) -> None:
        self.house, self.clock, self.report = house, clock, report
        self.waiting = {-one.asked.id: one for one in letters}
        self.out: dict[int, _Letter] = {}
        self.takes = ""

    def open(self, carrier: Carrier) -> None:
        """What a dead process handed over for certain is not handed over again."""
        self.takes = carrier.takes
        for number, one in list(self.waiting.items()):
            proof = carrier.proof(number) if one.asked.attempts else None
            if proof and proof.state is DeliveryState.ACCEPTED:
                self._settled(self.waiting.pop(number), proof)

    def close(self) -> None:
        """What is left was not tried."""
        for number in [*self.waiting, *self.out]:
            self.give_back(number)

    def take(self, most: int = 1, *, wait: bool = True) -> Sequence[HandOver | Personal]:
        while self.waiting:
            number, one = next(iter(self.waiting.items()))
            try:
                made = self._made(number, one)
            except UnsafeValue:
                # Its text may hold the address.
                refused = Outcome(DeliveryState.FAILED, "the address cannot be written into a message")
                self._settled(self.waiting.pop(number), refused)
                continue
            self.out[number] = self.waiting.pop(number)
            return (made,)
        return ()

    def mark(self, deliveries: Sequence[int]) -> frozenset[int]:
        return frozenset(number for number in deliveries if self._is_ours(number))

    def settle(self, delivery: int, outcome: Outcome) -> None:
        self._settled(self.out.pop(delivery), outcome)

    def give_back(self, delivery: int) -> None:
        one = self.out.pop(delivery, None) or self.waiting.pop(delivery)
        with self.house.database.begin() as connection:
            signups.give_back(connection, one.asked.id, one.held, self.clock() + AWAY)

    def slow_down(self, seconds: float) -> None:
        """One lane with a letter now and then is as slow as it gets."""

    def _is_ours(self, number: int) -> bool:
        """Whether it may go, and is ours for another lease: it was not erased meanwhile, nor taken by somebody else."""
        one, until = self.out[number], self.clock() + LEASE
        with self.house.database.begin() as connection:
            may = signups.renew(connection, one.asked.id, one.held, until)
        if may:
            self.out[number] = _Letter(one.asked, one.mail, one.subscriber, until)
        else:
            del self.out[number]
        return may

    def _settled(self, one: _Letter, outcome: Outcome) -> None:
        asked, now = one.asked, self.clock()
        step = after(outcome, asked.attempts + 1, ATTEMPTS, now, on_unsure="resend")
        # Of what was certainly not taken another request for the address may bring the mail.
        is_certain = outcome.state is not DeliveryState.UNSURE
        with self.house.database.begin() as connection:
            if step.due:
                reason = step.outcome.detail
                signups.put_off(connection, asked.id, one.held, step.due, reason, is_certain=is_certain)
                self.report.retried += 1
                return
            is_mailed = step.outcome.state is DeliveryState.ACCEPTED
            state = SignupState.MAILED if is_mailed else SignupState.DROPPED
            reason = one.mail if is_mailed else step.outcome.detail
            signups.settle(connection, asked.id, one.held, state, reason)
        if is_mailed:
            self.report.mailed += 1
        else:
            self.report.dropped[reason] += 1

    def _made(self, number: int, one: _Letter) -> HandOver | Personal:
        house, sender = self.house, self.house.signup.from_address or self.house.from_address
        note = confirmation(self._content(one), house.templates)
        envelope = Envelope(
            number=number,
            from_address=sender,
            reply_to=house.reply_to,
            to=one.asked.email,
            message_id=message_id(house.key, "", CONFIRM, one.asked.id, sender.rpartition("@")[2]),
        )
        if self.takes == "letters":
            return note_letter(note, envelope)
        return HandOver(
            number,
            house.return_path or sender,
            envelope.to,
            note_pieces(note, envelope, self.clock()),
            is_tidy=True,
        )

    def _content(self, one: _Letter) -> Confirmation:
        house, asked = self.house, one.asked
        newsletters = tuple(
            house.newsletters[key] for key in asked.wish.newsletters if key in house.newsletters
        )
        base, tokens = house.site.public_url, house.tokens
        if one.mail is Mail.ALREADY:
            url = f"{base}/p/{tokens.make('preferences', one.subscriber, asked.wish.newsletters[0])}"
            return Confirmation(site=house.site, newsletters=newsletters, language=asked.language, url=url)
        return Confirmation(
            site=house.site,
            newsletters=newsletters,
            language=asked.language,
            url=f"{base}/c/{tokens.ticket(CONFIRM, asked.id)}",
            until=asked.expires_at.astimezone(ZoneInfo(asked.wish.timezone)).date(),
        )

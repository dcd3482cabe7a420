"""The sender: one issue after the other, each with as many lanes as its carrier wants."""

import gc
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.deliveries import Pace, allowance
from syndicate.flows.progress import Progress, silent
from syndicate.flows.send.desk import LaneDesk
from syndicate.flows.send.keeper import Keeper
from syndicate.flows.send.mailroom import Mailroom
from syndicate.flows.send.messages import Messages
from syndicate.flows.send.orphans import settle_orphans
from syndicate.flows.send.tray import Tray
from syndicate.model import DeliveryState, Issue, IssueState, Newsletter, StoreError, SyndicateError
from syndicate.store import claims, deliveries, issues, tallies
from syndicate.store.lock import only_one
from syndicate.store.witness import count

ON_THE_WIRE = 8.0
"""Seconds that an interrupted sender waits for answers to what it has handed over."""


@dataclass(slots=True)
class Waiting:
    """What is owed still of an issue: how many, and when the first is tried again (UTC; None: as soon as may be)."""

    number: int
    due: datetime | None


@dataclass(slots=True)
class SendReport:
    """Per issue id, how many ended in which state in this run, and what is put off.

    ``problems`` are sentences about lanes that failed while others went on. ``ledger_seconds`` is the time spent in
    the database.
    """

    states: dict[int, Counter[str]] = field(default_factory=dict)
    waiting: dict[int, Waiting] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    ledger_seconds: float = 0.0

    @property
    def accepted(self) -> int:
        return sum(counts[DeliveryState.ACCEPTED] for counts in self.states.values())


def send_issues(
    mailroom: Mailroom,
    newsletters: dict[str, Newsletter],
    wanted: list[Issue],
    clock: Callable[[], datetime],
    progress: Progress = silent,
) -> SendReport:
    """Send ``wanted``, in order. Only one sender runs at a place; raises StoreError when another does.

    ``clock`` gives the time for the ledger and the Date of each message (UTC). Interrupted, by whatever ``progress``
    raises, it finishes what is on the wire first. Raises StoreError, too, when the database is older than the mail
    that went out (see ``store.witness``).
    """
    report = SendReport()
    with only_one(mailroom.lock):
        _check(mailroom)
        _settle_all(mailroom, clock)
        for issue in wanted:
            newsletter = newsletters.get(issue.newsletter)
            if newsletter is None:
                raise SyndicateError(
                    f"issue {issue.id}: config.toml has no newsletter {issue.newsletter!r} any more"
                )
            _Sending(mailroom, newsletter, issue, clock, report).run(progress)
    return report


def _check(mailroom: Mailroom) -> None:
    with mailroom.database.read() as connection:
        objection = mailroom.witness.objection(count(connection))
    if objection:
        raise StoreError(
            f"{objection}. Sending is held, for the mail that went out since is not known to it: "
            "look, then: syndicate restored --confirm"
        )


def _settle_all(mailroom: Mailroom, clock: Callable[[], datetime]) -> None:
    """What dead senders left of any issue, one that was paused or cancelled meanwhile included."""
    holder = f"{mailroom.place}#{uuid.uuid4().hex}"
    with mailroom.database.read() as connection:
        numbers = claims.unfinished(connection)
    for number in numbers:
        settle_orphans(mailroom, number, holder, clock)


class _Sending:
    """One issue being sent."""

    def __init__(
        self,
        mailroom: Mailroom,
        newsletter: Newsletter,
        issue: Issue,
        clock: Callable[[], datetime],
        report: SendReport,
    ) -> None:
        self.mailroom, self.issue, self.clock, self.report = mailroom, issue, clock, report
        self.holder = f"{mailroom.place}#{uuid.uuid4().hex}"
        self.stage = f"send {newsletter.key} {issue.date}"
        self.messages = Messages(mailroom, newsletter, issue, clock)
        self.errors: list[BaseException] = []
        by_edition = mailroom.carrier.takes == "letters"
        self.tray = Tray(Pace(mailroom.limits), self.messages.make, by_edition=by_edition)
        self.keeper = Keeper(mailroom, newsletter, issue, clock, self.tray, self.holder, self._allowed())

    def run(self, progress: Progress) -> None:
        with self.mailroom.database.begin() as connection:
            is_begun = issues.begin(connection, self.issue.id, self.clock())
        with self.mailroom.database.read() as connection:
            owed, _ = deliveries.next_due(connection, self.issue.id)
        if is_begun and owed and self.keeper.allowed != 0:
            self._hand_over(owed, progress)
        self._finish()

    def _hand_over(self, owed: int, progress: Progress) -> None:
        lanes = [
            threading.Thread(target=self._lane, name=f"lane {n}", daemon=True)
            for n in range(min(owed, self.mailroom.carrier.lanes))
        ]
        self.tray.alive = self.tray.busy = len(lanes)
        for one in lanes:
            one.start()
        # What stands until the end is not looked through again and again for what nobody holds any more.
        gc.freeze()
        try:
            self.keeper.run(progress, self.stage, owed)
        finally:
            gc.unfreeze()
            try:
                self.keeper.drain(ON_THE_WIRE)
            finally:
                self.keeper.release()
                self.report.states[self.issue.id] = self.keeper.states
                self.report.ledger_seconds += self.keeper.ledger_seconds
        if self.errors and self.keeper.is_cut_short:
            raise self.errors[0]
        self.report.problems += [str(error) for error in self.errors if isinstance(error, SyndicateError)]

    def _lane(self) -> None:
        desk = LaneDesk(self.tray)
        reason = "the lane ended without saying what became of it"
        try:
            self.mailroom.carrier.carry(desk)
        except BaseException as error:
            self.errors.append(error)
            reason = f"no answer after the message: {type(error).__name__}"
        finally:
            desk.close(reason)
            self.tray.went()

    def _finish(self) -> None:
        """Sent, unless something is owed still: put off, or in another sender's hands."""
        with self.mailroom.database.begin() as connection:
            left, due = deliveries.next_due(connection, self.issue.id)
            if not left and not claims.open_for(connection, self.issue.id):
                issues.move(connection, self.issue.id, IssueState.SENT, IssueState.SENDING)
            elif left and issues.get(connection, self.issue.id).state is IssueState.SENDING:
                self.report.waiting[self.issue.id] = Waiting(left, due)
            tallies.outdated(connection, self.issue.id)
        self.report.states.setdefault(self.issue.id, Counter())

    def _allowed(self) -> int | None:
        """How many more may go out today, on the way to a good name for a new address."""
        room = self.mailroom
        with room.database.read() as connection:
            volumes = claims.volumes(connection, room.carrier.name)
        return allowance(room.limits, volumes, self.clock().date())

"""Send: what the ledger owes is handed over, once each.

approved issue -> settle what an interrupted sender left
               -> claim (consent asked, HANDING committed) -> message -> carrier -> outcome committed -> next
               -> nothing left: SENT
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from syndicate.deliveries import after, orphaned
from syndicate.digests import Recipient, Sender, address, sender
from syndicate.flows.compose import restored
from syndicate.flows.progress import Progress, silent
from syndicate.model import (
    DeliveryState,
    HandOver,
    Issue,
    IssueState,
    Newsletter,
    Outcome,
    Site,
    SyndicateError,
    UnsafeValue,
)
from syndicate.store import Database, deliveries, issues
from syndicate.store.deliveries import Claimed
from syndicate.store.lock import only_one
from syndicate.subscribers import Tokens
from syndicate.subscribers.addresses import mailbox


class Carrier(Protocol):
    """What hands messages over. ``proof`` says what is certain about an interrupted hand-over, None for nothing."""

    @property
    def name(self) -> str: ...
    def hand_over(self, item: HandOver) -> Outcome: ...
    def proof(self, delivery: int) -> Outcome | None: ...


@dataclass(frozen=True, slots=True)
class Mailroom:
    """What sending needs: the ledger, the carrier, who the mail is from, and what its links are made with."""

    database: Database
    carrier: Carrier
    site: Site
    tokens: Tokens
    from_address: str
    lock: Path
    reply_to: str = ""
    unsubscribe_address: str = ""


@dataclass(slots=True)
class SendReport:
    """Per issue id, how many ended in which state in this run."""

    states: dict[int, Counter[str]] = field(default_factory=dict)

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
    """Send ``wanted``, in order. Only one sender runs at a time; raises StoreError when another does.

    ``clock`` gives the time for the ledger and the Date of each message (UTC).
    """
    report = SendReport()
    with only_one(mailroom.lock):
        for issue in wanted:
            newsletter = newsletters.get(issue.newsletter)
            if newsletter is None:
                raise SyndicateError(
                    f"issue {issue.id}: config.toml has no newsletter {issue.newsletter!r} any more"
                )
            report.states[issue.id] = _send(mailroom, newsletter, issue, clock, progress)
    return report


def _send(
    mailroom: Mailroom,
    newsletter: Newsletter,
    issue: Issue,
    clock: Callable[[], datetime],
    progress: Progress,
) -> Counter[str]:
    with mailroom.database.begin() as connection:
        issues.move(connection, issue.id, IssueState.SENDING, IssueState.APPROVED, IssueState.SENDING)
    _settle_orphans(mailroom, issue, clock())
    desk = _Desk(mailroom, newsletter, issue)
    states: Counter[str] = Counter()
    while (claimed := _claim(mailroom, newsletter, issue, clock())) is not None:
        states[desk.deliver(claimed, clock)] += 1
        progress(f"send {newsletter.key} {issue.date}", states.total(), desk.owed)
    with mailroom.database.begin() as connection:
        issues.move(connection, issue.id, IssueState.SENT, IssueState.SENDING)
    return states


def _claim(mailroom: Mailroom, newsletter: Newsletter, issue: Issue, now: datetime) -> Claimed | None:
    """The next one, unless staff paused or cancelled the issue meanwhile."""
    with mailroom.database.begin() as connection:
        if issues.get(connection, issue.id).state is not IssueState.SENDING:
            return None
        return deliveries.claim(connection, issue.id, newsletter.key, mailroom.carrier.name, now)


def _settle_orphans(mailroom: Mailroom, issue: Issue, now: datetime) -> None:
    """We hold the lock, so whatever is being handed over was left by a sender that died."""
    with mailroom.database.read() as connection:
        left = deliveries.orphans(connection, issue.id)
    for delivery, carrier, _ in left:
        ours = carrier == mailroom.carrier.name
        outcome = orphaned(mailroom.carrier.proof(delivery) if ours else None)
        with mailroom.database.begin() as connection:
            deliveries.settle(connection, delivery, outcome, now)


class _Desk:
    """Makes out and hands over the messages of one issue."""

    def __init__(self, mailroom: Mailroom, newsletter: Newsletter, issue: Issue) -> None:
        self.mailroom, self.newsletter, self.issue = mailroom, newsletter, issue
        with mailroom.database.read() as connection:
            frozen = issues.editions(connection, issue.id)
            counts = deliveries.counts(connection, issue.id)
        self.digests = {one.edition.id: restored(one.digest) for one in frozen}
        self.senders = {language: self._sender(language) for language in {f.edition.language for f in frozen}}
        self.owed = sum(n for (_, state), n in counts.items() if state == DeliveryState.PLANNED)
        self.attempts: Counter[int] = Counter()

    def deliver(self, claimed: Claimed, clock: Callable[[], datetime]) -> DeliveryState:
        """Hand one message over and write what became of it."""
        self.attempts[claimed.id] += 1
        outcome = after(self._hand_over(claimed, clock()), self.attempts[claimed.id])
        with self.mailroom.database.begin() as connection:
            deliveries.settle(connection, claimed.id, outcome, clock())
        return outcome.state

    def _hand_over(self, claimed: Claimed, now: datetime) -> Outcome:
        digest = self.digests[claimed.edition]
        try:
            message = address(digest, self._recipient(claimed), self.senders[digest.language], now)
            item = HandOver(claimed.id, self.mailroom.from_address, mailbox(claimed.email), message)
        except UnsafeValue as error:
            return Outcome(DeliveryState.FAILED, str(error))
        try:
            return self.mailroom.carrier.hand_over(item)
        except SyndicateError:
            # Raised before anything left: the line goes back, and the run stops with the carrier's reason.
            self._give_back(claimed, now)
            raise

    def _give_back(self, claimed: Claimed, now: datetime) -> None:
        with self.mailroom.database.begin() as connection:
            deliveries.settle(connection, claimed.id, Outcome(DeliveryState.PLANNED), now)

    def _recipient(self, claimed: Claimed) -> Recipient:
        tokens, base, key = self.mailroom.tokens, self.mailroom.site.public_url, self.newsletter.key
        unsubscribe = tokens.make("unsubscribe", claimed.subscriber, key)
        preferences = tokens.make("preferences", claimed.subscriber, key)
        to = self.mailroom.unsubscribe_address
        return Recipient(
            name=claimed.name,
            email=mailbox(claimed.email),
            message_id=claimed.message_id,
            unsubscribe_url=f"{base}/u/{unsubscribe}",
            preferences_url=f"{base}/p/{preferences}",
            unsubscribe_mailto=f"{to}?subject={unsubscribe}" if to else "",
        )

    def _sender(self, language: str) -> Sender:
        archive = f"{self.mailroom.site.public_url}/{language}/archive/{self.newsletter.key}/"
        room = self.mailroom
        return sender(self.newsletter, room.site, language, room.from_address, room.reply_to, archive)

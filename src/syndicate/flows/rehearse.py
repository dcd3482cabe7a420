"""Rehearse: an issue's mails go to staff, by the carrier that the real ones go by. The ledger hears nothing of it.

who, which languages -> noted, and not too many -> each mail marked as a test -> carrier -> what it said of each
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicate.deliveries import without_addresses
from syndicate.digests import Digest, Marked, Recipient, Sender, Stencil, letter, personal, stencil
from syndicate.digests import sender as sender_of
from syndicate.flows.house import House
from syndicate.flows.preview import Sheet, preview
from syndicate.flows.seen import OUTDATED, Outdated, subject_of
from syndicate.languages import catalogue, visible
from syndicate.model import (
    TRIALS,
    Actor,
    CarrierError,
    DeliveryState,
    HandOver,
    Newsletter,
    Outcome,
    Personal,
    SyndicateError,
    UnsafeValue,
)
from syndicate.store import Connection, audit, issues, testers
from syndicate.store.testers import Tester
from syndicate.subscribers import message_id
from syndicate.subscribers.addresses import mailbox

AT_ONCE = 60
PER_HOUR = 120
MOST_TESTERS = 30
LONGEST_NAME = 80

TOO_MANY = "That is too many test mails at once. Choose fewer languages."
TOO_OFTEN = "Many test mails went out in the last hour. Wait a little."
NO_EDITION = "The issue has no edition in the languages that were chosen."
NOBODY = "There is nobody on the test list."
FULL = "The test list is full. Take somebody off it first."

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one test mail. ``place`` is the person's place among those it was for, from 0; ``detail`` what
    the carrier said, without addresses."""

    place: int
    language: str
    state: DeliveryState
    detail: str

    @property
    def is_gone(self) -> bool:
        """Whether the carrier took it."""
        return self.state is DeliveryState.ACCEPTED


def rehearse(
    house: House,
    number: int,
    to: Sequence[tuple[str, str]],
    languages: Sequence[str],
    actor: Actor,
    clock: Clock,
    seen: str | None = None,
) -> list[Tried]:
    """Mail editions of an issue to people, (address, name) each; every language of it when ``languages`` is empty.

    Raises NotFound; SyndicateError when there is nobody, nothing, or too much to send; Outdated when test mails went
    out since ``seen``; UnsafeValue for what is no address.
    """
    people = [(mailbox(email), name) for email, name in to]
    found = preview(house, number, clock())
    sheets = [one for one in found.sheets if not one.edition.cadence] or list(found.sheets)
    chosen = [one for one in sheets if not languages or one.edition.language in languages]
    if not people or not chosen:
        raise SyndicateError(NO_EDITION if people else NOBODY)
    if len(people) * len(chosen) > AT_ONCE:
        raise SyndicateError(TOO_MANY)
    line = _note(house, number, actor, clock(), seen, len(people) * len(chosen), len(people))
    desk = _Desk(house, found.newsletter, chosen, people, clock, line)
    try:
        with house.post() as carrier:
            desk.takes = carrier.takes
            carrier.carry(desk)
    except CarrierError as error:
        desk.give_up(str(error))
    return desk.told()


def mark(house: House, number: int) -> str:
    """Of a page from which test mails are sent: changes when some are."""
    with house.database.read() as connection:
        return _mark(connection, number)


def listed(house: House) -> list[Tester]:
    """Who is on the test list."""
    with house.database.read() as connection:
        return testers.every(connection)


def add(house: House, email: str, name: str, actor: Actor, now: datetime) -> None:
    """Put somebody on the test list. Asked again, it changes nothing. Raises UnsafeValue, SyndicateError when full."""
    address, shown = mailbox(email), visible(name).strip()[:LONGEST_NAME]
    with house.database.begin() as connection:
        if testers.count(connection) >= MOST_TESTERS:
            raise SyndicateError(FULL)
        if testers.add(connection, address, shown, now):
            audit.note(connection, actor, "testers.add", "test list", now, people=testers.count(connection))


def remove(house: House, email: str, actor: Actor, now: datetime) -> None:
    """Take somebody off the test list. Asked again, it changes nothing."""
    with house.database.begin() as connection:
        if testers.remove(connection, email):
            audit.note(
                connection, actor, "testers.remove", "test list", now, people=testers.count(connection)
            )


def addressed(house: House, newsletter: Newsletter, name: str, email: str, number: int) -> Recipient:
    """A recipient who is no subscriber: links have the form of real ones and change nothing for anybody."""
    base, domain = house.site.public_url, house.from_address.rpartition("@")[2]
    token = house.tokens.make("unsubscribe", 0, newsletter.key)
    to = house.unsubscribe_address
    return Recipient(
        name=name,
        email=email,
        message_id=message_id(house.key, newsletter.key, "test", number, domain),
        unsubscribe_url=f"{base}/u/{token}",
        preferences_url=f"{base}/p/{house.tokens.make('preferences', 0, newsletter.key)}",
        unsubscribe_mailto=f"{to}?subject={token}" if to else "",
    )


def sender_in(house: House, newsletter: Newsletter, language: str) -> Sender:
    """Who an edition is from, as in the real mail."""
    archive = f"{house.site.public_url}/{language}/archive/{newsletter.key}/"
    return sender_of(newsletter, house.site, language, house.from_address, house.reply_to, archive)


def _note(
    house: House, number: int, actor: Actor, now: datetime, seen: str | None, mails: int, people: int
) -> int:
    """In the audit log, by numbers, the line's own is returned; nobody mails themselves, or others, without end."""
    with house.database.begin() as connection:
        issues.hold(connection, number)
        if seen is not None and seen != _mark(connection, number):
            raise Outdated(OUTDATED)
        if actor.staff and _sent(connection, actor, now) + mails > PER_HOUR:
            raise SyndicateError(TOO_OFTEN)
        audit.note(connection, actor, "issue.test", _subject(number), now, mails=mails, people=people)
        return audit.last(connection, _subject(number))


def _sent(connection: Connection, actor: Actor, now: datetime) -> int:
    """Test mails of theirs in the last hour."""
    lines = audit.entries(connection, staff=actor.staff, limit=PER_HOUR)
    recent = (one for one in lines if one.action == "issue.test" and one.at > now - timedelta(hours=1))
    return sum(int(one.detail.get("mails", 0)) for one in recent)


def _mark(connection: Connection, number: int) -> str:
    return str(audit.last(connection, _subject(number)))


def _subject(number: int) -> str:
    """Not the issue itself: who is about to approve it need not look again because somebody tried it."""
    return f"test of {subject_of(number)}"


def _marked(digest: Digest) -> Digest:
    """With a subject that says that it is a test, in the reader's language."""
    words = catalogue(digest.language)
    return replace(digest, subject=words.gettext("[Test] {subject}", subject=digest.subject))


class _Desk:
    """What a carrier is handed test mails from, see ``carriers.desk``: one by one, for one lane.

    They are known by numbers that nothing else has (``model.TRIALS``), made of that of the ``line`` in the audit log.
    """

    def __init__(
        self,
        house: House,
        newsletter: Newsletter,
        sheets: Sequence[Sheet],
        people: Sequence[tuple[str, str]],
        clock: Clock,
        line: int,
    ) -> None:
        self.house, self.newsletter, self.clock, self.people = house, newsletter, clock, people
        self.takes = ""
        pairs = [(n, place) for n in range(len(sheets)) for place in range(len(people))]
        self.waiting = {TRIALS - AT_ONCE * line - k: pair for k, pair in enumerate(pairs)}
        self.out: dict[int, tuple[int, int]] = {}
        self.outcomes: dict[tuple[int, int], Outcome] = {}
        self.digests = [_marked(sheet.digest) for sheet in sheets]
        self.stencils: dict[int, Stencil] = {}
        self.letters: dict[int, Marked] = {}

    def take(self, most: int = 1, *, wait: bool = True) -> Sequence[HandOver | Personal]:
        while self.waiting:
            number, pair = next(iter(self.waiting.items()))
            self.out[number] = self.waiting.pop(number)
            try:
                return (self._made(number, *pair),)
            except UnsafeValue as error:
                self.settle(number, Outcome(DeliveryState.FAILED, str(error)))
        return ()

    def mark(self, deliveries: Sequence[int]) -> frozenset[int]:
        return frozenset(deliveries)

    def settle(self, delivery: int, outcome: Outcome) -> None:
        self.outcomes[self.out.pop(delivery)] = outcome

    def give_back(self, delivery: int) -> None:
        self.waiting[delivery] = self.out.pop(delivery)

    def slow_down(self, seconds: float) -> None:
        """One lane with a few letters is as slow as it gets."""

    def give_up(self, reason: str) -> None:
        """Whatever is left was not tried."""
        for pair in (*self.out.values(), *self.waiting.values()):
            self.outcomes.setdefault(pair, Outcome(DeliveryState.FAILED, reason))

    def told(self) -> list[Tried]:
        lost = Outcome(DeliveryState.UNSURE, "the carrier said nothing of it")
        pairs = [(n, place) for place in range(len(self.people)) for n in range(len(self.digests))]
        said: Mapping[tuple[int, int], Outcome] = {pair: self.outcomes.get(pair, lost) for pair in pairs}
        return [
            Tried(place, self.digests[n].language, one.state, without_addresses(one.detail))
            for (n, place), one in said.items()
        ]

    def _made(self, number: int, n: int, place: int) -> HandOver | Personal:
        house, digest, (email, name) = self.house, self.digests[n], self.people[place]
        who = addressed(house, self.newsletter, name, email, number)
        sender = sender_in(house, self.newsletter, digest.language)
        if self.takes == "letters":
            found = self.letters.get(n) or letter(TRIALS - n, digest, sender)
            self.letters[n] = found
            return personal(found, number, who)
        cut = self.stencils.get(n) or stencil(digest, sender)
        self.stencils[n] = cut
        envelope = house.return_path or house.from_address
        return HandOver(number, envelope, email, cut.pieces(who, self.clock()), is_tidy=True)

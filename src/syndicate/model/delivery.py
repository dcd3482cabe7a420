"""A delivery: what we owe one subscriber for one issue, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class DeliveryState(StrEnum):
    """Where a delivery is. ``PLANNED`` and ``CLAIMED`` are on their way; every other state is an end.

    A ``CLAIMED`` one is a sender's to hand over; that it may have been handed over is marked in the claim, and
    committed, before it can take effect. What died between mark and outcome is ``UNSURE``. ``ACCEPTED`` is
    delivered to the carrier; ``BOUNCED`` came back afterwards; ``REFUSED`` was never taken and never will be;
    ``FAILED`` was certainly not taken and we gave up.
    """

    PLANNED = "planned"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    BOUNCED = "bounced"
    REFUSED = "refused"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNSURE = "unsure"


class SkipReason(StrEnum):
    """Why somebody who was planned for is not mailed after all."""

    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    ERASED = "erased"
    HAD_ALL = "had every story already"
    NOTHING_NEW = "no story for their languages in this issue"
    NO_LANGUAGE = "the newsletter has no language they read"
    IN_DOUBT = "it is not known whether they got the story"


TRIALS = -(10**15)
"""Letters with numbers below this are test mails to staff; those above it, and below nought, ask to confirm."""


class HandOver(NamedTuple):
    """One whole message for a carrier: envelope (both addresses ready for the wire) and bytes, lines end in CRLF.

    ``delivery`` is what the carrier knows it by; negative for a letter that is none of the ledger's.

    ``pieces`` are its bytes in order: those that all messages of an edition have in common are the same objects,
    never copied. ``is_tidy``: its maker promises that all of it is ASCII, every line ends in CRLF and none begins
    with a dot, so that nobody has to look through it.

    A tuple, as one is made for each message: a frozen dataclass takes three times as long to make.
    """

    delivery: int
    sender: str
    recipient: str
    pieces: tuple[bytes, ...]
    is_tidy: bool = False

    @property
    def message(self) -> bytes:
        """In one piece."""
        return b"".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Letter:
    """An edition for a carrier that fills in by itself what differs from person to person.

    The same for every reader. ``text`` and ``html`` hold marks, printable ASCII that occurs nowhere else in them;
    :class:`Personal` says what replaces each. ``headers`` are those that everybody's message has.
    """

    edition: int
    language: str
    from_name: str
    from_address: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Personal:
    """One message for such a carrier: ``values`` by mark, ready to be put in as they are; ``headers`` of their own."""

    delivery: int
    letter: Letter
    recipient: str
    name: str
    values: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one hand-over.

    ``retry``: it was certainly not taken and may be tried again, not before ``wait`` where the other side says so.
    """

    state: DeliveryState
    detail: str = ""
    retry: bool = False
    wait: timedelta | None = None


class EventKind(StrEnum):
    """What may come back after a hand-over, in one vocabulary for all carriers.

    ``TAKEN``: the provider has it (proof of a hand-over in doubt); ``DEFERRED``: it is still trying; ``DELIVERED``:
    the reader's server took it; ``BOUNCED``: it never will, for the address is no good; ``BLOCKED``: it did not, for
    another reason; ``DROPPED``: the provider did not try.
    """

    TAKEN = "taken"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OPENED = "opened"
    CLICKED = "clicked"


@dataclass(frozen=True, slots=True)
class Event:
    """What came back, translated. ``key`` is unique for the carrier: the same event told twice is one.

    ``delivery`` is 0 where the carrier does not say which; ``message_id`` and ``recipient`` then find it, where they
    can. ``at`` is UTC. ``raw`` is the event as it came.
    """

    carrier: str
    key: str
    kind: EventKind
    at: datetime
    delivery: int = 0
    message_id: str = ""
    recipient: str = ""
    detail: str = ""
    is_machine: bool = False
    raw: str = ""

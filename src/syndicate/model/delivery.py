"""A delivery: what we owe one subscriber for one issue, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """``HANDING`` is committed before the hand-over, the outcome after; what died between is ``UNSURE``."""

    PLANNED = "planned"
    HANDING = "handing"
    ACCEPTED = "accepted"
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


@dataclass(frozen=True, slots=True)
class Delivery:
    """(``issue``, ``subscriber``) is unique. ``message_id`` is deterministic: the same when sent again."""

    id: int
    issue: int
    edition: int
    subscriber: int
    state: DeliveryState
    message_id: str
    reason: str = ""
    carrier: str = ""
    handed_at: datetime | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """One message for a carrier: envelope and bytes (CRLF line ends)."""

    delivery: int
    sender: str
    recipient: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a carrier says of one hand-over. ``retry``: it was certainly not taken and may be tried again."""

    state: DeliveryState
    detail: str = ""
    retry: bool = False

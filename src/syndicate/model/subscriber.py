"""A subscriber: an address, its languages in order of preference, time zone, subscriptions, consent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubscriberStatus(StrEnum):
    """Only ``ACTIVE`` is mailed digests. ``SUPPRESSED`` never comes back by import."""

    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One newsletter of one subscriber; ``cadence`` is empty for the newsletter's own."""

    newsletter: str
    cadence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """``email`` is as given; ``canonical`` (case and IDN folded) is what must be unique."""

    email: str
    canonical: str
    languages: tuple[str, ...]
    name: str = ""
    timezone: str = "UTC"
    status: SubscriberStatus = SubscriberStatus.PENDING
    subscriptions: tuple[Subscription, ...] = ()
    consent_at: datetime | None = None
    consent_source: str = ""
    id: int = 0

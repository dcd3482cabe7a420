"""What a set of events means for one delivery, and for the person it went to. Pure.

The answer depends on the set alone: providers tell things late, twice and in any order (SendGrid retries an event
for a day), so nothing here asks what came first. More events never take anything back: a delivery goes from on its
way to ACCEPTED to BOUNCED, its moment of delivery only becomes known or earlier, and who is to be suppressed stays so.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from syndicate.model import DeliveryState, Event, EventKind

BOUNCED = "bounced"
"""The reason of a suppression: the address is no good."""

COMPLAINED = "complained"
"""The reason of a suppression: the reader called it spam."""

PROVEN = "an event of the carrier proves that it was handed over"

_RETURNED = (EventKind.BOUNCED, EventKind.BLOCKED, EventKind.DROPPED)
# What a provider says it dropped a message for (docs.sendgrid.com, "Event Webhook Reference", dropped): what it knows
# of the reader from before. Every other reason is about the message or the account.
_KNOWN_BOUNCE = ("bounced address", "invalid")
_KNOWN_COMPLAINT = "spam reporting address"
_KNOWN_LEAVER = "unsubscribed address"
_OWED = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.UNSURE)
_NEVER_SENT = (DeliveryState.CANCELLED, DeliveryState.SKIPPED)
_ENDED_WITHOUT = (*_NEVER_SENT, DeliveryState.FAILED, DeliveryState.REFUSED)


@dataclass(frozen=True, slots=True)
class Heard:
    """What to write. ``suppress`` is the reason to mail the address never again, else empty; ``unsubscribe`` is from
    the newsletter of the delivery, or from everything where it is not known.
    """

    state: DeliveryState
    reason: str
    delivered_at: datetime | None
    suppress: str
    unsubscribe: bool


def heard(state: DeliveryState, reason: str, events: Collection[Event]) -> Heard:
    """What all ``events`` of a delivery that is in ``state`` for ``reason`` make of it; every one proves a hand-over.

    An answer that was lost is therefore made good by an event, and so is a wrong end: what went out although it was
    cancelled is ACCEPTED, and says so. To be given all events each time: hearing them in parts comes to the same.
    """
    delivered = [event.at for event in events if event.kind is EventKind.DELIVERED]
    state, reason = _standing(state, reason, events)
    return Heard(state, reason, min(delivered, default=None), _suppressed(events), _leaves(events))


def _standing(state: DeliveryState, reason: str, events: Collection[Event]) -> tuple[DeliveryState, str]:
    if _says_nothing(state, events):
        return state, reason
    if returned := [event for event in events if event.kind in _RETURNED]:
        worst = min(returned, key=lambda event: (_RETURNED.index(event.kind), event.at, event.key))
        return DeliveryState.BOUNCED, f"{worst.kind}: {worst.detail}".removesuffix(": ")
    if state in _OWED:
        return DeliveryState.ACCEPTED, PROVEN
    if state in _ENDED_WITHOUT:
        return DeliveryState.ACCEPTED, f"it went out although it was {state}: {reason}".removesuffix(": ")
    return state, reason


def _says_nothing(state: DeliveryState, events: Collection[Event]) -> bool:
    """That a provider did not try what was called back is no news."""
    return all(event.kind is EventKind.DROPPED and state in _NEVER_SENT for event in events)


def _suppressed(events: Collection[Event]) -> str:
    if any(_complains(event) for event in events):
        return COMPLAINED
    return BOUNCED if any(_is_dead(event) for event in events) else ""


def _complains(event: Event) -> bool:
    return event.kind is EventKind.COMPLAINED or _dropped_for(event, _KNOWN_COMPLAINT)


def _is_dead(event: Event) -> bool:
    return event.kind is EventKind.BOUNCED or _dropped_for(event, *_KNOWN_BOUNCE)


def _leaves(events: Collection[Event]) -> bool:
    return any(event.kind is EventKind.UNSUBSCRIBED or _dropped_for(event, _KNOWN_LEAVER) for event in events)


def _dropped_for(event: Event, *reasons: str) -> bool:
    """The provider's words end with the reason: "Invalid SMTPAPI header" is nothing about an address."""
    return event.kind is EventKind.DROPPED and event.detail.strip().casefold().endswith(reasons)

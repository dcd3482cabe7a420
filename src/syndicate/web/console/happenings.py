"""What happens to people, in words: of the history of consent, of the ledger, of what came back."""

from collections.abc import Mapping

from syndicate.deliveries.retry import INTERRUPTED
from syndicate.deliveries.why import Why
from syndicate.flows.control import Ruling, settled_as
from syndicate.languages import Catalogue
from syndicate.model import DeliveryState, EventKind, SkipReason, SubscriberStatus


def status_words(words: Catalogue) -> Mapping[str, str]:
    say = words.pgettext
    return {
        SubscriberStatus.ACTIVE: say("status", "active"),
        SubscriberStatus.PENDING: say("status", "not confirmed"),
        SubscriberStatus.UNSUBSCRIBED: say("status", "left"),
        SubscriberStatus.SUPPRESSED: say("status", "not to be mailed"),
    }


def suppression_words(words: Catalogue) -> Mapping[str, str]:
    """Why an address is not to be mailed."""
    say = words.pgettext
    return {
        "bounced": say("suppression", "mail came back"),
        "complained": say("suppression", "complained"),
        "erased": say("suppression", "erased"),
        "unsubscribed": say("suppression", "left at the provider"),
        "list": say("suppression", "a list said so"),
    }


def consent_words(words: Catalogue) -> Mapping[str, str]:
    say = words.pgettext
    return {
        "subscribed": say("consent", "Subscribed"),
        "unsubscribed": say("consent", "Unsubscribed"),
        "confirmed": say("consent", "Confirmed by mail"),
        "changed": say("consent", "Changed"),
        "suppressed": say("consent", "Not to be mailed any more"),
        "lifted": say("consent", "May be mailed again"),
        "reason": say("consent", "Said why"),
    }


def state_words(words: Catalogue) -> Mapping[str, str]:
    say = words.pgettext
    return {
        DeliveryState.PLANNED: say("delivery", "waiting"),
        DeliveryState.CLAIMED: say("delivery", "being sent"),
        DeliveryState.ACCEPTED: say("delivery", "sent"),
        DeliveryState.BOUNCED: say("delivery", "came back"),
        DeliveryState.REFUSED: say("delivery", "refused"),
        DeliveryState.FAILED: say("delivery", "failed"),
        DeliveryState.SKIPPED: say("delivery", "left out"),
        DeliveryState.CANCELLED: say("delivery", "cancelled"),
        DeliveryState.UNSURE: say("delivery", "in doubt"),
    }


def event_words(words: Catalogue) -> Mapping[str, str]:
    say = words.pgettext
    return {
        EventKind.TAKEN: say("event", "Taken by the provider"),
        EventKind.DEFERRED: say("event", "Put off by their server"),
        EventKind.DELIVERED: say("event", "Delivered"),
        EventKind.BOUNCED: say("event", "Came back"),
        EventKind.BLOCKED: say("event", "Blocked"),
        EventKind.DROPPED: say("event", "Dropped by the provider"),
        EventKind.COMPLAINED: say("event", "Complained"),
        EventKind.UNSUBSCRIBED: say("event", "Unsubscribed"),
        EventKind.OPENED: say("event", "Opened"),
        EventKind.CLICKED: say("event", "Clicked"),
    }


def reason_words(words: Catalogue) -> Mapping[str, str]:
    """Reasons that are our own; what carriers say stays as they said it."""
    say = words.gettext
    return {
        SkipReason.UNSUBSCRIBED: say("They had left by then."),
        SkipReason.SUPPRESSED: say("Their address was on the suppression list by then."),
        SkipReason.ERASED: say("They had been erased by then."),
        SkipReason.HAD_ALL: say("They had every story of it already."),
        SkipReason.NOTHING_NEW: say("No story of it was in a language they read."),
        SkipReason.NO_LANGUAGE: say("The newsletter comes in no language they read."),
        SkipReason.IN_DOUBT: say("It is not known whether they got the story"),
        INTERRUPTED: say("Whoever sent it was interrupted while handing it over."),
        settled_as(Ruling.DELIVERED): say("Staff said: they got it."),
        settled_as(Ruling.RESEND): say("Staff said: it is to be sent again."),
        settled_as(Ruling.GIVE_UP): say("Staff gave it up."),
        Why.NOT_PLANNED: say("Its people are not chosen yet."),
        Why.JOINED_LATER: say("They subscribed after its people were chosen."),
        Why.HAD_LEFT: say("They had unsubscribed before its people were chosen."),
        Why.NEVER: say("They were never subscribed to this newsletter."),
        Why.UNKNOWN: say(
            "They were not among those it was planned for: not active then, or it is not theirs."
        ),
    }


def fate_words(words: Catalogue) -> Mapping[str, str]:
    """What became of a list's lines."""
    say = words.pgettext
    return {
        "added": say("fate", "added"),
        "updated": say("fate", "updated"),
        "unchanged": say("fate", "unchanged"),
        "suppressed": say("fate", "not to be mailed"),
        "refused": say("fate", "refused"),
        "tagged": say("fate", "tagged"),
    }

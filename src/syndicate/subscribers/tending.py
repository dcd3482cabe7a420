"""What staff may change about a person, and what only the person can. Pure.

Nobody is brought back against their word: a newsletter is added only with the source of the consent, and neither a
complaint nor an unsubscription is lifted by anybody but its owner.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from syndicate.languages import visible
from syndicate.model import Subscriber, SubscriberStatus, Subscription, UnsafeValue
from syndicate.subscribers.signups import shown_name, tongues, zone

LIFTED_BY_STAFF = frozenset({"bounced", "list"})
"""Reasons not to mail an address that are the address's fault, or a list's, and not its owner's word."""

LONGEST_TAG, MOST_TAGS, LONGEST_SOURCE = 80, 50, 500


@dataclass(frozen=True, slots=True)
class Amended:
    """What staff want it to be: ``newsletters`` with how often (empty: as often as it comes); ``consent`` is where the
    consent for those that are new came from.
    """

    name: str
    languages: tuple[str, ...]
    timezone: str
    newsletters: Mapping[str, str]
    consent: str = ""


def amended(held: Subscriber, wanted: Amended) -> Subscriber:
    """Raises UnsafeValue; its text is a message of the catalogues."""
    had = {one.newsletter for one in held.subscriptions}
    new = wanted.newsletters.keys() - had
    if new:
        _may_join(held.status, source(wanted.consent))
    status = SubscriberStatus.ACTIVE if new else held.status
    given = sorted(wanted.newsletters.items())
    return replace(
        held,
        name=shown_name(wanted.name),
        languages=tongues(wanted.languages),
        timezone=zone(wanted.timezone),
        status=status,
        subscriptions=tuple(Subscription(key, cadence) for key, cadence in given),
    )


def _may_join(status: SubscriberStatus, consent: str) -> None:
    if status is SubscriberStatus.SUPPRESSED:
        raise UnsafeValue("This address is on the suppression list. Lift that first.")
    if status is SubscriberStatus.PENDING:
        raise UnsafeValue("They have not confirmed yet. Send the mail that asks them to again instead.")
    if not consent:
        raise UnsafeValue("Say where the consent for the new newsletters came from.")


def source(given: str) -> str:
    """Where a consent came from, as it is kept."""
    return visible(given)[:LONGEST_SOURCE].strip()


def may_lift(reason: str, why: str) -> str:
    """``why``, as it is kept. Raises UnsafeValue when staff may not lift a suppression for this ``reason``."""
    if not reason:
        raise UnsafeValue("This address is not on the suppression list.")
    if reason not in LIFTED_BY_STAFF:
        raise UnsafeValue("Only its owner can lift this, by signing up again; after a complaint nobody can.")
    if not (told := source(why)):
        raise UnsafeValue("Say why it is to be mailed again.")
    return told


def tags(given: Collection[str]) -> tuple[str, ...]:
    """As they are kept: small letters, each once. Raises UnsafeValue for too long ones, or too many."""
    found = tuple(sorted({one for text in given if (one := " ".join(visible(text).lower().split()))}))
    if len(found) > MOST_TAGS or any(len(one) > LONGEST_TAG for one in found):
        raise UnsafeValue("A tag has at most 80 characters, a person at most 50 tags.")
    return found

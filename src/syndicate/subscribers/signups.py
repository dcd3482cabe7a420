"""Sign-ups: what may be asked for, how often, and what is done about it. Pure.

Whoever asks is answered the same, whatever is known of the address: a request is a line that waits, and what is done
about it is decided afterwards, out of sight.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syndicate.languages import normalise, visible
from syndicate.model import (
    LanguageTagError,
    Newsletter,
    Signup,
    Subscriber,
    SubscriberStatus,
    Subscription,
    UnsafeValue,
    Wish,
)

HOUR = timedelta(hours=1)
"""What limits are counted over."""

BETWEEN_MAILS = timedelta(days=1)
"""One address gets at most one mail of ours in this time, however often it is entered."""

ONE_OF_MANY = "mailed within a day"
"""Why the others get none."""

ATTEMPTS = 5
"""Tries to hand a mail over, before it is given up."""

KEPT = timedelta(days=30)
"""How long a line is kept after its link has expired."""

LIFTED = frozenset({"erased", "bounced", "unsubscribed"})
"""Reasons not to mail an address that its owner lifts by asking again; a complaint is none of them."""

LONGEST_NAME, LONGEST_WORDS, LONGEST_PAGE = 200, 2_000, 200


@dataclass(frozen=True, slots=True)
class SignupRules:
    """``from_address`` is empty for that of the digests; a link works for ``expires``. Limits are an hour's."""

    from_address: str = ""
    expires: timedelta = timedelta(days=7)
    per_network: int = 20
    in_all: int = 500


class Taken(StrEnum):
    """The answer to a request."""

    TAKEN = "taken"
    NETWORK_LIMIT = "network limit"
    BUSY = "busy"


def network(address: str) -> str:
    """The network of a client: IPv4 /24, IPv6 /48; ``unknown`` for what is no address (all count together)."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def admitted(rules: SignupRules, of_network: int, in_all: int) -> Taken:
    """Whether one more may ask, after so many in the last hour."""
    if of_network >= rules.per_network:
        return Taken.NETWORK_LIMIT
    return Taken.BUSY if in_all >= rules.in_all else Taken.TAKEN


def wish(given: Wish, languages: Collection[str], newsletters: Mapping[str, Newsletter]) -> Wish:
    """``given``, checked against the ``languages`` of the site and the ``newsletters`` that are open.

    Raises UnsafeValue; its text is a message of the catalogues.
    """
    wanted = tuple(sorted(set(given.newsletters)))
    if not wanted or not all(key in newsletters and newsletters[key].is_open for key in wanted):
        raise UnsafeValue("Choose at least one newsletter.")
    offered = {cadence for key in wanted for cadence in newsletters[key].cadences}
    if given.cadence and given.cadence not in offered:
        raise UnsafeValue("Choose how often from the list.")
    read = tongues(given.languages)
    if not set(read) <= set(languages):
        raise UnsafeValue("Choose at least one language.")
    return Wish(read, wanted, shown_name(given.name), given.cadence, zone(given.timezone))


def tongues(given: Sequence[str]) -> tuple[str, ...]:
    """Languages in order, each once. Raises UnsafeValue as :func:`wish` does."""
    try:
        found = tuple(dict.fromkeys(normalise(tag) for tag in given if tag))
    except LanguageTagError:
        found = ()
    if not found:
        raise UnsafeValue("Choose at least one language.")
    return found


def zone(name: str) -> str:
    """An IANA name; empty is UTC. Raises UnsafeValue as :func:`wish` does."""
    try:
        return ZoneInfo(name.strip() or "UTC").key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnsafeValue("This time zone is not known.") from error


def shown_name(given: str) -> str:
    """A name as it is kept."""
    return visible(given)[:LONGEST_NAME].strip()


class Mail(StrEnum):
    """Which mail somebody gets who asked: a link to confirm, or word that they have it all already."""

    CONFIRM = "confirm"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an address: who has it, why it is not to be mailed (empty: it may be), and whether another
    request of the last day was mailed."""

    subscriber: Subscriber | None
    suppressed: str
    is_mailed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """``mail`` is None for none, with the reason."""

    mail: Mail | None
    reason: str = ""


def decide(asked: Signup, known: Known, now: datetime) -> Step:
    """What is done about a request that is looked at ``now``."""
    if reason := _objection(asked, known, now):
        return Step(None, reason)
    return Step(Mail.ALREADY if _has_all(asked.wish, known.subscriber) else Mail.CONFIRM)


def _objection(asked: Signup, known: Known, now: datetime) -> str:
    """Why there is no mail for it, or nothing."""
    if not may_return(known.suppressed, known.subscriber):
        return f"not to be mailed: {known.suppressed or SubscriberStatus.SUPPRESSED}"
    if known.is_mailed:
        return ONE_OF_MANY
    if asked.expires_at <= now:
        return "expired before it could be mailed"
    return f"given up after {ATTEMPTS} attempts" if asked.attempts >= ATTEMPTS else ""


def may_return(suppressed: str, held: Subscriber | None) -> bool:
    """Whether the owner of an address, suppressed for this reason (empty: it is not), may give it again."""
    if not suppressed:
        return held is None or held.status is not SubscriberStatus.SUPPRESSED
    return suppressed in LIFTED


def _has_all(asked: Wish, held: Subscriber | None) -> bool:
    if held is None or held.status is not SubscriberStatus.ACTIVE:
        return False
    return set(asked.newsletters) <= {one.newsletter for one in held.subscriptions}


def confirmed(
    asked: Signup, held: Subscriber | None, newsletters: Mapping[str, Newsletter], now: datetime
) -> Subscriber:
    """The person, with what was there and what they confirmed ``now``.

    Languages and zone are those asked for. Who had left altogether, or never confirmed, gets what was asked and no
    more. Newsletters that are no more are not in ``newsletters`` and left out.
    """
    new = Subscriber(
        email=asked.email,
        canonical=asked.canonical,
        languages=asked.wish.languages,
        name=asked.wish.name,
        timezone=asked.wish.timezone,
        status=SubscriberStatus.ACTIVE,
        subscriptions=_together(asked.wish, held, newsletters),
        consent_at=now,
        consent_source="sign-up",
    )
    return replace(new, id=held.id, email=held.email, name=new.name or held.name) if held else new


def _together(
    asked: Wish, held: Subscriber | None, newsletters: Mapping[str, Newsletter]
) -> tuple[Subscription, ...]:
    stays = held is not None and held.status in (SubscriberStatus.ACTIVE, SubscriberStatus.SUPPRESSED)
    found = {one.newsletter: one for one in held.subscriptions} if held and stays else {}
    for key in asked.newsletters:
        if key in newsletters:
            had = found[key].cadence if key in found else ""
            chosen = asked.cadence if asked.cadence in newsletters[key].cadences else ""
            found[key] = Subscription(key, chosen or had)
    return tuple(found[key] for key in sorted(found))


def returned(status: SubscriberStatus, newsletters: Collection[str]) -> SubscriberStatus:
    """What somebody is who says by a link in their own mail which newsletters they want; suppressed stays so."""
    is_back = bool(newsletters) and status is not SubscriberStatus.SUPPRESSED
    return SubscriberStatus.ACTIVE if is_back else status

"""Sign up: ask on the web, get a mail, confirm.

::

    ask -> a line, whatever is known of the address -> the same answer
             |
             +--> flows.post, later: a mail, or none -> its link -> pending (looks) -> confirm (acts)
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from syndicate.flows.house import House
from syndicate.languages import normalise, visible
from syndicate.model import LanguageTagError, Signup, SignupState, Subscriber, SubscriberStatus, Wish
from syndicate.store import Connection, signups, subscribers
from syndicate.subscribers import address_hash, canonical
from syndicate.subscribers.addresses import mailbox
from syndicate.subscribers.signups import (
    HOUR,
    LIFTED,
    LONGEST_PAGE,
    LONGEST_WORDS,
    Taken,
    admitted,
    confirmed,
    may_return,
    network,
    wish,
)

__all__ = ["CONFIRM", "Asking", "Pending", "Taken", "ask", "confirm", "pending"]

CONFIRM = "confirm"
"""What a link to confirm is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A form as it was sent. ``language`` and ``page`` (a path) are the page's, ``words`` what it said above the
    button, ``address`` is the client's, ``trap`` a field that people do not see.
    """

    email: str
    languages: tuple[str, ...]
    newsletters: tuple[str, ...]
    name: str = ""
    cadence: str = ""
    timezone: str = "UTC"
    language: str
    words: str
    page: str
    address: str
    trap: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a link to confirm is about. ``subscriber`` is 0 until it is confirmed; an expired one may be empty."""

    state: Literal["open", "confirmed", "expired"]
    email: str
    newsletters: tuple[str, ...]
    languages: tuple[str, ...]
    language: str
    subscriber: int = 0


def ask(house: House, asking: Asking, now: datetime) -> Taken:
    """Keep a request. What is stored, and how long it takes, tells nothing of whom we know.

    Raises UnsafeValue for what cannot be mailed or was not offered; its text is a message of the catalogues.
    """
    if asking.trap.strip():
        return Taken.TAKEN
    made = _signup(house, asking, now)
    rules = house.signup
    with house.database.begin() as connection:
        signups.in_turn(connection)
        most = max(rules.per_network, rules.in_all)
        answer = admitted(rules, *signups.asked_since(connection, made.network, now - HOUR, most))
        if answer is Taken.TAKEN:
            signups.add(connection, made)
    if answer is Taken.TAKEN:
        house.asked.set()
    return answer


def pending(house: House, token: str, now: datetime) -> Pending:
    """What a link is about; changes nothing. Raises UnsafeValue for one that is not ours."""
    number = house.tokens.number(CONFIRM, token)
    with house.database.read() as connection:
        return _pending(connection, house, signups.get(connection, number), now)


def confirm(house: House, token: str, address: str, now: datetime) -> Pending:
    """Subscribe whoever asked, from the client's ``address``; once, whatever comes after.

    Raises UnsafeValue for a link that is not ours; one that has expired changes nothing.
    """
    number = house.tokens.number(CONFIRM, token)
    with house.database.begin() as connection:
        signups.in_turn(connection)
        found = signups.get(connection, number)
        seen = _pending(connection, house, found, now)
        if found is None or seen.state != "open":
            return seen
        _subscribe(connection, house, found, network(address), now)
        signups.confirm(connection, number, now)
        return _pending(connection, house, signups.get(connection, number), now)


def _signup(house: House, asking: Asking, now: datetime) -> Signup:
    email = mailbox(asking.email)
    asked = Wish(asking.languages, asking.newsletters, asking.name, asking.cadence, asking.timezone)
    place = network(asking.address)
    return Signup(
        email=email,
        canonical=canonical(email),
        network=place,
        language=_language(house, asking.language),
        wish=wish(asked, house.site.languages, house.newsletters),
        words=visible(asking.words)[:LONGEST_WORDS],
        origin=f"{visible(asking.page)[:LONGEST_PAGE]} from {place}",
        at=now,
        due_at=now,
        expires_at=now + house.signup.expires,
    )


def _language(house: House, given: str) -> str:
    try:
        return normalise(given)[:35]
    except LanguageTagError:
        return house.site.languages[0]


def _pending(connection: Connection, house: House, found: Signup | None, now: datetime) -> Pending:
    if found is None:
        return Pending("expired", "", (), (), house.site.languages[0])
    person = subscribers.by_canonical(connection, found.canonical)
    about = (found.email, found.wish.newsletters, found.wish.languages, found.language)
    if found.state is SignupState.CONFIRMED and person:
        return Pending("confirmed", *about, subscriber=person.id)
    suppressed = subscribers.suppressed(connection, address_hash(house.key, found.canonical))
    is_over = found.state is SignupState.CONFIRMED or found.expires_at <= now
    return Pending("expired" if is_over or not may_return(suppressed, person) else "open", *about)


def _subscribe(connection: Connection, house: House, found: Signup, place: str, now: datetime) -> None:
    """The person, with a note of consent for each newsletter that is new and one that they confirmed."""
    held = subscribers.by_canonical(connection, found.canonical)
    value = confirmed(found, held, house.newsletters, now)
    subscribers.lift(connection, address_hash(house.key, found.canonical), LIFTED)
    identity = subscribers.save(connection, value, now)
    origin = f"{found.origin} at {found.at:%Y-%m-%dT%H:%M:%SZ}, confirmed from {place}"
    for newsletter in _new(value, held):
        subscribers.note(
            connection, identity, "subscribed", newsletter, "sign-up", now, words=found.words, origin=origin
        )
    subscribers.note(connection, identity, "confirmed", "", "sign-up", now, words=found.words, origin=origin)


def _new(value: Subscriber, held: Subscriber | None) -> list[str]:
    is_active = held is not None and held.status is SubscriberStatus.ACTIVE
    had = {one.newsletter for one in held.subscriptions} if held and is_active else set()
    return [one.newsletter for one in value.subscriptions if one.newsletter not in had]

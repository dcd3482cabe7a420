"""Amend: what staff do for one person, each with its line in the audit log, which holds no address."""

from collections.abc import Collection, Sequence
from datetime import datetime

from syndicate.flows import lists, subscribe
from syndicate.flows.house import House
from syndicate.model import Actor, NotFound, Signup, Subscriber, SubscriberStatus, UnsafeValue, Wish
from syndicate.store import Connection, audit, signups, subscribers, tags
from syndicate.subscribers import address_hash, canonical
from syndicate.subscribers.signups import BETWEEN_MAILS, may_return
from syndicate.subscribers.tending import Amended, amended, may_lift, source
from syndicate.subscribers.tending import tags as kept_tags

STAFF = "staff"
"""Whom a change came from, in the history of consent."""


def add(
    house: House,
    actor: Actor,
    email: str,
    wanted: Amended,
    now: datetime,
) -> tuple[int, str]:
    """Add somebody who has given consent; their number (0 when they are barred) and fate. Raises UnsafeValue."""
    if not wanted.newsletters:
        raise UnsafeValue("Choose at least one newsletter.")
    if not (consent := source(wanted.consent)):
        raise UnsafeValue("Say where the consent for the new newsletters came from.")
    cells = {
        "email": email.strip(),
        "name": wanted.name,
        "languages": " ".join(wanted.languages),
        "timezone": wanted.timezone,
        "newsletters": " ".join(wanted.newsletters),
        "status": SubscriberStatus.ACTIVE,
        "consent_at": now.isoformat(),
        "consent_source": consent,
    }
    fate = lists.add(house.database, cells, list(house.newsletters), house.key, now, actor)
    with house.database.read() as connection:
        person = subscribers.by_canonical(connection, canonical(email.strip()))
    return (person.id if person else 0), fate


def change(house: House, actor: Actor, number: int, wanted: Amended, now: datetime) -> None:
    """Make it what staff want, effective for mails not yet handed over. Raises NotFound, UnsafeValue."""
    with house.database.begin() as connection:
        held = _locked(connection, number)
        value = amended(held, wanted)
        if value == held:
            return
        subscribers.set_person(connection, value)
        changed = _fields(held, value)
        subscribers.note(connection, number, "changed", "", STAFF, now, words=", ".join(changed))
        _change_newsletters(connection, held, value, source(wanted.consent), now)
        audit.note(connection, actor, "subscriber.change", _subject(number), now, changed=changed)


def set_tags(house: House, actor: Actor, number: int, wanted: Collection[str], now: datetime) -> None:
    """Raises NotFound, UnsafeValue."""
    kept = kept_tags(wanted)
    with house.database.begin() as connection:
        _locked(connection, number)
        had = tags.of(connection, number)
        for tag in set(had) - set(kept):
            tags.take(connection, [number], tag)
        for tag in set(kept) - set(had):
            tags.add(connection, [number], tag)
        if kept != had:
            audit.note(connection, actor, "subscriber.tags", _subject(number), now, tags=list(kept))


def unsubscribe(house: House, actor: Actor, number: int, newsletter: str, now: datetime) -> Sequence[str]:
    """End one subscription, or all (``newsletter`` empty); those that ended. Raises NotFound."""
    with house.database.begin() as connection:
        person = _locked(connection, number)
        wanted = [one.newsletter for one in person.subscriptions if newsletter in ("", one.newsletter)]
        ended = [
            key for key in wanted if subscribers.unsubscribe(connection, number, key, STAFF, now, actor.name)
        ]
        if ended:
            audit.note(connection, actor, "subscriber.unsubscribe", _subject(number), now, newsletters=ended)
        return ended


def lift(house: House, actor: Actor, email: str, why: str, now: datetime) -> None:
    """Mail an address again that was suppressed. Raises UnsafeValue when only its owner may say so."""
    address = canonical(email)
    hashed = address_hash(house.key, address)
    with house.database.begin() as connection:
        reason = subscribers.suppressed(connection, hashed)
        told = may_lift(reason, why)
        subscribers.lift(connection, hashed, {reason})
        person = subscribers.by_canonical(connection, address)
        if person:
            subscribers.set_status(connection, person.id, SubscriberStatus.ACTIVE)
            subscribers.note(connection, person.id, "lifted", "", STAFF, now, words=told)
        subject = _subject(person.id) if person else "suppression list"
        audit.note(connection, actor, "suppression.lift", subject, now, was=reason)


def erase(house: House, actor: Actor, number: int, now: datetime) -> None:
    """Delete all that is held about a person; a keyed hash stays. Raises NotFound."""
    if not subscribe.erase_reader(house, number, now, actor):
        raise NotFound("there is no such subscriber any more")


def ask_again(house: House, actor: Actor, email: str, now: datetime) -> None:
    """Mail the link to confirm once more to who asked and has not. Raises NotFound, UnsafeValue."""
    address = canonical(email)
    with house.database.begin() as connection:
        signups.in_turn(connection)
        person = subscribers.by_canonical(connection, address)
        made = _asked_again(house, person, signups.of_address(connection, address), now)
        suppressed = subscribers.suppressed(connection, address_hash(house.key, address))
        if not may_return(suppressed, person):
            raise UnsafeValue("This address is on the suppression list. Lift that first.")
        if signups.is_mailed(connection, made, now - BETWEEN_MAILS):
            raise UnsafeValue("This address was sent such a mail within a day. It gets no other before that.")
        signup = signups.add(connection, made)
        subject = _subject(person.id) if person else f"sign-up {signup}"
        audit.note(connection, actor, "subscriber.ask", subject, now)
    house.asked.set()


def _asked_again(house: House, person: Subscriber | None, asked: Sequence[Signup], now: datetime) -> Signup:
    """A request like the last one, or as a list told of somebody who has not confirmed."""
    if person and person.status is not SubscriberStatus.PENDING:
        raise UnsafeValue("They have confirmed already.")
    last = asked[-1] if asked else None
    if last is None and person is None:
        raise NotFound("there is no subscriber with this address")
    if last:
        email, network, language, wish, words = last.email, last.network, last.language, last.wish, last.words
    else:
        assert person is not None
        newsletters = tuple(one.newsletter for one in person.subscriptions)
        wish = Wish(person.languages, newsletters, person.name, timezone=person.timezone)
        email, network, language, words = person.email, STAFF, person.languages[0], ""
    return Signup(
        email=email,
        canonical=canonical(email),
        network=network,
        language=language,
        wish=wish,
        words=words,
        origin=f"{last.origin if last else 'list'}, asked again by staff",
        at=now,
        due_at=now,
        expires_at=now + house.signup.expires,
    )


def _locked(connection: Connection, number: int) -> Subscriber:
    person = subscribers.locked(connection, number)
    if person is None:
        raise NotFound("there is no such subscriber any more")
    return person


def _change_newsletters(
    connection: Connection, held: Subscriber, value: Subscriber, consent: str, now: datetime
) -> None:
    has = {one.newsletter: one.cadence for one in held.subscriptions}
    wanted = {one.newsletter: one.cadence for one in value.subscriptions}
    for key in has.keys() - wanted.keys():
        subscribers.unsubscribe(connection, held.id, key, STAFF, now)
    for key, cadence in wanted.items():
        if key not in has:
            subscribers.subscribe(connection, held.id, key, STAFF, now, cadence, consent)
        elif has[key] != cadence:
            subscribers.set_cadence(connection, held.id, key, cadence)


def _fields(held: Subscriber, value: Subscriber) -> list[str]:
    names = ("name", "languages", "timezone", "status", "subscriptions")
    return [name for name in names if getattr(held, name) != getattr(value, name)]


def _subject(number: int) -> str:
    return f"subscriber {number}"

"""People as a list finds them: what is held, what they left, and a seal that tells whether it is still so."""

import hashlib
from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Select, select

from syndicate.model import Subscriber, SubscriberStatus, Subscription
from syndicate.store.chunks import among
from syndicate.store.tables import consent_event, subscriber, subscription

_PERSON = select(
    subscriber.c.id,
    subscriber.c.email,
    subscriber.c.canonical,
    subscriber.c.name,
    subscriber.c.languages,
    subscriber.c.timezone,
    subscriber.c.status,
    subscriber.c.consent_at,
    subscriber.c.consent_source,
)
_WISHES = select(subscription.c.subscriber, subscription.c.newsletter, subscription.c.cadence)
_EVENTS = select(consent_event.c.subscriber, consent_event.c.newsletter, consent_event.c.what)


class Held(NamedTuple):
    """``left`` are the newsletters they unsubscribed from; ``seal`` (16 bytes) changes with anything of a person."""

    person: Subscriber
    left: frozenset[str]
    seal: bytes


def held(connection: Connection, ids: Collection[int], *, lock: bool = False) -> dict[int, Held]:
    """Those of ``ids`` who are there; with ``lock`` nobody else changes them until the end of the transaction."""
    query = _PERSON.where(among(connection, subscriber.c.id, ids)).order_by(subscriber.c.id)
    people = connection.execute(query.with_for_update() if lock else query).all()
    wishes = _WISHES.where(among(connection, subscription.c.subscriber, ids))
    events = _EVENTS.where(among(connection, consent_event.c.subscriber, ids))
    wished = _pairs(connection, wishes.order_by(subscription.c.subscriber, subscription.c.newsletter))
    told = _pairs(connection, events.order_by(consent_event.c.id))
    return {row[0]: _held(tuple(row), wished.get(row[0], []), told.get(row[0], [])) for row in people}


def held_at(connection: Connection, canonical: str) -> Held | None:
    """Who has this address; nobody else changes them until the end of the transaction."""
    query = select(subscriber.c.id).where(subscriber.c.canonical == canonical)
    identity = connection.execute(query).scalar()
    return None if identity is None else held(connection, [identity], lock=True).get(identity)


def _pairs(connection: Connection, query: Select[int, str, str]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    for identity, one, other in connection.execute(query).all():
        found.setdefault(identity, []).append((one, other))
    return found


def _held(row: tuple[Any, ...], wishes: list[tuple[str, str]], events: list[tuple[str, str]]) -> Held:
    seal = hashlib.blake2b(orjson.dumps((row, wishes, events)), digest_size=16).digest()
    last = dict(events)
    left = frozenset(newsletter for newsletter, what in last.items() if what == "unsubscribed")
    return Held(_person(row, tuple(wishes)), left, seal)


def _person(row: tuple[Any, ...], wishes: tuple[tuple[str, str], ...]) -> Subscriber:
    identity, email, canonical, name, languages, timezone, status, consent_at, source = row
    return Subscriber(
        id=identity,
        email=email,
        canonical=canonical,
        name=name,
        languages=split(languages),
        timezone=timezone,
        status=SubscriberStatus(status),
        subscriptions=_subscriptions(wishes),
        consent_at=consent_at,
        consent_source=source,
    )


@lru_cache(maxsize=4096)
def split(languages: str) -> tuple[str, ...]:
    return tuple(languages.split())


@lru_cache(maxsize=4096)
def _subscriptions(wishes: tuple[tuple[str, str], ...]) -> tuple[Subscription, ...]:
    return tuple(Subscription(newsletter, cadence) for newsletter, cadence in wishes)

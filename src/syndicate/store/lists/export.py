"""People read out one page after another, however many there are."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from syndicate.model import Subscriber
from syndicate.store.lists.held import held
from syndicate.store.tables import subscriber, subscription

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is read out; what is empty chooses everybody. ``language`` is one they read; ``en`` is also en-GB."""

    newsletter: str = ""
    language: str = ""
    status: str = ""


def people(connection: Connection, chosen: Chosen) -> Iterator[Subscriber]:
    """By canonical address."""
    where, last = _conditions(chosen), ""
    while True:
        query = select(subscriber.c.id).where(subscriber.c.canonical > last, *where)
        ids = connection.execute(query.order_by(subscriber.c.canonical).limit(_PAGE)).scalars().all()
        if not ids:
            return
        found = held(connection, ids)
        yield from (found[identity].person for identity in ids)
        last = found[ids[-1]].person.canonical


def _conditions(chosen: Chosen) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if chosen.newsletter:
        theirs = (
            subscription.c.subscriber == subscriber.c.id,
            subscription.c.newsletter == chosen.newsletter,
        )
        where.append(exists().where(*theirs))
    if chosen.language:
        padded = " " + subscriber.c.languages + " "
        where.append(or_(*(padded.contains(f" {chosen.language}{end}", autoescape=True) for end in " -")))
    if chosen.status:
        where.append(subscriber.c.status == chosen.status)
    return where

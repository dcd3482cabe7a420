"""People looked for: by how address or name begin, by domain, by what they have in common. Nothing here counts them.

A page costs the same however many there are: at most ``SPAN`` candidates are read by one index, newest first, and the
rest of what is asked is tried on those alone. Where that found too few, ``Found.before`` says where to go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
)

from syndicate.model import Subscriber, SubscriberStatus
from syndicate.store.chunks import among
from syndicate.store.lists.held import held
from syndicate.store.tables import (
    domain_of,
    family_of,
    name_of,
    subscriber,
    subscriber_tag,
    subscription,
)

SPAN = 10_000
"""Candidates that one page reads at most."""

_MOST_READINGS, _MOST_LISTS = 2_000, 150
_LAST = "\U0010ffff"
_READINGS = text(
    "WITH RECURSIVE found(one) AS (SELECT min(languages) FROM subscriber UNION ALL "
    "SELECT (SELECT min(languages) FROM subscriber WHERE languages > found.one) FROM found "
    "WHERE found.one IS NOT NULL) SELECT one FROM found WHERE one IS NOT NULL LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """Whom all of it is true of; what is empty is true of everybody. ``language``: one they read."""

    domain: str = ""
    language: str = ""
    newsletter: str = ""
    tag: str = ""
    zone: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers, newest first; ``before`` is where the next page goes on, 0 at the end."""

    ids: tuple[int, ...]
    before: int


def walk(connection: Connection, segment: Segment, most: int, before: int = 0) -> Found:
    """Numbers of people below ``before`` (0: all), newest first; maybe fewer than ``most`` although there are more."""
    candidates, rest = _candidates(connection, segment)
    kept: list[int] = []
    # Most of what is asked is common: a few candidates will do. Only for what is rare are many of them read.
    for span in (most * 20, SPAN) if rest else (most + 1,):
        share = max(most + 1, span // max(1, len(candidates)))
        found = [_ids(connection, one, before, share) for one in candidates]
        # Below the last of a full list there may be others that were not read.
        before = max((ids[-1] for ids in found if len(ids) == share), default=0)
        ids = sorted({identity for of in found for identity in of if identity >= before}, reverse=True)
        kept += _kept(connection, ids, rest, most + 1)
        if len(kept) > most:
            return Found(tuple(kept[:most]), kept[most - 1])
        if not before:
            break
    return Found(tuple(kept), before)


def beginning(
    connection: Connection, address: str, names: Sequence[str], segment: Segment, most: int
) -> Found:
    """Whose address begins with ``address``, or whose name or family name with one of ``names``; by number.

    ``names`` are in lower case as far as ASCII goes. ``before`` is 1 when there are more.
    """
    wanted: list[tuple[ColumnElement[str], str]] = [(subscriber.c.canonical, address)] if address else []
    wanted += [(of, name) for name in names for of in (name_of, family_of)]
    found = [_starting(connection, of, prefix, most * 4) for of, prefix in wanted]
    ids = list(dict.fromkeys(identity for some in found for identity in some))
    kept = _kept(connection, sorted(ids, reverse=True), _conditions(segment), most + 1)
    is_more = len(kept) > most or any(len(some) == most * 4 for some in found)
    return Found(tuple(kept[:most]), int(is_more))


def people(connection: Connection, ids: Sequence[int]) -> list[Subscriber]:
    """Those of ``ids`` who are there, in their order."""
    found = held(connection, ids)
    return [found[identity].person for identity in ids if identity in found]


def page(connection: Connection, segment: Segment, after: int, most: int) -> tuple[list[Subscriber], int]:
    """People above a number, to be read out one page after another, and the last number looked at (0 at the end)."""
    query = select(subscriber.c.id).where(subscriber.c.id > after).order_by(subscriber.c.id).limit(most)
    ids = list(connection.execute(query).scalars())
    kept = _kept(connection, ids, _conditions(segment), len(ids)) if ids else []
    return people(connection, sorted(kept)), ids[-1] if ids else 0


def about(connection: Connection) -> int:
    """How many people there are, or a little more or less: what the database itself reckons."""
    last = connection.execute(select(func.max(subscriber.c.id))).scalar() or 0
    if connection.dialect.name != "postgresql" or last < SPAN:
        return int(last)
    query = text("SELECT reltuples FROM pg_class WHERE oid = 'subscriber'::regclass")
    reckoned = int(connection.execute(query).scalar() or 0)
    return reckoned if reckoned > 0 else int(last)


def readings(connection: Connection) -> list[str]:
    """The lists of languages that people read, each once, as they are stored; at most two thousand and one."""
    return list(connection.execute(_READINGS, {"most": _MOST_READINGS + 1}).scalars())


Candidates: TypeAlias = list[tuple[ColumnElement[int], ColumnElement[bool]]]


def _candidates(connection: Connection, segment: Segment) -> tuple[Candidates, list[ColumnElement[bool]]]:
    """Where to read candidates from (column of their number, condition), and what is left to be tried on them."""
    mine = subscriber.c.id
    if segment.domain:
        return [(mine, domain_of == segment.domain)], _conditions(replace(segment, domain=""))
    if segment.tag:
        tagged = (subscriber_tag.c.subscriber, subscriber_tag.c.tag == segment.tag)
        return [tagged], _conditions(replace(segment, tag=""))
    if segment.zone:
        return [(mine, subscriber.c.timezone == segment.zone)], _conditions(replace(segment, zone=""))
    if segment.status and segment.status != SubscriberStatus.ACTIVE:
        inactive = (subscriber.c.status == segment.status) & (
            subscriber.c.status != literal_column("'active'")
        )
        return [(mine, inactive)], _conditions(replace(segment, status=""))
    if segment.language and (reads := _readings_with(connection, segment.language)) is not None:
        some: Candidates = [(mine, subscriber.c.languages == one) for one in reads]
        return some, _conditions(replace(segment, language=""))
    if segment.newsletter:
        takes = (subscription.c.subscriber, subscription.c.newsletter == segment.newsletter)
        return [takes], _conditions(replace(segment, newsletter=""))
    return [(mine, true())], _conditions(segment)


def _readings_with(connection: Connection, language: str) -> list[str] | None:
    """None when there are too many to look into each."""
    every = readings(connection)
    some = [
        one for one in every if any(tag == language or tag.startswith(f"{language}-") for tag in one.split())
    ]
    return some if len(every) <= _MOST_READINGS and len(some) <= _MOST_LISTS else None


def _ids(
    connection: Connection, of: tuple[ColumnElement[int], ColumnElement[bool]], before: int, most: int
) -> list[int]:
    number, where = of
    query = select(number).where(where).order_by(number.desc()).limit(most)
    return list(connection.execute(query.where(number < before) if before else query).scalars())


def _starting(connection: Connection, of: ColumnElement[str], prefix: str, most: int) -> list[int]:
    """By a range, so that nothing in ``prefix`` is a wildcard."""
    query = select(subscriber.c.id).where(of >= prefix, of < prefix + _LAST).order_by(of).limit(most)
    return list(connection.execute(query).scalars())


def _kept(
    connection: Connection, ids: Sequence[int], conditions: Sequence[ColumnElement[bool]], most: int
) -> list[int]:
    """Those of ``ids`` (newest first) that everything else is true of, too."""
    if not conditions or not ids:
        return list(ids[:most])
    query = select(subscriber.c.id).where(among(connection, subscriber.c.id, ids), *conditions)
    return list(connection.execute(query.order_by(subscriber.c.id.desc()).limit(most)).scalars())


def _conditions(segment: Segment) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if segment.domain:
        where.append(domain_of == segment.domain)
    if segment.language:
        padded = " " + subscriber.c.languages + " "
        where.append(or_(*(padded.contains(f" {segment.language}{end}", autoescape=True) for end in " -")))
    if segment.newsletter:
        where.append(_has(subscription.c.subscriber, subscription.c.newsletter == segment.newsletter))
    if segment.tag:
        where.append(_has(subscriber_tag.c.subscriber, subscriber_tag.c.tag == segment.tag))
    if segment.zone:
        where.append(subscriber.c.timezone == segment.zone)
    if segment.status:
        where.append(subscriber.c.status == segment.status)
    return where


def _has(number: ColumnElement[int], what: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(number == subscriber.c.id, what)

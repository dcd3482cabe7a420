"""The one transaction in which a staged list is written: as short as the database can make it, and nobody overruled."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from syndicate.store import claims
from syndicate.store.lists.drafts import fill
from syndicate.store.lists.held import held
from syndicate.store.tables import Moment

_PAGE = 5_000
_LOCK = 0x4C495354  # any number that nobody else takes


def apply(connection: Connection, now: datetime) -> int:
    """Write what was decided; how many addresses are left in ``list_late``, because they changed while we read."""
    _alone(connection)
    late = _barred_meanwhile(connection) + _changed_meanwhile(connection)
    if late:
        _set_aside(connection)
    first = _first_number(connection)
    late += _add_people(connection, first, now)
    _run(connection, _CHANGE)
    _run(connection, _SUBSCRIBE.format(number=first))
    _run(connection, _NOTE.format(number=first), now=now)
    _run(connection, _JOIN)
    _run(connection, _NOTE_JOINED)
    _run(connection, _SUPPRESS_NEW, now=now)
    _run(connection, _SUPPRESS_CHANGED, now=now)
    for identity in _run(connection, _TO_RECALL).scalars().all():
        claims.recall(connection, subscriber=identity)
    return late


def _alone(connection: Connection) -> None:
    """SQLite has one writer anyway. Here: no second list, and no suppression that we would not see."""
    if connection.dialect.name == "postgresql":
        _run(connection, f"SELECT pg_advisory_xact_lock({_LOCK})")
        _run(connection, "LOCK TABLE suppression IN SHARE MODE")


def _barred_meanwhile(connection: Connection) -> int:
    return int(_run(connection, _BARRED).rowcount)


def _changed_meanwhile(connection: Connection) -> int:
    """Compare the seals of people who are to be changed; their rows are ours from here on."""
    last, number = 0, 0
    while rows := _run(connection, _SEALS, last=last, most=_PAGE).all():
        people = held(connection, [row.id for row in rows], lock=True)
        late = [
            (row.canonical,) for row in rows if row.id not in people or people[row.id].seal != bytes(row.seal)
        ]
        fill(connection, "list_late", "canonical", late)
        last, number = rows[-1].id, number + len(late)
    return number


def _set_aside(connection: Connection) -> None:
    for table in ("list_fresh", "list_changed", "list_joined"):
        _run(connection, f"DELETE FROM {table} WHERE canonical IN (SELECT canonical FROM list_late)")  # noqa: S608


def _first_number(connection: Connection) -> str:
    """How the number of somebody new is spelled in SQL."""
    if connection.dialect.name == "postgresql":
        return "f.id"
    query = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'subscriber'"
    return f"f.key + {int(_run(connection, query).scalar_one())}"


def _add_people(connection: Connection, number: str, now: datetime) -> int:
    """Whoever came by another way meanwhile is late; how many."""
    wanted = _run(connection, "SELECT count(*) FROM list_fresh").scalar_one()
    added = _run(connection, _ADD.format(number=number), now=now).rowcount
    if added == wanted:
        return 0
    late = _run(connection, _NOT_ADDED.format(number=number)).rowcount
    _set_aside(connection)
    return int(late)


def _run(connection: Connection, statement: str, **values: Any) -> Any:
    made = text(statement)
    if "now" in values:
        made = made.bindparams(bindparam("now", type_=Moment))
    return connection.execute(made, values)


# Also those in the transaction that commits while ours waits: it has the table to itself (see _alone).
_BARRED = """
    INSERT INTO list_late (canonical)
    SELECT f.canonical FROM list_fresh f JOIN suppression x ON x.address_hash = f.address_hash
    UNION
    SELECT c.canonical FROM list_changed c JOIN suppression x ON x.address_hash = c.address_hash
"""
_SEALS = (
    "SELECT id, canonical, seal FROM list_changed WHERE id > :last "
    "AND canonical NOT IN (SELECT canonical FROM list_late) ORDER BY id LIMIT :most"
)
_CHANGE = """
    UPDATE subscriber SET name = c.name, languages = c.languages, timezone = c.timezone, status = c.status,
        consent_at = c.consent_at, consent_source = c.source
    FROM list_changed c WHERE subscriber.id = c.id
"""
_JOIN = """
    INSERT INTO subscription (subscriber, newsletter, cadence)
    SELECT s.id, j.newsletter, j.cadence FROM list_joined j JOIN subscriber s ON s.canonical = j.canonical
"""
_NOTE_JOINED = """
    INSERT INTO consent_event (subscriber, at, what, newsletter, source)
    SELECT s.id, j.at, 'subscribed', j.newsletter, j.source
    FROM list_joined j JOIN subscriber s ON s.canonical = j.canonical ORDER BY s.id, j.newsletter
"""
_SUPPRESS_NEW = """
    INSERT INTO suppression (address_hash, reason, at)
    SELECT f.address_hash, 'list', :now FROM list_fresh f JOIN list_profile p ON p.id = f.profile
    WHERE p.status = 'suppressed' ON CONFLICT DO NOTHING
"""
_SUPPRESS_CHANGED = """
    INSERT INTO suppression (address_hash, reason, at)
    SELECT c.address_hash, 'list', :now FROM list_changed c WHERE c.status = 'suppressed' ON CONFLICT DO NOTHING
"""
_TO_RECALL = """
    SELECT DISTINCT d.subscriber FROM list_changed c JOIN delivery d ON d.subscriber = c.id
    WHERE c.is_loss = 1 AND d.state = 'claimed' ORDER BY d.subscriber
"""


# ``{number}`` is that of somebody new (see _first_number).
_ADD = """
    INSERT INTO subscriber
        (id, email, canonical, name, languages, timezone, status, consent_at, consent_source, created_at)
    SELECT {number}, coalesce(f.email, f.canonical), f.canonical, f.name, p.languages, p.timezone, p.status,
        f.consent_at, p.source, :now
    FROM list_fresh f JOIN list_profile p ON p.id = f.profile WHERE true ORDER BY f.key
    ON CONFLICT (canonical) DO NOTHING
"""
_NOT_ADDED = """
    INSERT INTO list_late (canonical) SELECT f.canonical FROM list_fresh f
    LEFT JOIN subscriber s ON s.id = {number} WHERE s.id IS NULL
"""
_SUBSCRIBE = """
    INSERT INTO subscription (subscriber, newsletter, cadence)
    SELECT {number}, w.newsletter, w.cadence FROM list_fresh f JOIN list_wish w ON w.profile = f.profile
    ORDER BY f.key, w.newsletter
"""
_NOTE = """
    INSERT INTO consent_event (subscriber, at, what, newsletter, source)
    SELECT {number}, coalesce(f.consent_at, :now), 'subscribed', w.newsletter,
        CASE WHEN p.source = '' THEN 'list' ELSE p.source END
    FROM list_fresh f JOIN list_profile p ON p.id = f.profile JOIN list_wish w ON w.profile = f.profile
    ORDER BY f.key, w.newsletter
"""

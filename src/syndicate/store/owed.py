"""Whom an issue is owed to now, with what is asked of each person before they are mailed (DESIGN law 6).

The one question that is asked of every reader in every sending: it is put to the driver itself.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from syndicate.store.chunks import array, plain
from syndicate.store.tables import spelled

Owed = tuple[Any, ...]
"""Delivery, edition, subscriber, Message-ID, attempts, address, name, status (None: erased), whether they get the
newsletter."""


def owed(
    connection: Connection, issue: int, newsletter: str, after: int, most: int, now: datetime
) -> list[Owed]:
    """At most ``most`` of the deliveries that are planned and due, from ``after`` on, in order.

    On PostgreSQL they are locked, and those that another sender has locked are passed over; so are the people, against
    change, until the end of the transaction.
    """
    moment = spelled(connection.dialect, now)
    if connection.dialect.name == "postgresql":
        return _owed_and_held(connection, issue, newsletter, after, most, moment)
    return plain(connection, _AT_ONCE, (newsletter, issue, after, moment, most))


def _owed_and_held(
    connection: Connection, issue: int, newsletter: str, after: int, most: int, moment: Any
) -> list[Owed]:
    """Three questions: what somebody subscribes to is read when their row is held, not before it was waited for."""
    rows = plain(connection, _PLANNED, (issue, after, moment, most))
    if not rows:
        return []
    ids = array(row[2] for row in rows)
    people = {row[0]: row[1:] for row in plain(connection, _PEOPLE, (ids,))}
    subscribed = {row[0] for row in plain(connection, _SUBSCRIBED, (newsletter, ids))}
    return [(*row, *people.get(row[2], _NOBODY), row[2] in subscribed) for row in rows]


_NOBODY = ("", "", None)

# SQLite has one writer, and it is us: nothing changes between questions. It is told the index, for it may not know how
# few are planned of how many.
_AT_ONCE = """
SELECT d.id, d.edition, d.subscriber, d.message_id, d.attempts, s.email, s.name, s.status, n.subscriber IS NOT NULL
FROM delivery d INDEXED BY ix_delivery_planned
LEFT JOIN subscriber s ON s.id = d.subscriber
LEFT JOIN subscription n ON n.subscriber = d.subscriber AND n.newsletter = ?
WHERE d.issue = ? AND d.state = 'planned' AND d.id > ? AND (d.due_at IS NULL OR d.due_at <= ?)
ORDER BY d.id LIMIT ?
"""

_PLANNED = """
SELECT id, edition, subscriber, message_id, attempts FROM delivery
WHERE issue = %s AND state = 'planned' AND id > %s AND (due_at IS NULL OR due_at <= %s)
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_PEOPLE = "SELECT id, email, name, status FROM subscriber WHERE id = ANY(%s::bigint[]) FOR SHARE"
_SUBSCRIBED = "SELECT subscriber FROM subscription WHERE newsletter = %s AND subscriber = ANY(%s::bigint[])"

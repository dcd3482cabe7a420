"""What carriers took: brought to the ledger's lines a claim at a time, and counted by day."""

from collections.abc import Sequence
from datetime import datetime

import orjson
from sqlalchemy import Connection, update

from syndicate.store.tables import spelled, volume

Taken = tuple[int, str, datetime]
"""A delivery, what its carrier said, when (aware, UTC)."""


def accept(connection: Connection, number: int, taken: Sequence[Taken]) -> None:
    """Settle what the carrier took of a claim: what is open, or was given up as a doubt when the claim was seized.

    One statement, said to the driver itself: a thousand rows would cost as much as handing over hundreds of messages.
    """
    if not taken:
        return
    dialect = connection.dialect
    moments = {at: spelled(dialect, at) for at in {at for _, _, at in taken}}
    if dialect.name != "postgresql":
        told = orjson.dumps({str(identity): moments[at] + said for identity, said, at in taken}).decode()
        connection.exec_driver_sql(_SQLITE, (told, number))
        return
    ids, said, times = zip(*((identity, said, moments[at]) for identity, said, at in taken), strict=True)
    columns = (list(ids), list(said), list(times))
    connection.exec_driver_sql(_POSTGRES, (*columns, min(ids), max(ids), number))


def count(connection: Connection, carrier: str, messages: int, now: datetime) -> None:
    """Add to what the carrier took today."""
    if not messages:
        return
    day = now.date().isoformat()
    where = (volume.c.carrier == carrier, volume.c.day == day)
    added = update(volume).where(*where).values(messages=volume.c.messages + messages)
    if connection.execute(added).rowcount == 0:
        connection.execute(volume.insert().values(carrier=carrier, day=day, messages=messages))


# SQLite takes one document, {delivery: moment and words}; a moment is 26 characters there.
_SQLITE = """
UPDATE delivery SET state = 'accepted', reason = substr(v.value, 27), handed_at = substr(v.value, 1, 26),
settled_at = substr(v.value, 1, 26), due_at = NULL
FROM json_each(?) AS v
WHERE delivery.id = CAST(v.key AS INTEGER) AND delivery.claim = ? AND delivery.state IN ('claimed', 'unsure')
"""

# PostgreSQL takes columns of values as arrays. Told between which ids they are, it looks at no others; and CASE keeps
# it from guessing that hardly one of them is ours: it would look all answers through again for each.
_POSTGRES = """
UPDATE delivery SET state = 'accepted', reason = v.said, handed_at = v.at, settled_at = v.at, due_at = NULL
FROM unnest(%b::bigint[], %b::text[], %b::timestamptz[]) AS v (id, said, at)
WHERE delivery.id = v.id AND delivery.id BETWEEN %b AND %b
AND CASE WHEN delivery.claim = %b AND delivery.state IN ('claimed', 'unsure') THEN true ELSE false END
"""

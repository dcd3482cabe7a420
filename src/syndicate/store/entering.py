"""Lines entered into the ledger, a million at a time: what they cost is what planning an issue costs."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from syndicate.store.tables import spelled

AT_ONCE = 5000


class Planned(NamedTuple):
    """One line of the ledger to be: ``edition`` is None for somebody who is skipped from the start.

    ``due`` is when it may be handed over, in UTC; None: at once.
    """

    subscriber: int
    edition: int | None
    message_id: str
    reason: str = ""
    due: datetime | None = None


def enter(connection: Connection, issue: int, lines: Iterable[Planned], now: datetime) -> int:
    """Write them as they come, in order; how many. The database refuses a second line for the same person.

    They are said to the driver itself, and go to SQLite as documents of some thousands, to PostgreSQL as one COPY.
    """
    if connection.dialect.name == "postgresql":
        return _copied(connection, issue, lines, now)
    settled, spell = spelled(connection.dialect, now), lru_cache(1000)(spelled)
    rest, number = iter(lines), 0
    while some := list(islice(rest, AT_ONCE)):
        rows = [(*one[:4], one.due and spell(connection.dialect, one.due)) for one in some]
        connection.exec_driver_sql(_INSERT, (issue, settled, orjson.dumps(rows).decode()))
        number += len(some)
    return number


def _copied(connection: Connection, issue: int, lines: Iterable[Planned], now: datetime) -> int:
    driver: Any = connection.connection.driver_connection
    spell = lru_cache(1000)(spelled)
    with driver.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            for one in lines:
                state, settled = ("planned", None) if one.edition is not None else ("skipped", now)
                due = one.due and spell(connection.dialect, one.due)
                words = (state, str(one.reason), "", one.message_id)
                copy.write_row((issue, one.edition, one.subscriber, *words, settled, due))
        return int(cursor.rowcount)


_COLUMNS = "issue, edition, subscriber, state, reason, carrier, message_id, settled_at, due_at"
_COPY = f"COPY delivery ({_COLUMNS}) FROM STDIN"
_INSERT = f"""
INSERT INTO delivery ({_COLUMNS})
SELECT ?1, v.value ->> 1, v.value ->> 0, CASE WHEN v.value ->> 1 IS NULL THEN 'skipped' ELSE 'planned' END,
v.value ->> 3, '', v.value ->> 2, CASE WHEN v.value ->> 1 IS NULL THEN ?2 END, v.value ->> 4
FROM json_each(?3) AS v
"""  # noqa: S608 (no value in it)

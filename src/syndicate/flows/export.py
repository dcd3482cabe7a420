"""Export: people as a list, page by page, so that no transaction waits for whoever downloads it."""

import io
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime

from syndicate.flows.house import House
from syndicate.model import Actor
from syndicate.store import audit, people
from syndicate.store.people import Segment
from syndicate.subscribers import write_lines

_AT_ONCE = 1_000


def export(house: House, actor: Actor, segment: Segment, clock: Callable[[], datetime]) -> Iterator[bytes]:
    """The bytes of a CSV file of everybody in a segment. That it began is in the audit log before the first of them,
    how many people were written and whether it came to its end after the last.
    """
    chosen = {name: value for name, value in asdict(segment).items() if value}
    with house.database.begin() as connection:
        audit.note(connection, actor, "subscribers.export", "subscribers", clock(), chosen=chosen)
    return _written(house, actor, segment, clock)


def _written(house: House, actor: Actor, segment: Segment, clock: Callable[[], datetime]) -> Iterator[bytes]:
    last, number, is_first, is_whole = 0, 0, True, False
    try:
        while True:
            with house.database.read() as connection:
                some, last = people.page(connection, segment, last, _AT_ONCE)
            page = io.StringIO(newline="")
            number += write_lines(page, some, with_header=is_first)
            is_first = False
            yield page.getvalue().encode()
            if not last:
                is_whole = True
                return
    finally:
        with house.database.begin() as connection:
            audit.note(
                connection,
                actor,
                "subscribers.exported",
                "subscribers",
                clock(),
                people=number,
                whole=is_whole,
            )

"""Lists written: people as a file that reads back the same, and what became of each line of one."""

import csv
from collections.abc import Iterable
from typing import TextIO

from syndicate.model import Subscriber
from syndicate.subscribers.lists.cells import inert
from syndicate.subscribers.lists.merging import Fate
from syndicate.subscribers.lists.reading import COLUMNS

REPORT_HEADER = "line,email,fate,reason\r\n"


def write_lines(file: TextIO, subscribers: Iterable[Subscriber], *, with_header: bool = True) -> int:
    """Write subscribers as such a file; no cell is a formula to a spreadsheet (CWE-1236). Returns how many."""
    writer = csv.writer(file)
    if with_header:
        writer.writerow(COLUMNS)
    written = 0
    for one in subscribers:
        writer.writerow([inert(cell) for cell in _cells(one)])
        written += 1
    return written


def report_line(number: int, email: str, fate: Fate, reason: str) -> str:
    """A line of the report, as CSV (RFC 4180)."""
    email = inert(email)
    if reason or not email.isascii() or not email.isprintable() or "," in email or '"' in email:
        return f"{number},{_quoted(email)},{fate},{_quoted(inert(reason))}\r\n"
    return f"{number},{email},{fate},\r\n"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if cell else ""


def _cells(one: Subscriber) -> list[str]:
    cadences = {s.cadence for s in one.subscriptions}
    return [
        one.email,
        one.name,
        " ".join(one.languages),
        one.timezone,
        " ".join(s.newsletter for s in one.subscriptions),
        cadences.pop() if len(cadences) == 1 else "",
        one.status,
        one.consent_at.isoformat() if one.consent_at else "",
        one.consent_source,
    ]

"""Lists of subscribers as CSV files: one line in, one fate out; nothing is guessed, nothing dropped silently.

Columns: ``email,name,languages,timezone,newsletters,cadence,status,consent_at,consent_source``; only ``email``
and ``languages`` must be there. Several languages or newsletters are separated by spaces.
"""

from syndicate.subscribers.lists.cells import Profile, subscriber_from
from syndicate.subscribers.lists.merging import Fate, Folded, Joined, fold, merge
from syndicate.subscribers.lists.reading import COLUMNS, Line, read_lines
from syndicate.subscribers.lists.writing import report_line, write_lines

__all__ = [
    "COLUMNS",
    "Fate",
    "Folded",
    "Joined",
    "Line",
    "Profile",
    "fold",
    "merge",
    "read_lines",
    "report_line",
    "subscriber_from",
    "write_lines",
]

"""The report of a list: a CSV file ``line,email,fate,reason``, under its name only once it is whole."""

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from syndicate.model import UnsafeValue
from syndicate.store import Database
from syndicate.subscribers import Fate, canonical, report_line

HEADER = "line,email,fate,reason\r\n"


@contextmanager
def drafted(path: Path) -> Iterator["Draft"]:
    """A report that gets its name at the end, and leaves nothing when it does not come to that.

    It is for its owner's eyes only: it holds addresses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Draft(path, path.with_name(f".{path.name}.partial"))
    try:
        yield draft
        if draft.made.exists():
            draft.made.replace(path)
    finally:
        with suppress(OSError):
            draft.made.unlink(missing_ok=True)


class Draft:
    """``made`` is what it is called until it is whole."""

    def __init__(self, path: Path, made: Path) -> None:
        self.path, self.made = path, made

    def write(self, lines: Iterable[str]) -> None:
        """All lines, from the first on."""
        with open(self.made, "w", encoding="utf-8", newline="", opener=_private) as file:
            file.write(HEADER)
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())


def forget_traces(database: Database, reports: Path, address: str) -> bool:
    """What is left of somebody erased beside the rows: in reports, and in the database's log.

    ``address`` is canonical. False while the log is being read: it is written over in time.
    """
    forget(reports, address)
    return database.forget()


def forget(folder: Path, address: str) -> None:
    """Take an address (in its canonical form) out of every report in ``folder``."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            if not any(_names(row, address) for row in csv.reader(file)):
                continue
            file.seek(0)
            rows = csv.reader(file)
            next(rows, None)
            kept = (
                report_line(int(number), email, Fate(fate), reason)
                for number, email, fate, reason in rows
                if not _names(["", email], address)
            )
            with drafted(path) as draft:
                draft.write(kept)


def _names(row: list[str], address: str) -> bool:
    try:
        return canonical(row[1].removeprefix("'")) == address
    except (UnsafeValue, IndexError):
        return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

"""A list read line by line, as people have them: any delimiter of spreadsheets, quoted line ends, bad lines between."""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import NamedTuple, TextIO

from syndicate.languages import visible
from syndicate.model import Subscriber, UnsafeValue
from syndicate.subscribers.addresses import canonical
from syndicate.subscribers.lists.cells import PROFILE, Profile, Profiles, as_it_was, moment, person, text

COLUMNS = (
    "email",
    "name",
    "languages",
    "timezone",
    "newsletters",
    "cadence",
    "status",
    "consent_at",
    "consent_source",
)
NEEDED = ("email", "languages")
LONGEST_LINE = 65_536
"""Characters of one line of the file."""
MOST_LINES = 50
"""Lines of the file that one quoted cell may stretch over: beyond it, its quote was never closed."""
_DELIMITERS = ",;\t"
# What Excel writes in front of the header, for itself.
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_LONGEST_SHOWN = 320
# Stands for a line of which the rest was passed over.
_TOO_LONG = "too long\n"


class Line(NamedTuple):
    """One line of the file: what it says of a person, or (``profile`` None) why it is refused.

    ``number`` is its first line in the file, from 1. ``canonical`` is empty when it is refused.
    """

    number: int
    email: str
    canonical: str
    name: str
    profile: Profile | None
    consent_at: datetime | None
    reason: str = ""

    @property
    def subscriber(self) -> Subscriber | None:
        if self.profile is None:
            return None
        return person(self.email, self.canonical, self.name, self.profile, self.consent_at)


def read_lines(file: TextIO, newsletters: Sequence[str], *, ignore_unknown: bool = False) -> Iterator[Line]:
    """Every line of a CSV file with a header, opened with ``newline=""``; empty ones are passed over.

    Raises UnsafeValue when the header lacks what must be there, or (unless ``ignore_unknown``) has a column that
    means nothing here. A bad line stops no other, not even one that opens a quote and does not close it.
    """
    feed = _Feed(file)
    delimiter, columns = _header(feed, ignore_unknown)
    profiles = Profiles(newsletters)
    while not feed.is_empty:
        try:
            for row in csv.reader(feed.lines(), delimiter=delimiter):
                line = columns.line(feed.number, row, profiles)
                if line is not None:
                    yield line
                feed.done(1 if line is not None and line.profile is None else None)
                if feed.is_again:
                    break
        except csv.Error as error:
            yield _refused(feed.number, "", str(error))
            feed.done(1)


class _Feed:
    """The lines of the file as the CSV reader takes them; ``number`` is that of the first one since its last row.

    When a row of several lines is refused, a quote may have been left open: the lines behind its first are read anew.
    """

    def __init__(self, file: TextIO) -> None:
        self._pieces = iter(partial(file.readline, LONGEST_LINE), "")
        self._taken: list[str] = []
        self._again: list[str] = []
        self.number = 1
        self.is_empty = False

    @property
    def is_again(self) -> bool:
        return bool(self._again)

    def lines(self) -> Iterator[str]:
        """Raises csv.Error for what is too long."""
        taken = self._taken
        while self._again:
            line = self._again.pop()
            taken.append(line)
            yield self._bounded(line)
        for line in self._pieces:
            taken.append(line)
            yield self._bounded(line) if len(taken) > 1 or len(line) >= LONGEST_LINE else line
        if len(taken) > 1 and "".join(taken).count('"') % 2:
            raise csv.Error("a quote is opened here and not closed")
        self.is_empty = True

    def done(self, only: int | None = None) -> None:
        """What was taken is read; with ``only``, no more than so many lines of it, and the rest comes again."""
        if only is None or len(self._taken) <= only:
            self.number += len(self._taken)
        else:
            self.number += only
            self._again += reversed(self._taken[only:])
            self.is_empty = False
        self._taken.clear()

    def _bounded(self, line: str) -> str:
        if len(line) >= LONGEST_LINE and not line.endswith(("\n", "\r")):
            self._pass_over()
            line = self._taken[-1] = _TOO_LONG
        if len(self._taken) > MOST_LINES or (line is _TOO_LONG and len(self._taken) > 1):
            raise csv.Error("a quote is opened here and not closed")
        if line is _TOO_LONG:
            raise csv.Error(f"the line is longer than {LONGEST_LINE} characters")
        return line

    def _pass_over(self) -> None:
        for piece in self._pieces:
            if piece.endswith(("\n", "\r")):
                return


class _Columns:
    """Which cell of a row is what. Cells that the header has no column for are empty."""

    def __init__(self, names: Sequence[str]) -> None:
        self._width = len(names)
        place = {name: n for n, name in enumerate(names)}
        order = [place.get(name, self._width) for name in ("email", "name", "consent_at", *PROFILE)]
        self._email, self._name, self._consent_at = order[:3]
        self._profile = itemgetter(*order[3:])

    def line(self, number: int, row: list[str], profiles: Profiles) -> Line | None:
        """None for an empty one."""
        if len(row) != self._width:
            if not row:
                return None
            if len(row) > self._width:
                return _refused(number, row[self._email], "more cells than the header has columns")
            row += [""] * (self._width - len(row))
        row.append("")
        email = as_it_was(row[self._email])
        if not email and not any(cell.strip() for cell in row):
            return None
        try:
            address = canonical(email)
            profile = profiles(self._profile(row))
            if isinstance(profile, str):
                return _refused(number, email, profile)
            consent_at = moment(as_it_was(row[self._consent_at]))
        except UnsafeValue as error:
            return _refused(number, email, str(error))
        return Line(number, email, address, text(as_it_was(row[self._name])), profile, consent_at)


def _refused(number: int, email: str, reason: str) -> Line:
    return Line(number, visible(email[:_LONGEST_SHOWN]), "", "", None, None, visible(reason))


def _header(feed: _Feed, ignore_unknown: bool) -> tuple[str, _Columns]:
    lines = feed.lines()
    try:
        first = next(lines, "")
        separator = _SEPARATOR.fullmatch(first)
        given = separator[1] if separator else ""
        text = next(lines, "") if separator else first
        delimiter, names = _sniffed(text, given or _DELIMITERS)
    except csv.Error as error:
        raise UnsafeValue(f"line {feed.number}: {error}") from error
    number = feed.number + bool(given)
    feed.done()
    _check(number, names, ignore_unknown)
    return delimiter, _Columns(names)


def _sniffed(text: str, delimiters: str) -> tuple[str, list[str]]:
    """The delimiter that makes the most known columns of the header, and its names."""
    found = {one: _names(text, one) for one in delimiters}
    best = max(found, key=lambda one: len(set(found[one]) & set(COLUMNS)))
    return best, found[best]


def _names(text: str, delimiter: str) -> list[str]:
    cells = next(csv.reader([text], delimiter=delimiter), [])
    return [as_it_was(cell).lower().replace(" ", "_").replace("-", "_") for cell in cells]


def _check(number: int, names: Sequence[str], ignore_unknown: bool) -> None:
    if missing := [name for name in NEEDED if name not in names]:
        raise UnsafeValue(f"line {number}: the header lacks {', '.join(missing)}")
    if twice := sorted({name for name in names if name in COLUMNS and names.count(name) > 1}):
        raise UnsafeValue(f"line {number}: the header has {', '.join(twice)} more than once")
    unknown = sorted({visible(name[:80]) for name in names if name not in COLUMNS and name})
    if unknown and not ignore_unknown:
        raise UnsafeValue(
            f"line {number}: unknown columns {', '.join(unknown)}; --ignore-unknown passes them over"
        )

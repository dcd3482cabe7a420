"""A list read line by line, as people have them: any delimiter of spreadsheets, quoted line ends, bad lines between."""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
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
_BLOCK = 1 << 18


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
    """Every line of a CSV file with a header; empty ones are passed over.

    Raises UnsafeValue when the header lacks what must be there, or (unless ``ignore_unknown``) has a column that
    means nothing here. A bad line stops no other, not even one that opens a quote and does not close it.
    """
    ahead, profiles = _Ahead(file), Profiles(newsletters)
    delimiter, columns = _header(ahead, ignore_unknown)
    while end := ahead.fill():
        lines, at = ahead.lines, 0
        while at < end:
            line, taken = lines[at], 1
            if '"' in line or len(line) > LONGEST_LINE:
                row, taken = _record(lines, at, delimiter)
            else:
                row = line.split(delimiter)
            found = columns.line(ahead.number + at, row, profiles)
            if found is not None:
                yield found
                if found.profile is None:
                    # Of several lines perhaps those behind a quote that was left open: they are read by themselves.
                    taken = 1
            at += taken
        ahead.drop(at)


def _record(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str] | str, int]:
    """The row that begins with a line, or why it is none; and how many lines it takes."""
    if len(lines[at]) > LONGEST_LINE:
        return f"the line is longer than {LONGEST_LINE} characters", 1
    some = [line + "\n" for line in lines[at : at + MOST_LINES]]
    reader = csv.reader(some, delimiter=delimiter)
    try:
        row = next(reader)
    except csv.Error as error:
        return str(error), 1
    taken = reader.line_num
    if taken == len(some) and "".join(some).count('"') % 2 and taken > 1:
        return "a quote is opened here and not closed", taken
    return row, taken


class _Ahead:
    """Lines of the file, without their ends, read some ahead: a row may need those that follow.

    ``number`` is that of the first of ``lines``, from 1. Of a line that is too long only its beginning is kept.
    """

    def __init__(self, file: TextIO) -> None:
        self._file, self._rest, self._is_over = file, "", False
        self.lines: list[str] = []
        self.number = 1

    def fill(self) -> int:
        """How many lines can be gone through now, with enough behind them; 0 at the end."""
        while not self._is_over and len(self.lines) <= MOST_LINES:
            self._read()
        return len(self.lines) if self._is_over else len(self.lines) - MOST_LINES

    def drop(self, number: int) -> None:
        del self.lines[:number]
        self.number += number

    def _read(self) -> None:
        given = self._file.read(_BLOCK)
        if given.endswith("\r"):
            given += self._file.read(1)
        self._is_over = not given
        if "\r" in given:
            given = given.replace("\r\n", "\n").replace("\r", "\n")
        lines = (self._rest + given).split("\n")
        self._rest = lines.pop()[: LONGEST_LINE + 1]
        self.lines += lines
        if self._is_over and self._rest:
            self.lines.append(self._rest)


class _Columns:
    """Which cell of a row is what. Cells that the header has no column for are empty."""

    def __init__(self, names: Sequence[str]) -> None:
        self._width = len(names)
        place = {name: n for n, name in enumerate(names)}
        order = [place.get(name, self._width) for name in ("email", "name", "consent_at", *PROFILE)]
        self._email, self._name, self._consent_at = order[:3]
        self._profile = itemgetter(*order[3:])

    def line(self, number: int, row: list[str] | str, profiles: Profiles) -> Line | None:
        """None for an empty one. ``row`` may be the reason why it is none."""
        if isinstance(row, str):
            return _refused(number, "", row)
        if len(row) != self._width:
            if len(row) > self._width:
                return _refused(number, row[self._email], "more cells than the header has columns")
            row += [""] * (self._width - len(row))
        row.append("")
        email = as_it_was(row[self._email])
        if not email and not any(map(str.strip, row)):
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


def _header(ahead: _Ahead, ignore_unknown: bool) -> tuple[str, _Columns]:
    ahead.fill()
    first, second = [*ahead.lines[:2], "", ""][:2]
    separator = _SEPARATOR.fullmatch(first)
    delimiter, names = _sniffed(second, separator[1]) if separator else _sniffed(first, _DELIMITERS)
    ahead.drop(2 if separator else 1)
    _check(ahead.number - 1, names, ignore_unknown)
    return delimiter, _Columns(names)


def _sniffed(text: str, delimiters: str) -> tuple[str, list[str]]:
    """The delimiter that makes the most known columns of the header, and its names."""
    found = {one: _names(text, one) for one in delimiters}
    best = max(found, key=lambda one: len(set(found[one]) & set(COLUMNS)))
    return best, found[best]


def _names(text: str, delimiter: str) -> list[str]:
    cells = next(csv.reader([text[:LONGEST_LINE]], delimiter=delimiter), [])
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

"""Lists: CSV files merged into the database, and the database written as one.

    read, check, stage -> sort -> decide -> report (under another name) -> write, in one transaction -> name the report

Nobody waits for anything but that transaction, and a file is taken in whole or not at all.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TextIO

from syndicate.flows.fates import Draft, drafted
from syndicate.flows.progress import Progress, silent
from syndicate.model import COMMAND_LINE, Actor, Subscriber, SubscriberStatus, SyndicateError, UnsafeValue
from syndicate.store import Connection, Database, audit, lists, subscribers
from syndicate.store.lists import Asked, Chosen, Decided, Stage, Staged
from syndicate.subscribers import (
    Fate,
    Folded,
    Line,
    Profile,
    address_hash,
    address_hashes,
    fold,
    read_lines,
    report_line,
    subscriber_from,
    write_lines,
)

_FATES = tuple(Fate)
_CODES = {fate: code for code, fate in enumerate(_FATES)}
_AT_ONCE = 5_000
BARRED = "on the suppression list"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How files are to be taken in. ``reports`` is the folder for their reports, unless ``report`` names the file."""

    newsletters: Sequence[str]
    key: bytes
    now: datetime
    reports: Path
    report: Path | None = None
    ignore_unknown: bool = False
    is_rehearsal: bool = False
    shown: int = 20
    progress: Progress = silent


@dataclass(slots=True)
class Report:
    """Counts by fate, the files that tell each line's, and the first few (file:line, fate, reason) to be looked at."""

    counts: Counter[Fate] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)
    lines: list[tuple[str, Fate, str]] = field(default_factory=list)


def sync(database: Database, files: Sequence[Path], wanted: Wanted) -> Report:
    """Merge CSV files into the database, each as a whole; a second run changes nothing.

    Raises SyndicateError naming the file that cannot be read; those before it are taken in.
    """
    report = Report()
    for path in files:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file, database.apart() as connection:
                _Import(database, connection, path, wanted).run(file, report)
        except UnicodeDecodeError as error:
            raise SyndicateError(f"{path}: {_misplaced(path)}") from error
        except (OSError, UnsafeValue) as error:
            raise SyndicateError(f"{path}: {error}") from error
    return report


def add(
    database: Database,
    cells: Mapping[str, str],
    newsletters: Sequence[str],
    key: bytes,
    now: datetime,
    by: Actor = COMMAND_LINE,
) -> str:
    """Add one person from cells named like a list's columns; returns their fate. Raises UnsafeValue."""
    given = subscriber_from(cells, newsletters)
    with database.begin() as connection:
        fate = _take(connection, given.canonical, address_hash(key, given.canonical), [given], now).fates[0]
        if (person := subscribers.by_canonical(connection, given.canonical)) and fate is not Fate.UNCHANGED:
            audit.note(connection, by, "subscriber.add", f"subscriber {person.id}", now, fate=str(fate))
    return f"{fate}: {BARRED}" if fate is Fate.SUPPRESSED else str(fate)


def export(database: Database, path: Path, chosen: Chosen | None = None) -> int:
    """Write everyone, or those who are ``chosen``, as a CSV file that ``sync`` reads; returns how many.

    Raises SyndicateError naming the file that cannot be written.
    """
    made = path.with_name(f".{path.name}.partial")
    try:
        with database.read() as connection, made.open("w", encoding="utf-8", newline="") as file:
            written = write_lines(file, lists.people(connection, chosen or Chosen()))
        made.replace(path)
    except OSError as error:
        raise SyndicateError(f"{path}: {error.strerror}") from error
    finally:
        made.unlink(missing_ok=True)
    return written


class _Import:
    """One file on its way in. ``fates`` are codes of all lines, in order."""

    def __init__(self, database: Database, connection: Connection, path: Path, wanted: Wanted) -> None:
        self._database, self._connection, self._path, self._wanted = database, connection, path, wanted
        self._fates = bytearray()
        self._profiles: dict[int, tuple[Profile, int]] = {}

    def run(self, file: TextIO, report: Report) -> None:
        with self._database.looking(self._connection):
            self._stage = Stage(self._connection)
            self._read(file)
        with self._database.looking(self._connection):
            self._decide()
        with drafted(self._place()) as draft:
            told = self._tell(draft)
            if not self._wanted.is_rehearsal:
                told = self._land(draft) or told
        report.counts += told.counts
        report.lines += told.lines[: self._wanted.shown - len(report.lines)]
        report.files.append(draft.path)

    def _place(self) -> Path:
        """Where the report goes. Raises UnsafeValue rather than write it over the list."""
        place = self._wanted.report or self._wanted.reports / f"{self._path.stem}.csv"
        if place.exists() and place.samefile(self._path):
            raise UnsafeValue("the report would be written over the list itself; choose another --report")
        return place

    def _read(self, file: TextIO) -> None:
        size, lines = self._path.stat().st_size, self._lines(file)
        while some := list(islice(lines, _AT_ONCE)):
            self._stage.put(some)
            read = file.buffer.tell()
            done = len(self._fates)
            self._wanted.progress(f"read {self._path.name}", done, max(done, done * size // max(1, read)))

    def _lines(self, file: TextIO) -> Iterator[Staged]:
        hashed, fates = address_hashes(self._wanted.key), self._fates
        added, refused = _CODES[Fate.ADDED], _CODES[Fate.REFUSED]
        for place, line in enumerate(self._given(file), 1):
            number, email, canonical, name, profile, consent_at, reason = line
            if profile is None:
                fates.append(refused)
                yield Staged(place, number, email, "", "", 0, None, b"", reason)
            else:
                fates.append(added)
                shared = self._shared(profile)
                yield Staged(place, number, email, canonical, name, shared, consent_at, hashed(canonical), "")

    def _given(self, file: TextIO) -> Iterator[Line]:
        return read_lines(file, self._wanted.newsletters, ignore_unknown=self._wanted.ignore_unknown)

    def _shared(self, profile: Profile) -> int:
        """The number of a profile. The same object comes again and again: asking who it is costs least."""
        found = self._profiles.get(id(profile))
        if found is None or found[0] is not profile:
            if len(self._profiles) >= _AT_ONCE * 4:
                self._profiles.clear()
            number = self._stage.put_profile(
                profile.languages, profile.timezone, profile.status, profile.subscriptions,
                profile.consent_source,
            )  # fmt: skip
            found = self._profiles[id(profile)] = (profile, number)
        return found[1]

    def _decide(self) -> None:
        stage, name, number = self._stage, f"check {self._path.name}", 0
        self._wanted.progress(name, 0)
        total, same = stage.sort(), _CODES[Fate.UNCHANGED]
        # What says what is held leaves it so: nothing has to be asked.
        for place in stage.same():
            self._fates[place - 1] = same
            number += 1
        asked = stage.asked()
        while some := list(islice(asked, _AT_ONCE)):
            stage.decide([made for one in some if (made := self._decided(one))])
            number += sum(len(one.lines) for one in some)
            self._wanted.progress(name, number, total)
        stage.settle()

    def _decided(self, one: Asked) -> Decided | None:
        person, left = (one.held.person, one.held.left) if one.held else (None, frozenset[str]())
        given = [line.subscriber for line in one.lines]
        folded = fold(person, given, left, self._wanted.now, is_barred=one.is_barred)
        self._settle(one.lines, folded)
        if folded.value is None or not folded.is_changed:
            return None
        return Decided(one, folded.value, folded.joined)

    def _settle(self, lines: Sequence[lists.AskedLine], folded: Folded) -> None:
        for line, fate in zip(lines, folded.fates, strict=True):
            self._fates[line.place - 1] = _CODES[fate]
        if len(lines) > 1:
            self._stage.repeated([(line.place, lines[0].number) for line in lines[1:]])

    def _land(self, draft: Draft) -> Report | None:
        """Write it all; a new report when somebody changed while we read."""
        self._wanted.progress(f"write {self._path.name}", 0)
        with self._database.writing(self._connection):
            if not lists.apply(self._connection, self._wanted.now):
                return None
            for canonical, hashed, lines in lists.lines_of_late(self._connection):
                given = [line.subscriber for line in lines]
                self._settle(lines, _take(self._connection, canonical, hashed, given, self._wanted.now))
            return self._told(draft)

    def _tell(self, draft: Draft) -> Report:
        with self._database.looking(self._connection):
            return self._told(draft)

    def _told(self, draft: Draft) -> Report:
        report = Report()
        draft.write(self._report_lines(report))
        report.counts.update({_FATES[code]: self._fates.count(code) for code in set(self._fates)})
        return report

    def _report_lines(self, report: Report) -> Iterator[str]:
        fates, name = self._fates, self._path.name
        for place, number, email, reason in self._stage.reported():
            fate = _FATES[fates[place - 1]]
            if fate is Fate.SUPPRESSED:
                reason = f"{BARRED}; {reason}" if reason else BARRED
            if fate in (Fate.REFUSED, Fate.SUPPRESSED) and len(report.lines) < self._wanted.shown:
                report.lines.append((f"{name}:{number}", fate, reason))
            yield report_line(number, email, fate, reason)


def _take(
    connection: Connection, canonical: str, hashed: bytes, lines: Iterable[Subscriber], now: datetime
) -> Folded:
    """Lines of one address, against what is held at this moment."""
    found = lists.held_at(connection, canonical)
    person, left = (found.person, found.left) if found else (None, frozenset[str]())
    is_barred = subscribers.is_suppressed(connection, hashed)
    folded = fold(person, lines, left, now, is_barred=is_barred)
    if folded.value is not None and folded.is_changed:
        identity = subscribers.save(connection, folded.value, now)
        for one in folded.joined:
            subscribers.note(connection, identity, "subscribed", one.newsletter, one.source, one.at)
        if folded.value.status is SubscriberStatus.SUPPRESSED:
            subscribers.suppress(connection, hashed, "list", now)
    return folded


def _misplaced(path: Path) -> str:
    """Where a file is not UTF-8."""
    before = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return f"line {number}, byte {before + error.start + 1}: not UTF-8; save the list as CSV in UTF-8"
            before += len(line)
    return "not UTF-8; save the list as CSV in UTF-8"

"""Lists of subscribers as CSV files: one line in, one fate out; nothing is guessed, nothing dropped silently.

Columns: ``email,name,languages,timezone,newsletters,cadence,status,consent_at,consent_source``; only ``email``
and ``languages`` must be there. Several languages or newsletters are separated by spaces.
"""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syndicate.languages import from_name, normalise, primary, visible
from syndicate.model import LanguageTagError, Subscriber, SubscriberStatus, Subscription, UnsafeValue
from syndicate.subscribers.addresses import canonical

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
CADENCES = ("", "instant", "daily", "weekdays", "weekly", "monthly")
# A cell that a spreadsheet would run, behind any number of the apostrophes that keep it from doing so.
_FORMULA = re.compile(r"'*[=+@\t\r-]")


class Fate(StrEnum):
    """What became of a line."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: the subscriber it says, or why it is refused. ``number`` counts from 1."""

    number: int
    subscriber: Subscriber | None
    reason: str = ""


@dataclass(slots=True)
class Report:
    """Counts by fate, and (line number, fate, reason) of every line that was refused or suppressed."""

    counts: dict[Fate, int] = field(default_factory=dict)
    lines: list[tuple[int, Fate, str]] = field(default_factory=list)

    def add(self, number: int, fate: Fate, reason: str = "") -> None:
        self.counts[fate] = self.counts.get(fate, 0) + 1
        if reason:
            self.lines.append((number, fate, reason))


def read_lines(file: TextIO, newsletters: Sequence[str]) -> Iterator[Line]:
    """Every line of a CSV file with a header. Raises UnsafeValue when the header lacks what must be there."""
    reader = csv.DictReader(file)
    try:
        missing = {"email", "languages"} - set(reader.fieldnames or ())
    except csv.Error as error:
        raise UnsafeValue(f"line 1: {error}") from error
    if missing:
        raise UnsafeValue(f"line 1: the header lacks {', '.join(sorted(missing))}")
    unknown = set(reader.fieldnames or ()) - set(COLUMNS)
    if unknown:
        raise UnsafeValue(f"line 1: unknown columns {', '.join(sorted(map(str, unknown)))}")
    try:
        for row in reader:
            yield _line(reader.line_num, row, newsletters)
    except csv.Error as error:
        raise UnsafeValue(f"line {reader.line_num + 1}: {error}") from error


def merge(held: Subscriber | None, given: Subscriber, left: Collection[str] = ()) -> tuple[Fate, Subscriber]:
    """What a line does to what is held; ``left`` are the newsletters this person has unsubscribed from.

    A list never brings anybody back: who was suppressed or unsubscribed stays so, newsletter by newsletter.
    """
    if held is None:
        return Fate.ADDED, given
    if held.status is SubscriberStatus.SUPPRESSED:
        return Fate.SUPPRESSED, held
    status = _status_after(held.status, given.status)
    subscriptions = _united(held, given, left)
    merged = replace(
        given,
        id=held.id,
        email=held.email,
        name=given.name or held.name,
        status=status,
        subscriptions=subscriptions,
        consent_at=held.consent_at or given.consent_at,
        consent_source=held.consent_source or given.consent_source,
    )
    return (Fate.UNCHANGED if merged == held else Fate.UPDATED), merged


def write_lines(file: TextIO, subscribers: Iterable[Subscriber]) -> int:
    """Write subscribers as such a file; no cell is a formula to a spreadsheet (CWE-1236). Returns how many."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    written = 0
    for one in subscribers:
        writer.writerow([inert(cell) for cell in _cells(one)])
        written += 1
    return written


def _line(number: int, row: dict[str, str | None], newsletters: Sequence[str]) -> Line:
    cells = {key: _as_it_was((value or "").strip()) for key, value in row.items() if isinstance(key, str)}
    if None in row:
        return Line(number, None, "more cells than the header has columns")
    try:
        return Line(number, subscriber_from(cells, newsletters))
    except (UnsafeValue, LanguageTagError) as error:
        return Line(number, None, str(error))


def subscriber_from(cells: Mapping[str, str], newsletters: Sequence[str]) -> Subscriber:
    """The person that cells named like :data:`COLUMNS` describe. Raises UnsafeValue, LanguageTagError."""
    return Subscriber(
        email=cells["email"],
        canonical=canonical(cells["email"]),
        name=visible(cells.get("name", ""))[:200],
        languages=_languages(cells["languages"]),
        timezone=_zone(cells.get("timezone", "")),
        status=_status(cells.get("status", "")),
        subscriptions=_subscriptions(cells, newsletters),
        consent_at=_moment(cells.get("consent_at", "")),
        consent_source=visible(cells.get("consent_source", ""))[:200],
    )


def _languages(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(normalise(part) for part in text.replace(";", " ").split()))
    if not found:
        raise UnsafeValue("no language: nobody is mailed in a language they did not ask for")
    unknown = [tag for tag in found if from_name(primary(tag)) is None]
    if unknown:
        raise UnsafeValue(f"no language has the code {', '.join(unknown)}")
    return found


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text or "UTC").key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnsafeValue(f"{text!r} is not a time zone such as Europe/Istanbul") from error


def _status(text: str) -> SubscriberStatus:
    try:
        return SubscriberStatus(text or "active")
    except ValueError as error:
        allowed = ", ".join(SubscriberStatus)
        raise UnsafeValue(f"{text!r} is not a status ({allowed})") from error


def _subscriptions(cells: Mapping[str, str], newsletters: Sequence[str]) -> tuple[Subscription, ...]:
    cadence = cells.get("cadence", "")
    if cadence not in CADENCES:
        raise UnsafeValue(f"{cadence!r} is not a cadence ({', '.join(CADENCES[1:])})")
    wanted = cells.get("newsletters", "").replace(";", " ").split()
    unknown = [key for key in wanted if key not in newsletters]
    if unknown:
        raise UnsafeValue(f"no newsletter {', '.join(unknown)} in config.toml")
    return tuple(Subscription(key, cadence) for key in sorted(set(wanted)))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnsafeValue(f"{text!r} is not a date and time (ISO 8601)") from error
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise UnsafeValue(f"{text!r} is not a date that can be") from error


def _status_after(held: SubscriberStatus, given: SubscriberStatus) -> SubscriberStatus:
    """Consent once given is not doubted by a list, and once withdrawn not restored by one."""
    if held is SubscriberStatus.UNSUBSCRIBED and given is not SubscriberStatus.SUPPRESSED:
        return held
    return held if given is SubscriberStatus.PENDING else given


def _united(held: Subscriber, given: Subscriber, left: Collection[str]) -> tuple[Subscription, ...]:
    wanted = (s for s in given.subscriptions if s.newsletter not in left)
    both = {s.newsletter: s for s in (*wanted, *held.subscriptions)}
    return tuple(both[key] for key in sorted(both))


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


def inert(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _as_it_was(cell: str) -> str:
    """What :func:`inert` wrote, read back."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell

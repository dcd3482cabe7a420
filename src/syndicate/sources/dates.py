"""Dates as people write them in front matter, file names and pages; out comes UTC."""

import re
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_ACCESSION = re.compile(r"(?<!\d)([0-3]?\d)[./]([01]?\d)[./]((?:19|20)\d\d)(?!\d)")
_LOOSE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?\Z",
    re.IGNORECASE,
)


def parse(value: object, timezone: ZoneInfo) -> datetime | None:
    """A date or time as UTC; without an offset it is local to ``timezone``. None when it is no date.

    Takes datetimes, dates (midnight), ISO 8601, RFC 2822 and ``2024-01-02 10:00:00 +0300``.
    """
    try:
        moment = _moment(value)
        return _utc(moment, timezone) if moment else None
    except (ValueError, OverflowError):
        return None


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if not isinstance(value, str) or len(value) > 60:
        return None
    text = value.strip().strip("\"'")
    return _loose(text) or _rfc2822(text)


def _loose(text: str) -> datetime | None:
    found = _LOOSE.match(text)
    if not found:
        return None
    numbers = [int(x or 0) for x in found.groups()[:6]]
    zone = (found[7] or "").upper().replace("GMT", "UTC").replace("UTC", "Z").replace("Z", "+00:00")
    return datetime.fromisoformat(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*numbers) + zone  # the zone may be empty: naive
    )


def _rfc2822(text: str) -> datetime | None:
    return parsedate_to_datetime(text) if re.search(r"[A-Za-z]{3}", text) else None


def _utc(moment: datetime, timezone: ZoneInfo) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone)
    return aware.astimezone(UTC)


def from_name(path: str, timezone: ZoneInfo) -> datetime | None:
    """The date in a file's or folder's name (``2024-01-02-title.md``, ``2024/01/02/title.md``)."""
    found = _NAME.search(path) or _NAME.search(path.replace("/", "-"))
    return parse("-".join(found.groups()), timezone) if found else None


def accession(text: str, timezone: ZoneInfo) -> datetime | None:
    """The latest day.month.year in a text of notes: when its sources were last looked up."""
    days = [parse(f"{y}-{int(m):02}-{int(d):02}", timezone) for d, m, y in _ACCESSION.findall(text)]
    return max((day for day in days if day), default=None)

"""What the cells of a line say: a person's address, name and consent, and their profile, which many lines share."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syndicate.languages import from_name, normalise, primary, visible
from syndicate.model import LanguageTagError, Subscriber, SubscriberStatus, Subscription, UnsafeValue
from syndicate.subscribers.addresses import canonical

CADENCES = ("", "instant", "daily", "weekdays", "weekly", "monthly")
PROFILE = ("languages", "timezone", "newsletters", "cadence", "status", "consent_source")
"""The columns of which a million lines have a few thousand different values together."""
# A cell that a spreadsheet would run, behind any number of the apostrophes that keep it from doing so.
_FORMULA = re.compile(r"'*[=+@\t\r-]")
# Letters, digits and marks that `visible` never touches, without what could be joined or hidden: most names.
_ORDINARY = re.compile(
    r"[!-<>-~¡-¬®-ɏΆ-ԯא-תء-غف-يঀ-৾一-鿿가-힣]+(?: [!-<>-~¡-¬®-ɏΆ-ԯא-תء-غف-يঀ-৾一-鿿가-힣]+)*"
)
_LONGEST_TEXT = 200
_MOST_PROFILES = 20_000


@dataclass(frozen=True, slots=True)
class Profile:
    """What a line says of a person beside address, name and time of consent."""

    languages: tuple[str, ...]
    timezone: str
    status: SubscriberStatus
    subscriptions: tuple[Subscription, ...]
    consent_source: str


class Profiles:
    """Profiles by their cells, made once each; at most some thousands are remembered."""

    def __init__(self, newsletters: Sequence[str]) -> None:
        self._newsletters = newsletters
        self._known: dict[tuple[str, ...], Profile | str] = {}

    def __call__(self, cells: tuple[str, ...]) -> Profile | str:
        """Of cells in the order of :data:`PROFILE`: a profile, or the reason why there is none."""
        found = self._known.get(cells)
        if found is None:
            if len(self._known) >= _MOST_PROFILES:
                self._known.clear()
            found = self._known[cells] = self._made(cells)
        return found

    def _made(self, cells: tuple[str, ...]) -> Profile | str:
        named = dict(zip(PROFILE, (as_it_was(cell) for cell in cells), strict=True))
        try:
            return _profile(named, self._newsletters)
        except (UnsafeValue, LanguageTagError) as error:
            return str(error)


def subscriber_from(cells: Mapping[str, str], newsletters: Sequence[str]) -> Subscriber:
    """The person that cells named like a list's columns describe. Raises UnsafeValue, LanguageTagError."""
    address = canonical(cells["email"])
    profile = _profile(cells, newsletters)
    return person(
        cells["email"], address, text(cells.get("name", "")), profile, moment(cells.get("consent_at", ""))
    )


def person(email: str, address: str, name: str, profile: Profile, consent_at: datetime | None) -> Subscriber:
    """``address`` is the canonical form of ``email``."""
    return Subscriber(
        email=email,
        canonical=address,
        name=name,
        languages=profile.languages,
        timezone=profile.timezone,
        status=profile.status,
        subscriptions=profile.subscriptions,
        consent_at=consent_at,
        consent_source=profile.consent_source,
    )


def text(cell: str) -> str:
    """One visible line of at most 200 characters; what it returns it returns again."""
    if len(cell) <= _LONGEST_TEXT and _ORDINARY.fullmatch(cell) and unicodedata.is_normalized("NFC", cell):
        return cell
    shown = visible(cell)
    return shown if len(shown) <= _LONGEST_TEXT else visible(shown[:_LONGEST_TEXT])


def moment(cell: str) -> datetime | None:
    """UTC; of a time without a zone it is taken to be in UTC. Raises UnsafeValue."""
    if not cell:
        return None
    try:
        found = datetime.fromisoformat(cell)
    except ValueError as error:
        raise UnsafeValue(f"{cell[:40]!r} is not a date and time (ISO 8601)") from error
    if found.tzinfo is UTC:
        return found
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise UnsafeValue(f"{cell[:40]!r} is not a date that can be") from error


def inert(cell: str) -> str:
    """``cell`` as no spreadsheet runs it (CWE-1236)."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_it_was(cell: str) -> str:
    """What :func:`inert` wrote, read back, without white space around it."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def _profile(cells: Mapping[str, str], newsletters: Sequence[str]) -> Profile:
    return Profile(
        languages=_languages(cells["languages"]),
        timezone=_zone(cells.get("timezone", "")),
        status=_status(cells.get("status", "")),
        subscriptions=_subscriptions(cells.get("newsletters", ""), cells.get("cadence", ""), newsletters),
        consent_source=text(cells.get("consent_source", "")),
    )


@lru_cache(maxsize=4096)
def _languages(cell: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(normalise(part) for part in cell.replace(";", " ").split()))
    if not found:
        raise UnsafeValue("no language: nobody is mailed in a language they did not ask for")
    unknown = [tag for tag in found if from_name(primary(tag)) is None]
    if unknown:
        raise UnsafeValue(f"no language has the code {', '.join(unknown)}")
    return found


@lru_cache(maxsize=4096)
def _zone(cell: str) -> str:
    try:
        return ZoneInfo(cell or "UTC").key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnsafeValue(f"{cell[:80]!r} is not a time zone such as Europe/Istanbul") from error


def _status(cell: str) -> SubscriberStatus:
    try:
        return SubscriberStatus(cell.lower() or "active")
    except ValueError as error:
        allowed = ", ".join(SubscriberStatus)
        raise UnsafeValue(f"{cell[:40]!r} is not a status ({allowed})") from error


def _subscriptions(cell: str, cadence: str, newsletters: Sequence[str]) -> tuple[Subscription, ...]:
    if cadence not in CADENCES:
        raise UnsafeValue(f"{cadence[:40]!r} is not a cadence ({', '.join(CADENCES[1:])})")
    wanted = cell.replace(";", " ").split()
    unknown = [key for key in wanted if key not in newsletters]
    if unknown:
        raise UnsafeValue(f"no newsletter {', '.join(unknown)[:200]} in config.toml")
    return tuple(Subscription(key, cadence) for key in sorted(set(wanted)))

"""A finding, and what the findings of one check come to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """``STOP``: it should not go out so; ``NOTE``: somebody should look; ``UNKNOWN``: it was not looked at."""

    OK = "ok"
    UNKNOWN = "unknown"
    NOTE = "note"
    STOP = "stop"


class Check(StrEnum):
    """In the order in which they are shown."""

    PLACEHOLDERS = "placeholders"
    SUBJECTS = "subjects"
    LANGUAGES = "languages"
    BIOS = "bios"
    PICTURES = "pictures"
    SIZE = "size"
    WAY_OUT = "way out"
    LINKS = "links"
    DOMAIN = "domain"
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. ``code`` says what (see ``words``), ``values`` fill its sentence.

    ``language`` is the edition's it was found in, empty for what concerns them all.
    """

    check: Check
    level: Level
    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A check with all that it found; ``level`` is that of the worst."""

    check: Check
    level: Level
    findings: tuple[Finding, ...]


_WORSE = {level: n for n, level in enumerate(Level)}


def results(findings: Iterable[Finding]) -> tuple[Result, ...]:
    """Every check once, in order; one that found nothing is OK."""
    found: dict[Check, list[Finding]] = {check: [] for check in Check}
    for one in findings:
        found[one.check].append(one)
    return tuple(_result(check, some) for check, some in found.items())


def stopping(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those because of which it should not go out."""
    return tuple(one for one in findings if one.level is Level.STOP)


def _result(check: Check, some: list[Finding]) -> Result:
    worst = max((one.level for one in some), key=_WORSE.__getitem__, default=Level.OK)
    ordered = sorted(some, key=lambda one: -_WORSE[one.level])
    return Result(check, worst, tuple(ordered))

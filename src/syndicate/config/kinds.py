"""The kinds of values that stand in config.toml, each checked where it stands. A refusal says what to write."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field

from syndicate.languages import normalise

_DURATION = re.compile(r"^\s*(\d+)\s*(s|m|h|d|w)\s*$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("not an IANA time zone, such as Europe/Istanbul") from error
    return value


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('not a time of day; write it like "08:00"')
    return value


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('not a duration; write it like "30m", "6h" or "2d"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _link(value: str) -> str:
    if not re.fullmatch(r"https?://[^/\s<>\"\\?#]+([/?#][^\s<>\"\\]*)?", value):
        raise ValueError("not an http(s) address")
    return value


def _address(value: str) -> str:
    if re.search(r"[?#]", _link(value)):
        raise ValueError("an address to which paths are added cannot have ? or # in it")
    return value.rstrip("/")


def _mailbox(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;:\"\\]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", value):
        raise ValueError("not an e-mail address")
    if not value.isascii():
        raise ValueError("only letters of ASCII can be mailed from; write the domain as xn--…")
    return value


def _server(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError('not a server; write it like "127.0.0.1:8080"')
    return value


def _database(value: str) -> str:
    if not re.match(r"sqlite:///|postgresql(\+psycopg)?://", value):
        raise ValueError(
            'not a database; write it like "sqlite:///var/syndicate.db" or "postgresql:///syndicate"'
        )
    if re.match(r"[^/]*://[^/@]*:[^/@]+@", value) or "password=" in value:
        raise ValueError("a password does not stand in a file; put the address into SYNDICATE_DATABASE_URL")
    return value


def _domain(value: str) -> str:
    if not re.fullmatch(r"(?i)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*", value):
        raise ValueError("not a domain name in ASCII")
    return value.lower()


def _hours(value: str) -> str:
    first, _, last = value.partition("-")
    if _clock(first) == _clock(last):
        raise ValueError('no hours; write them like "22:00-07:00"')
    return value


def _cron(value: str) -> str:
    try:
        CronSim(value, datetime(2026, 1, 1))  # noqa: DTZ001 (clocks of a zone are counted elsewhere)
    except CronSimError as error:
        raise ValueError(f"not five fields of cron, such as 30 7 * * 1,4: {error}") from error
    return value


def _network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError as error:
        raise ValueError("not an address or network, such as 127.0.0.1 or 10.0.0.0/8") from error
    return value


def _public_path(value: str) -> str:
    if not re.fullmatch(r"/[a-zA-Z0-9/._-]+", value) or "//" in value or "/." in value:
        raise ValueError("not a path of the public tree, such as /feeds/en/tag/energy/")
    return value


def once(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} is given twice")
    return values


def _optional(check: Callable[[str], str]) -> AfterValidator:
    """``check`` for what is given; the empty text says that nothing is."""
    return AfterValidator(lambda value: check(value) if value else "")


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", value):
        raise ValueError("only a-z, 0-9 and - are allowed")
    return value


Language = Annotated[str, AfterValidator(normalise)]
Languages = Annotated[tuple[Language, ...], AfterValidator(once)]
MaybeLanguage = Annotated[str, _optional(normalise)]
Texts = Annotated[dict[Language, Annotated[str, Field(min_length=1)]], Field(min_length=1)]
Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, AfterValidator(_clock)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Pause = Annotated[Duration, Field(ge=timedelta(seconds=10), le=timedelta(days=1))]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MaybeHours = Annotated[str, _optional(_hours)]
MaybeCron = Annotated[str, _optional(_cron)]
Networks = tuple[Annotated[str, AfterValidator(_network)], ...]
PublicPath = Annotated[str, AfterValidator(_public_path)]
Seconds = Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(hours=1))]
Address = Annotated[str, AfterValidator(_address)]
Link = Annotated[str, AfterValidator(_link)]
MaybeLink = Annotated[str, _optional(_link)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
MaybeMailbox = Annotated[str, _optional(_mailbox)]
Servers = tuple[Annotated[str, AfterValidator(_server)], ...]
MaybeServer = Annotated[str, _optional(_server)]
Domain = Annotated[str, AfterValidator(_domain)]
Slug = Annotated[str, AfterValidator(_slug)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]

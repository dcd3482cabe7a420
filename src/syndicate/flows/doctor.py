"""Doctor: what a run needs, looked at before it is needed. Every finding says what to do about it."""

import os
import shutil
import socket
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from syndicate.flows.control import held_back
from syndicate.flows.house import House
from syndicate.flows.standing import standing
from syndicate.flows.trial import compose_all
from syndicate.languages import SHIPPED, interface, primary
from syndicate.languages.catalogues import read_catalogue
from syndicate.model import SyndicateError
from syndicate.store import articles, issues, totals

if TYPE_CHECKING:
    from babel.messages.catalog import Message

SMTP_SECONDS = 5.0
ROOM = 200 * 2**20
"""Bytes of free disk below which a run may break off."""

_EVIL = "=?utf-8?q?Hi=0D=0ABcc:_evil=40example.org?="
_RESERVED = ("example.org", "example.com", "example.net")


class Level(StrEnum):
    """``BAD``: a run will fail, or mail will. ``WARNING``: it works, and somebody should know."""

    FINE = "ok"
    WARNING = "warning"
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``advice`` says what to do and is empty when it is fine."""

    what: str
    detail: str
    level: Level = Level.FINE
    advice: str = ""


def examine(house: House, now: datetime) -> list[Finding]:
    """Every check, in the order of the journey; one that fails for an unforeseen reason is a finding, too."""
    checks: tuple[Callable[[House, datetime], Iterator[Finding]], ...] = (
        _python,
        _clock,
        _timetable,
        _secret,
        _database,
        _folders,
        _sources,
        _readers,
        _languages,
        _templates,
        _addresses,
        _carrier,
    )
    return [finding for check in checks for finding in _found(check, house, now)]


def _found(
    check: Callable[[House, datetime], Iterator[Finding]], house: House, now: datetime
) -> Iterator[Finding]:
    try:
        yield from check(house, now)
    except (SyndicateError, OSError) as error:
        yield Finding(check.__name__.strip("_"), str(error), Level.BAD, "mend what the sentence names")


def _python(house: House, now: datetime) -> Iterator[Finding]:
    yield Finding("python", f"{sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    if not is_injectable():
        yield Finding("headers", "this Python refuses line ends in mail headers")
        return
    detail = "this Python lets a title smuggle a header into mail made with its email package (CVE-2024-6923)"
    advice = (
        "update Python to 3.11.10, 3.12.5 or newer; syndicate writes its own headers and is not concerned"
    )
    yield Finding("headers", detail, Level.WARNING, advice)


def is_injectable() -> bool:
    """Whether the interpreter's ``email`` writes a header that holds a line end, tried out on it."""
    message = EmailMessage(policy=SMTP)
    try:
        message["Subject"] = _EVIL
        return b"\nBcc:" in message.as_bytes()
    except (MessageError, ValueError):
        return False


def _clock(house: House, now: datetime) -> Iterator[Finding]:
    """A clock that is behind plans issues that were planned before, or none."""
    built = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    with house.database.read() as connection:
        newest = max((one.cutoff for one in issues.every(connection, None, 20)), default=built)
    advice = "set the clock, and keep it with NTP; then run again"
    if now < newest - timedelta(minutes=5):
        detail = f"{now:%Y-%m-%d %H:%M} UTC is before the newest issue, {newest:%Y-%m-%d %H:%M} UTC"
        yield Finding("clock", detail, Level.BAD, advice)
    elif now < built - timedelta(days=1):
        detail = f"{now:%Y-%m-%d %H:%M} UTC is before syndicate was installed"
        yield Finding("clock", detail, Level.WARNING, advice)
    else:
        yield Finding("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def _timetable(house: House, now: datetime) -> Iterator[Finding]:
    """A newsroom may do without: ``syndicate run`` does the same once."""
    found = standing(house, now)
    yield Finding("timetable", found.summary)
    for sentence in found.sentences:
        yield Finding("timetable", sentence, Level.WARNING)


def _secret(house: House, now: datetime) -> Iterator[Finding]:
    if house.secret is None:
        yield Finding("secret", "from SYNDICATE_SECRET")
        return
    mode = stat.S_IMODE(house.secret.stat().st_mode)
    if mode & 0o077:
        detail = f"{house.secret} can be read by others (mode {mode:o})"
        yield Finding("secret", detail, Level.BAD, f"chmod 600 {house.secret}")
    else:
        yield Finding("secret", f"{house.secret}, mode {mode:o}; back it up, unsubscribe links depend on it")


def _database(house: House, now: datetime) -> Iterator[Finding]:
    """The write lock is taken and let go: a file that can only be read fails here, not in the middle of a run."""
    with house.database.begin() as connection:
        number = articles.count(connection)
    yield Finding("database", f"{house.database.engine.dialect.name}, can be written, {number} articles")


def _folders(house: House, now: datetime) -> Iterator[Finding]:
    yield _writable("public tree", house.tree.root)
    yield _writable("similar posts", house.similar)
    yield _writable("lock", house.lock.parent)
    free = shutil.disk_usage(_nearest(house.tree.root)).free
    level, advice = (Level.FINE, "") if free > ROOM else (Level.WARNING, "make room on the disk")
    yield Finding("disk", f"{free // 2**20} MB free", level, advice)


def _sources(house: House, now: datetime) -> Iterator[Finding]:
    if not house.origins:
        yield Finding("sources", "none", Level.BAD, "add a [[sources]] section to config.toml")
    for origin in house.origins:
        path = house.places.get(origin.name)
        if path is None:
            yield Finding(f"source {origin.name}", "read over the network: syndicate ingest tells")
        elif not path.exists():
            advice = "make it, or change its path in config.toml"
            yield Finding(f"source {origin.name}", f"{path} is not there", Level.BAD, advice)
        elif not os.access(path, os.R_OK):
            yield Finding(f"source {origin.name}", f"{path} cannot be read", Level.BAD, f"chmod u+r {path}")
        elif path.is_dir() and not any(path.iterdir()):
            yield Finding(f"source {origin.name}", f"{path} is empty", Level.WARNING, "put articles there")
        else:
            yield Finding(f"source {origin.name}", str(path))


def _readers(house: House, now: datetime) -> Iterator[Finding]:
    with house.database.read() as connection:
        active = totals.subscribers(connection).get("active", 0)
    if not house.newsletters:
        yield Finding("newsletters", "none", Level.WARNING, "add [newsletters.NAME] to config.toml")
    else:
        yield Finding("newsletters", ", ".join(house.newsletters))
    advice = "" if active else f"put a list into {house.lists} and run: syndicate subscribers sync"
    yield Finding("readers", f"{active} active", Level.FINE if active else Level.WARNING, advice)


def _languages(house: House, now: datetime) -> Iterator[Finding]:
    """A language without words of its own is read with those of another around it."""
    for tag in house.site.languages:
        words = interface(tag)
        left = _untranslated(words)
        if primary(words) != primary(tag):
            detail = f"no interface words in it, {words} is used; shipped are {' '.join(SHIPPED)}"
            yield Finding(f"language {tag}", detail, Level.WARNING, "see docs/adding-a-language.md")
        elif left:
            detail = f"{len(left)} interface words stay English, the first: {left[0]}"
            yield Finding(f"language {tag}", detail, Level.WARNING, f"complete catalogues/{words}.po")
    yield Finding("languages", " ".join(house.site.languages))


def _untranslated(language: str) -> list[str]:
    """The messages of the English catalogue, which lists all there are, without an answer in ``language``."""
    known = {(m.context, _id(m)) for m in read_catalogue(language) if m.id and all(_forms(m))}
    return [_id(m) for m in read_catalogue("en") if m.id and (m.context, _id(m)) not in known]


def _id(message: "Message") -> str:
    return str(message.id if isinstance(message.id, str) else message.id[0])


def _forms(message: "Message") -> tuple[str, ...]:
    found = message.string
    return tuple(found) if isinstance(found, (tuple, list)) else (str(found),)


def _templates(house: House, now: datetime) -> Iterator[Finding]:
    """A tiny edition of each newsletter in each of its languages: a mistake is told with file and line."""
    made = compose_all(house.site, tuple(house.newsletters.values()), house.templates, now)
    yield Finding("templates", f"{made} editions composed with {', '.join(map(str, house.templates))}")


def _addresses(house: House, now: datetime) -> Iterator[Finding]:
    url = house.site.public_url
    if url.startswith("https://"):
        yield Finding("public address", url)
    else:
        advice = "set site.public_url to an https address: one-click unsubscription needs it (RFC 8058)"
        yield Finding("public address", url, Level.BAD, advice)
    places = {"site.public_url": url, "site.url": house.site.url, "mail.from_address": house.from_address}
    examples = [name for name, value in places.items() if _host(value).endswith(_RESERVED)]
    if examples:
        advice = "replace them before mail goes to people"
        yield Finding("addresses", f"{', '.join(examples)}: an example's domain", Level.WARNING, advice)


def _carrier(house: House, now: datetime) -> Iterator[Finding]:
    with house.carrier() as carrier:
        name = carrier.name
    if name == "outbox":
        yield _writable("carrier outbox", Path(house.carrier_place))
    else:
        yield _answers(name, house.carrier_place)
    if held := held_back(house):
        advice = "look at what went out since, then: syndicate restored --confirm"
        yield Finding("sending", f"held: {held}", Level.BAD, advice)


def _answers(name: str, place: str) -> Finding:
    """Whether somebody listens where mail is handed over: ``host:port``, or an address of the web."""
    host, port = _server(place)
    try:
        socket.create_connection((host, port), timeout=SMTP_SECONDS).close()
    except OSError as error:
        advice = f"check [carriers.{name}] in config.toml, that the server runs, and the firewall between"
        return Finding(f"carrier {name}", f"{place}: {error}", Level.BAD, advice)
    return Finding(f"carrier {name}", f"{place} answers")


def _server(place: str) -> tuple[str, int]:
    if "://" not in place:
        host, _, port = place.rpartition(":")
        return host, int(port)
    parts = urlsplit(place)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _host(address: str) -> str:
    return address.rpartition("//")[2].rpartition("@")[2].partition("/")[0].partition(":")[0]


def _writable(what: str, folder: Path) -> Finding:
    """A file is made there and goes away: permissions alone do not tell of a full or read-only disk."""
    there = _nearest(folder)
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        return Finding(what, f"{there}: {error.strerror}", Level.BAD, f"make {there} writable for this user")
    return Finding(what, str(folder))


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())

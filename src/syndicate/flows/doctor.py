"""Doctor: what a run needs, looked at before it is needed."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from syndicate.flows.house import House
from syndicate.store import articles


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    detail: str
    is_fine: bool = True


def examine(house: House) -> list[Finding]:
    """Every check, in the order of the journey."""
    checks: tuple[Callable[[House], Iterator[Finding]], ...] = (_python, _database, _folders, _lists, _mail)
    return [finding for check in checks for finding in check(house)]


def _python(house: House) -> Iterator[Finding]:
    version = sys.version.split()[0]
    yield Finding("python", version, sys.version_info >= (3, 11))


def _database(house: House) -> Iterator[Finding]:
    with house.database.read() as connection:
        number = articles.count(connection)
    yield Finding("database", f"open, {number} articles")


def _folders(house: House) -> Iterator[Finding]:
    yield _writable("public tree", house.tree.root)
    yield _writable("similar posts", house.similar)
    names = ", ".join(str(folder) for folder in house.templates)
    yield Finding("templates", names or "none found", bool(house.templates))


def _lists(house: House) -> Iterator[Finding]:
    yield Finding("sources", ", ".join(one.name for one in house.origins) or "none", bool(house.origins))
    yield Finding("newsletters", ", ".join(house.newsletters) or "none", bool(house.newsletters))


def _mail(house: House) -> Iterator[Finding]:
    secure = house.site.public_url.startswith("https://")
    detail = house.site.public_url if secure else f"{house.site.public_url}: one-click needs https (RFC 8058)"
    yield Finding("unsubscribe links", detail, secure)
    yield Finding("carrier", house.carrier_place)


def _writable(what: str, folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    fine = os.access(there, os.W_OK)
    return Finding(what, str(folder) if fine else f"{there} cannot be written to", fine)

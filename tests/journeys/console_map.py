"""Every page of the console, found by following its links from the start."""

import re
from dataclasses import dataclass
from html import unescape

from tests.journeys.console_server import Client

LINK = re.compile(r'\s(?:href|action)="(/[^"]*)"')
NUMBER = re.compile(r"/\d+(?=/|$)")


@dataclass(frozen=True)
class Map:
    """``pages`` are addresses that answer with a page; ``dead`` are (address, status, the page that leads there)."""

    asked: frozenset[str]
    pages: tuple[str, ...]
    dead: tuple[tuple[str, int, str], ...]


def explored(client: Client, same: int) -> Map:
    """``same``: pages of one kind (other people, other issues) that are looked at."""
    seen: dict[str, int] = {}
    asked: set[str] = set()
    pages: list[str] = []
    wanted, dead = [("/staff/", "the start")], []
    while wanted:
        path, whence = wanted.pop()
        bare = path.partition("#")[0]
        kind = NUMBER.sub("/N", bare.partition("?")[0])
        if bare in asked or seen.get(kind, 0) >= same or not bare.startswith("/staff/"):
            continue
        asked.add(bare)
        seen[kind] = seen.get(kind, 0) + 1
        reply = client.get(bare)
        # 405: a form's address, which only a POST opens; the router knows it.
        if reply.status not in (200, 303, 405):
            dead.append((bare, reply.status, whence))
        if reply.status == 200 and reply.headers["content-type"].startswith("text/html"):
            pages.append(bare)
            wanted += [(unescape(link), bare) for link in LINK.findall(reply.text)]
    return Map(frozenset(asked), tuple(sorted(pages)), tuple(dead))

"""Whatever a page of the console leads to is there: every link of every page, in the role that sees most."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from tests.journeys.console_server import Desk, console

from syndicate.model import Role

LINK = re.compile(r'\s(?:href|action)="(/[^"]*)"')
NUMBER = re.compile(r"/\d+(?=/|$)")
SAME = 3
"""Pages of one kind (other people, other issues) that are looked at."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("console")) as made:
        yield made


def test_every_link_of_every_page_leads_somewhere(desk: Desk) -> None:
    client = desk.client(Role.ADMIN)
    seen: dict[str, int] = {}
    asked: set[str] = set()
    wanted, dead = [("/staff/", "the start")], []
    while wanted:
        path, whence = wanted.pop()
        bare = path.partition("#")[0]
        kind = NUMBER.sub("/N", bare.partition("?")[0])
        if bare in asked or seen.get(kind, 0) >= SAME or not bare.startswith("/staff/"):
            continue
        asked.add(bare)
        seen[kind] = seen.get(kind, 0) + 1
        reply = client.get(bare)
        # 405: a form's address, which only a POST opens; the router knows it.
        if reply.status not in (200, 303, 405):
            dead.append((bare, reply.status, whence))
        if reply.status == 200 and reply.headers["content-type"].startswith("text/html"):
            wanted += [(unescape(link), bare) for link in LINK.findall(reply.text)]
    assert dead == []
    assert len(asked) > 25, "the walk saw the console"

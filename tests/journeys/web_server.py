"""A small newsroom behind the real server, on a free port of this machine."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from socket import create_server
from time import monotonic, sleep

import uvicorn

from syndicate.app import open_house
from syndicate.flows import lists, subscribe
from syndicate.flows.house import House
from syndicate.flows.run import run
from syndicate.web import application

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
HUB = "http://127.0.0.1:9/push"  # nobody listens there: refused at once
CONFIG = f"""
[site]
name = {{ en = "The Gazette", tr = "Gazete", ar = "الجريدة" }}
url = "https://gazette.example.org"
public_url = "https://news.gazette.example.org"
id_authority = "gazette.example.org,2026"
languages = ["en", "tr", "ar"]
postal_address = "The Gazette, 1 Main Street, 34000 Istanbul"
[feeds]
hubs = ["{HUB}"]
[mail]
from_address = "letters@news.gazette.example.org"
[[sources]]
name = "articles"
kind = "markdown"
path = "articles"
url = "https://gazette.example.org/{{language}}/{{slug}}/"
[newsletters.weekly]
title = {{ en = "Weekly", tr = "Haftalık Bakış", ar = "نظرة الأسبوع" }}
description = {{ en = "What happened", tr = "Haftanın öne çıkan yazıları", ar = "أبرز مقالات الأسبوع" }}
cadence = "weekly"
weekday = "monday"
at = "08:00"
cadences = ["monthly"]
[newsletters.water]
title = {{ en = "Water & cities", tr = "Su ve kentler", ar = "المياه والمدن" }}
languages = ["en", "tr"]
cadence = "weekly"
weekday = "friday"
at = "08:00"
"""


def open_newsroom(root: Path, more: str = "") -> House:
    """A story in three languages and one reader of it; everything published and sent as of ``NOW``.

    ``more`` is further config.toml.
    """
    (root / "articles" / "port").mkdir(parents=True)
    (root / "config.toml").write_text(CONFIG + more, encoding="utf-8")
    for language in ("en", "tr", "ar"):
        text = f"---\ntitle: The port in {language}\ndate: 2026-05-01\n---\nA story of the port, told at length.\n"
        (root / "articles" / "port" / f"index.{language}.md").write_text(text, encoding="utf-8")
    house = open_house(root / "config.toml")
    reader(house, "first@example.org", "tr ar")
    run(house, lambda: NOW)
    return house


def reader(house: House, email: str, languages: str, newsletters: str = "weekly water") -> int:
    """Subscribe somebody; returns their id."""
    cells = {
        "email": email,
        "languages": languages,
        "newsletters": newsletters,
        "status": "active",
        "consent_at": "2026-01-01T00:00:00+00:00",
        "consent_source": "form",
    }
    lists.add(house.database, cells, list(house.newsletters), house.key, NOW)
    return subscribe.find(house.database, email).id


@dataclass(frozen=True)
class Reply:
    """``headers`` have names in small letters; one that came twice is joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Served:
    """The server as a client sees it: paths go out exactly as given, nothing is followed or unpacked."""

    house: House
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> Reply:
        """``headers`` are named as keywords: ``if_none_match``."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.putrequest(method, path, skip_host="host" in sent, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            key = name.lower()
            found[key] = f"{found[key]}, {value}" if key in found else value
        return Reply(answer.status, found, content)

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: bytes = b"", kind: str = "application/x-www-form-urlencoded") -> Reply:
        return self.ask("POST", path, body, content_type=kind)


@contextmanager
def served(root: Path, more: str = "") -> Iterator[Served]:
    """Set a newsroom up in ``root`` and serve it until the end of the block."""
    with serving(open_newsroom(root, more), lambda: NOW) as there:
        yield there


@contextmanager
def serving(house: House, clock: Callable[[], datetime]) -> Iterator[Served]:
    """Serve ``house`` until the end of the block, and close it then."""
    listener = create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(house, clock), access_log=False, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        yield Served(house, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()
        house.database.close()


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    end = monotonic() + 20
    while not server.started and thread.is_alive() and monotonic() < end:
        sleep(0.01)
    assert server.started, "the server did not start"

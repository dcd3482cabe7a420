"""Hubs are told of every feed that changed, once, soon, and also when they were away; a real hub passes it on."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from urllib.parse import parse_qs

import pytest
from tests.journeys.conftest import ROOT, Newsroom

from syndicate.flows import press
from syndicate.flows.house import House
from syndicate.flows.ping import send_pings, silent_hubs
from syndicate.flows.run import ingest_all, publish_feeds
from syndicate.store import pings

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
PUBLIC = "https://news.gazette.example.org"
TOOLS = ROOT.parent / "shared" / "tools" / "websub"
HUB_PYTHON = os.environ.get("SYNDICATE_WEBSUB_PYTHON", sys.executable)
"""A Python that has Flask-WebSub and celery."""


class Hub:
    """Counts what it is told, and over how many connections; ``status`` is what it answers."""

    def __init__(self, port: int = 0) -> None:
        hub = self
        self.told: Counter[str] = Counter()
        self.forms: list[dict[str, list[str]]] = []
        self.connections = 0
        self.status = 202
        self.hold = threading.Event()
        self.hold.set()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                hub.connections += 1
                super().setup()

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                hub.hold.wait(20)
                hub.forms.append(form)
                if hub.status < 300:
                    hub.told.update(form["hub.topic"])
                self.send_response(hub.status)
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"ok\n")

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hub"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def hub(port: int = 0) -> Iterator[Hub]:
    made = Hub(port)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def opened(newsroom: Callable[..., Newsroom], *hubs: str) -> Iterator[tuple[Newsroom, House]]:
    """A newsroom with one story in two languages, nothing published yet."""
    room = newsroom(more=f"[feeds]\nhubs = {list(hubs)!r}")
    room.article("port", "en", "2026-05-01", tags="[water]")
    room.article("port", "tr", "2026-05-01")
    house = room.open()
    try:
        yield room, house
    finally:
        house.database.close()


def publish(house: House, now: datetime) -> None:
    ingest_all(house, now)
    publish_feeds(house, now)


def topics(*folders: str) -> Counter[str]:
    names = ("rss.xml", "atom.xml", "feed.json")
    return Counter(f"{PUBLIC}/feeds/{folder}/{name}" for folder in folders for name in names)


def test_every_feed_that_changed_is_told_once_to_every_hub_over_one_connection(
    newsroom: Callable[..., Newsroom],
) -> None:
    with hub() as one, hub() as other, opened(newsroom, one.url, other.url) as (room, house):
        publish(house, NOW)
        report = send_pings(house, NOW)
        everything = topics("en", "tr", "all", "en/tag/water", "all/tag/water")
        assert one.told == other.told == everything
        assert (report.told, report.problems) == (2 * len(everything), [])
        assert one.connections == other.connections == 1
        assert set(one.forms[0]) == {"hub.mode", "hub.url", "hub.topic"}
        assert one.forms[0]["hub.url"] == one.forms[0]["hub.topic"]
        assert one.forms[0]["hub.mode"] == ["publish"]

        one.told.clear()
        publish(house, NOW + timedelta(minutes=5))
        assert send_pings(house, NOW + timedelta(minutes=5)).told == 0

        room.article("port", "tr", "2026-05-01", body="The story was corrected, in Turkish only, at length.")
        publish(house, NOW + timedelta(hours=1))
        publish(house, NOW + timedelta(hours=2))
        send_pings(house, NOW + timedelta(hours=2))
        assert one.told == topics("tr", "all")


def test_a_hub_that_was_away_is_told_when_it_is_back_and_holds_up_no_other(
    newsroom: Callable[..., Newsroom],
) -> None:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    away = f"http://127.0.0.1:{port}/hub"
    with hub() as one, opened(newsroom, away, one.url) as (_, house):
        publish(house, NOW)
        report = send_pings(house, NOW)
        count = sum(one.told.values())
        assert (report.told, report.put_off, len(report.problems)) == (count, count, 1)
        assert send_pings(house, NOW + timedelta(seconds=5)).put_off == 0, "it is left alone for a while"
        [problem] = silent_hubs(house)
        assert (problem.place, problem.fatal) == (away, False)
        with hub(port) as back:
            assert send_pings(house, NOW + timedelta(minutes=1)).told == count
            assert back.told == one.told
        assert silent_hubs(house) == []


def test_a_hub_that_never_answers_is_given_up_after_three_days_and_told_of_in_status(
    newsroom: Callable[..., Newsroom],
) -> None:
    with hub() as one, opened(newsroom, one.url) as (room, house):
        one.status = 503
        publish(house, NOW)
        now, given_up = NOW, 0
        while now < NOW + timedelta(days=3):
            given_up = send_pings(house, now).given_up
            assert given_up == 0
            now += timedelta(hours=12)
        assert len(one.forms) == 6, "one question is enough to know that it is away"
        report = send_pings(house, now)
        assert report.given_up == len(topics("en", "tr", "all", "en/tag/water", "all/tag/water"))
        waiting = room.data("status")["problems"]
        assert [source for source, _ in waiting] == ["hubs"]
        assert "answered 503" in waiting[0][1]["reason"]
        one.status = 202
        room.article("port", "tr", "2026-05-01", body="Something else altogether is told here now.")
        publish(house, now)
        assert send_pings(house, now).told == 6


@pytest.mark.parametrize("status", [301, 307, 404])
def test_a_hub_that_refuses_is_not_followed_elsewhere(newsroom: Callable[..., Newsroom], status: int) -> None:
    with hub() as one, opened(newsroom, one.url) as (_, house):
        one.status = status
        publish(house, NOW)
        report = send_pings(house, NOW)
        assert report.told == 0
        assert report.put_off == len(one.forms)
        assert f"answered {status}" in report.problems[0]


def test_two_at_once_tell_no_feed_twice(newsroom: Callable[..., Newsroom]) -> None:
    with hub() as one, opened(newsroom, one.url) as (_, house):
        publish(house, NOW)
        one.hold.clear()
        threads = [threading.Thread(target=send_pings, args=(house, NOW)) for _ in range(2)]
        for thread in threads:
            thread.start()
        one.hold.set()
        for thread in threads:
            thread.join(30)
        assert set(one.told.values()) == {1}
        assert one.told == topics("en", "tr", "all", "en/tag/water", "all/tag/water")


def test_a_publish_that_dies_between_a_feed_and_its_row_loses_no_ping(
    newsroom: Callable[..., Newsroom], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Death(BaseException): ...

    def dies(*_: object) -> None:
        raise Death

    with hub() as one, opened(newsroom, one.url) as (room, house):
        publish(house, NOW)
        send_pings(house, NOW)
        one.told.clear()
        room.article("port", "tr", "2026-05-01", body="Corrected just before the machine lost its power.")
        monkeypatch.setattr(press.Press, "_note", dies)
        with pytest.raises(Death):
            publish(house, NOW + timedelta(hours=1))
        monkeypatch.undo()
        assert b"lost its power" in (house.tree.root / "feeds/tr/rss.xml").read_bytes()
        send_pings(house, NOW + timedelta(hours=1))
        assert one.told == Counter()
        publish_feeds(house, NOW + timedelta(hours=2))
        send_pings(house, NOW + timedelta(hours=2))
        assert one.told == topics("tr", "all")


def test_a_hub_taken_out_of_the_settings_is_forgotten(newsroom: Callable[..., Newsroom]) -> None:
    with opened(newsroom, "http://127.0.0.1:9/hub") as (_, house):
        publish(house, NOW)
        with house.database.begin() as connection:
            pings.queue(connection, ["http://127.0.0.1:9/old"], [f"{PUBLIC}/feeds/en/rss.xml"], NOW)
        send_pings(house, NOW)
        assert [problem.place for problem in silent_hubs(house)] == ["http://127.0.0.1:9/hub"]


def has_hub() -> str:
    """Why the real hub cannot be run here; empty when it can."""
    if not (TOOLS / "hub.py").is_file():
        return "../shared/tools/websub is not here"
    tried = subprocess.run(
        [HUB_PYTHON, "-c", "import flask_websub, celery"], capture_output=True, check=False
    )
    return (
        ""
        if tried.returncode == 0
        else "no Flask-WebSub and celery (SYNDICATE_WEBSUB_PYTHON names a Python that has them)"
    )


def free_ports(number: int) -> list[int]:
    held = [create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


@contextmanager
def program(words: list[str], log: Path, port: int = 0, **environment: str) -> Iterator[None]:
    """A program of its own, ended at the end; where it has a port, it is waited for."""
    with log.open("ab") as out:
        made = subprocess.Popen(
            words,
            stdout=out,
            stderr=out,
            cwd=log.parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        )
        try:
            until(lambda: not port or answers(port), log)
            yield
        finally:
            made.terminate()
            made.wait(20)


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    except OSError:
        return False
    finally:
        connection.close()


def until(holds: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, log.read_text(errors="replace")
        time.sleep(0.02)


def test_a_real_hub_fetches_the_feed_and_passes_it_on_signed(newsroom: Callable[..., Newsroom]) -> None:
    if why := has_hub():
        pytest.skip(why)
    port, hub_port, sub_port = free_ports(3)
    hub_url, own = f"http://127.0.0.1:{hub_port}/hub", f"http://127.0.0.1:{port}"
    room = newsroom(more=f"[feeds]\nhubs = ['{hub_url}']")
    settings = room.root / "config.toml"
    settings.write_text(settings.read_text().replace(PUBLIC, own))
    room.article("port", "tr", "2026-05-01")
    topic = f"{own}/feeds/tr/atom.xml"
    told, log = room.root / "subscriber.log", room.root / "programs.log"
    run_hub = [HUB_PYTHON, str(TOOLS / "hub.py"), str(hub_port)]
    subscribe = [HUB_PYTHON, str(TOOLS / "sub.py"), str(sub_port), hub_url, topic, "120"]
    syndicate = [str(Path(sys.executable).with_name("syndicate")), "serve", "--port", str(port)]

    def deliveries() -> list[str]:
        return [line for line in told.read_text().splitlines() if line.startswith("DELIVERY")]

    def subscribed() -> bool:
        return told.is_file() and "VERIFY" in told.read_text() and "SUBSCRIBE 202" in told.read_text()

    with program(syndicate, log, port):
        with program(run_hub, log, hub_port, HUB_DB="hub.sqlite3"), ExitStack() as later:
            # Whoever finds no hub waits before they try it again, so it is there from the beginning.
            room.command("ingest")
            room.command("publish")
            later.enter_context(program(subscribe, told))
            until(subscribed, told)
            room.article(
                "port", "tr", "2026-05-01", body="The hub has to hear of this at once, in all its length."
            )
            room.command("ingest")
            assert room.data("publish")["pings"]["told"] >= 6
            until(lambda: bool(deliveries()), told)
            assert "sig sha256 True" in deliveries()[0]
        told.unlink()
        room.article(
            "port", "tr", "2026-05-01", body="Nobody was listening when this was told for the first time."
        )
        room.command("ingest")
        assert room.data("publish")["pings"]["told"] == 0
        assert room.data("status")["problems"][0][0] == "hubs"
        with program(run_hub, log, hub_port, HUB_DB="hub.sqlite3"), program(subscribe, told):
            until(subscribed, told)
            house = room.open()
            later = datetime.now(UTC) + timedelta(minutes=1)
            assert send_pings(house, later).told >= 6
            house.database.close()
            until(lambda: bool(deliveries()), told)
            assert "sig sha256 True" in deliveries()[0]
            assert len(deliveries()) == 1

"""The log of a server: structured, a line for each answer, and no address or token in it, whatever goes wrong."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from socket import create_server
from time import monotonic, sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.journeys.conftest import Newsroom

from syndicate.cli.logs import OneLine, anonymous, as_json
from syndicate.subscribers import Tokens

CANARY = "canary.someone@example.org"
_ATEXT = "abcdefghijklmnopqrstuvwxyzABCXYZ0189.!#$%&'*+/=?^_`{|}~-éşж"
_MAILBOX = st.text(_ATEXT, min_size=1, max_size=64)
_DOMAIN = st.from_regex(r"[a-z0-9ü]([a-z0-9-]{0,20}[a-z0-9])?\.[a-z]{2,10}", fullmatch=True)


@given(
    _MAILBOX,
    _DOMAIN,
    st.sampled_from(["", "mailto:", "<", '"', "To: ", "\\n", "(", "https://x.example/?who="]),
)
def test_no_address_gets_through(mailbox: str, domain: str, before: str) -> None:
    told = anonymous(f"{before}{mailbox}@{domain}> was refused")
    assert "@" not in told
    assert domain not in told
    assert told.endswith("> was refused")


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**32), st.integers(0, 2**32))
def test_no_token_gets_through(key: bytes, subscriber: int, number: int) -> None:
    tokens = Tokens(key)
    for token in (tokens.make("unsubscribe", subscriber, "weekly"), tokens.ticket("confirm", number)):
        for text in (
            f"/u/{token}",
            f"GET /c/{token}?in=tr",
            f"'{token}'",
            token,
            f'"path":"/p/{token}/data"',
        ):
            assert token not in anonymous(text)


@pytest.mark.parametrize(
    "text",
    [
        "issue 12, weekly 2026-05-04, waits for: syndicate issue approve 12",
        "public/feeds/en/tag/a-rather-long-slug-of-a-topic-in-small-letters/rss.xml",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sqlite:////srv/newsroom/var/syndicate.db: cannot be read: database is locked",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert anonymous(text) == text


def test_the_login_of_a_database_is_left_out_and_its_place_is_not() -> None:
    told = anonymous("postgresql://someone:pass word@db.example.org/syndicate: cannot be read")
    assert "someone:pass" not in anonymous("postgresql://someone:pass@db.example.org/syndicate")
    assert "db.example.org/syndicate" in anonymous("postgresql://someone:pass@db.example.org/syndicate")
    assert "word" not in told or "@" not in told


def _record(**more: Any) -> logging.LogRecord:
    try:
        raise ValueError(f"{CANARY} is nobody\nof ours")
    except ValueError:
        given = ("syndicate.x", logging.ERROR, __file__, 1, "no page for %s", (CANARY,), sys.exc_info())
        record = logging.LogRecord(*given)
    record.__dict__.update(more)
    return record


def test_message_arguments_exception_and_extras_are_all_looked_at() -> None:
    record = _record(who={"address": [CANARY]}, number=3)
    told = json.loads(as_json().format(record))
    assert "@" not in json.dumps(told)
    assert (told["level"], told["logger"], told["message"]) == (
        "ERROR",
        "syndicate.x",
        "no page for [address]",
    )
    assert told["fault"].startswith("ValueError: [address] is nobody; test_logs.py:")
    assert (told["who"], told["number"]) == ({"address": ["[address]"]}, 3)
    assert datetime.fromisoformat(told["time"]).tzinfo == UTC
    line = OneLine().format(record)
    assert line == "syndicate: error: no page for [address]: ValueError: [address] is nobody"
    assert record.getMessage() == f"no page for {CANARY}", "other handlers get the record as it was"


@contextmanager
def serving(room: Newsroom) -> Iterator[tuple[int, Callable[[], str]]]:
    """The installed command's server: its port, and what it wrote once it has ended."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("syndicate")), "serve", "--port", str(port)]
    with (room.root / "log").open("wb") as log:
        made = subprocess.Popen(
            command,
            cwd=room.root,
            stderr=log,
            env={**os.environ, "SYNDICATE_SECRET": "a secret of the tests"},
        )

        def ended() -> str:
            made.send_signal(signal.SIGTERM)
            made.wait(20)
            return (room.root / "log").read_text()

        try:
            end = monotonic() + 30
            while ask(port, "GET", "/healthz")[0] != 200:
                assert made.poll() is None, (room.root / "log").read_text()
                assert monotonic() < end
                sleep(0.05)
            yield port, ended
        finally:
            made.kill()
            made.wait(20)


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body.encode() or None, given)
        reply = connection.getresponse()
        return reply.status, reply.read().decode("utf-8", "replace")
    except OSError:
        return 0, ""
    finally:
        connection.close()


def test_a_server_s_log_has_a_line_for_each_answer_and_no_canary(newsroom: Callable[..., Newsroom]) -> None:
    room = newsroom(more='[log]\nformat = "json"')
    room.article("port", "en", "2026-05-01")
    room.command("ingest")
    room.command("publish")
    room.readers(f"{CANARY},en,weekly")
    room.write("templates/pages/preferences.html.j2", "{{ preferences.nobody.at_all }} {{ 1 / 0 }}")
    with room.open().database.read() as connection:
        who = connection.exec_driver_sql("SELECT id FROM subscriber").scalar_one()
    tokens = Tokens(b"a secret of the tests")
    leave, preferences = tokens.make("unsubscribe", who, "weekly"), tokens.make("preferences", who, "weekly")
    form = f"email={CANARY.replace('@', '%40')}&newsletter=weekly&what=everything"
    kind = "application/x-www-form-urlencoded"
    with serving(room) as (port, ended):
        assert ask(port, "GET", "/feeds/en/rss.xml")[0] == 200
        assert ask(port, "GET", f"/u/{leave}?in=en&who={CANARY}", user_agent=CANARY)[0] == 200
        assert ask(port, "POST", f"/u/{leave}", "List-Unsubscribe=One-Click", content_type=kind)[0] == 200
        assert ask(port, "GET", f"/p/{preferences}")[0] == 500
        assert ask(port, "POST", "/en/subscribe", form, content_type=kind)[0] < 500
        assert ask(port, "POST", f"/hooks/{CANARY}", CANARY)[0] == 404
        assert ask(port, "GET", f"/c/{leave}")[0] == 404
        assert ask(port, "GET", f"/nowhere/{CANARY}")[0] == 404
        written = ended()
    assert not re.search(rf"canary|example\.org|@|{leave}|{preferences}|127\.0\.0\.1:\d+ -", written)
    lines = [json.loads(line) for line in written.splitlines()]
    seen = {
        (one["method"], one["route"], one["status"]) for one in lines if one["logger"] == "syndicate.access"
    }
    assert {
        ("GET", "/feeds/{path}", 200),
        ("GET", "/u/{token}", 200),
        ("POST", "/u/{token}", 200),
        ("GET", "/p/{token}", 500),
        ("POST", "/hooks/{carrier}", 404),
        ("GET", "/c/{token}", 404),
        ("GET", "/{path}", 404),
    } <= seen
    whole = next(one for one in lines if one.get("route") == "/feeds/{path}")
    assert set(whole) == {"time", "level", "logger", "message", "method", "route", "status", "bytes", "ms"}
    assert whole["bytes"] > 100
    assert any("preferences.html.j2" in one.get("fault", "") for one in lines), (
        "the fault is told with its place"
    )


def test_text_is_for_people_requests_are_told_of_at_debug_only(newsroom: Callable[..., Newsroom]) -> None:
    room = newsroom(
        more='[log]\nlevel = "debug"\n[web]\nmetrics_for = ["10.9.0.0/16"]\nproxies = ["127.0.0.1"]'
    )
    with serving(room) as (port, ended):
        assert ask(port, "GET", "/metrics", x_forwarded_for="10.9.1.1")[0] == 200
        assert ask(port, "GET", "/metrics", x_forwarded_for="10.9.1.1, 10.8.1.1")[0] == 404
        assert ask(port, "GET", "/metrics")[0] == 404
        written = ended()
    assert re.search(r"^syndicate: info: GET /metrics 200, \d+ bytes, [\d.]+ ms$", written, re.MULTILINE)
    assert "10.9." not in written


def test_nobody_s_word_on_where_a_request_comes_from_is_believed_by_default(
    newsroom: Callable[..., Newsroom],
) -> None:
    room = newsroom(more='[web]\nmetrics_for = ["10.9.0.0/16"]')
    with serving(room) as (port, ended):
        assert ask(port, "GET", "/metrics", x_forwarded_for="10.9.1.1", forwarded="for=10.9.1.1")[0] == 404
        written = ended()
    assert "GET" not in written
    assert "syndicate: info: Uvicorn running on" in written

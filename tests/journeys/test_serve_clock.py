"""``syndicate serve --clock``: one process serves, keeps time, and sends what staff approve."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from .conftest import Newsroom

Make = Callable[..., Newsroom]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        time.sleep(0.05)


def answers(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False


def test_it_serves_and_sends_what_is_approved_and_ends_in_order(newsroom: Make) -> None:
    room = newsroom(weekly="approval = true")
    room.article("one", "en", "2026-10-01T09:00:00Z")
    room.readers("a@example.com,en,weekly", "b@example.com,en,weekly")
    port, log = free_port(), room.root / "served.log"
    words = ("serve", "--clock", "--port", str(port))
    with log.open("wb") as out:
        server = subprocess.Popen(
            [str(Path(sys.executable).with_name("syndicate")), *words],
            cwd=room.root,
            env={**os.environ, "SYNDICATE_SECRET": "a secret of the tests"},
            stdout=out,
            stderr=out,
        )
    try:
        wait_until(lambda: answers(port), log)
        wait_until(lambda: bool(room.data("issue", "list")), log)
        assert room.mails == [], "it waits for a sender"
        shown = room.command("issue", "approve", "1", "--undo").stdout
        assert "issue take-back 1" in shown
        refused = room.command("issue", "send", "1", check=False)
        assert refused.returncode == 1
        assert "--now" in refused.stderr
        assert room.data("issue", "take-back", "1")["state"] == "planned"
        room.command("issue", "approve", "1")
        wait_until(lambda: len(room.mails) == 2, log)
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    finally:
        server.kill()
        server.wait()
    assert "clock: ended" in log.read_text(encoding="utf-8")
    assert not room.data("status")["clock"]["leads"], "it gave its lease back"

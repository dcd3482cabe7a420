"""A sender that is killed: nobody is mailed twice, nobody is lost, what cannot be known is said."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from .conftest import Newsroom
from .sink import Sink, listening

READERS = 120
CONNECTIONS = 8
"""The default of config.toml."""


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    with listening() as found:
        yield found


def start(room: Newsroom) -> "subprocess.Popen[bytes]":
    command = [str(Path(sys.executable).with_name("syndicate")), "run"]
    return subprocess.Popen(command, cwd=room.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "the sender did not get that far"
        time.sleep(0.005)


def filled(room: Newsroom) -> None:
    room.article("one", "en", "2026-10-01T09:00:00Z")
    room.readers(*(f"reader{n}@example.com,en,weekly" for n in range(READERS)))


def test_the_outbox_after_a_kill_holds_each_mail_once(newsroom: Callable[..., Newsroom]) -> None:
    room = newsroom()
    filled(room)
    sender = start(room)
    wait_until(lambda: len(room.mails) > READERS // 4)
    os.kill(sender.pid, signal.SIGKILL)
    sender.wait()
    assert len(room.mails) < READERS
    room.command("run")
    addresses = Counter(
        message_from_bytes(p.read_bytes(), policy=policy.default)["To"].addresses[0].addr_spec
        for p in room.mails
    )
    assert len(addresses) == READERS
    assert set(addresses.values()) == {1}
    assert room.data("issue", "show", "1")["editions"][0]["states"] == {"accepted": READERS}


def test_smtp_after_a_kill_has_at_most_one_doubt_a_connection(
    newsroom: Callable[..., Newsroom], sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = newsroom(carrier="smtp", port=port)
    filled(room)
    sender = start(room)
    wait_until(lambda: len(handler.taken) > READERS // 4)
    os.kill(sender.pid, signal.SIGKILL)
    sender.wait()
    room.command("run")
    states = room.data("issue", "show", "1")["editions"][0]["states"]
    assert set(handler.taken.values()) == {1}, "nobody was mailed twice"
    assert states["accepted"] + states.get("unsure", 0) == READERS
    assert states.get("unsure", 0) <= CONNECTIONS
    assert len(handler.taken) >= states["accepted"]


def test_only_one_sender_runs_at_a_time(newsroom: Callable[..., Newsroom], sink: tuple[Sink, int]) -> None:
    handler, port = sink
    handler.hold = lambda: time.sleep(0.05)
    room = newsroom(carrier="smtp", port=port)
    filled(room)
    sender = start(room)
    wait_until(lambda: len(handler.taken) > 2)
    second = room.command("run", check=False)
    assert second.returncode == 1
    assert "another syndicate is sending" in second.stderr
    handler.hold = lambda: None
    assert sender.wait(timeout=60) == 0
    assert len(handler.taken) == READERS
    assert set(handler.taken.values()) == {1}

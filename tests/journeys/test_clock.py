"""``syndicate clock``: two at once, one that dies, one ended in the middle of sending, one that has troubles."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.postgres_server import programs
from tests.reliability import clocks

from .conftest import ROOT, Newsroom
from .sink import Sink, listening

READERS = 120
ENDS_WITHIN = 10.0
Make = Callable[..., Newsroom]


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    with listening() as found:
        yield found


class Daemon:
    """A clock that runs in a newsroom, and what it tells, line by line."""

    def __init__(self, room: Newsroom, *words: str) -> None:
        self.log = room.root / f"clock-{len(list(room.root.glob('clock-*')))}.jsonl"
        command = words or (str(Path(sys.executable).with_name("syndicate")), "clock", "--json")
        places = (str(ROOT), os.environ.get("PYTHONPATH", ""))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=room.root, stdout=out, stderr=out, env=environment)

    def told(self) -> list[dict[str, Any]]:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"at"')]

    def has_told(self, duty: str, **what: object) -> bool:
        return any(one["duty"] == duty and what.items() <= one["what"].items() for one in self.told())

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def daemons() -> Iterator[Callable[..., Daemon]]:
    with ExitStack() as stack:

        def start(room: Newsroom, *words: str) -> Daemon:
            made = Daemon(room, *words)
            stack.callback(made.process.wait)
            stack.callback(made.process.kill)
            return made

        yield start


def wait_until(condition: Callable[[], bool], daemon: Daemon) -> None:
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end, f"the clock did not get that far: {daemon.log.read_text()}"
        assert daemon.process.poll() is None, daemon.log.read_text()
        time.sleep(0.02)


def filled(room: Newsroom, number: int) -> None:
    room.article("one", "en", "2026-10-01T09:00:00Z")
    room.readers(*(f"reader{n}@example.com,en,weekly" for n in range(number)))


@pytest.mark.skipif(
    clocks.library() is None, reason="libfaketime is not installed (Debian's package libfaketime)"
)
@pytest.mark.parametrize(("kind", "manner"), [("sqlite", "leads"), ("postgres", "together")])
def test_two_clocks_and_a_time_that_jumps_make_one_issue_a_slot(kind: str, manner: str) -> None:
    """The long one is ``python -m tests.reliability clocks``."""
    if kind == "postgres" and programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    tally = clocks.rounds(kind, manner, days=8, seed=7)
    assert tally.broken == []
    assert tally.issues == 16
    assert tally.mails >= 8


def test_it_does_everything_and_ends_in_order(newsroom: Make, daemons: Callable[..., Daemon]) -> None:
    room = newsroom()
    filled(room, 3)
    clock = daemons(room)
    wait_until(lambda: clock.has_told("send", accepted=3), clock)
    assert len(room.mails) == 3
    assert (room.public / "feeds/en/atom.xml").exists()
    stands = room.data("status")["clock"]
    assert stands["leads"]
    assert set(stands["duties"]) >= {"gather", "ring", "send"}
    assert not any(one["problem"] for one in stands["duties"].values())
    assert f":{clock.process.pid} since" in room.command("status").stdout
    assert clock.end() == 0
    assert clock.told()[-1]["what"] == {"state": "ended"}
    assert not room.data("status")["clock"]["leads"], "it gave its lease back"
    assert "syndicate clock does not run; it last rang at" in room.command("doctor", check=False).stdout
    assert "@" not in clock.log.read_text(), "no address in what it says"


def test_another_takes_over_when_the_leader_is_killed(newsroom: Make, daemons: Callable[..., Daemon]) -> None:
    room = newsroom()
    filled(room, 3)
    words = [sys.executable, "-m", "tests.reliability.clock_process", "config.toml", "leads", "8"]
    first = daemons(room, *words)
    wait_until(lambda: first.has_told("send", accepted=3), first)
    second = daemons(room, *words)
    wait_until(lambda: second.has_told("clock", state="stands by"), second)
    first.process.kill()
    wait_until(lambda: second.has_told("clock", state="leads"), second)
    wait_until(
        lambda: room.data("status")["clock"]["lease"]["holder"].split(":")[1] == str(second.process.pid),
        second,
    )
    assert second.end() == 0
    assert not second.has_told("ring"), "its issue was made before"
    assert len(room.mails) == 3


def test_ended_in_the_middle_of_sending_it_waits_for_what_is_on_the_wire(
    newsroom: Make, daemons: Callable[..., Daemon], sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    handler.hold = lambda: time.sleep(0.3)
    room = newsroom(carrier="smtp", port=port)
    filled(room, READERS)
    clock = daemons(room)
    wait_until(lambda: len(handler.taken) > 10, clock)
    began = time.monotonic()
    assert clock.end() == 0
    assert time.monotonic() - began < ENDS_WITHIN + 5, "a loaded machine is given a little more"
    assert len(handler.taken) < READERS
    states = room.data("issue", "show", "1")["editions"][0]["states"]
    assert states == {"accepted": len(handler.taken), "planned": READERS - len(handler.taken)}
    handler.hold = lambda: None
    room.command("run")
    assert room.data("issue", "show", "1")["editions"][0]["states"] == {"accepted": READERS}
    assert set(handler.taken.values()) == {1}


def test_what_fails_stops_nothing_else_and_is_told(
    newsroom: Make, daemons: Callable[..., Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNDICATE_BOUNCES_PASSWORD", "hush")
    room = newsroom(more='[bounces]\nimap = "127.0.0.1:1"\nusername = "me"\n')
    room.write("config.toml", (room.root / "config.toml").read_text() + _absent())
    filled(room, 3)
    clock = daemons(room)
    wait_until(lambda: clock.has_told("send", accepted=3), clock)
    wait_until(lambda: clock.has_told("listen"), clock)
    assert clock.end() == 0
    stands = room.data("status")["clock"]["duties"]
    assert "127.0.0.1" in stands["listen"]["problem"]
    assert "absent" in stands["gather"]["problem"]
    assert stands["ring"]["problem"] == stands["send"]["problem"] == ""
    assert "Traceback" not in clock.log.read_text()


def _absent() -> str:
    return '[[sources]]\nname = "absent"\nkind = "markdown"\npath = "nowhere"\nurl = "https://gazette.example.org/{slug}/"\n'

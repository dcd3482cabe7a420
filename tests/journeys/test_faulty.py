"""Servers that are half closed, deaf, silent, late or gone: each reader has one fate, and it is the truth."""

import math
import os
import shutil
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Newsroom
from .faulty import FAULTS, Faulty, listening
from .test_control import filled, start, wait_until

READERS, CONNECTIONS = 30, 4
PROMISED = 20
"""Seconds: ten, and as many for a machine that does other things."""
UNLUCKY = ("reader9@example.com", "reader27@example.com")
TIMEOUT = 'timeout = "1s"\n'
SINK = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
Make = Callable[..., Newsroom]


def hasty(newsroom: Make, port: int, readers: int = READERS, timeout: str = TIMEOUT) -> Newsroom:
    """A newsroom with an approved issue, that waits a second for each answer."""
    room = filled(newsroom, port, readers)
    config = (room.root / "config.toml").read_text(encoding="utf-8")
    room.write("config.toml", config.replace("[carriers.smtp]\n", f"[carriers.smtp]\n{timeout}"))
    return room


def fates(room: Newsroom, taken: Counter[str]) -> dict[str, set[str]]:
    """Who is in which state. Nobody twice, everybody once, and what the report says is so."""
    told = room.data("issue", "report", "1", "--names", "all")
    found: dict[str, set[str]] = {}
    for one in told["names"]:
        found.setdefault(one["state"], set()).add(one["email"])
    assert {state: len(names) for state, names in found.items()} == told["report"]["states"]
    assert sum(map(len, found.values())) == told["report"]["owed"]
    assert max(taken.values(), default=0) <= 1, "somebody was mailed twice"
    assert found.get("accepted", set()) <= set(taken), "it says accepted of somebody who got nothing"
    assert set(taken) <= found.get("accepted", set()) | found.get("unsure", set())
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_nobody_their_mail_and_nobody_gets_it_twice(newsroom: Make, fault: str) -> None:
    server = Faulty(dict.fromkeys(UNLUCKY, fault))
    with listening(server) as port:
        room = hasty(newsroom, port)
        room.command("issue", "send", "1")
        found = fates(room, server.taken)
        doubts = found.pop("unsure", set())
        assert doubts <= set(UNLUCKY)
        if "DATA" not in fault:
            # Lost before the dot it is certain, and was tried again; lost after it, nobody can know.
            assert doubts == (set() if "MAIL" in fault else set(UNLUCKY))
        assert len(found.pop("accepted")) == READERS - len(doubts)
        assert found == {}


def test_a_black_hole_ends_the_send_and_costs_nobody_an_attempt(newsroom: Make) -> None:
    server = Faulty({})
    server.black_holes = math.inf
    with listening(server) as port:
        room = hasty(newsroom, port)
        done = room.command("issue", "send", "1", check=False)
        assert done.returncode == 1
        assert "no mail can be handed over" in done.stderr
        assert list(fates(room, server.taken)) == ["planned"]
        server.black_holes = 0
        room.command("issue", "send", "1")
        assert list(fates(room, server.taken)) == ["accepted"]


def test_who_never_answers_holds_up_no_other(newsroom: Make) -> None:
    """One connection gets no greeting, one no answer to an envelope, one none to a message; the fourth does the rest.

    Each of the three keeps one back, and the last one the envelope that it sent behind its dot.
    """
    server = Faulty({UNLUCKY[0]: "silent at MAIL", UNLUCKY[1]: "silent at the dot"})
    server.black_holes = 1
    with listening(server) as port:
        room = hasty(newsroom, port, timeout='timeout = "60s"\n')
        sender = start(room)
        wait_until(lambda: sum(server.taken.values()) >= READERS - 3)
        sender.send_signal(signal.SIGTERM)
        sender.communicate(timeout=PROMISED)
        room.command("issue", "send", "1")
        assert fates(room, server.taken)["unsure"] == {UNLUCKY[1]}


def test_sigterm_does_not_wait_for_a_server_that_never_answers(newsroom: Make) -> None:
    server = Faulty({f"reader{n}@example.com": "silent at the dot" for n in range(READERS)})
    with listening(server) as port:
        room = hasty(newsroom, port, timeout='timeout = "60s"\n')
        sender = start(room)
        wait_until(lambda: sum(server.taken.values()) == CONNECTIONS)
        sender.send_signal(signal.SIGTERM)
        _, said = sender.communicate(timeout=PROMISED)
        assert (sender.returncode, "interrupted" in said) == (1, True)
        server.faults = {}
        room.command("issue", "send", "1")
        found = fates(room, server.taken)
        assert {state: len(names) for state, names in found.items()} == {
            "accepted": READERS - CONNECTIONS,
            "unsure": CONNECTIONS,
        }


# -- Postfix's smtp-sink, with the faults that it knows ---------------------------------------------------------


@contextmanager
def sink(port: int, folder: Path, *options: str) -> Iterator[None]:
    user = ["-u", "root"] if os.geteuid() == 0 else []
    words = [str(SINK), *user, "-d", f"{folder}/mail.", *options, f"127.0.0.1:{port}", "100"]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port))
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


def dumped(folder: Path) -> Counter[str]:
    """Who was mailed, by the messages that were taken to their end."""
    found: Counter[str] = Counter()
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8", errors="replace")
        found.update(
            line.partition("<")[2].rstrip(">") for line in text.splitlines() if line[:11] == "X-Rcpt-Args"
        )
    return found


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@pytest.mark.skipif(SINK is None, reason="smtp-sink is not installed (Debian's package postfix)")
@pytest.mark.parametrize(
    ("options", "readers"),
    [
        ("-A 0", CONNECTIONS),
        ("-A 1", CONNECTIONS),
        ("-H 2", CONNECTIONS),
        ("-W .:2", CONNECTIONS),
        ("-M 15", READERS),
        ("-n 3", READERS),
        ("-Q RSET", READERS),
    ],
)
def test_whatever_a_sink_does_the_next_send_goes_on(
    newsroom: Make, tmp_path: Path, free_port: int, options: str, readers: int
) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    room = hasty(newsroom, free_port, readers)
    with sink(free_port, folder, *options.split()):
        room.command("issue", "send", "1", check=False)
    before = fates(room, dumped(folder))
    assert len(before.get("unsure", ())) <= CONNECTIONS
    with sink(free_port, folder):
        room.command("issue", "send", "1", "--missing")
    after = fates(room, dumped(folder))
    assert after.get("unsure") == before.get("unsure"), "a doubt is settled by a person, not by another send"
    assert set(after) <= {"accepted", "unsure"}

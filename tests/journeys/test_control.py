"""Staff stop, go on, cancel, ask who did not get it and settle what is in doubt, while mail goes out for real."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .conftest import Newsroom
from .sink import Sink, listening

READERS = 250
CONNECTIONS = 4
Make = Callable[..., Newsroom]
SMTP = f"[carriers.smtp]\nconnections = {CONNECTIONS}\n"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    with listening() as found:
        yield found


def filled(newsroom: Make, port: int, readers: int = READERS, mail: str = "") -> Newsroom:
    room = newsroom(weekly="approval = true", carrier="smtp", port=port)
    config = (room.root / "config.toml").read_text(encoding="utf-8")
    config = config.replace("[carriers.smtp]\n", SMTP).replace("[mail]\n", f"[mail]\n{mail}\n")
    room.write("config.toml", config)
    room.article("one", "en", "2026-10-01T09:00:00Z")
    room.readers(*(f"reader{n}@example.com,en,weekly" for n in range(readers)))
    room.command("run")
    room.command("issue", "approve", "1")
    return room


def start(room: Newsroom, *words: str) -> "subprocess.Popen[str]":
    command = [str(Path(sys.executable).with_name("syndicate")), *(words or ("issue", "send", "1"))]
    return subprocess.Popen(command, cwd=room.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


def killed(room: Newsroom, handler: Sink) -> None:
    """A sender that dies in the middle of its work."""
    handler.hold = lambda: time.sleep(0.02)
    sender = start(room)
    wait_until(lambda: len(handler.taken) > 20)
    os.kill(sender.pid, signal.SIGKILL)
    sender.communicate()
    handler.hold = lambda: None


def report(room: Newsroom) -> Any:
    return room.data("issue", "report", "1")


def test_pause_resume_and_cancel_take_effect_at_once_and_sum_to_what_was_planned(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = filled(newsroom, port)
    # Slow once the command is on its way: on a busy machine it takes its time to start.
    handler.hold = lambda: time.sleep(0.03 if len(handler.taken) < 30 else 1)
    sender = start(room)
    wait_until(lambda: len(handler.taken) > 20)
    assert room.data("issue", "pause", "1")["state"] == "paused"
    at_pause = len(handler.taken)
    sender.communicate(timeout=30)
    assert sender.returncode == 0
    assert len(handler.taken) <= at_pause + CONNECTIONS, "at most what was on the wire"
    paused = report(room)
    assert paused["states"] == {"planned": READERS - len(handler.taken), "accepted": len(handler.taken)}

    assert room.data("issue", "resume", "1")["state"] == "approved"
    handler.hold = lambda: time.sleep(0.03 if len(handler.taken) < at_pause + 50 else 1)
    sender = start(room)
    wait_until(lambda: len(handler.taken) > at_pause + 40)
    cancelled = room.data("issue", "cancel", "1")["cancelled"]
    sender.communicate(timeout=30)
    told = report(room)
    assert told["states"] == {"accepted": len(handler.taken), "cancelled": cancelled}
    assert sum(told["states"].values()) == told["owed"] == READERS
    assert set(handler.taken.values()) == {1}


def test_sigterm_finishes_what_is_on_the_wire_and_the_next_send_goes_on(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = filled(newsroom, port)
    handler.hold = lambda: time.sleep(0.01)
    sender = start(room)
    wait_until(lambda: len(handler.taken) > 20)
    sender.send_signal(signal.SIGTERM)
    _, said = sender.communicate(timeout=10)
    assert sender.returncode == 1
    assert "interrupted" in said
    assert "Traceback" not in said
    told = report(room)
    assert told["states"]["accepted"] == len(handler.taken) < READERS
    assert "unsure" not in told["states"]
    handler.hold = lambda: None
    room.command("issue", "send", "1")
    assert report(room)["states"] == {"accepted": READERS}
    assert set(handler.taken.values()) == {1}


def test_doubts_are_listed_and_settled_by_staff_one_by_one_or_all(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = filled(newsroom, port, readers=60)
    killed(room, handler)
    room.command("issue", "send", "1")
    told = room.data("issue", "report", "1", "--names", "unsure")
    states, names = told["report"]["states"], told["names"]
    assert 1 <= states["unsure"] == len(names) <= CONNECTIONS
    assert all("interrupted" in one["reason"] for one in names)
    assert "issue settle 1" in room.command("status").stdout

    assert room.command("issue", "settle", "1", check=False).returncode == 2, "one of three must be said"
    first = names[0]["email"]
    # In doubt is also what was marked and never went out: then staff are mistaken, and it never does.
    never_came = first not in handler.recipients
    assert room.data("issue", "settle", "1", "--delivered", "--only", first)["settled"] == 1
    for one in names[1:]:
        assert room.data("issue", "settle", "1", "--resend", "--only", one["email"])["settled"] == 1
    assert room.data("issue", "settle", "1", "--give-up")["settled"] == 0
    assert room.command("issue", "settle", "1", "--give-up", "--only", "x@y.org", check=False).returncode == 1
    before = dict(handler.taken)
    room.command("issue", "send", "1")
    assert report(room)["states"] == {"accepted": 60}
    assert len(handler.recipients) == 60 - never_came
    twice = {one for one, n in handler.taken.items() if n > before.get(one, 0)}
    assert len(twice) == len(names) - 1, "only those that staff sent again, under the same Message-ID"


def test_what_a_dead_sender_left_of_a_cancelled_issue_is_settled_too(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = filled(newsroom, port, readers=60)
    killed(room, handler)
    cancelled = room.data("issue", "cancel", "1")["cancelled"]
    room.command("run")
    states = report(room)["states"]
    assert states.pop("cancelled") == cancelled
    assert sum(states.values()) == 60 - cancelled
    assert set(states) <= {"accepted", "unsure"}, "nobody is left without a fate"
    assert states["accepted"] <= len(handler.taken) <= states["accepted"] + states.get("unsure", 0)


def test_a_policy_may_send_again_what_is_in_doubt(newsroom: Make, sink: tuple[Sink, int]) -> None:
    handler, port = sink
    room = filled(newsroom, port, readers=60, mail='on_unsure = "resend"')
    killed(room, handler)
    room.command("issue", "send", "1")
    assert report(room)["states"] == {"accepted": 60}
    assert len(handler.taken) == 60
    assert sum(handler.taken.values()) <= 60 + CONNECTIONS


def test_what_is_put_off_waits_for_its_time_and_dead_addresses_are_not_mailed_again(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = filled(newsroom, port, readers=20)

    def answer(recipient: str, attempt: int) -> str:
        if recipient == "reader3@example.com":
            return "550 5.1.1 no such user"
        if recipient == "reader4@example.com":
            return "550 5.7.1 not today, not ever"
        if recipient == "reader5@example.com" and attempt <= 2:
            return "451 4.7.1 greylisted"
        return "250 ok"

    handler.answer = answer
    said = room.command("issue", "send", "1").stdout
    assert "1 put off" in said
    told = report(room)
    assert told["states"] == {"planned": 1, "accepted": 17, "refused": 2}
    assert told["issue"]["state"] == "sending"
    assert told["due"] > "2026"
    assert "[address]" not in str(told["reasons"])
    assert handler.tried["reader5@example.com"] == 2, "at once, after two seconds, then not before a minute"
    person = room.data("subscribers", "show", "reader3@example.com")
    assert person["subscriber"]["status"] == "suppressed"
    assert room.data("subscribers", "show", "reader4@example.com")["subscriber"]["status"] == "active"

    # Staff found out why: to those who are missing it is sent again.
    handler.answer = lambda recipient, attempt: "250 ok"
    said = room.command("issue", "send", "1", "--missing").stdout
    assert "2 owed again" in said
    states = report(room)["states"]
    assert states == {"planned": 1, "accepted": 18, "skipped": 1}, (
        "the suppressed one is skipped, with the reason"
    )


def test_a_restored_backup_holds_all_sending_until_somebody_has_looked(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = filled(newsroom, port, readers=20)
    database = room.root / "var/syndicate.db"
    backup = room.root / "backup.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    room.command("issue", "send", "1")
    assert len(handler.taken) == 20
    for path in database.parent.glob("syndicate.db*"):
        path.unlink()
    shutil.copy(backup, database)

    for words in (("issue", "send", "1"), ("run",)):
        held = room.command(*words, check=False)
        assert held.returncode == 1
        assert "restored from an older state" in held.stderr
        assert "syndicate restored --confirm" in held.stderr
    assert "all sending is held" in room.command("status").stdout
    assert json.loads(room.command("restored", "--json").stdout)["held"]
    doctor = room.command("doctor", "--json", check=False)
    assert any(one["what"] == "sending" for one in json.loads(doctor.stdout))
    assert set(handler.taken.values()) == {1}

    room.command("issue", "cancel", "1")
    room.command("restored", "--confirm")
    assert room.command("restored").stdout.startswith("nothing is held")
    room.command("run")
    assert set(handler.taken.values()) == {1}, "staff decided; nobody was mailed twice"


def test_a_warm_up_lets_so_many_out_a_day(newsroom: Make, sink: tuple[Sink, int]) -> None:
    handler, port = sink
    room = filled(newsroom, port, readers=30)
    config = (room.root / "config.toml").read_text(encoding="utf-8")
    room.write("config.toml", config.replace(SMTP, f"{SMTP}warm_up = 12\n"))
    room.command("issue", "send", "1")
    assert len(handler.taken) == 12
    assert report(room)["waiting"] == 18
    room.command("issue", "send", "1")
    assert len(handler.taken) == 12


def test_return_paths_name_the_delivery(newsroom: Make, sink: tuple[Sink, int]) -> None:
    handler, port = sink
    room = filled(newsroom, port, readers=3, mail='return_path = "bounces@news.example.org"\nverp = true')
    room.command("issue", "send", "1")
    assert len(set(handler.return_paths.values())) == 3
    for path in handler.return_paths.values():
        assert path.startswith("bounces+")
        assert path.endswith("@news.example.org")

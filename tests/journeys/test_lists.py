"""Lists at the console: one is taken in whole or not at all, whatever ends the command; and who is erased is gone."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.journeys.conftest import Newsroom

HEADER = "email,name,languages,newsletters\n"
MANY = 20_000


@pytest.fixture
def room(newsroom: Callable[..., Newsroom]) -> Newsroom:
    made = newsroom()
    made.readers("first@example.org,en,weekly")
    made.write(
        "many.csv", HEADER + "".join(f"reader{n}@example.org,Okur {n},tr en,weekly\n" for n in range(MANY))
    )
    return made


def counted(room: Newsroom) -> dict[str, int]:
    house = room.open()
    with house.database.read() as connection:
        tables = ("subscriber", "subscription", "consent_event", "suppression")
        found = {one: connection.execute(text(f"SELECT count(*) FROM {one}")).scalar_one() for one in tables}
    house.database.close()
    return found


def started(room: Newsroom) -> subprocess.Popen[str]:
    program = str(Path(sys.executable).with_name("syndicate"))
    return subprocess.Popen(
        [program, "subscribers", "import", "many.csv"], cwd=room.root, text=True,
        env={**os.environ, "SYNDICATE_SECRET": "a secret of the tests"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def ended_in(room: Newsroom, stage: str, number: signal.Signals) -> tuple[int, str]:
    """Start the import, and send it a signal as soon as it says that ``stage`` before it has ended."""
    process = started(room)
    assert process.stderr
    for line in process.stderr:
        if line.startswith(stage):
            break
    process.send_signal(number)
    _, told = process.communicate(timeout=120)
    return process.returncode, told


@pytest.mark.parametrize("stage", ["read many.csv", "check many.csv"])
def test_an_import_that_is_killed_has_changed_nothing(room: Newsroom, stage: str) -> None:
    before = counted(room)
    status, _ = ended_in(room, stage, signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert counted(room) == before
    assert not (room.root / "var" / "reports" / "many.csv").exists()
    assert room.data("subscribers", "import", "many.csv")["counts"] == {"added": MANY}
    assert counted(room) == {name: n + MANY if name != "suppression" else n for name, n in before.items()}
    assert room.data("subscribers", "import", "many.csv")["counts"] == {"unchanged": MANY}
    assert sorted(path.name for path in (room.root / "var" / "reports").iterdir()) == ["list.csv", "many.csv"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_interrupted_leaves_nothing_behind(room: Newsroom, number: signal.Signals) -> None:
    before = counted(room)
    status, told = ended_in(room, "read many.csv", number)
    assert (status, "interrupted" in told) == (1, True)
    assert counted(room) == before
    assert [path.name for path in (room.root / "var" / "reports").iterdir()] == ["list.csv"]


def test_a_sender_waits_for_the_last_step_alone(room: Newsroom) -> None:
    """While a list is read and checked, others write."""
    process = started(room)
    assert process.stderr
    next(line for line in process.stderr if line.startswith("read many.csv"))
    process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        room.command("subscribers", "unsubscribe", "first@example.org", "weekly")
        assert time.monotonic() - began < 30
    finally:
        process.send_signal(signal.SIGCONT)
    assert process.wait(120) == 0


def test_what_spreadsheets_write_is_read(room: Newsroom) -> None:
    (room.root / "excel.csv").write_bytes(
        "\ufeffsep=;\r\nEmail;NAME;Languages;Newsletters\r\n".encode()
        + 'a@example.org;"Öz;\r\nAyşe";"tr;en";weekly\r\n;;;\r\n\r\nb@example.org;"open;tr;weekly\r\n'.encode()
        + b"c@example.org;C\0em;tr;weekly\r\nd@example.org;D;tr;weekly;more\r\n"
        + b"e@example.org;" + b"x" * 70_000 + b";tr;weekly\r\nf@example.org;F;tr;weekly"
    )  # fmt: skip
    told = room.data("subscribers", "import", "excel.csv", "--report", "fates.csv")
    assert told["counts"] == {"added": 3, "refused": 3}
    with (room.root / "fates.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["line"], row["email"], row["fate"], row["reason"]) for row in csv.DictReader(file)]
    assert rows == [
        ("3", "a@example.org", "added", ""),
        ("7", "", "refused", "a quote is opened here and not closed"),
        ("8", "c@example.org", "added", ""),
        ("9", "d@example.org", "refused", "more cells than the header has columns"),
        ("10", "", "refused", "the line is longer than 65536 characters"),
        ("11", "f@example.org", "added", ""),
    ]
    held = room.data("subscribers", "show", "a@example.org")["subscriber"]
    assert (held["name"], held["languages"]) == ("Öz; Ayşe", ["tr", "en"])
    room.write("more.csv", "email,languages,shoe size\ng@example.org,tr,39\n")
    refused = room.command("subscribers", "import", "more.csv", check=False)
    assert refused.returncode == 1
    assert "shoe_size" in refused.stderr
    assert room.data("subscribers", "import", "more.csv", "--ignore-unknown")["counts"] == {"added": 1}


def test_who_is_erased_is_in_no_file_any_more(room: Newsroom) -> None:
    """Not in the database, nor in its log, nor in the reports; the lists themselves are the newsroom's own."""
    room.command("subscribers", "import", "many.csv")
    for number in (7, 15_000, MANY - 1):
        email = f"reader{number}@example.org"
        assert files_with(room, email)
        room.command("subscribers", "erase", email.upper())
        assert files_with(room, email) == []
    assert room.data("subscribers", "import", "many.csv")["counts"] == {
        "unchanged": MANY - 3,
        "suppressed": 3,
    }


def files_with(room: Newsroom, email: str) -> list[str]:
    files = [path for path in (room.root / "var").rglob("*") if path.is_file()]
    return [path.name for path in files if email.encode() in path.read_bytes().lower()]

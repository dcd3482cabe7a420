"""The main journey on PostgreSQL: the installed command, on a server of this test session's own."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import feedparser
import pytest
from tests.postgres_server import create

from syndicate.flows.subscribe import find, unsubscribe

from .conftest import Newsroom

READERS = 60
Make = Callable[..., Newsroom]


@pytest.fixture
def room(newsroom: Make, postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A small newsroom whose database, and nothing else, is on PostgreSQL."""
    address = create(postgres_server, f"journey_{uuid.uuid4().hex}")
    monkeypatch.setenv("SYNDICATE_DATABASE_URL", address)
    made = newsroom(weekly="fallback = ['en']")
    made.article("bridge", "en", "2026-10-01T09:00:00Z", "A bridge", tags="[cities]")
    made.article("bridge", "tr", "2026-10-01T09:00:00Z", "Bir köprü", tags="[cities]")
    made.article("flood", "en", "2026-10-02T09:00:00Z", "The flood")
    made.article("desert", "ar", "2026-10-03T09:00:00Z", "الصحراء")
    yield made
    assert not list(made.root.rglob("*.db")), "something was written to SQLite"


def read(room: Newsroom) -> list[EmailMessage]:
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in room.mails]


def reached(room: Newsroom) -> Counter[str]:
    return Counter(mail["To"].addresses[0].addr_spec for mail in read(room))


def titles(room: Newsroom, language: str) -> list[str]:
    found = feedparser.parse((room.public / f"feeds/{language}/atom.xml").read_bytes())
    assert not found.bozo
    return [entry.title for entry in found.entries]


def test_each_is_mailed_once_in_their_language_and_a_second_run_does_nothing(room: Newsroom) -> None:
    room.readers("a@example.com,en,weekly", "b@example.com,tr en,weekly", "c@example.com,ar,weekly")
    first = room.data("run")
    assert first["accepted"] == 3
    assert titles(room, "en") == ["The flood", "A bridge"]
    assert titles(room, "tr") == ["Bir köprü"]
    languages = {mail["To"].addresses[0].addr_spec: mail["Content-Language"] for mail in read(room)}
    assert languages == {"a@example.com": "en", "b@example.com": "tr", "c@example.com": "ar"}
    files = {path: path.stat().st_mtime_ns for path in room.public.rglob("*") if path.is_file()}
    second = room.data("run")
    assert second["accepted"] == second["files_written"] == 0
    assert not any(issue["new"] for issue in second["issues"])
    assert {path: path.stat().st_mtime_ns for path in files} == files
    account = room.data("issue", "show", "1")
    assert account["deliveries"] == [["accepted", "", 3]]
    assert account["issue"]["state"] == "sent"


def test_a_correction_and_a_withdrawal_reach_the_feeds_and_nobody_s_mailbox(room: Newsroom) -> None:
    room.readers("a@example.com,en,weekly")
    room.command("run")
    before = feedparser.parse((room.public / "feeds/en/atom.xml").read_bytes()).entries
    room.article("flood", "en", "2026-10-02T09:00:00Z", "The flood, corrected")
    (room.root / "articles/bridge/index.en.md").unlink()
    report = room.data("run")
    assert (report["ingest"]["changed"], report["ingest"]["withdrawn"], report["accepted"]) == (1, 1, 0)
    after = feedparser.parse((room.public / "feeds/en/atom.xml").read_bytes()).entries
    assert [entry.title for entry in after] == ["The flood, corrected"]
    assert after[0].id == before[0].id
    assert after[0].updated > before[0].updated
    assert reached(room) == {"a@example.com": 1}


def test_who_leaves_between_plan_and_send_is_not_mailed(room: Newsroom) -> None:
    room.readers("stays@example.com,en,weekly", "leaves@example.com,en,weekly")
    room.command("ingest")
    assert room.data("issue", "plan", "weekly")["owed"]["en"] == 2
    room.command("subscribers", "unsubscribe", "leaves@example.com", "weekly")
    room.command("issue", "send", "1")
    assert reached(room) == {"stays@example.com": 1}
    told = room.data("issue", "show", "1")["deliveries"]
    assert sorted(told) == [["accepted", "", 1], ["skipped", "unsubscribed", 1]]


def test_a_week_later_only_what_is_new_goes_out(room: Newsroom) -> None:
    room.readers("a@example.com,en tr,weekly", "b@example.com,en,weekly")
    now = datetime(2026, 10, 6, 12, tzinfo=UTC)
    assert room.run_at(now).send.accepted == 2
    room.article("orchard", "en", "2026-10-08T09:00:00Z", "An orchard")
    house = room.open()
    unsubscribe(house.database, find(house.database, "b@example.com").id, "weekly", "test", now)
    house.database.close()
    assert room.run_at(now + timedelta(days=7)).send.accepted == 1
    assert reached(room) == {"a@example.com": 2, "b@example.com": 1}
    assert [mail["Subject"] for mail in read(room)][-1] == "An orchard"


def test_a_killed_sender_is_taken_up_where_it_was(room: Newsroom) -> None:
    room.readers(*(f"reader{n}@example.com,en,weekly" for n in range(READERS)))
    command = [str(Path(sys.executable).with_name("syndicate")), "run"]
    sender = subprocess.Popen(command, cwd=room.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while len(room.mails) < READERS // 4:
        assert time.monotonic() < end, "the sender did not get that far"
        assert sender.poll() is None
        time.sleep(0.002)
    os.kill(sender.pid, signal.SIGKILL)
    sender.wait()
    assert len(room.mails) < READERS
    room.command("run")
    assert set(reached(room).values()) == {1}
    assert len(reached(room)) == READERS
    assert room.data("issue", "show", "1")["deliveries"] == [["accepted", "", READERS]]


def test_a_server_that_is_away_is_said_in_a_sentence_without_its_password(
    newsroom: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = newsroom()
    monkeypatch.setenv(
        "SYNDICATE_DATABASE_URL", f"postgresql+psycopg://me:hush-hush@/x?host={room.root}/nowhere"
    )
    done = room.command("status", check=False)
    assert done.returncode == 1
    assert "cannot be opened" in done.stderr
    assert "hush-hush" not in done.stderr
    assert "Traceback" not in done.stderr

"""A newsroom on SendGrid, with the installed command and server: handed over, told back, and what was lost settled."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from tests.contracts.fake_sendgrid import FakeSendGrid
from tests.contracts.fake_sendgrid_webhook import Webhook

from .conftest import Newsroom

Make = Callable[..., Newsroom]
PROGRAM = str(Path(sys.executable).with_name("syndicate"))


@pytest.fixture
def fake() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as made:
        yield made


def on_sendgrid(
    newsroom: Make, fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch, *people: str, more: str = ""
) -> Newsroom:
    monkeypatch.setenv("SYNDICATE_SENDGRID_KEY", fake.key)
    room = newsroom()
    config = (room.root / "config.toml").read_text(encoding="utf-8")
    config = config.replace('carrier = "outbox"', 'carrier = "sendgrid"')
    room.write("config.toml", f'{config}\n[carriers.sendgrid]\nurl = "{fake.url}"\ntimeout = "2s"\n{more}\n')
    for language in ("en", "tr", "ar"):
        room.article("bridge", language, "2026-10-01T09:00:00Z")
    room.readers(*people)
    return room


@contextmanager
def served(room: Newsroom, port: int) -> Iterator[None]:
    words = [PROGRAM, "serve", "--port", str(port)]
    with subprocess.Popen(
        words, cwd=room.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            until(lambda: _listens(port))
            yield
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def states(room: Newsroom) -> dict[str, int]:
    found: dict[str, int] = room.data("issue", "report", "1")["states"]
    return found


def test_each_gets_their_language_once_with_links_of_their_own(
    newsroom: Make, fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = on_sendgrid(
        newsroom, fake, monkeypatch,
        "ann@example.com,en,weekly", "bora@example.com,tr en,weekly", "dina@example.com,ar,weekly",
    )  # fmt: skip
    assert room.data("run")["accepted"] == 3
    room.command("run")
    refused = {one["field"] for errors in fake.refused for one in errors}
    assert refused <= {"from.name"}, "an Arabic name of ours is spelled in ASCII when the provider wants that"
    mails = {one.recipient: message_from_bytes(one.eml, policy=policy.default) for one in fake.mails}
    assert len(fake.mails) == len(mails) == 3
    assert {who: str(mail["Content-Language"]) for who, mail in mails.items()} == {
        "ann@example.com": "en",
        "bora@example.com": "tr",
        "dina@example.com": "ar",
    }
    assert len({str(mail["List-Unsubscribe"]) for mail in mails.values()}) == 3
    for mail in mails.values():
        body = mail.get_body(("html",))
        assert body is not None
        link = str(mail["List-Unsubscribe"]).partition("<")[2].partition(">")[0]
        assert link in body.get_content()


def test_what_was_lost_is_unsure_until_the_webhook_tells(
    newsroom: Make, fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = _free()
    webhook = Webhook(fake, f"http://127.0.0.1:{port}/hooks/sendgrid")
    people = ("ann", "bounce", "spam", "leave")
    room = on_sendgrid(
        newsroom, fake, monkeypatch, *(f"{who}@example.com,en,weekly" for who in people),
        more=f'webhook_key = "{webhook.public_key}"',
    )  # fmt: skip
    fake.faults.append("accept, close")
    room.command("run")
    assert states(room) == {"unsure": 4}
    assert len(fake.mails) == 4
    room.command("run")
    assert len(fake.mails) == 4, "a doubt is not sent again"
    with served(room, port):
        webhook.send(times=3, shuffle=5, unknown=True)
        assert set(webhook.statuses) == {204}
        until(lambda: states(room) == {"accepted": 3, "bounced": 1})
        fake.events.append({"event": "delivered", "timestamp": 1, "sg_event_id": "forged", "delivery": "1"})
        assert 403 in webhook.send(good=False)
    standing = {who: room.data("subscribers", "show", f"{who}@example.com")["subscriber"] for who in people}
    assert {who: one["status"] for who, one in standing.items()} == {
        "ann": "active",
        "bounce": "suppressed",
        "spam": "suppressed",
        "leave": "active",
    }
    assert standing["leave"]["subscriptions"] == []
    assert room.data("issue", "report", "1")["confirmed"] == 3


def test_what_the_provider_would_not_mail_is_taken_over_once_a_day(
    newsroom: Make, fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = on_sendgrid(newsroom, fake, monkeypatch, "ann@example.com,en,weekly", "bob@example.com,en,weekly")
    told = {"email": "bob@example.com", "created": int(time.time()), "reason": "550", "status": "5.1.1"}
    fake.suppressed["bounces"].append(told)
    room.command("run")
    assert [one.recipient for one in fake.mails] == ["ann@example.com"]
    person = room.data("subscribers", "show", "bob@example.com")["subscriber"]
    assert person["status"] == "suppressed"


def test_a_key_that_is_refused_or_missing_is_named_and_never_shown(
    newsroom: Make, fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = on_sendgrid(newsroom, fake, monkeypatch, "ann@example.com,en,weekly")
    monkeypatch.setenv("SYNDICATE_SENDGRID_KEY", "SG.wrong.wrong")
    done = room.command("run", check=False)
    assert done.returncode == 1
    assert "SYNDICATE_SENDGRID_KEY" in done.stderr
    assert "SG.wrong" not in done.stderr + done.stdout
    monkeypatch.delenv("SYNDICATE_SENDGRID_KEY")
    done = room.command("run", check=False)
    assert done.returncode == 2
    assert "SYNDICATE_SENDGRID_KEY" in done.stderr
    monkeypatch.setenv("SYNDICATE_SENDGRID_KEY", fake.key)
    assert os.environ["SYNDICATE_SENDGRID_KEY"] == fake.key
    room.command("run")
    assert len(fake.mails) == 1

"""What comes back from SendGrid: events posted to a server of ours, lists that are pulled, messages that are right."""

import hashlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.fake_sendgrid import FakeSendGrid
from tests.contracts.sendgrid_samples import account, carried, letter, people, personal

from syndicate.carriers.sendgrid import suppressions as pulled
from syndicate.carriers.sendgrid.hook import events, verify
from syndicate.carriers.sendgrid.suppressions import PAGE, suppressions
from syndicate.model import CarrierError, Event, EventKind, UnsafeValue

CHECKER = Path(__file__).parents[3] / "shared" / "tools" / "eml_check.py"
SCRIPTED = ("bounce", "block", "defer", "spam", "leave", "open", "click", "reader")


@pytest.fixture
def fake() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as running:
        yield running


class Ears:
    """A door such as ``/hooks/sendgrid``: verifies, keeps each event once, answers. ``sick`` times it says 500."""

    def __init__(self, sick: int = 0) -> None:
        self.heard: dict[str, Event] = {}
        self.posts, self.sick, self.key, self.clock = 0, sick, "", datetime.now

    def hear(self, headers: dict[str, str], body: bytes) -> int:
        self.posts += 1
        if self.posts <= self.sick:
            return 500
        try:
            verify(self.key, headers, body, self.clock())
            found = events(body)
        except UnsafeValue:
            return 403
        self.heard |= {one.key: one for one in found}
        return 204

    def digest(self) -> str:
        lines = sorted(f"{one.key} {one.kind} {one.delivery} {one.raw}" for one in self.heard.values())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@contextmanager
def listening(ears: Ears) -> Iterator[str]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response_only(ears.hear(dict(self.headers), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/sendgrid"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def told(fake: FakeSendGrid, sick: int = 0, **modes: Any) -> tuple[Ears, list[int]]:
    ears = Ears(sick)
    with listening(ears) as url:
        hook = fake.webhook(url)
        ears.key, ears.clock = hook.public_key, fake.clock
        return ears, hook.send(**modes)


def scripted(count: int = 1) -> list[Any]:
    names = [f"{name}+{n}@example.net" for n in range(count) for name in SCRIPTED]
    return [personal(number, name) for number, name in enumerate(names, 1)]


# -- events ---------------------------------------------------------------------------------------------------


def test_each_delivery_hears_what_became_of_it(fake: FakeSendGrid) -> None:
    carried(fake, scripted())
    ears, _ = told(fake)
    kinds: dict[int, set[EventKind]] = {}
    for one in ears.heard.values():
        kinds.setdefault(one.delivery, set()).add(one.kind)
    taken, delivered = EventKind.TAKEN, EventKind.DELIVERED
    assert kinds == {
        1: {taken, EventKind.BOUNCED},
        2: {taken, EventKind.BLOCKED},
        3: {taken, EventKind.DEFERRED, delivered},
        4: {taken, delivered, EventKind.COMPLAINED},
        5: {taken, delivered, EventKind.UNSUBSCRIBED},
        6: {taken, delivered, EventKind.OPENED},
        7: {taken, delivered, EventKind.CLICKED},
        8: {taken, delivered},
    }
    assert {one.message_id for one in ears.heard.values()} == {
        f"<{n}.weekly@news.example.org>" for n in range(1, 9)
    }


def test_three_times_and_shuffled_is_the_same_as_once(fake: FakeSendGrid) -> None:
    carried(fake, scripted(5))
    waiting = list(fake.events)
    once, _ = told(fake)
    fake.events = list(waiting)
    often, statuses = told(fake, times=3, shuffle=4, unknown=True, batch=7, delay=3600)
    assert len(statuses) > 3 * len(once.heard) // 7
    assert often.digest() == once.digest()


def test_what_is_answered_with_an_error_comes_again(fake: FakeSendGrid) -> None:
    carried(fake, people(2))
    ears, statuses = told(fake, sick=3)
    assert statuses == [500, 500, 500, 204]
    assert len(ears.heard) == 4


@pytest.mark.parametrize("modes", [{"good": False}, {"age": 301}, {"age": -360}])
def test_nothing_is_heard_from_a_forger_or_too_late(fake: FakeSendGrid, modes: dict[str, Any]) -> None:
    carried(fake, people(2))
    ears, statuses = told(fake, **modes)
    assert set(statuses) == {403}
    assert ears.heard == {}


def test_a_doubt_is_settled_by_the_event_of_its_delivery(fake: FakeSendGrid) -> None:
    fake.faults = ["accept, close", "500 before"]
    desk = carried(fake, people(4), personalizations=2)
    doubts = {number for number, one in desk.outcomes.items() if one.state == "unsure"}
    ears, _ = told(fake)
    proven = {one.delivery for one in ears.heard.values() if one.kind is EventKind.TAKEN}
    assert doubts == {1, 2, 3, 4}
    assert proven == {1, 2}


def test_who_is_suppressed_there_is_dropped(fake: FakeSendGrid) -> None:
    carried(fake, [personal(1, "bounce@example.net")])
    carried(fake, [personal(2, "bounce@example.net")])
    ears, _ = told(fake)
    (dropped,) = [one for one in ears.heard.values() if one.kind is EventKind.DROPPED]
    assert (dropped.delivery, dropped.detail) == (2, "Bounced Address")


# -- lists ----------------------------------------------------------------------------------------------------


def test_every_page_of_every_list_is_pulled(fake: FakeSendGrid) -> None:
    for n in range(PAGE + 3):
        fake.suppress("bounces", f"gone{n}@example.net", 1000 + n)
    fake.suppress("invalid_emails", "none@example", 2000)
    fake.suppress("spam_reports", "angry@example.net", 3000)
    fake.suppress("unsubscribes", "left@example.net", 4000)
    fake.suppress("blocks", "full@example.net", 5000)
    found = list(suppressions(account(fake), None))
    assert len({one.key for one in found}) == len(found) == PAGE + 6
    assert {one.recipient: one.kind for one in found[PAGE + 3 :]} == {
        "none@example": EventKind.BOUNCED,
        "angry@example.net": EventKind.COMPLAINED,
        "left@example.net": EventKind.UNSUBSCRIBED,
    }
    assert all("@" not in one.key + one.detail for one in found)
    assert found[0].at.timestamp() == 1000
    assert list(suppressions(account(fake), None)) == found


def test_a_full_last_page_is_followed_by_an_empty_one(
    fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulled, "PAGE", 3)
    for n in range(6):
        fake.suppress("bounces", f"gone{n}@example.net")
    assert len(list(suppressions(account(fake), None))) == 6


def test_only_what_is_new_is_pulled(fake: FakeSendGrid) -> None:
    start = fake.clock()
    fake.suppress("unsubscribes", "before@example.net", int((start - timedelta(days=1)).timestamp()))
    fake.suppress("unsubscribes", "after@example.net", int((start + timedelta(days=1)).timestamp()))
    assert [one.recipient for one in suppressions(account(fake), start)] == ["after@example.net"]


def test_a_list_that_cannot_be_had_says_why(fake: FakeSendGrid) -> None:
    with pytest.raises(CarrierError, match="SYNDICATE_SENDGRID_KEY") as caught:
        list(suppressions(account(fake, key=fake.weak_key), None))
    assert fake.weak_key not in str(caught.value)
    fake.rate = (0, 60)
    with pytest.raises(CarrierError, match=r"429.*pull again in \d+ seconds"):
        list(suppressions(account(fake), None))


def test_nobody_there_is_an_error_of_the_carrier() -> None:
    with FakeSendGrid() as gone:
        settings = account(gone)
    with pytest.raises(CarrierError, match="pull again later"):
        list(suppressions(settings, None))


# -- messages -------------------------------------------------------------------------------------------------


def test_the_messages_that_readers_get_are_right(fake: FakeSendGrid, tmp_path: Path) -> None:
    if not CHECKER.exists():
        pytest.skip("eml_check.py is not part of this repository, and not there")
    carried(fake, [*people(2), personal(3, name="Ayşe", of=letter(from_name="Haberler Şimdi", edition=8))])
    for number, one in enumerate(fake.mails):
        (tmp_path / f"{number}.eml").write_bytes(one.eml)
    ran = subprocess.run(
        [sys.executable, str(CHECKER), *map(str, sorted(tmp_path.glob("*.eml")))],
        capture_output=True,
        text=True,
    )
    assert not re.findall(r"^FAIL.*", ran.stdout, re.M), ran.stdout
    assert ran.returncode == 0, ran.stdout

"""What a provider tells: signed calls are kept and answered at once, heard within moments, and nothing else changes."""

import base64
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from socket import create_server
from typing import Any

import pytest
import uvicorn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tests.contracts.fake_sendgrid_webhook import SIGNATURE, TIMESTAMP, Webhook
from tests.contracts.samples import DIGEST, add_issue, edition
from tests.journeys.web_server import NOW, Served, open_newsroom, reader

from syndicate.carriers.sendgrid.hook import SendGridHook
from syndicate.flows.house import House
from syndicate.store import deliveries, events, issues, subscribers
from syndicate.store.deliveries import Planned
from syndicate.web import application

PATH = "/hooks/sendgrid"
_numbers = count(1)


class Account:
    """What the stand-in's webhook needs of a provider: a clock, and events that wait."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.moment = NOW.timestamp()

    def now(self) -> float:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += seconds


class Site:
    """A served newsroom, and the account that calls it."""

    def __init__(self, served: Served, webhook: Webhook, account: Account) -> None:
        self.served, self.webhook, self.house, self.account = served, webhook, served.house, account

    def mailed(self) -> tuple[int, int]:
        """(delivery, subscriber) of a new reader, to whom something is owed."""
        number = next(_numbers)
        person = reader(self.house, f"someone{number}@example.org", "tr en")
        with self.house.database.begin() as connection:
            issue = add_issue(connection, slot=NOW + timedelta(days=number))
            made = issues.add_edition(connection, issue, edition("a"), DIGEST)
            deliveries.plan(connection, issue, [Planned(person, made, f"<{number}@example.org>")], NOW)
            return next(deliveries.lines(connection, issue)).id, person

    def standing(self, person: int) -> tuple[str, str, set[str]]:
        """(state of the newest delivery, status, newsletters) of a reader."""
        with self.house.database.read() as connection:
            found = subscribers.by_id(connection, person)
            state = deliveries.of_subscriber(connection, person)[0][1]
        assert found
        return state, found.status, {one.newsletter for one in found.subscriptions}

    def told(self, kind: str, of: int, **more: object) -> dict[str, Any]:
        """An event of the account about a delivery, as SendGrid writes it."""
        known = {"event": kind, "timestamp": int(self.account.now()), "sg_event_id": f"{kind}-{of}"}
        return {**known, "delivery": str(of), **more}

    def send(self, *told: dict[str, Any], **how: Any) -> list[int]:
        self.account.events += told
        before = len(self.webhook.statuses)
        return self.webhook.send(**how)[before:]

    def bodies(self) -> int:
        """How many are kept and not read yet, or set aside."""
        with self.house.database.read() as connection:
            return len(events.unread(connection, 1000)) + events.aside(connection)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    assert holds()


@contextmanager
def _served(house: House) -> Iterator[Served]:
    listener = create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(house, lambda: NOW), access_log=False, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        end = time.monotonic() + 20
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        yield Served(house, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    account = Account()
    webhook = Webhook(account, "")
    house = open_newsroom(tmp_path_factory.mktemp("newsroom"))
    house = replace(house, hooks={"sendgrid": SendGridHook(webhook.public_key)})
    with _served(house) as served:
        webhook.url = served.url + PATH
        yield Site(served, webhook, account)
    house.database.close()
    monkeypatch.undo()
    assert "hear back" not in {one.name for one in threading.enumerate()}, "the thread outlived its server"


def test_what_a_provider_tells_is_heard(site: Site) -> None:
    """Told twice over and shuffled, as providers do."""
    (gone, first), (fine, second), (angry, third) = site.mailed(), site.mailed(), site.mailed()
    told = [
        site.told("bounce", gone, type="bounce", status="5.1.1", reason="550 no such user"),
        site.told("processed", fine),
        site.told("delivered", fine, response="250 OK"),
        site.told("delivered", angry, response="250 OK"),
        site.told("spamreport", angry),
        site.told("group_unsubscribe", fine, asm_group_id=10),
    ]
    assert set(site.send(*told, times=3, shuffle=7, batch=4, unknown=True)) == {204}
    until(lambda: site.bodies() == 0)
    assert site.standing(first) == ("bounced", "suppressed", {"weekly", "water"})
    assert site.standing(second) == ("accepted", "active", {"water"})
    assert site.standing(third) == ("accepted", "suppressed", {"weekly", "water"})


def test_who_did_not_sign_is_refused_and_nothing_is_kept(site: Site) -> None:
    number, person = site.mailed()
    bounce = site.told("bounce", number, type="bounce")
    headers, body = site.webhook.signed([bounce])
    bad = [
        site.webhook.signed([bounce], good=False),
        site.webhook.signed([bounce], age=301),
        ({}, body),
        (headers, body.rstrip()),
        (headers, body.replace(b"bounce", b"BOUNCE", 1)),
        ({**headers, SIGNATURE: ""}, body),
        ({**headers, TIMESTAMP: "now"}, body),
        ({name: value for name, value in headers.items() if name != TIMESTAMP}, body),
    ]
    for sent, content in bad:
        reply = site.served.ask("POST", PATH, content, **_keywords(sent))
        assert (reply.status, reply.text) == (403, "403\n")
    with site.house.database.read() as connection:
        assert events.of(connection, [number]) == {}
    assert site.bodies() == 0
    assert site.standing(person)[:2] == ("planned", "active")


def test_no_hook_no_answer(site: Site) -> None:
    headers, body = site.webhook.signed([])
    for path in ("/hooks/postmark", "/hooks/", "/hooks/sendgrid/more"):
        assert site.served.ask("POST", path, body, **_keywords(headers)).status in (404, 405)


def test_looking_changes_nothing(site: Site) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert site.served.ask(method, PATH).status in (404, 405)
    assert site.bodies() == 0


def test_a_body_may_be_large_but_not_without_end(site: Site) -> None:
    number, person = site.mailed()
    many = [site.told("open", number, sg_event_id=f"o{n}", useragent="x" * 700) for n in range(2000)]
    headers, body = site.webhook.signed(many)
    assert 1_000_000 < len(body) < 2 * 1024 * 1024
    assert site.served.ask("POST", PATH, body, **_keywords(headers)).status == 204
    headers, body = site.webhook.signed([site.told("open", number, useragent="x" * 2 * 1024 * 1024)])
    assert site.served.ask("POST", PATH, body, **_keywords(headers)).status == 413
    until(lambda: site.bodies() == 0)
    assert site.standing(person)[0] == "accepted"


def test_a_reader_s_forms_stay_small(site: Site) -> None:
    assert site.served.post("/u/x", b"x" * 70_000).status == 413


def test_what_cannot_be_read_is_kept_and_stops_nothing(site: Site) -> None:
    number, person = site.mailed()
    key, stamp = site.webhook._key, str(int(site.account.now())).encode()
    broken = b"this is no JSON"
    signature = base64.b64encode(key.sign(stamp + broken, ec.ECDSA(hashes.SHA256()))).decode()
    headers = {SIGNATURE: signature, TIMESTAMP: stamp.decode()}
    assert site.served.ask("POST", PATH, broken, **_keywords(headers)).status == 204
    site.send(site.told("delivered", number))
    until(lambda: site.standing(person)[0] == "accepted")
    with site.house.database.begin() as connection:
        assert events.aside(connection) == 1
        connection.exec_driver_sql("DELETE FROM received")


def test_a_server_without_hooks_has_no_thread(site: Site) -> None:
    with _served(replace(site.house, hooks={})) as bare:
        assert [one.name for one in threading.enumerate()].count("hear back") == 1
        assert bare.ask("POST", PATH, b"[]").status == 404


def _keywords(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in headers.items()}

"""The mail to whoever signed up, by every carrier: out of the server at once, to a real SMTP server, to SendGrid."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.contracts.fake_sendgrid import FakeSendGrid
from tests.contracts.fake_sendgrid_webhook import Webhook
from tests.journeys import web_server

from syndicate.flows import hear_back, sign_up
from syndicate.flows.house import House
from syndicate.flows.post import deliver_post
from syndicate.flows.run import run
from syndicate.flows.sign_up import Asking, Taken
from syndicate.store import deliveries, signups, subscribers
from syndicate.subscribers import address_hash

from .conftest import Newsroom
from .sink import listening
from .test_sendgrid import on_sendgrid, until

Make = Callable[..., Newsroom]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fake() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as made:
        yield made


def asking(email: str, language: str = "tr") -> Asking:
    return Asking(
        email=email,
        languages=(language,),
        newsletters=("weekly",),
        language=language,
        words="I want it.",
        page=f"/{language}/subscribe",
        address="192.0.2.7",
    )


def confirmed(house: House, mail: EmailMessage, now: datetime) -> int:
    """The number of the subscriber who clicks the link of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    (link,) = [line for line in body.get_content().split() if "/c/" in line]
    assert link.startswith(f"{house.site.public_url}/c/")
    return sign_up.confirm(house, link.rpartition("/")[2], "192.0.2.9", now).subscriber


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def test_the_server_mails_at_once_and_run_mails_what_no_server_did(tmp_path: Path) -> None:
    outbox = tmp_path / "var" / "outbox"
    with web_server.served(tmp_path) as server:
        assert sign_up.ask(server.house, asking("new@example.org"), web_server.NOW) is Taken.TAKEN
        letter = outbox / "confirm-0000001.eml"
        until(letter.exists)
        mail = parsed(letter.read_bytes())
        assert (mail["To"], mail["Content-Language"]) == ("new@example.org", "tr")
        assert mail["List-Unsubscribe"] is None
        assert confirmed(server.house, mail, web_server.NOW)
        assert server.get("/healthz").status == 200
    house = web_server.open_house(tmp_path / "config.toml")
    try:
        sign_up.ask(house, asking("later@example.org"), web_server.NOW)
        assert web_server.run(house, lambda: web_server.NOW).problems == []
        assert (outbox / "confirm-0000002.eml").exists()
    finally:
        house.database.close()


def test_smtp_takes_it_at_the_second_try_and_digests_follow(newsroom: Make) -> None:
    now = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
    with listening() as (sink, port):
        room = newsroom(carrier="smtp", port=port)
        room.article("bridge", "tr", "2026-10-04T09:00:00Z")
        house = room.open()
        try:
            sink.answer = lambda recipient, attempt: "450 4.2.0 come later" if attempt == 1 else "250 ok"
            sign_up.ask(house, asking("new@example.org"), now)
            assert deliver_post(house, lambda: now).retried == 1
            assert sink.recipients.total() == 0
            report = deliver_post(house, lambda: now + MINUTE)
            assert (report.mailed, dict(sink.recipients)) == (1, {"new@example.org": 1})
            assert sink.return_paths["new@example.org"] == "letters@news.gazette.example.org"
            assert deliver_post(house, lambda: now + MINUTE).mailed == 0
            token = house.tokens.ticket(sign_up.CONFIRM, 1)
            assert sign_up.confirm(house, token, "", now + MINUTE).state == "confirmed"
        finally:
            house.database.close()
        room.run_at(now + 2 * MINUTE)
        assert sink.recipients["new@example.org"] == 2, "the digest of the confirmed reader"


def test_smtp_that_is_away_costs_no_letter(newsroom: Make) -> None:
    now = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
    with listening() as (_, port):
        pass
    room = newsroom(carrier="smtp", port=port)
    house = room.open()
    try:
        sign_up.ask(house, asking("new@example.org"), now)
        (problem,) = deliver_post(house, lambda: now).problems
        assert f"127.0.0.1:{port}" in problem or f"localhost:{port}" in problem
        assert "new@example.org" not in problem
        assert room.data("subscribers", "show", "new@example.org")["signups"][0]["state"] == "asked"
        room.command("subscribers", "erase", "new@example.org")
        with house.database.read() as connection:
            assert signups.of_address(connection, "new@example.org") == []
    finally:
        house.database.close()


def test_sendgrid_gets_a_letter_that_no_event_takes_for_a_delivery(
    newsroom: Make, fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = Webhook(fake, "http://127.0.0.1/hooks/sendgrid")
    more = f'strict = true\nwebhook_key = "{webhook.public_key}"'
    room = on_sendgrid(newsroom, fake, monkeypatch, "ann@example.com,en,weekly", more=more)
    house, now = room.open(), datetime.now(UTC)
    try:
        run(house, lambda: now)
        assert ledger(house) == {"ann@example.com": "accepted"}
        for language, email in (
            ("ar", "bounce@example.com"),
            ("tr", "new@example.com"),
            ("tr", "spam@example.com"),
        ):
            sign_up.ask(house, asking(email, language), now)
        assert deliver_post(house, lambda: now).mailed == 3
        mails = {one.recipient: parsed(one.eml) for one in fake.mails}
        request = fake.requests[-1]
        assert "send_at" not in request, "somebody waits for it"
        assert [one["custom_args"] for one in request["personalizations"]] == [{"signup": "3"}]
        assert "custom_args" not in request
        assert mails["bounce@example.com"]["Content-Language"] == "ar"
        assert mails["new@example.com"]["Auto-Submitted"] == "auto-generated"
        assert confirmed(house, mails["new@example.com"], now)
        fake.events.append(
            {
                "event": "bounce",
                "email": "x@example.com",
                "timestamp": 1,
                "sg_event_id": "odd",
                "delivery": "-1",
            }
        )
        headers, told = webhook.signed(fake.events * 2)
        lower = {name.lower(): value for name, value in headers.items()}
        hear_back.receive(house.database, house.hooks, "sendgrid", lower, told, now)
        assert hear_back.hear(house.database, house.hooks, house.key, now).aside == 0
        assert _suppressed(house, "spam@example.com") == "complained"
        assert _suppressed(house, "bounce@example.com") == "bounced"
        assert ledger(house) == {"ann@example.com": "accepted"}, "its number is also one of a sign-up"
        later = now + timedelta(days=2)
        for email in ("bounce@example.com", "spam@example.com"):
            sign_up.ask(house, asking(email), later)
        report = deliver_post(house, lambda: later)
        assert (report.mailed, dict(report.dropped)) == (1, {"not to be mailed: complained": 1})
    finally:
        house.database.close()


def ledger(house: House) -> dict[str, str]:
    with house.database.read() as connection:
        return {one.email: one.state for one in deliveries.lines(connection, 1)}


def _suppressed(house: House, email: str) -> str:
    with house.database.read() as connection:
        return subscribers.suppressed(connection, address_hash(house.key, email))


def test_a_lost_answer_of_sendgrid_is_asked_for_again(
    newsroom: Make, fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = on_sendgrid(newsroom, fake, monkeypatch)
    house, now = room.open(), datetime.now(UTC)
    try:
        sign_up.ask(house, asking("new@example.com"), now)
        fake.faults += ["accept, close", "429"]
        for tried in range(3):
            deliver_post(house, lambda tried=tried: now + timedelta(hours=tried))
        assert len({parsed(one.eml)["Message-ID"] for one in fake.mails}) == 1
        assert len(fake.mails) == 2, "in doubt it comes twice rather than never"
    finally:
        house.database.close()

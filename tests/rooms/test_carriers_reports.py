"""Reports by mail: what servers of the world write is understood, what is no report is nothing, and nothing raises."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.carriers import reports
from syndicate.carriers.diagnosis import diagnose, is_dead
from syndicate.model import Event, EventKind, UnsafeValue
from syndicate.subscribers import Tokens

SAMPLES = Path(__file__).parent / "data" / "reports"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
TOKENS = Tokens(b"a key of the tests, long enough")
OURS = "<0123456789abcdef0123456789abcdef@news.gazette.example.org>"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes()


def read(message: bytes) -> tuple[Event, ...]:
    return reports.read(message, NOW, TOKENS.returned)


@pytest.mark.parametrize(
    ("name", "kind", "recipient", "detail"),
    [
        ("exim", EventKind.BOUNCED, "reader@example.com", "5.1.1 smtp; 550 5.1.1 "),
        ("exim_old", EventKind.BOUNCED, "reader@example.com", "5.0.0 SMTP error from remote"),
        ("sendmail", EventKind.BOUNCED, "reader@nowhere.example", "5.1.2"),
        ("exchange", EventKind.BOUNCED, "reader@company.example", "5.1.10 smtp;550 5.1.10 RESOLVER.ADR"),
        ("gmail", EventKind.BLOCKED, "reader@gmail.example", "5.7.1 smtp; 550-5.7.1 "),
        ("qmail", EventKind.BOUNCED, "reader@example.com", "5.1.1 192.0.2.7 does not like recipient."),
        ("delayed", EventKind.DEFERRED, "reader@example.com", "4.4.1 X-Postfix; connect to"),
        ("complaint", EventKind.COMPLAINED, "reader@mail.example", "feedback report: abuse"),
    ],
)
def test_a_report_says_what_became_of_which_message(
    name: str, kind: EventKind, recipient: str, detail: str
) -> None:
    (event,) = read(sample(name))
    assert (event.kind, event.recipient, event.delivery) == (kind, recipient, 0)
    assert event.message_id == OURS
    assert event.detail.startswith(detail)
    assert event.at.date().isoformat() == "2026-05-04"
    assert event.carrier == reports.CARRIER
    assert len(event.key) <= 128


@pytest.mark.parametrize(
    ("name", "kind", "delivery"),
    [
        ("postfix_gone", EventKind.BOUNCED, 1),
        ("postfix_full", EventKind.BLOCKED, 2),
        ("postfix_spam", EventKind.BLOCKED, 3),
    ],
)
def test_a_report_to_a_return_path_names_the_delivery(name: str, kind: EventKind, delivery: int) -> None:
    """Written by a real Postfix; its own address of us says whose it is, so nobody else's is needed."""
    (event,) = read(sample(name))
    assert (event.kind, event.delivery, event.recipient) == (kind, delivery, "")


def test_a_plain_refusal_without_a_code_is_the_addresss_fault() -> None:
    (event,) = read(sample("postfix_plain"))
    assert (event.kind, event.recipient, event.delivery) == (EventKind.BOUNCED, "plain@reader.example", 0)
    assert event.message_id == "<plain.0123456789abcdef0123456789abcdef@news.gazette.example.org>"


def test_mail_that_is_no_report_is_nothing() -> None:
    assert read(sample("holiday")) == ()
    assert read(b"") == ()
    assert read(b"Subject: Hello\r\n\r\nHi. This was a nice issue!\r\n") == ()
    assert read(sample("complaint").replace(b"Feedback-Type: abuse", b"Feedback-Type: not-spam")) == ()


def test_the_same_report_twice_is_the_same_event() -> None:
    assert read(sample("exim")) == read(sample("exim"))
    assert read(sample("exim"))[0].key != read(sample("qmail"))[0].key


def test_a_status_that_came_encoded_is_read() -> None:
    """Some gateways encode what RFC 3464 wants plain."""
    import base64

    before, _, rest = sample("sendmail").partition(b"Content-Type: message/delivery-status\n\n")
    fields, mark, after = rest.partition(b"\n--6448")
    coded = b"Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: base64\n\n"
    (event,) = read(before + coded + base64.encodebytes(fields) + mark + after)
    assert (event.kind, event.recipient) == (EventKind.BOUNCED, "reader@nowhere.example")


def test_a_report_of_the_future_is_of_now() -> None:
    message = sample("exim").replace(b"Date: Mon, 04 May 2026", b"Date: Mon, 04 May 2099")
    assert read(message)[0].at == NOW


def test_a_complaint_names_the_delivery_by_its_envelope() -> None:
    ours = TOKENS.return_path("bounces@news.gazette.example.org", 77).encode()
    assert read(sample("complaint").replace(b"bounces@news.gazette.example.org", ours))[0].delivery == 77


# -- hostile --------------------------------------------------------------------------------------------------

_NAMES = sorted(path.stem for path in SAMPLES.glob("*.eml"))


@given(st.sampled_from(_NAMES), st.randoms(use_true_random=False), st.integers(1, 40))
def test_no_damage_makes_it_raise(name: str, chance: random.Random, hurts: int) -> None:
    message = bytearray(sample(name))
    for _ in range(hurts):
        at = chance.randrange(len(message))
        match chance.randrange(4):
            case 0:
                message[at] = chance.randrange(256)
            case 1:
                del message[at : at + chance.randrange(200)]
            case 2:
                message[at:at] = message[chance.randrange(len(message)) :][: chance.randrange(300)]
            case _:
                message[at:at] = bytes(chance.randrange(256) for _ in range(10))
        message = message or bytearray(b"x")
    for event in read(bytes(message)):
        assert event.kind in EventKind
        assert event.at.tzinfo is not None
        assert max(len(event.detail), len(event.raw), len(event.recipient)) <= 4000


@given(st.binary(max_size=2000))
def test_bytes_are_no_report(message: bytes) -> None:
    assert read(message) == ()


@pytest.mark.parametrize(
    "message",
    [
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(9000)),
        b"Content-Type: message/rfc822\n\n" * 9000,
        b'Content-Type: multipart/report; x="' + b';"' * 120_000 + b"\n\n",
        b"X-Failed-Recipients: " + b"a" * 250_000 + b"@" * 5000 + b"\n\n",
        b"X-Failed-Recipients: " + b"a@b.example, " * 20_000 + b"\n\n" + b"a@b.example " * 2000,
        b"Hi. This is the " + b"<" * 100_000 + b"\n\n<a@b.c>:" * 20_000,
        b"Subject: x\n" * 24_000 + b"\n",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
        + b"Action: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822;a@b.example\n\n" * 4000,
    ],
    ids=["nested", "letters in letters", "quotes", "no address", "recipients", "qmail", "headers", "groups"],
)
def test_a_bomb_is_no_report_or_a_short_one(message: bytes) -> None:
    assert len(read(message)) <= 20


# -- codes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "status", "words", "kind"),
    [
        ("failed", "5.1.1", "", "bounced"),
        ("Failed (final)", "5.2.1", "", "bounced"),
        ("failed", "5.0.0", "550 sorry", "bounced"),
        ("failed", "5.0.0", "smtp; 550 5.7.1 no", "blocked"),
        ("failed", "5.0.0", "smtp; 552 no", "blocked"),
        ("failed", "5.0.0", "smtp; 550 your host is listed", "blocked"),
        ("failed", "5.1.8", "bad sender", "blocked"),
        ("failed", "5.2.2", "", "blocked"),
        ("failed", "4.4.7", "expired", "blocked"),
        ("failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. [x]", "bounced"),
        ("failed", "5.4.1", "550 5.4.1 no answer from host", "blocked"),
        ("failed", "", "host mx[5.1.1.2] said something", "blocked"),
        ("failed", "nonsense", "", "blocked"),
        ("delayed", "4.4.1", "", "deferred"),
        ("delivered", "2.0.0", "", "delivered"),
        ("relayed", "2.0.0", "", "taken"),
        ("expanded", "2.0.0", "", "taken"),
    ],
)
def test_codes_are_about_an_address_only_where_that_is_certain(
    action: str, status: str, words: str, kind: str
) -> None:
    assert diagnose(action, status, words).kind == kind


def test_an_answer_at_the_envelope_says_whether_the_address_is_dead() -> None:
    assert is_dead("RCPT: 550 5.1.1 unknown")
    assert is_dead("550 no such user")
    for other in ("550 5.7.1 denied", "450 4.2.1 later", "552 5.2.2 full", "", "connection lost", "250 ok"):
        assert not is_dead(other)


# -- the return path ------------------------------------------------------------------------------------------


@given(st.integers(0, 2**40 - 1))
def test_a_return_path_comes_back_as_its_delivery(delivery: int) -> None:
    made = TOKENS.return_path("bounces@news.example.org", delivery)
    assert len(made.rpartition("@")[0]) <= 64
    for written in (made, made.upper(), f"prvs=0123={made}", f"SRS0=aa=tt=x.org={made}"):
        assert TOKENS.returned(written) == delivery
    assert Tokens(b"another key of the tests").returned(made) == 0


@given(st.data())
def test_a_return_path_cannot_be_made_from_another(data: st.DataObject) -> None:
    made = TOKENS.return_path("bounces@news.example.org", 5)
    at = data.draw(st.integers(8, 31))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
    changed = made[:at] + letter + made[at + 1 :]
    assert TOKENS.returned(changed) == (5 if changed == made else 0)


@given(st.text(max_size=200))
def test_foreign_addresses_are_nobodys(text: str) -> None:
    assert TOKENS.returned(text) == 0


def test_a_name_without_room_for_a_token_is_refused() -> None:
    TOKENS.return_path("b" * 39 + "@example.org", 1)
    with pytest.raises(UnsafeValue, match="39"):
        TOKENS.return_path("b" * 40 + "@example.org", 1)

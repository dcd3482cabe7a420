"""A digest made out to one person: no header can be injected, no slot is left over, one-click stays intact."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.test_digests_samples import RECIPIENT, TEMPLATES, WHEN, content, sample_sender

from syndicate.digests import Digest, Recipient, Sender, compose, stencil
from syndicate.digests.columns import columns
from syndicate.digests.slots import CLOSE, MARKS, OPEN
from syndicate.languages import visible
from syndicate.model import UnsafeValue

SENDER = sample_sender("en")
SMALL = Digest(
    subject="A small digest of one story",
    preheader="How it begins",
    html="<!doctype html><p>Hello {name}</p><a href='{unsubscribe}'>x</a> {preferences} {email}".format(
        **MARKS
    ),
    text=f"Hello {MARKS['name']}\n{MARKS['unsubscribe']}\n{MARKS['preferences']}\n.\nFrom here on: ışğ 中文\n",
    language="en",
    direction="ltr",
)
EXPECTED = [
    "Date", "From", "To", "Subject", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Archive", "Feedback-ID", "Precedence", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Language",
]  # fmt: skip
NAMES = st.one_of(
    st.text(max_size=120),
    st.sampled_from(
        [
            "Eve\r\nBcc: victim@example.org",
            "=?utf-8?q?Hi=0D=0ABcc:_evil@x?=",
            '"quoted" \\ (comment) <a@b.example>, other@example.org',
            "عمر حداد",
            "陈薇" * 60,
            "👩\u200d💻 Ada",
            "<script>&amp;",
            f"{OPEN}email{CLOSE}",
            "x" * 300,
        ]
    ),
)


def address(digest: Digest, recipient: Recipient, sender: Sender, date: datetime) -> bytes:
    return stencil(digest, sender).message(recipient, date)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def body(raw: bytes, kind: str) -> str:
    part = parsed(raw).get_body((kind,))
    assert part is not None
    return str(part.get_content())


@given(NAMES, st.one_of(st.just("A plain subject of a digest"), NAMES))
def test_no_name_and_no_subject_can_break_out_of_its_header(name: str, subject: str) -> None:
    one_line = visible(subject) or "-"
    raw = address(replace(SMALL, subject=one_line), RECIPIENT._replace(name=name), SENDER, WHEN)
    head = raw.partition(b"\r\n\r\n")[0]
    assert re.findall(r"^([A-Za-z-]+):", head.decode("ascii"), re.MULTILINE) == EXPECTED
    message = parsed(raw)
    assert message["Subject"] == one_line
    assert [a.addr_spec for a in message["To"].addresses] == [RECIPIENT.email]
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?b\?[^?]*\?=", head))
    for part in (body(raw, "plain"), body(raw, "html")):
        assert OPEN not in part
        assert CLOSE not in part
        assert RECIPIENT.unsubscribe_url in part


def test_names_are_escaped_in_html_and_bare_in_text() -> None:
    raw = address(SMALL, RECIPIENT._replace(name='<b>"Ada" & co'), SENDER, WHEN)
    assert 'Hello <b>"Ada" & co' in body(raw, "plain")
    assert "Hello " + escape('<b>"Ada" & co') in body(raw, "html")


def test_the_bodies_arrive_as_composed() -> None:
    digest = compose(content("zh", 5), TEMPLATES)
    raw = address(digest, RECIPIENT, sample_sender("zh"), WHEN)
    expected = digest.text.replace(MARKS["unsubscribe"], RECIPIENT.unsubscribe_url)
    assert body(raw, "plain").replace("\r\n", "\n") == expected.replace(
        MARKS["preferences"], RECIPIENT.preferences_url
    )
    parts = [p for p in parsed(raw).walk() if not p.is_multipart()]
    assert [p["Content-Transfer-Encoding"] for p in parts] == ["base64", "quoted-printable"]
    assert max(map(len, raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 78


def test_one_click_headers_are_whole_and_never_encoded() -> None:
    long = "https://news.crossroads.example.org/u/" + "aB3" * 80
    message = parsed(raw := address(SMALL, RECIPIENT._replace(unsubscribe_url=long), SENDER, WHEN))
    assert f"List-Unsubscribe: <{long}>,\r\n <mailto:".encode() in raw
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "<en.weekly.crossroads.example.org>"
    assert message["Content-Language"] == "en"
    assert message["From"].addresses[0].display_name == "The Crossroads Institute"


def test_the_same_input_is_the_same_message() -> None:
    assert address(SMALL, RECIPIENT, SENDER, WHEN) == address(SMALL, RECIPIENT, SENDER, WHEN)


def test_the_date_keeps_its_zone() -> None:
    local = WHEN.astimezone(timezone(timedelta(hours=3)))
    assert b"Date: Mon, 23 Nov 2026 10:00:00 +0300\r\n" in address(SMALL, RECIPIENT, SENDER, local)


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "a@b.example\r\nBcc: c@d.example"},
        {"email": "a@b.example, c@d.example"},
        {"email": "no address"},
        {"email": "üye@example.org"},
        {"email": "a..b@example.org"},
        {"email": "=?utf-8?q?a?=@example.org"},
        {"message_id": "<a@b>\r\nX: y"},
        {"message_id": "plain"},
        {"unsubscribe_url": "https://x.example/u/1\r\nX: y"},
        {"unsubscribe_url": "javascript:alert(1)"},
        {"unsubscribe_url": "https://x.example/>, <https://y.example/"},
        {"unsubscribe_url": "https://x.example/" + "a" * 2000},
        {"preferences_url": "https://x.example/ p"},
        {"unsubscribe_mailto": "a@b.example\r\nX: y"},
    ],
)
def test_what_could_break_a_header_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(UnsafeValue):
        address(SMALL, RECIPIENT._replace(**changes), SENDER, WHEN)


def test_unsafe_senders_dates_and_subjects_are_refused() -> None:
    for bad in (
        replace(SENDER, list_id="<a.b>\r\nX: y"),
        replace(SENDER, archive_url="https://a b"),
        replace(SENDER, email="x"),
    ):
        with pytest.raises(UnsafeValue):
            address(SMALL, RECIPIENT, bad, WHEN)
    with pytest.raises(UnsafeValue):
        address(SMALL, RECIPIENT, SENDER, datetime(2026, 1, 1))
    with pytest.raises(UnsafeValue):
        address(replace(SMALL, subject="a\r\nBcc: b@c.example"), RECIPIENT, SENDER, WHEN)


@pytest.mark.parametrize("half", [f"{OPEN}unsubscribe", f"{OPEN}shoe{CLOSE}", f"x{CLOSE}"])
def test_a_slot_that_cannot_be_filled_stops_the_message(half: str) -> None:
    with pytest.raises(UnsafeValue):
        address(replace(SMALL, html=SMALL.html + half), RECIPIENT, SENDER, WHEN)


def test_a_long_name_is_shortened_for_the_header() -> None:
    to = parsed(address(SMALL, RECIPIENT._replace(name="Anna Maria " * 40), SENDER, WHEN))["To"].addresses[0]
    assert columns(to.display_name) <= 78

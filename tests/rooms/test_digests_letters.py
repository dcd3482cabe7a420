"""A letter that is filled in says what the message by SMTP says; its marks are nowhere else."""

import json
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape, unescape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.test_digests_samples import RECIPIENT, TEMPLATES, WHEN, content, sample_sender
from tests.rooms.test_digests_splice import BODIES, PEOPLE, addressee, digest_of

from syndicate.digests import Digest, Marked, Recipient, compose, letter, personal, stencil
from syndicate.digests.slots import MARKS, filled
from syndicate.languages import SHIPPED
from syndicate.model import Letter, Personal, UnsafeValue

TRANSPORT = {"Date", "From", "To", "Subject", "Reply-To", "MIME-Version", "Content-Type"}


def body(made: Personal, kind: str) -> str:
    """What a carrier makes of it, with no more than a replacement of bytes."""
    whole = made.letter.html if kind == "html" else made.letter.text
    for mark, value in made.values.items():
        whole = whole.replace(mark, value)
    return whole


def by_smtp(digest: Digest, recipient: Recipient, language: str) -> tuple[bytes, EmailMessage]:
    raw = stencil(digest, sample_sender(language)).message(recipient, WHEN)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return raw, message


@given(st.sampled_from(SHIPPED), PEOPLE)
def test_both_ways_say_the_same(language: str, recipient: Recipient) -> None:
    digest = compose(content(language, 2), TEMPLATES)
    made = personal(letter(7, digest, sample_sender(language)), 12, recipient)
    raw, message = by_smtp(digest, recipient, language)
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n") == body(made, kind)
    said = {name: str(value) for name, value in message.items() if name not in TRANSPORT}
    assert said == {**made.letter.headers, **made.headers}
    assert addressee(raw) == [(made.name, made.recipient)]
    assert message["Subject"] == made.letter.subject
    sender = message["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == (made.letter.from_name, made.letter.from_address)


@given(BODIES, BODIES, PEOPLE)
def test_any_body_for_anybody(text: str, html: str, recipient: Recipient) -> None:
    made = personal(letter(1, digest_of(text, html), sample_sender("en")), 1, recipient)
    who = recipient._replace(name="Ada")
    plain = personal(letter(1, digest_of(text, html), sample_sender("en")), 1, who)
    slots = {
        "name": "Ada",
        "email": who.email,
        "unsubscribe": who.unsubscribe_url,
        "preferences": who.preferences_url,
    }
    assert body(plain, "plain") == filled(text, slots)
    assert body(plain, "html") == filled(html, {name: escape(value) for name, value in slots.items()})
    assert set(made.values) == set(plain.values)


def test_marks_are_what_nothing_changes_and_one_for_each_slot_and_part() -> None:
    digest = digest_of("".join(MARKS.values()) * 2, "".join(MARKS.values()))
    made = letter(3, digest, sample_sender("en"))
    marks = [*made.in_text, *made.in_html]
    assert len(set(marks)) == len(marks) == 2 * len(MARKS)
    for mark in marks:
        assert mark.isascii()
        assert mark == escape(mark) == unescape(mark) == quote(mark) == json.dumps(mark)[1:-1]
        assert len(mark) <= 16
    assert [made.text.count(mark) for mark in made.in_text] == [2] * len(MARKS)
    assert [made.html.count(mark) for mark in made.in_html] == [1] * len(MARKS)


def test_a_part_without_a_slot_has_no_mark() -> None:
    made = letter(3, digest_of("nothing", MARKS["unsubscribe"]), sample_sender("en"))
    assert (made.text, dict(made.in_text)) == ("nothing", {})
    assert list(personal(made, 1, RECIPIENT).values.values()) == [RECIPIENT.unsubscribe_url]


def test_a_name_that_looks_like_a_mark_fills_no_slot() -> None:
    made = letter(3, digest_of(f"{MARKS['name']} {MARKS['unsubscribe']}", "x"), sample_sender("en"))
    mark = next(mark for mark, slot in made.in_text.items() if slot == "unsubscribe")
    hostile = RECIPIENT._replace(name=made.stem[:4] + mark + made.stem[4:])
    assert body(personal(made, 1, hostile), "plain").count(RECIPIENT.unsubscribe_url) == 1


def test_it_is_a_letter_of_the_model() -> None:
    made = letter(3, digest_of("a", "b", "tr"), replace(sample_sender("tr"), reply_to="editors@example.org"))
    assert isinstance(made, Letter)
    assert isinstance(made, Marked)
    assert (made.edition, made.language, made.reply_to) == (3, "tr", "editors@example.org")


def test_unsafe_values_are_refused() -> None:
    good, sender = digest_of("a", "b"), sample_sender("en")
    for digest, bad in (
        (good, replace(sender, email="x")),
        (good, replace(sender, reply_to="a@b.example\r\nBcc: c@d.example")),
        (good, replace(sender, list_id="<a.b>\r\nX: y")),
        (good, replace(sender, archive_url="https://a b")),
        (good, replace(sender, feedback_id="a\r\nX: y")),
        (replace(good, subject="a\r\nBcc: b@c.example"), sender),
    ):
        with pytest.raises(UnsafeValue):
            letter(1, digest, bad)
    with pytest.raises(UnsafeValue):
        personal(letter(1, good, sender), 1, RECIPIENT._replace(message_id="<a@b>\r\nX: y"))

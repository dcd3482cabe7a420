"""A message that is spliced is the message that ``email`` would have made, whatever stands in the holes and around."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses
from html import escape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.test_digests_samples import (
    RECIPIENT,
    SENTENCES,
    TEMPLATES,
    TITLES,
    WHEN,
    content,
    sample_sender,
)

from syndicate.digests import Digest, Recipient, Sender, compose, stencil
from syndicate.digests.parts import Based, Part, Quoted, quoted
from syndicate.digests.people import display, safe, short, values, ways
from syndicate.digests.slots import CLOSE, MARKS, NAMES, OPEN, cut_at_slots, filled
from syndicate.languages import SHIPPED, visible
from syndicate.model import UnsafeValue

MANY = settings(max_examples=40)
LETTERS = st.characters(exclude_categories=["Cs"])
NAMES_OF_PEOPLE = st.one_of(
    st.text(LETTERS, max_size=90),
    st.sampled_from(
        [
            "",
            "Ada Lovelace",
            "Ayşe Yılmaz",
            "Иван Петров",
            "د. عائشة دمير",
            "Əli Məmmədov",
            "Әлия Сәбитқызы",
            "陈薇",
            "Jean-François d'Été",
            "Müller & Söhne <info>",
            "👩\u200d💻 Ada",
            ".dots at both ends.",
            "=?utf-8?q?Hi=0D=0ABcc:_evil@x?=",
            "Eve\r\nBcc: victim@example.org",
            f"{OPEN}email{CLOSE}",
            "e\u0301" * 40,
            "Anna Maria " * 30,
            "a@b.example",
        ]
    ),
)
TAILS = st.text("abcXYZ0189-_.~=&;%$!'()*+:@/?", max_size=260)
PEOPLE = st.builds(
    lambda name, out, preferences, has_mailto: RECIPIENT._replace(
        name=name,
        unsubscribe_url=f"https://x.example/{out}",
        preferences_url=f"https://x.example/{preferences}",
        unsubscribe_mailto=RECIPIENT.unsubscribe_mailto if has_mailto else "",
    ),
    NAMES_OF_PEOPLE,
    TAILS,
    TAILS,
    st.booleans(),
)
PIECES = st.one_of(
    st.sampled_from([*MARKS.values()]),
    st.sampled_from([*SENTENCES.values(), *(title for titles in TITLES.values() for title in titles)]),
    st.sampled_from(
        ["a", "é", "字", ".", "..", "\n", "\n.\n", "\n\n", " ", " \n", "\t", "=", "=3D", "=_", "--=_", "From ", "\x00",
         "x" * 75, "x" * 76 + ".", ("." * 200), ("=." * 90), "<p>&amp;</p>", "👩\u200d💻"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r" + OPEN + CLOSE), max_size=90),
)  # fmt: skip
BODIES = st.lists(PIECES, min_size=1, max_size=14).map("".join)


def digest_of(text: str, html: str, language: str = "en") -> Digest:
    return Digest("A subject of some length", "", html, text, language, "ltr")


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def plainly(digest: Digest, recipient: Recipient, sender: Sender, date: datetime) -> EmailMessage:
    """The same edition for the same person as ``email`` makes it."""
    who, _ = safe(recipient)
    message = EmailMessage(policy=policy.SMTP)
    message["Date"] = date.replace(microsecond=0)
    message["From"] = Address(display(sender.name), addr_spec=sender.email)
    message["To"] = Address(short(who.name), addr_spec=who.email)
    message["Subject"] = digest.subject
    for name, value in (
        ("List-Id", sender.list_id),
        ("List-Unsubscribe", ways(who).replace("\r\n", "")),
        ("Message-ID", who.message_id),
    ):
        message[name] = value
    message.set_content(filled(digest.text, values(who)))
    message.add_alternative(
        filled(digest.html, {k: escape(v) for k, v in values(who).items()}), subtype="html"
    )
    return message


def agree(digest: Digest, recipient: Recipient, sender: Sender, date: datetime = WHEN) -> None:
    raw = stencil(digest, sender).message(recipient, date)
    well_formed(raw)
    ours, plain = parsed(raw), plainly(digest, recipient, sender, date)
    for name in ("Date", "From", "Subject", "Message-ID", "List-Id", "List-Unsubscribe"):
        assert str(ours[name]) == str(plain[name])
    assert addressee(raw) == [(one.display_name, one.addr_spec) for one in plain["To"].addresses]
    theirs = parsed(plain.as_bytes())
    for kind, source in (("plain", digest.text), ("html", digest.html)):
        ended = "" if source.endswith("\n") else "\n"  # which EmailMessage adds
        assert body(ours, kind) + ended == body(theirs, kind)


def addressee(raw: bytes) -> list[tuple[str, str]]:
    """By the older parser: some 3.11 releases keep the space between two encoded-words of a display name."""
    found = message_from_bytes(raw).get_all("To", [])
    return [(str(make_header(decode_header(name))), address) for name, address in getaddresses(found)]


def well_formed(raw: bytes) -> None:
    lines = raw.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert not any(line.startswith(b".") for line in lines)
    bodies = raw.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert max(map(len, bodies)) <= 78  # the lines of a part's own head; see below for its body
    assert raw.isascii()


@MANY
@given(BODIES, BODIES, PEOPLE)
def test_any_body_for_anybody(text: str, html: str, recipient: Recipient) -> None:
    text, html = (ended(source, recipient) for source in (text, html))
    agree(digest_of(text, html), recipient, sample_sender("en"))


def ended(source: str, recipient: Recipient) -> str:
    """A body that fills to nothing, or to white space at its end, is one that ``email`` itself does not keep."""
    whole = filled(source, values(safe(recipient)[0]))
    return source if whole.strip() and not whole[-1].isspace() else source + "."


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SHIPPED), st.integers(1, 4), PEOPLE)
def test_every_language(language: str, stories: int, recipient: Recipient) -> None:
    digest = compose(content(language, stories), TEMPLATES)
    agree(digest, recipient, sample_sender(language))


@pytest.mark.parametrize("kind", [Quoted, Based])
@MANY
@given(source=BODIES, recipient=PEOPLE, is_html=st.booleans())
def test_both_encodings_keep_every_octet(
    kind: type[Quoted | Based], source: str, recipient: Recipient, is_html: bool
) -> None:
    (who, is_ordinary), spell = safe(recipient), escape if is_html else str
    literals, names = cut_at_slots(source)
    made: Part = kind([literal.encode() for literal in literals], names, spell)
    encoded = b"".join(made.filled(who, is_ordinary))
    expected = filled(source, {name: spell(value) for name, value in values(who).items()})
    assert decoded(encoded, made.encoding) == expected.replace("\n", "\r\n").encode()
    assert all(len(line) <= 76 and not line.startswith(b".") for line in encoded.split(b"\r\n"))
    assert b"=_" not in encoded
    if kind is Based:
        assert b"=" not in encoded.rstrip(b"\r\n").rstrip(b"=")


def decoded(encoded: bytes, encoding: str) -> bytes:
    head = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    payload = message_from_bytes(head.encode() + encoded).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


@pytest.mark.parametrize("length", range(7))
@pytest.mark.parametrize("gap", range(4))
def test_every_phase_of_base64(length: int, gap: int) -> None:
    source = "字" * 40 + MARKS["unsubscribe"] + "x" * gap + MARKS["preferences"] + "字" * 40
    who = RECIPIENT._replace(
        unsubscribe_url="https://x.example/" + "u" * length, preferences_url="https://x.example/p"
    )
    agree(digest_of(source, source), who, sample_sender("zh"))


def test_a_slot_many_times_at_both_ends_and_side_by_side() -> None:
    slots = "".join(MARKS[name] for name in NAMES)
    for source in (slots * 9, f"{slots}\n{slots}", f".{slots}.\n.{slots}", f"字{slots}字字{slots}"):
        agree(digest_of(source, source), RECIPIENT, sample_sender("en"))


def test_each_part_has_the_smaller_encoding() -> None:
    chinese = stencil(compose(content("zh", 5), TEMPLATES), sample_sender("zh")).message(RECIPIENT, WHEN)
    parts = [p for p in parsed(chinese).walk() if not p.is_multipart()]
    assert [p["Content-Transfer-Encoding"] for p in parts] == ["base64", "quoted-printable"]


def test_a_lone_carriage_return_is_kept_and_not_one_on_the_wire() -> None:
    assert quoted(b"a\rb") == b"a=0Db"
    well_formed(stencil(digest_of("a\rb.", "a\rb."), sample_sender("en")).message(RECIPIENT, WHEN))


def test_one_stencil_says_to_each_their_own() -> None:
    made = stencil(compose(content("tr", 3), TEMPLATES), sample_sender("tr"))
    for n in range(60):
        link = f"https://x.example/u/{n * 'a'}"
        message = parsed(made.message(RECIPIENT._replace(name=f"Ayşe {n}", unsubscribe_url=link), WHEN))
        assert link in body(message, "plain")
        assert link in body(message, "html")
        assert message["To"].addresses[0].display_name == f"Ayşe {n}"


def test_the_date_is_that_of_the_second_and_of_the_zone() -> None:
    made = stencil(digest_of("a", "b"), sample_sender("en"))
    east = timezone(timedelta(hours=3))
    berlin = ZoneInfo("Europe/Berlin")
    for moment, said in (
        (datetime(2026, 3, 1, 7, 0, 0, 999, UTC), "Sun, 01 Mar 2026 07:00:00 +0000"),
        (datetime(2026, 3, 1, 7, 0, 1, tzinfo=UTC), "Sun, 01 Mar 2026 07:00:01 +0000"),
        (datetime(2026, 3, 1, 10, 0, tzinfo=east), "Sun, 01 Mar 2026 10:00:00 +0300"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=berlin), "Sun, 25 Oct 2026 02:30:00 +0200"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1), "Sun, 25 Oct 2026 02:30:00 +0100"),
    ):
        assert f"Date: {said}\r\n".encode() in made.message(RECIPIENT, moment)


@MANY
@given(st.one_of(NAMES_OF_PEOPLE, st.text("abz09ÀÿžЀӿѐأيع中 '-", max_size=50)))
def test_the_quick_way_and_the_careful_one_agree(name: str) -> None:
    who, _ = safe(RECIPIENT._replace(name=name))
    assert who.name == visible(name).replace(OPEN, "").replace(CLOSE, "")
    assert short(who.name) == display(name)


def test_no_letter_of_the_quick_way_is_changed_by_the_careful_one() -> None:
    every = (chr(n) for n in range(0x10000) if not 0xD800 <= n <= 0xDFFF)
    quick = [one for one in every if safe(RECIPIENT._replace(name=one))[1]]
    assert len(quick) > 20_000
    assert [one for one in quick if visible(one) != one] == []


@pytest.mark.parametrize("half", [f"{OPEN}unsubscribe", f"{OPEN}shoe{CLOSE}", f"x{CLOSE}"])
def test_half_a_slot_is_found_before_anybody_is_mailed(half: str) -> None:
    with pytest.raises(UnsafeValue):
        stencil(digest_of("a" + half, "b"), sample_sender("en"))


def test_no_line_ends_in_white_space_and_the_boundary_stands_alone() -> None:
    raw = stencil(digest_of("a \n b\t\n", "x \n"), sample_sender("en")).message(RECIPIENT, WHEN)
    assert not re.search(rb"[ \t]\r\n", raw)
    found = re.search(rb'boundary="([^"]+)"', raw)
    assert found is not None
    assert raw.count(found[1]) == 4

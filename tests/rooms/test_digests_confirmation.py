"""The mail to whoever signed up: in every language, through the shared checker, and for both kinds of carriers."""

from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType

import pytest
from tests.rooms import test_digests_checker as checking
from tests.rooms.test_digests_samples import NEWSLETTER, SITE, TEMPLATES, WHEN

from syndicate.digests import Confirmation, Envelope, Note, confirmation, note_letter, note_pieces
from syndicate.languages import SHIPPED, catalogue, direction
from syndicate.model import UnsafeValue

URL = "https://news.crossroads.example.org/c/" + "Zk3vQ9w" * 4
checker = checking.checker
ENVELOPE = Envelope(
    number=-5,
    from_address="hello@news.crossroads.example.org",
    reply_to="",
    to="ayse+letters@example.net",
    message_id="<0123456789abcdef0123456789abcdef@news.crossroads.example.org>",
)
SECOND = replace(NEWSLETTER, key="water", title={"en": "Water & <cities>", "ar": "المياه والمدن"})


def note(language: str, *, is_known: bool = False, newsletters: int = 2) -> Note:
    content = Confirmation(
        site=SITE,
        newsletters=(NEWSLETTER, SECOND)[:newsletters],
        language=language,
        url=URL,
        until=None if is_known else date(2026, 11, 30),
    )
    return confirmation(content, TEMPLATES)


def raw(made: Note, envelope: Envelope = ENVELOPE) -> bytes:
    return b"".join(note_pieces(made, envelope, WHEN))


def parsed(made: Note) -> EmailMessage:
    return message_from_bytes(raw(made), policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@pytest.mark.skipif(not checking.CHECKER.exists(), reason="../shared/tools/eml_check.py is not here")
@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("language", SHIPPED)
def test_no_fault_and_no_warning(
    checker: ModuleType,
    tmp_path: Path,
    language: str,
    is_known: bool,
) -> None:
    for newsletters in (1, 2):
        made = raw(note(language, is_known=is_known, newsletters=newsletters))
        options = ("--profile", "transactional", "--lang", language, "--postal", "12 Station Road")
        status, said = checking.verdict(checker, tmp_path, made, *options)
        assert status == 0, said
        assert " 0 WARN, 0 FAIL" in said


@pytest.mark.parametrize("language", SHIPPED)
def test_it_has_one_button_and_says_what_it_is_for(language: str) -> None:
    message = parsed(note(language))
    html, plain = body(message, "html"), body(message, "plain")
    assert html.count(URL) == 1
    assert plain.count(URL) == 1
    for words in (
        "Yes, subscribe me",
        "If this was not you, do nothing: without your consent nobody is subscribed.",
    ):
        assert catalogue(language).gettext(words) in html.replace("&#39;", "'")
    assert f'lang="{language}" dir="{direction(language)}"' in html
    assert message["Content-Language"] == language


def test_the_one_who_has_it_all_is_told_so_and_nothing_expires() -> None:
    html = body(parsed(note("en", is_known=True)), "html")
    assert "You are subscribed already" in html
    assert "Yes, subscribe me" not in html
    assert "works until" not in html


def test_programs_do_not_answer_it_and_nobody_subscribes_to_it() -> None:
    message = parsed(note("tr"))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == ENVELOPE.message_id
    assert message["To"] == ENVELOPE.to
    assert message["From"].addresses[0].addr_spec == ENVELOPE.from_address
    assert not [name for name in message if name.startswith("List-")]
    assert parsed(note("tr")).as_bytes() == message.as_bytes()


def test_it_is_what_carriers_are_promised() -> None:
    for language in SHIPPED:
        made = raw(note(language))
        assert made.isascii()
        lines = made.split(b"\r\n")
        assert not any(b"\n" in line or b"\r" in line or line.startswith(b".") for line in lines)
        assert max(map(len, lines[lines.index(b"") :])) <= 78


def test_a_letter_says_the_same() -> None:
    made = note("ar")
    letter = note_letter(made, ENVELOPE)
    assert letter.delivery == letter.letter.edition == -5
    assert letter.values == {}
    assert (letter.letter.html, letter.letter.text, letter.letter.subject) == (
        made.html,
        made.text,
        made.subject,
    )
    assert letter.headers == {"Message-ID": ENVELOPE.message_id}
    assert letter.letter.headers == {"Auto-Submitted": "auto-generated", "Content-Language": "ar"}


def test_names_stay_text_and_nothing_breaks_a_header() -> None:
    hostile = replace(SITE, name={"en": 'Evil\r\nBcc: x@y.example <b>"&'})
    made = confirmation(Confirmation(site=hostile, newsletters=(SECOND,), language="en", url=URL), TEMPLATES)
    message = parsed(made)
    assert message["Bcc"] is None
    assert "Water &amp; &lt;cities&gt;" in body(message, "html")
    assert "Water & <cities>" in body(message, "plain")
    for wrong in (
        replace(ENVELOPE, to="a@b.example\r\nBcc: c@d.example"),
        replace(ENVELOPE, from_address="ünal@example.org"),
        replace(ENVELOPE, message_id="<a b@c>"),
        replace(ENVELOPE, reply_to="nobody"),
    ):
        with pytest.raises(UnsafeValue):
            raw(made, wrong)
        with pytest.raises(UnsafeValue):
            note_letter(made, wrong)
    with pytest.raises(UnsafeValue, match="aware"):
        note_pieces(made, ENVELOPE, datetime(2026, 1, 1))


def test_a_language_without_a_catalogue_borrows_all_of_it() -> None:
    assert note("pt-BR").language == "en"
    assert note("tr-CY").language == "tr"

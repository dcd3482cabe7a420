"""The editor's note: plain text becomes paragraphs and links, never markup; the editor's subject is the subject."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from tests.rooms.test_digests_samples import TEMPLATES, content

from syndicate.digests import archive_page, compose
from syndicate.digests.note import note_html, note_paragraphs
from syndicate.digests.subject import LONGEST_GIVEN

NOTE = "Dear reader,\nwelcome.\n\nSee https://e.org/a?b=1&c=2. <script>alert(1)</script>"


def test_paragraphs_and_links() -> None:
    assert str(note_html(NOTE)) == (
        "<p>Dear reader, welcome.</p>"
        '<p>See <a href="https://e.org/a?b=1&amp;c=2">https://e.org/a?b=1&amp;c=2</a>. '
        "&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    )
    assert note_paragraphs(" \n") == ()


@given(st.text(st.sampled_from("ab<>&\"'/:.@)\n htps{}\u202e\x00%"), max_size=60))
def test_whatever_is_written_is_text(text: str) -> None:
    made = str(note_html(f"{text} http://{text}"))
    root = html.fragment_fromstring(made, create_parent="div")
    assert {one.tag for one in root.iter()} <= {"div", "p", "a"}
    assert all(re.match("https?://", one.get("href")) for one in root.iter("a"))
    assert "\u202e" not in made


def test_it_stands_above_the_first_story_in_mail_text_and_archive() -> None:
    edition = replace(content("en", 3), note=NOTE, given_subject="Our  own\nwords" + " and more" * 40)
    made = compose(edition, TEMPLATES)
    lead = edition.lead or edition.items[0]
    title = lead.complete.article.title
    for shown in (made.html, made.text):
        assert shown.index("welcome.") < shown.rindex(title)
        assert "https://e.org/a?b=1" in shown
    assert "<script>alert" not in made.html
    assert made.subject.startswith("Our own words")
    assert len(made.subject) <= LONGEST_GIVEN
    page = archive_page(edition, TEMPLATES).decode()
    assert page.index("welcome.") < page.rindex(title)
    assert "<script>alert" not in page

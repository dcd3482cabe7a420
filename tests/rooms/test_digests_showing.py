"""A mail as staff look at it: nothing in it leads anywhere, it is dark or light, and it is made out to anybody."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.test_digests_samples import TEMPLATES, content

from syndicate.digests import archive_page, compose
from syndicate.digests.showing import for_somebody, plain, shown
from syndicate.digests.slots import CLOSE, MARKS, OPEN

NOWHERE = "https://news.example.org/p/preview"


@pytest.mark.parametrize("dark", [True, False])
def test_no_link_leads_anywhere_and_says_where_it_would(dark: bool) -> None:
    told = content("en", 3)
    for page in (compose(told, TEMPLATES).html, archive_page(told, TEMPLATES).decode()):
        made = shown(for_somebody(page, "Ayşe", NOWHERE, is_html=True), dark=dark)
        found = re.findall(r"<a\b[^>]*>", made)
        assert found
        assert all(re.match(r'<a href="#" title="[^"]+"', one) and one.count("href=") == 1 for one in found)
        assert "target=" not in "".join(found)
        assert "prefers-color-scheme" not in made
        assert f"color-scheme: {'dark' if dark else 'light'} !important" in made


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://x.example/" target="_top">x</a>',
        "<a target=_top href=https://x.example/>x</a>",
        "<A HREF='https://x.example/' PING='https://y.example/'>x</A>",
        '<a title="a > b" href="https://x.example/">x</a>',
        '<area href="https://x.example/">',
    ],
)
def test_links_in_any_spelling(link: str) -> None:
    made = shown(link, dark=False)
    assert 'href="#"' in made
    assert not re.search(r"target|ping|href=[\"']?https", made, re.IGNORECASE)
    assert 'title="https://x.example/' in made


@given(st.text(), st.text())
def test_a_name_is_text_and_opens_no_slot(name: str, rest: str) -> None:
    rest = rest.replace(OPEN, "").replace(CLOSE, "")
    made = for_somebody(f"<p>{MARKS['name']}</p>", f"{name}{OPEN}email{CLOSE}<b>", NOWHERE, is_html=True)
    assert "<b>" not in made
    assert OPEN not in made
    assert for_somebody(rest, name, NOWHERE, is_html=False) == rest


@given(st.text())
def test_the_text_part_stays_text(text: str) -> None:
    made = plain(text, text, "ar", dark=True)
    assert made.count("<") == plain("", "", "ar", dark=True).count("<")
    assert 'dir="rtl"' in made

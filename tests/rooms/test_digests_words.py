"""Text measured, cut and read out of HTML: at sentences and words, wide characters and marks included."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.digests.columns import columns, cut, shorten, wrap
from syndicate.digests.links import picture_url, safe_url
from syndicate.digests.prose import excerpt, inline, paragraphs, text_of, whole_text

TEXTS = st.text(alphabet=st.sampled_from("ab c.!?。，字漢「」é\u0301\u200d👩💻ش م؟\n'"), max_size=200)


@pytest.mark.parametrize(
    ("text", "room", "kept"),
    [
        ("One sentence. Another one follows here.", 30, "One sentence."),
        ("Dr. Ayşe Demir bu sabah limanda uzun uzun konuştu", 30, "Dr. Ayşe Demir bu sabah"),
        ("从空中看，湖床苍白。步行便知并非如此。硬壳会碎。", 40, "从空中看，湖床苍白。步行便知并非如此。"),
        ("没有句号的一段很长很长的文字一直写下去", 20, "没有句号的一段很长很"),
        ("هل انتهى البحر؟ لا أحد يعرف ذلك حتى الآن", 22, "هل انتهى البحر؟"),
        ("short", 30, "short"),
    ],
)
def test_a_cut_falls_on_a_sentence_else_a_word_else_a_character(text: str, room: int, kept: str) -> None:
    assert text[: cut(text, room)].rstrip() == kept


@given(TEXTS, st.integers(2, 60))
def test_cuts_fit_and_never_part_a_character_from_its_marks(text: str, room: int) -> None:
    text = " ".join(text.split())
    end = cut(text, room)
    assert columns(text[:end]) <= room
    if 1 < end < len(text):
        assert not unicodedata.combining(text[end])
    assert columns(shorten(text, room)) <= room


@given(TEXTS)
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str) -> None:
    wrapped = wrap(text, 20)
    assert "".join(wrapped.split()) == "".join(text.split())
    for line in wrapped.splitlines():
        assert columns(line) <= 20 or len(line.split()) == 1 or any(c in "。，」" for c in line)


def test_hanging_lines_are_indented_and_addresses_stay_whole() -> None:
    url = "https://example.org/" + "字" * 60
    assert wrap(f"see {url} there", 30, "* ", "  ") == f"* see\n  {url}\n  there"


HTML = (
    '<h2>Head</h2><figure><p>caption</p></figure><p>Plain <em>and</em>  <a href="https://e.org/ü">linked</a>.'
    '<sup><a id="fnref-1" href="#fn-1">1</a></sup> More of it.</p><p>A <span lang="ru">слово</span> here.</p>'
    "<blockquote><p>quoted</p></blockquote><p>What he said, then.</p><script>alert(1)</script>"
)


def test_excerpts_are_made_of_the_plain_paragraphs_before_what_would_be_missed() -> None:
    first, second = paragraphs(HTML)
    assert text_of(first) == "Plain and linked.\ufffc More of it."
    assert [r.note for r in first if r.note] == [1]
    assert next(r.url for r in first if r.url) == "https://e.org/%C3%BC"
    assert next(r.language for r in second if r.language) == "ru"
    assert "alert" not in whole_text(HTML)
    assert "1" not in whole_text(HTML)


def test_an_excerpt_ends_at_a_sentence_and_keeps_its_reference() -> None:
    (only,) = excerpt(paragraphs(HTML), 20)
    assert text_of(only) == "Plain and linked.\ufffc"


def test_text_without_paragraphs_is_one() -> None:
    assert [text_of(p) for p in paragraphs("just <b>words</b>")] == ["just words"]
    assert paragraphs("") == ()
    assert inline(" ") == ()


def test_depth_and_broken_markup_do_no_harm() -> None:
    assert "deep" in text_of(inline("<b>" * 200 + "deep" + "</b>" * 200))
    assert "a" in text_of(inline("a <<< b <p <"))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/a b?q=ü#x", "https://example.org/a%20b?q=%C3%BC#x"),
        ("https://müller.example/", "https://xn--mller-kva.example/"),
        ("javascript:alert(1)", ""),
        ("//example.org/", ""),
        ("https://user:pw@example.org/", ""),
        ("https://exa mple.org/", ""),
        ("https://[::1", ""),
        ('https://example.org/"><script>', "https://example.org/%22%3E%3Cscript%3E"),
        ("https://example.org/" + "a" * 3000, ""),
    ],
)
def test_only_web_addresses_become_links(url: str, safe: str) -> None:
    assert safe_url(url) == safe


def test_pictures_that_clients_do_not_show_are_left_out() -> None:
    assert picture_url("https://example.org/logo.svg?v=2") == ""
    assert picture_url("https://example.org/logo.png") == "https://example.org/logo.png"


def test_an_excerpt_does_not_end_in_an_announcement() -> None:
    told = paragraphs(
        "<p>There were ferries enough.</p><p>The captain told me:</p><blockquote>No.</blockquote>"
    )
    assert [text_of(one) for one in excerpt(told[:2], 400)] == ["There were ferries enough."]
    assert [text_of(one) for one in excerpt(told[1:2], 400)] == ["The captain told me:"]

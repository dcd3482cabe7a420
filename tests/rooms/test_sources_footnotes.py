"""References and notes in every form met in the wild become the one form of the house."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.sources import clean, footnotes
from syndicate.sources.markdown import rendering

FORMS = {
    "markdown": rendering.html("One[^a] two[^b].\n\n[^a]: First *note*.\n[^b]: Second.\n"),
    "pandoc": (
        '<p>One<a href="#fn1" class="footnote-ref" id="fnref1" role="doc-noteref"><sup>1</sup></a> two'
        '<a href="#fn2" class="footnote-ref" id="fnref2"><sup>2</sup></a>.</p><section class="footnotes">'
        '<hr /><ol><li id="fn1"><p>First <em>note</em>.<a href="#fnref1" class="footnote-back">↩︎</a></p></li>'
        '<li id="fn2"><p>Second.<a href="#fnref2" class="footnote-back">↩︎</a></p></li></ol></section>'
    ),
    "kramdown": (
        '<p>One<sup id="fnref:1" role="doc-noteref"><a href="#fn:1" class="footnote" rel="footnote">1</a></sup> two'
        '<sup id="fnref:b"><a href="#fn:b" class="footnote">2</a></sup>.</p><div class="footnotes"><ol><li id="fn:1">'
        '<p>First <em>note</em>. <a href="#fnref:1" class="reversefootnote">&#8617;</a></p></li><li id="fn:b">'
        '<p>Second. <a href="#fnref:b" class="reversefootnote">&#8617;</a></p></li></ol></div>'
    ),
    "plain": "<p>One[1] two[2].</p><p>[1] First <em>note</em>.</p>\n<p>[2] Second.</p>",
    "plain in one paragraph": "<p>One<sup>[1]</sup> two[2].</p><p>[1] First <em>note</em>.<br>[2] Second.</p>",
    "word": (
        '<p>One<sup><a href="#_ftn1" name="_ftnref1">[1]</a></sup> two<a href="#_ftn2" name="_ftnref2">[2]</a>.</p>'
        '<hr><p><a href="#_ftnref1" name="_ftn1">[1]</a> First <em>note</em>.</p>'
        '<p><a href="#_ftnref2" name="_ftn2"><sup>[2]</sup></a> Second.</p>'
    ),
    "modern footnotes": (
        '<p>One<sup class="modern-footnotes-footnote " data-mfn="1"><a href="javascript:void(0)">1</a></sup>'
        '<span class="modern-footnotes-footnote__note" tabindex="0">First <em>note</em>.</span> two'
        '<sup class="modern-footnotes-footnote "><a href="javascript:void(0)">2</a></sup>'
        '<span class="modern-footnotes-footnote__note">Second.</span>.</p>'
    ),
    "wordpress block": (
        '<p>One<sup data-fn="8f-1" class="fn"><a href="#8f-1" id="8f-1-link">1</a></sup> two'
        '<sup data-fn="9a-2" class="fn"><a href="#9a-2" id="9a-2-link">2</a></sup>.</p><ol class="wp-block-footnotes">'
        '<li id="8f-1">First <em>note</em>. <a href="#8f-1-link">↩︎</a></li>'
        '<li id="9a-2">Second. <a href="#9a-2-link">↩︎</a></li></ol>'
    ),
}
CANONICAL = '<p>One<sup><a href="#fn-1" id="fnref-1">1</a></sup> two<sup><a href="#fn-2" id="fnref-2">2</a></sup>.</p>'


def extract(html: str) -> footnotes.Noted:
    done = clean.fragment(html, base_url="https://news.example.org/a/", language="en", place="a.md")
    return footnotes.extract(done.html, place="a.md")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_becomes_the_same(form: str) -> None:
    noted = extract(FORMS[form])
    assert noted.html == CANONICAL
    assert [(n.number, n.html, n.references) for n in noted.footnotes] == [
        (1, "First <em>note</em>.", 1),
        (2, "Second.", 1),
    ]
    assert noted.problems == ()


@pytest.mark.parametrize("form", FORMS)
def test_the_canonical_form_survives_cleaning(form: str) -> None:
    html = extract(FORMS[form]).html
    assert clean.fragment(html, base_url="https://other.example/", language="en", place="x").html == html


def test_numbers_follow_the_first_reference_and_references_are_counted() -> None:
    noted = extract("<p>B[2] a[1] b[2].</p><p>[1] one</p><p>[2] two</p>")
    assert [(n.number, n.html, n.references) for n in noted.footnotes] == [(1, "two", 2), (2, "one", 1)]
    assert 'id="fnref-1-2" href="#fn-1"' in noted.html or 'href="#fn-1" id="fnref-1-2"' in noted.html


def test_a_reference_without_a_note_is_told() -> None:
    for html in (
        "<p>a[1] b[7]</p><p>[1] one</p>",
        '<p>a[1] b<sup><a href="#_ftn7">[7]</a></sup></p><p>[1] one</p>',
    ):
        assert [p.reason for p in extract(html).problems] == ["the reference [7] has no note"]
    assert "[zz]" in extract(rendering.html("a[^zz]")).problems[0].reason


def test_a_note_without_a_reference_is_kept_and_told() -> None:
    noted = extract(rendering.html("a[^1]\n\n[^1]: one\n[^2]: two\n"))
    assert [(n.number, n.html, n.references) for n in noted.footnotes] == [(1, "one", 1), (2, "two", 0)]
    assert "note 2" in noted.problems[0].reason
    assert not noted.problems[0].fatal


def test_a_source_without_its_address_is_told_with_the_note() -> None:
    noted = extract(
        "<p>a[1] b[2] c[3]</p><p>[1] “Tea”, Leaf,, (Date of Accession: 25.08.2022).</p>"
        '<p>[2] “Tea”, Leaf, <a href="https://leaf.example/">https://leaf.example/</a>,, (2022).</p><p>[3] Ibid.</p>'
    )
    assert len(noted.problems) == 1
    assert "note 1" in noted.problems[0].reason
    assert "Leaf,," in noted.problems[0].reason


def test_a_note_of_several_paragraphs_becomes_lines() -> None:
    noted = extract(rendering.html("a[^1]\n\n[^1]: one\n\n    two\n"))
    assert noted.footnotes[0].html == "one<br/>two"


def test_a_note_in_another_script_says_its_language() -> None:
    noted = extract(
        "<p>a[1] and the rest of this sentence is English.</p><p>[1] Состоялась встреча президентов</p>"
    )
    assert noted.footnotes[0].html == '<span dir="ltr" lang="ru">Состоялась встреча президентов</span>'


def test_the_heading_over_the_notes_goes_with_them() -> None:
    for heading in ("Notes", "Dipnotlar", "Примечания", "الهوامش", "注释"):
        noted = extract(f"<p>a[1]</p><h2>{heading}</h2><p>[1] one</p>")
        assert heading not in noted.html
        assert len(noted.footnotes) == 1


def test_brackets_in_code_contents_and_plain_numbers_are_no_references() -> None:
    for html in (
        "<p>array[1] is the second</p>",
        '<ul><li><a href="#a">1</a></li></ul><h2 id="a">A</h2><p>text</p>',
        "<p>Water is H<sub>2</sub>O and 10<sup>3</sup></p>",
    ):
        assert extract(html).footnotes == ()
    assert "<code>a[1]</code>" in extract("<p>x[1] <code>a[1]</code></p><p>[1] one</p>").html


@given(
    st.lists(
        st.sampled_from(
            [
                "a[1]",
                "[2]",
                "<p>",
                "</p>",
                "<br>",
                "[1] x",
                "<sup>",
                "<li>",
                "[^q]",
                "<a href=#fn1>1</a>",
                "<li id=fn1>",
            ]
        )
    ).map("".join)
)
def test_any_mixture_gives_numbers_without_gaps(html: str) -> None:
    noted = extract(html)
    assert [n.number for n in noted.footnotes] == list(range(1, len(noted.footnotes) + 1))
    for note in noted.footnotes:
        assert noted.html.count(f'href="#fn-{note.number}"') == note.references

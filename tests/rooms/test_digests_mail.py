"""What a composed digest promises, in every shipped language and with hostile words in it."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.test_digests_samples import NEWSLETTER, SITE, TEMPLATES, TITLES, article, content

from syndicate.digests import EditionArticle, EditionContent, compose
from syndicate.digests.columns import columns
from syndicate.digests.mail import MAX_HTML
from syndicate.digests.slots import CLOSE, MARKS, OPEN
from syndicate.languages import SHIPPED, direction
from syndicate.model import Bio, Byline, SimilarPost, TemplateError

ONCE = settings(max_examples=25, deadline=None)
HOSTILE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "=?utf-8?q?Hi=0D=0ABcc:_evil@x.example?=",
            "</mj-text><mj-raw><script>alert(1)</script>",
            "{{ 7 * 7 }} {% raw %}",
            f"{OPEN}unsubscribe{CLOSE}",
            "\u202eevil\u2066 \x00\x1b[31m",
            "👩\u200d💻🔥🔥 SALE!!! $$$",
            "هل \\u{301} \\ \"quoted' <b>",
            "字" * 300,
            "x" * 300,
            "e" + "\u0301" * 3000,
            "Re: &nbsp; &bogus; ]]> <!-- -->",
        ]
    ),
)


def tree(html: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(html.encode())


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u2066-\u2069]+", "", re.sub(r"^[=-]+$", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize("language", SHIPPED)
def test_every_language_has_its_own_direction_words_and_slots(language: str) -> None:
    digest = compose(content(language, 5), TEMPLATES)
    page = tree(digest.html)
    wrapper = page.find("body/div")
    for element in (page, wrapper):
        assert (element.get("lang"), element.get("dir")) == (language, direction(language))
    assert "unsubscribe" in digest.html
    for mark in (MARKS["unsubscribe"], MARKS["preferences"]):
        assert digest.html.count(mark) == 1
        assert digest.text.count(mark) == 1
    assert "fonts.googleapis" not in digest.html
    assert f"direction:{'ltr' if direction(language) == 'rtl' else 'rtl'}" not in digest.html


@pytest.mark.parametrize("language", SHIPPED)
def test_subject_and_preheader_fit_and_differ(language: str) -> None:
    for stories in (1, 2, 5, 25):
        digest = compose(content(language, stories), TEMPLATES)
        assert 10 <= columns(digest.subject) <= 70
        assert digest.subject != digest.preheader
        assert columns(digest.preheader) >= 20


@pytest.mark.parametrize("language", ["en", "ar", "zh", "tr"])
def test_the_text_part_has_every_title_and_link_of_the_html(language: str) -> None:
    digest = compose(content(language, 25, "ru"), TEMPLATES)
    page = tree(digest.html)
    text = squeezed(digest.text)
    for link in page.iter("a"):
        assert link.get("href") in digest.text
    for heading in page.xpath("//h1|//h2|//h3"):
        assert squeezed(heading.text_content()) in text
    assert max(map(columns, digest.text.splitlines())) <= 78
    assert not re.search(r"</?[a-z]+[ >]|&[a-z]+;", digest.text)


def test_each_author_has_one_card_and_each_link_its_own_name() -> None:
    page = tree(compose(content("en", 12), TEMPLATES).html)
    names = [h.text_content() for h in page.iter("h3")]
    assert len(names) == len(set(names)) == 4
    by_text: dict[str, set[str]] = {}
    for link in page.iter("a"):
        by_text.setdefault(link.text_content().strip().casefold(), set()).add(link.get("href"))
    assert "" not in by_text
    assert "read more" not in by_text


def test_a_fallback_story_is_labelled_and_laid_out_in_its_own_language() -> None:
    html = compose(content("en", 3, "ar"), TEMPLATES).html
    assert "Only in Arabic for now" in html
    title = next(h for h in tree(html).iter("h2") if h.text_content() == TITLES["ar"][1])
    block = next(a for a in title.iterancestors("div") if a.get("lang"))
    assert (block.get("lang"), block.get("dir")) == ("ar", "rtl")
    assert "بقلم" in block.text_content()


def test_a_block_in_another_script_has_fonts_of_its_own() -> None:
    page = tree(compose(content("zh", 2, "en"), TEMPLATES).html)
    title = next(h for h in page.iter("h2") if h.text_content() == TITLES["en"][1])
    assert "PingFang" not in title.get("style")
    assert "PingFang" not in title.getparent().get("style")
    assert "Roboto" in title.getparent().get("style")


def test_the_subject_and_first_line_prefer_the_editions_own_language() -> None:
    edition = content("tr", 3)
    edition = replace(edition, lead=EditionArticle(article("en", 0), is_fallback=True))
    digest = compose(edition, TEMPLATES)
    assert digest.subject.startswith(TITLES["tr"][1])
    assert digest.preheader == f"{TITLES['tr'][2]} · {TITLES['en'][0]}"


def test_a_biography_in_another_language_says_so() -> None:
    digest = compose(content("kk", 1), TEMPLATES)
    card = next(h for h in tree(digest.html).iter("h3")).getparent()
    assert card.xpath(".//div[@lang]/@lang") == ["en"]
    assert "ағылшын" in card.text_content()


def test_a_shown_reference_brings_its_note_and_a_hidden_one_does_not() -> None:
    shown = compose(content("en", 1), TEMPLATES)
    assert "[1]" in shown.text
    assert "https://journal.example.org/0" in shown.text
    hidden = replace(content("en", 2).items[0], complete=article("en", 1, summary="Only a summary."))
    digest = compose(replace(content("en", 1), lead=content("en", 1).lead, items=(hidden,)), TEMPLATES)
    assert "https://journal.example.org/1" not in digest.text


def test_the_cap_moves_stories_from_the_tail_to_the_web() -> None:
    few = replace(content("en", 8), newsletter=replace(NEWSLETTER, maximum_stories=3))
    digest = compose(few, TEMPLATES)
    ids = [item.complete.article.id for item in few.all]
    assert (list(digest.told), list(digest.on_the_web)) == (ids[:3], ids[3:])
    assert "More on the web" in digest.text


@pytest.mark.parametrize("language", ["ru", "zh", "ar"])
def test_the_mail_never_exceeds_its_size_and_loses_no_story(language: str) -> None:
    long = "Слово за словом идёт очень длинное предложение без единой точки " * 8
    url = "https://example.org/" + "a" * 1500
    items = [
        EditionArticle(article(language, n, summary=long, title=long[:200] + str(n), url=url + str(n)))
        for n in range(40)
    ]
    digest = compose(replace(content(language, 1), lead=items[0], items=tuple(items[1:])), TEMPLATES)
    assert len(digest.html.encode()) < MAX_HTML
    assert [*digest.told, *digest.on_the_web] == [i.complete.article.id for i in items]
    assert 1 < len(digest.told) < 20
    assert str(len(digest.on_the_web) - 10) in digest.text


@ONCE
@given(HOSTILE, HOSTILE, HOSTILE, st.sampled_from(SHIPPED))
def test_hostile_words_stay_words(title: str, name: str, words: str, language: str) -> None:
    author = Byline("eve", name, bio=Bio(language, f"<p>{lxml.html.tostring(_p(words)).decode()}</p>", words))
    image = article(language, 0).article.images[0]
    eve = replace(
        article(language, 0, title=title, summary=words, series=title, images=(replace(image, alt=words),)),
        bylines=(author,),
        similar=(SimilarPost("s", "other", language, title, "https://example.org/s/"),),
    )
    sane = content(language, 2)
    digest = compose(replace(sane, lead=EditionArticle(eve, corrected=date(2026, 1, 2))), TEMPLATES)
    page = tree(digest.html)
    assert not page.xpath("//script|//iframe|//*[@onerror]")
    assert 1 <= columns(digest.subject) <= 70
    assert not re.search(r"[\r\n\x00-\x1f\u202e]", digest.subject + digest.preheader)
    assert "=?" not in digest.subject
    assert digest.html.count(OPEN) == digest.html.count(CLOSE) == 2
    assert digest.text.count(OPEN) == digest.text.count(CLOSE) == 2
    assert len(digest.html.encode()) < MAX_HTML
    alt = page.xpath("//img[@width!=72]/@alt")[0]
    assert "\\u{" not in alt.replace("\\u{301}", "") or "\\u{" in words


def _p(words: str) -> lxml.html.HtmlElement:
    element = lxml.html.Element("span")
    element.text = re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", words)
    return element


@pytest.mark.parametrize(
    "alt", ["e\u0301 ou\u0308", "a\\b", "\u0627\u064e\u0644", "100 %\u00a0de", 'say "hi"', "ﾊﾟ"]
)
def test_alternative_text_arrives_as_it_was_written(alt: str) -> None:
    """mjml-python writes attribute values with Rust's escapes; ours must come through unharmed."""
    image = replace(article("en", 0).article.images[0], alt=alt)
    one = replace(content("en", 1), lead=EditionArticle(article("en", 0, images=(image,))))
    shown = tree(compose(one, TEMPLATES).html).xpath("//img[@width!=72]/@alt")[0]
    import unicodedata

    assert shown == " ".join(unicodedata.normalize("NFC", alt).split())


@pytest.mark.parametrize(
    ("title", "language", "expected"),
    [
        ("IŞIK VE İNSANLAR ÜZERİNE", "tr", "Işık ve insanlar üzerine"),
        ("İSTANBUL’DA KIŞ GÜNLERİ", "tr", "İstanbul’da kış günleri"),
        ("BREAKING NEWS TODAY", "en", "Breaking news today"),
        ("СРОЧНЫЕ НОВОСТИ ДНЯ", "ru", "Срочные новости дня"),
        ("What now?!! Really 🔥🔥", "en", "What now? Really"),
        ("海退之后", "zh", "路口周刊: 海退之后"),
        ("Re: an open letter", "en", "Crossroads Weekly: Re: an open letter"),
    ],
)
def test_the_subject_neither_shouts_nor_pretends(title: str, language: str, expected: str) -> None:
    one = replace(content(language, 1), lead=EditionArticle(article(language, 0, title=title)))
    assert compose(one, TEMPLATES).subject == expected


def test_an_edition_without_stories_still_has_a_way_out() -> None:
    empty = EditionContent(
        newsletter=NEWSLETTER,
        site=SITE,
        issue_date=date(2026, 1, 2),
        language="en",
        web_url="https://example.org/",
    )
    digest = compose(empty, TEMPLATES)
    assert digest.subject == "Crossroads Weekly"
    assert MARKS["unsubscribe"] in digest.html


def own(folder: Path, text: str, name: str = "mail.mjml.j2") -> tuple[Path, ...]:
    (folder / "digest").mkdir()
    (folder / "digest" / name).write_text(text)
    return (folder, *TEMPLATES)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("<mjml>\n{% if %}</mjml>", r"digest/mail\.mjml\.j2:2: "),
        ("<mjml>\n\n{{ mail.titel }}</mjml>", r"digest/mail\.mjml\.j2:3: .*titel"),
        ("<mjml>\n{{ ''.__class__.__mro__ }}</mjml>", r"digest/mail\.mjml\.j2:2: .*unsafe"),
        ("<mjml><mj-body>\n<p>open</mj-body></mjml>", r"digest/mail\.mjml\.j2: .*line 2.*open"),
        ("<mjml><mj-body><mj-carousel2/></mj-body></mjml>", r"mj-carousel2.*dropped"),
        (
            "<mjml><mj-body><mj-section><mj-column><mj-image src='x'/></mj-column></mj-section></mj-body></mjml>",
            "no alt",
        ),
        ("<mjml><mj-body></mj-body></mjml>", "no unsubscribe link"),
        ("{% include 'nowhere.j2' %}", "nowhere.j2"),
        (f"<mjml><mj-body><mj-raw>{OPEN}shoe size{CLOSE}</mj-raw></mj-body></mjml>", "shoe size"),
    ],
)
def test_a_mistake_in_a_template_is_told_with_its_place(tmp_path: Path, template: str, says: str) -> None:
    with pytest.raises(TemplateError, match=re.compile(says, re.DOTALL)):
        compose(content("en", 1), own(tmp_path, template))


def test_a_newsroom_replaces_one_template_and_keeps_the_rest(tmp_path: Path) -> None:
    folders = own(
        tmp_path, "{{ mail.newsletter }}\n{{ mail.slots.name }}\n{{ mail.slots.unsubscribe }}", "mail.txt.j2"
    )
    digest = compose(content("tr", 2), folders)
    assert digest.text == f"Haftalık Kavşak\n{MARKS['name']}\n{MARKS['unsubscribe']}\n"
    assert "Abonelikten" in unescape(digest.html)

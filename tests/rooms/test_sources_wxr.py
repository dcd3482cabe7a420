"""WordPress exports: what WordPress stores, which is not yet HTML, and files that mean harm."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.model import ArticleState, Found, Gone, Manuscript, Problem, SourceError, SourceItem, Touched
from syndicate.sources.wxr import WxrSettings, read
from syndicate.sources.wxr.raw_content import html

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def post(number: int, content: str, extra: str = "", status: str = "publish", title: str = "A title") -> str:
    return f"""<item><title><![CDATA[{title}]]></title><link>https://w.example/?p={number}</link>
<dc:creator><![CDATA[ayse]]></dc:creator><content:encoded><![CDATA[{content}]]></content:encoded>
<excerpt:encoded><![CDATA[]]></excerpt:encoded><wp:post_id>{number}</wp:post_id>
<wp:post_date><![CDATA[2024-05-01 11:00:00]]></wp:post_date>
<wp:post_date_gmt><![CDATA[{"0000-00-00 00:00:00" if status == "draft" else "2024-05-01 08:00:00"}]]></wp:post_date_gmt>
<wp:status><![CDATA[{status}]]></wp:status><wp:post_type><![CDATA[post]]></wp:post_type>{extra}</item>"""


POLYLANG = '<category domain="language" nicename="{0}"><![CDATA[x]]></category>'
ITEMS = [
    post(
        10,
        'Limanlar dolu ve gemiler bekliyor.\nİkinci satır.\n\n[gallery ids="1"]Son paragraf.',
        POLYLANG.format("tr")
        + '<category domain="category" nicename="ticaret"><![CDATA[Ticaret &amp; Liman]]></category>'
        + "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>99</wp:meta_value></wp:postmeta>",
    ),
    post(
        11, "<!-- wp:paragraph -->\n<p>The ports are full.</p>\n<!-- /wp:paragraph -->", POLYLANG.format("en")
    ),
    post(12, "The draft text is here for all of us to read.", status="draft"),
    post(13, "Thrown away, as these things are.", status="trash"),
    post(14, "x", status="auto-draft"),
]
HEAD = """<?xml version="1.0" encoding="UTF-8" ?><rss version="2.0"
 xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>W</title>
<wp:author><wp:author_id>2</wp:author_id><wp:author_login><![CDATA[ayse]]></wp:author_login>
<wp:author_email>a@w.example</wp:author_email><wp:author_display_name>Ayşe Demir</wp:author_display_name></wp:author>
<wp:term><wp:term_id>5</wp:term_id><wp:term_taxonomy>post_translations</wp:term_taxonomy>
<wp:term_description><![CDATA[a:2:{s:2:"tr";i:10;s:2:"en";i:11;}]]></wp:term_description></wp:term>
"""
PICTURE = """<item><title>quay</title><excerpt:encoded>The quay</excerpt:encoded><wp:post_id>99</wp:post_id>
<wp:post_type>attachment</wp:post_type><wp:attachment_url>https://w.example/quay.jpg</wp:attachment_url>
<wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key><wp:meta_value>Cranes</wp:meta_value></wp:postmeta>
</item>"""


def export(items: list[str]) -> str:
    return f"{HEAD}{''.join(items)}{PICTURE}</channel></rss>"


def take(
    tmp_path: Path, text: str | bytes, known: Mapping[str, str] | None = None, **more: Any
) -> list[SourceItem]:
    path = tmp_path / "export.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    values: dict[str, Any] = {
        "languages": ("tr", "en"),
        "default_language": "en",
        "timezone": "Europe/Istanbul",
    }
    return list(read(WxrSettings(name="w", path=path, **(values | more)), known or {}, NOW))


def manuscripts(items: list[SourceItem]) -> dict[str, Manuscript]:
    return {m.key: m for item in items if isinstance(item, Found) for m in item.manuscripts}


def remembered(items: list[SourceItem]) -> dict[str, str]:
    return {i.key: i.fingerprint for i in items if isinstance(i, Found | Touched)}


def test_posts_come_with_authors_pictures_terms_and_translations(tmp_path: Path) -> None:
    found = manuscripts(take(tmp_path, export(ITEMS)))
    assert set(found) == {"10", "11", "12", "13"}
    tr, en, draft = found["10"], found["11"], found["12"]
    assert (
        tr.body_html == "<p>Limanlar dolu ve gemiler bekliyor.<br/>\nİkinci satır.</p>\n<p>Son paragraf.</p>"
    )
    assert en.body_html == "<p>The ports are full.</p>"
    assert (tr.language, en.language, tr.group, en.group) == ("tr", "en", "10", "10")
    assert [(c.key, c.name) for c in tr.authors] == [("ayse", "Ayşe Demir")]
    assert [(i.url, i.alt, i.caption) for i in tr.images] == [
        ("https://w.example/quay.jpg", "Cranes", "The quay")
    ]
    assert [(t.slug, t.label) for t in tr.tags] == [("ticaret", "Ticaret & Liman")]
    assert tr.published == draft.published == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert (draft.state, found["13"].state) == (ArticleState.DRAFT, ArticleState.WITHDRAWN)


def test_shortcodes_left_out_are_named(tmp_path: Path) -> None:
    (found,) = [i for i in take(tmp_path, export(ITEMS)) if isinstance(i, Found) and i.key == "10"]
    assert any("gallery" in p.reason and not p.fatal for p in found.problems)


def test_the_second_time_nothing_is_said_then_only_what_changed(tmp_path: Path) -> None:
    known = remembered(take(tmp_path, export(ITEMS)))
    assert take(tmp_path, export(ITEMS), known) == []
    items = take(tmp_path, export([ITEMS[0], ITEMS[1].replace("full", "empty"), *ITEMS[3:]]), known)
    assert set(manuscripts(items)) == {"11"}
    assert Gone("12") in items


def test_one_bad_post_is_a_problem_and_is_told_again(tmp_path: Path) -> None:
    items = take(
        tmp_path, export([*ITEMS, ITEMS[1].replace("<link>https://w.example/?p=11", "<link>javascript:x")])
    )
    assert [p.reason for p in items if isinstance(p, Problem)] == ["it has no address"]
    assert not any(isinstance(i, Touched) for i in items)


def test_a_caption_and_footnotes_become_html() -> None:
    made, dropped = html(
        '[caption id="a"]<img src="z"> A <em>cap</em>[/caption] Text[footnote]N[/footnote] [1] [sic]'
    )
    assert "<figure><img" in made
    assert "<figcaption>A <em>cap</em></figcaption>" in made
    assert '<li id="wxrnote-1">N</li>' in made
    assert "[1] [sic]" in made
    assert dropped == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_is_refused(tmp_path: Path, encoding: str) -> None:
    trap = '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel>&a;</channel></rss>'
    with pytest.raises(SourceError, match="DOCTYPE"):
        take(tmp_path, trap.encode(encoding))


def test_a_file_that_breaks_off_hands_on_what_stood_before(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"export\.xml:\d+"):
        take(tmp_path, export(ITEMS)[:-200])
    with pytest.raises(SourceError, match="cannot be read"):
        list(read(WxrSettings(name="w", path=tmp_path / "none"), {}, NOW))


@given(st.text(alphabet='[]/<>!-pre caption=" \nimgfootnote', max_size=200))
def test_no_content_crashes_and_none_is_left_open(text: str) -> None:
    made, _ = html(text)
    assert "\0" not in made


@pytest.mark.parametrize("piece", ["[caption]", "<pre>", "[footnote]", "<!--", "[a b='", "[embed]", "\n\n"])
def test_content_that_opens_without_end_takes_time_in_proportion(piece: str) -> None:
    """A quadratic reading of this would take minutes; this one is done at once."""
    made, dropped = html(piece * 50_000)
    assert len(made) <= 3 * len(piece) * 50_000
    assert len(dropped) <= 1

"""Pages and lists about feeds: OPML, the landing pages, their style sheets."""

from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from lxml import etree
from tests.rooms.feeds_samples import SITE, START, TITLES, hostile_text, summaries

from syndicate.feeds import (
    FeedKey,
    FeedScope,
    FeedSummary,
    Format,
    assets,
    feed_page,
    landing,
    opml,
)
from syndicate.model import NotFound

TEMPLATES = [Path(__file__).resolve().parents[2] / "templates"]
LANGUAGES = (*TITLES, "all")


def page(language: str) -> etree._Element:
    return parse(landing(summaries(), SITE, language, TEMPLATES).body.decode())


def parse(html: str) -> etree._Element:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("lxml"), namespaceHTMLElements=False)
    root = parser.parse(html).getroot()
    assert not parser.errors
    return root


def test_opml_lists_every_feed_once_in_a_fixed_order() -> None:
    document = opml(summaries(), SITE)
    assert (document.path, document.media_type) == ("feeds/feeds.opml", "text/x-opml")
    root = etree.fromstring(document.body)
    addresses = [outline.get("xmlUrl") for outline in root.iter("outline") if outline.get("xmlUrl")]
    assert sorted(addresses) == sorted(feed.url(Format.ATOM, SITE) for feed in summaries())
    assert opml(summaries()[::-1], SITE) == document
    assert [outline.get("text") for outline in root.findall("body/outline")] == [
        "Türkçe",
        "English",
        "Русский",
        "العربية",
        "Tüm diller",
    ]
    assert root.findtext("head/dateModified") == "2026-03-01T09:30:00Z"


@settings(deadline=None, max_examples=40)
@given(hostile_text, hostile_text)
def test_hostile_titles_stay_text(title: str, description: str) -> None:
    feeds = [FeedSummary(FeedKey("en"), title, description, START, 3)]
    etree.fromstring(opml(feeds, SITE).body)
    root = parse(landing(feeds, SITE, "en", TEMPLATES).body.decode())
    assert len(root.findall(".//script")) == 1
    assert not root.findall(".//b")
    assert root.find(".//input").get("value") == "https://feeds.example.org/feeds/en/atom.xml"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feed_is_a_row_with_three_links_and_an_address(language: str) -> None:
    root = page(language)
    expected = [f for f in summaries() if language in ("all", f.key.language)]
    rows = root.findall(".//ul[@class='feeds']/li")
    assert len(rows) == len(expected)
    addresses = [row.find(".//input[@readonly]").get("value") for row in rows]
    assert sorted(addresses) == sorted(f.url(Format.ATOM, SITE) for f in expected)
    for row in rows:
        assert [a.text for a in row.findall(".//span[@class='formats']/a")] == ["RSS", "Atom", "JSON"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_autodiscovery_names_every_feed_in_every_format(language: str) -> None:
    links = page(language).findall(".//link[@rel='alternate'][@type]")
    expected = [f for f in summaries() if language in ("all", f.key.language)]
    assert sorted(li.get("href") for li in links) == sorted(f.url(x, SITE) for f in expected for x in Format)
    assert all(li.get("title") for li in links)
    assert {li.get("hreflang") for li in links} == {
        None if f.key.language == "all" else f.key.language for f in expected
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_say_their_language_and_link_to_the_others(language: str) -> None:
    root = page(language)
    own = "tr" if language == "all" else language
    assert (root.get("lang"), root.get("dir")) == (own, "rtl" if own == "ar" else "ltr")
    others = root.findall(".//link[@rel='alternate'][@hreflang]")
    pages = {li.get("hreflang"): li.get("href") for li in others if not li.get("type")}
    assert set(pages) == {"x-default" if code == "all" else code for code in LANGUAGES if code != language}
    assert [a.get("aria-current") for a in root.findall(".//header//li/a")].count("page") == 1


def test_relative_links_lead_to_documents_that_exist() -> None:
    made = {landing(summaries(), SITE, code, TEMPLATES).path: code for code in LANGUAGES}
    assert set(made) == {"feeds/index.html"} | {f"feeds/{code}/index.html" for code in TITLES}
    there = set(made) | {d.path for d in assets(TEMPLATES)} | {"feeds/feeds.opml"}
    there |= {f"{f.key.folder}/{name}" for f in summaries() for name in (*Format, "index.html")}
    for path, code in made.items():
        for element in page(code).iter("a", "link", "script"):
            href = element.get("href") or element.get("src") or ""
            if "://" not in href and not href.startswith(("#", "data:")):
                assert resolved(path, href) in there


def resolved(path: str, href: str) -> str:
    target = (Path("/") / path).parent / href
    found = target.as_posix() + ("/index.html" if href.endswith("/") else "")
    parts: list[str] = []
    for part in found.strip("/").split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part] if part != "." else parts
    return "/".join(parts)


def test_one_feed_has_a_page_of_its_own() -> None:
    feed = next(f for f in summaries() if f.key == FeedKey("ar", FeedScope.AUTHOR, "ayse-demir"))
    siblings = [FeedKey(code, FeedScope.AUTHOR, "ayse-demir") for code in LANGUAGES]
    document = feed_page(feed, siblings, SITE, TEMPLATES)
    assert document.path == "feeds/ar/author/ayse-demir/index.html"
    root = parse(document.body.decode())
    assert root.findtext(".//h1/bdi") == "Ayşe Demir"
    assert root.get("dir") == "rtl"
    assert [a.get("hreflang") for a in root.findall(".//header//li/a")] == [
        "ar",
        "en",
        "ru",
        "tr",
        "x-default",
    ]


def test_a_newsroom_may_bring_its_own_templates(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "feeds.html.j2").write_text("<p>{{ _('Feeds') }} {{ site_name }}</p>")
    (tmp_path / "pages" / "feed.css").write_text("feed { color: red }")
    site = replace(SITE, name={"en": "A & B"})
    assert landing(summaries(), site, "en", [tmp_path, *TEMPLATES]).body == b"<p>Feeds A &amp; B</p>"
    found = {d.path: d.body for d in assets([tmp_path, *TEMPLATES])}
    assert found["feeds/feed.css"] == b"feed { color: red }"
    assert set(found) == {"feeds/feed.css", "feeds/feeds.css", "feeds/feeds.js"}


def test_a_missing_asset_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"feed\.css"):
        assets([tmp_path])

"""What one feed says, in all three formats."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

import feedparser
import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.rooms.feeds_samples import (
    AYSE,
    HOSTILE,
    SITE,
    START,
    TITLES,
    complete,
    feed,
    hostile_feeds,
)

from syndicate.feeds import Feed, FeedKey, FeedScope, Format, Tombstone, render
from syndicate.model import Footnote, UnsafeValue

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "media": "http://search.yahoo.com/mrss/",
}


def rendered(made: Feed) -> tuple[etree._Element, etree._Element, dict]:
    rss, atom, json_feed = (document.body for document in render(made))
    return etree.fromstring(rss), etree.fromstring(atom), json.loads(json_feed)


def texts(element: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in element.iterfind(path, NAMES)]


def plain(element: etree._Element | None) -> str:
    """An Atom text construct as text (RFC 4287, section 3.1)."""
    text = "" if element is None else element.text or ""
    return unescape(text) if element is not None and element.get("type") == "html" else text


def read_as_html(text: str) -> str:
    return "".join(html5lib.parseFragment(text, namespaceHTMLElements=False).itertext())


def contents(made: Feed) -> list[str]:
    return [item["content_html"] for item in rendered(made)[2]["items"]]


def test_documents_have_the_promised_paths_and_types() -> None:
    made = [(d.path, d.media_type) for d in render(feed("en"))]
    assert made == [
        ("feeds/en/rss.xml", "application/rss+xml"),
        ("feeds/en/atom.xml", "application/atom+xml"),
        ("feeds/en/feed.json", "application/feed+json"),
    ]
    assert render(feed("en", page=3))[1].path == "feeds/en/archive/0003/atom.xml"
    author = FeedKey("all", FeedScope.AUTHOR, "ayse-demir")
    assert render(feed("all", key=author))[0].path == "feeds/all/author/ayse-demir/rss.xml"


@pytest.mark.parametrize(
    ("language", "scope", "slug"),
    [
        ("..", FeedScope.SITE, ""),
        ("en/..", FeedScope.SITE, ""),
        ("en", FeedScope.TAG, "../../x"),
        ("en", FeedScope.TAG, ""),
        ("en", FeedScope.SITE, "x"),
        ("en\n", FeedScope.SITE, ""),
    ],
)
def test_no_key_leaves_its_folder(language: str, scope: FeedScope, slug: str) -> None:
    with pytest.raises(UnsafeValue):
        FeedKey(language, scope, slug)


@given(hostile_feeds())
def test_all_formats_parse_and_agree_on_items_ids_dates(made: Feed) -> None:
    rss, atom, document = rendered(made)
    ids = [item.article.id for item in made.items]
    assert texts(rss, "channel/item/guid") == texts(atom, "a:entry/a:id") == ids
    assert [item["id"] for item in document["items"]] == ids
    updated = texts(rss, "channel/item/a:updated")
    assert updated == texts(atom, "a:entry/a:updated") == [i["date_modified"] for i in document["items"]]
    published = [i["date_published"] for i in document["items"]]
    assert texts(atom, "a:entry/a:published") == published
    parsed = feedparser.parse(render(made)[0].body)
    assert [e.published_parsed[:6] for e in parsed.entries] == [
        item.article.published.timetuple()[:6] for item in made.items
    ]


@given(hostile_feeds())
def test_titles_authors_and_contents_are_the_same_everywhere(made: Feed) -> None:
    rss, atom, document = rendered(made)
    for item, entry, told in zip(rss.iter("item"), atom.iter(f"{ATOM}entry"), document["items"], strict=True):
        assert plain(entry.find("a:title", NAMES)) == told["title"]
        assert plain(entry.find("a:summary", NAMES)) == told.get("summary", "")
        assert told["title"].strip()
        names = [author["name"] for author in told.get("authors", [])]
        assert texts(entry, "a:author/a:name") == names
        assert item.findtext("dc:creator", "", NAMES) == ", ".join(names)
        assert item.findtext("content:encoded", None, NAMES) == told["content_html"]
        assert entry.findtext("a:content", None, NAMES) == told["content_html"]
        assert item.get(LANG) == entry.get(LANG) == told["language"]


@given(hostile_feeds())
def test_no_address_is_relative_or_a_script(made: Feed) -> None:
    rss, atom, document = rendered(made)
    for tree in (rss, atom):
        for element in tree.iter("{*}link", "{*}thumbnail", "{*}url", "{*}uri", "{*}logo"):
            for address in (element.get("href"), element.get("url"), (element.text or "").strip()):
                assert not address or is_absolute(address)
    for item in document["items"]:
        for address in (item.get("url"), item.get("image")):
            assert address is None or is_absolute(address)
        walk(item["content_html"], item.get("url"))


def is_absolute(address: str) -> bool:
    parts = urlsplit(address)
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and address.isascii()
        and " " not in address
    )


def walk(html: str, url: str | None) -> None:
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in tree.iter():
        for name in ("href", "src", "srcset", "poster", "cite"):
            address = element.get(name)
            if address is None:
                continue
            before, _, fragment = address.partition("#")
            assert is_absolute(before) or (before == "" and url is None)
            if "fn" in fragment and before in ("", url):
                assert fragment in ids


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_title_survives_in_readers(hostile: str) -> None:
    made = feed("en", 0, items=(complete(1, title=f"Start {hostile} end", summary=""),))
    rss, atom, told = render(made)
    title = json.loads(told.body)["items"][0]["title"]
    assert title.startswith("Start")
    assert title.endswith("end")
    for document in (rss, atom):
        shown = feedparser.parse(document.body).entries[0].title
        assert read_as_html(shown) == title


def test_every_author_and_translator_is_named() -> None:
    rss, atom, told = rendered(feed("en", 1))
    assert texts(rss, "channel/item/dc:creator") == ["Ayşe Demir, عمر حداد"]
    assert texts(rss, "channel/item/dc:contributor") == ["Лена Орлова"]
    assert texts(atom, "a:entry/a:author/a:name") == ["Ayşe Demir", "عمر حداد"]
    assert texts(atom, "a:entry/a:contributor/a:name") == ["Лена Орлова"]
    item = told["items"][0]
    assert item["authors"][0] == {"name": "Ayşe Demir", "url": AYSE.url, "avatar": AYSE.photo}
    assert item["_syndicate"]["translators"] == [{"name": "Лена Орлова"}]


def test_a_name_that_poses_as_markup_is_shown_and_disarmed() -> None:
    person = replace(AYSE, name="</b>AT&T &amp; <i>Ann</i>", bio=None)
    made = feed("en", 0, items=(replace(complete(1), bylines=(person,)),))
    rss, atom, told = rendered(made)
    shown = "‹/b›AT＆T ＆amp; ‹i›Ann‹/i›"
    assert texts(rss, "channel/item/dc:creator") == texts(atom, "a:entry/a:author/a:name") == [shown]
    assert told["items"][0]["authors"][0]["name"] == shown


def test_credits_are_printed_where_nobody_was_looked_up() -> None:
    made = feed("en", 0, items=(replace(complete(1), bylines=()),))
    rss, atom, _ = rendered(made)
    assert texts(rss, "channel/item/dc:creator") == ["Ayşe Demir, عمر حداد"]
    assert texts(atom, "a:entry/a:contributor/a:name") == ["Лена Орлова"]


def test_content_has_every_part_in_order_and_marked() -> None:
    html = contents(feed("en", 1))[0]
    marks = (
        "lead-image",
        "First paragraph",
        'class="footnotes" role="doc-endnotes"',
        "author-bio",
        "similar-posts",
    )
    places = [html.index(mark) for mark in marks]
    assert places == sorted(places)
    assert html.count('<aside class="author-bio"') == 3
    assert (
        '<aside class="author-bio" lang="tr" dir="ltr"><h2 lang="en" dir="ltr">About the author</h2>' in html
    )
    assert '<aside class="author-bio" lang="ar" dir="rtl">' in html
    assert "Translated by Лена Орлова" in html
    assert 'hreflang="tr" lang="tr" dir="ltr">Köprüler</a> <small>(Turkish)</small>' in html


def test_words_are_in_the_language_of_the_article() -> None:
    made = feed("tr", 0, items=(complete(1, "tr", state_note="Yıl düzeltildi."),))
    html = contents(made)[0]
    assert html.startswith('<div lang="tr" dir="ltr">')
    assert "Dipnotlar" in html
    assert "About the author" not in html
    assert "Similar posts" not in html
    assert "Yıl düzeltildi." in html
    assert "Corrected on" not in html
    assert contents(feed("ar", 1))[0].startswith('<div lang="ar" dir="rtl">')


def test_a_correction_is_told_with_its_date_where_the_newsroom_is() -> None:
    late = START.replace(hour=22, minute=30)  # already the next day in Istanbul
    made = feed("en", 0, items=(complete(1, state_note="The year was <wrong>.", updated=late),))
    html = contents(made)[0]
    assert "Corrected on 2 March 2026" in html
    assert "The year was &lt;wrong&gt;." in html
    assert "Corrected on" not in contents(feed("en", 1))[0]


def test_footnotes_are_joined_both_ways_and_apart_from_other_articles() -> None:
    first, second = contents(feed("en", 2))
    ids = [set(re.findall(r' id="([^"]+)"', html)) for html in (first, second)]
    assert len(ids[0]) == 5  # three references, two notes
    assert not ids[0] & ids[1]
    for html, own in zip((first, second), ids, strict=True):
        assert set(re.findall(r'#(fn[^"]+)"', html)) == own


def test_text_that_looks_like_a_link_to_a_note_is_left_alone() -> None:
    body = '<pre>&lt;a href="#fn-1" id="fn-1"&gt;</pre>'
    made = feed("en", 0, items=(complete(1, body_html=body, footnotes=()),))
    assert body in contents(made)[0]


def test_a_link_to_a_place_that_is_gone_leads_to_the_page() -> None:
    made = feed("en", 0, items=(complete(1, body_html='<p><a href="#map">Map</a></p>'),))
    assert 'href="https://strait.example.org/en/1#map"' in contents(made)[0]


def test_the_lead_image_is_shown_once_and_never_given_a_length() -> None:
    shown = '<p><img src="https://strait.example.org/i/1.jpg" alt=""></p>'
    made = feed("en", 0, items=(complete(1, body_html=shown), complete(2)))
    assert [html.count("/i/1.jpg") for html in contents(made)] == [1, 1]
    rss, atom, told = rendered(made)
    assert [t.get("url") for t in rss.iterfind(".//media:thumbnail", NAMES)] == [
        told["items"][0]["image"]
    ] * 2
    assert not rss.findall(".//enclosure")
    assert not atom.findall(".//a:link[@length]", NAMES)


def test_translations_are_linked_in_both_directions() -> None:
    feeds = {code: rendered(feed(code)) for code in TITLES}
    for code, (rss, atom, told) in feeds.items():
        others = set(TITLES) - {code}
        by_language = {
            link.get("hreflang"): link.get("href") for link in atom.findall("a:link[@hreflang]", NAMES)
        }
        assert set(by_language) == others
        assert {t["language"] for t in told["_syndicate"]["translations"]} == others
        assert {link.get("hreflang") for link in rss.findall("channel/a:link[@hreflang]", NAMES)} == others
        for other in others:
            back = {li.get("hreflang"): li.get("href") for li in feeds[other][1].findall("a:link", NAMES)}
            assert back[code] == atom.find("a:link[@rel='self']", NAMES).get("href")
            assert by_language[other] == feeds[other][1].find("a:link[@rel='self']", NAMES).get("href")
        entry = atom.find("a:entry", NAMES)
        alternates = {link.get("hreflang") for link in entry.findall("a:link[@rel='alternate']", NAMES)}
        assert alternates == set(TITLES)


def test_each_document_names_itself_once_and_its_hubs() -> None:
    rss, atom, told = rendered(feed("en"))
    for tree, name in ((rss.find("channel"), "rss.xml"), (atom, "atom.xml")):
        own = tree.findall("a:link[@rel='self']", NAMES)
        assert [link.get("href") for link in own] == [f"https://feeds.example.org/feeds/en/{name}"]
        assert [link.get("href") for link in tree.findall("a:link[@rel='hub']", NAMES)] == list(SITE.hubs)
    assert told["feed_url"] == "https://feeds.example.org/feeds/en/feed.json"
    assert told["hubs"] == [{"type": "WebSub", "url": SITE.hubs[0]}]


def test_the_channel_speaks_for_itself() -> None:
    rss, atom, told = rendered(feed("en"))
    channel = rss.find("channel")
    assert channel.findtext("link") == SITE.url
    assert channel.findtext("ttl") == "30"
    assert channel.findtext("language") == "en"
    assert channel.findtext("generator") == atom.findtext("a:generator", None, NAMES) == "syndicate"
    assert channel.findtext("lastBuildDate") == "Wed, 04 Mar 2026 11:30:00 +0000"
    assert (
        atom.findtext("a:updated", None, NAMES)
        == told["_syndicate"]["updated"]
        == "2026-03-04T11:30:00+00:00"
    )
    assert atom.findtext("a:logo", None, NAMES) == told["icon"] == SITE.logo
    assert atom.find("a:link[@rel='license']", NAMES).get("href") == SITE.licence
    assert channel.find("item/guid").get("isPermaLink") == "false"


def test_a_feed_of_all_languages_claims_none_but_its_entries_do() -> None:
    rss, atom, told = rendered(feed("all", 4))
    assert rss.find("channel/language") is None
    assert "language" not in told
    assert {entry.get(LANG) for entry in atom.iter(f"{ATOM}entry")} == set(TITLES)
    assert atom.get(LANG) == "tr"


def test_history_is_linked_as_rfc_5005_says() -> None:
    rss, atom, told = rendered(feed("en", previous_archive=7))
    for tree in (rss.find("channel"), atom):
        assert tree.find("fh:archive", NAMES) is None
        assert "/feeds/en/archive/0007/" in tree.find("a:link[@rel='prev-archive']", NAMES).get("href")
    assert told["next_url"] == "https://feeds.example.org/feeds/en/archive/0007/feed.json"
    rss, atom, told = rendered(feed("en", page=7, previous_archive=6))
    for tree in (rss.find("channel"), atom):
        assert tree.find("fh:archive", NAMES) is not None
        assert "/feeds/en/archive/0006/" in tree.find("a:link[@rel='prev-archive']", NAMES).get("href")
        current = tree.find("a:link[@rel='current']", NAMES).get("href")
        assert current.rpartition("/")[0] == "https://feeds.example.org/feeds/en"
        assert tree.find("a:link[@rel='next-archive']", NAMES) is None
    assert told["next_url"].endswith("/feeds/en/archive/0006/feed.json")
    for tree in (rendered(feed("en", page=1))[0].find("channel"), rendered(feed("en", page=1))[1]):
        assert "/feeds/en/archive/0002/" in tree.find("a:link[@rel='next-archive']", NAMES).get("href")
    assert rendered(feed("en", is_complete=True))[1].find("fh:complete", NAMES) is not None


def test_an_archive_page_says_nothing_that_changes_as_others_arrive() -> None:
    item = complete(1)
    older = feed("en", 0, items=(item,), page=1)
    later = replace(older, items=(replace(item, similar=()),), translations=())
    later = replace(later, site=replace(SITE, hubs=()))
    assert [d.body for d in render(older)] == [d.body for d in render(later)]
    assert "similar-posts" not in contents(older)[0]


def test_the_withdrawn_are_buried_without_their_titles() -> None:
    gone = Tombstone("tag:strait.example.org,2026:a/9-en", START, "https://strait.example.org/en/9")
    rss, atom, told = rendered(feed("en", tombstones=(gone,)))
    stone = atom.find("at:deleted-entry", NAMES)
    assert (stone.get("ref"), stone.get("when")) == (gone.id, "2026-03-01T09:30:00+00:00")
    assert told["_syndicate"]["withdrawn"] == [{"id": gone.id, "when": "2026-03-01T09:30:00+00:00"}]
    assert gone.id not in etree.tostring(rss, encoding="unicode")


def test_ids_survive_a_change_of_title_slug_and_domain() -> None:
    moved = replace(SITE, url="https://new.example.net", public_url="https://new.example.net")
    before = feed("en", 1)
    item = replace(
        complete(1), article=replace(complete(1).article, title="New", url="https://new.example.net/x")
    )
    after = replace(before, site=moved, items=(item,))
    for first, second in zip(rendered(before), rendered(after), strict=True):
        assert ids_of(first) == ids_of(second)


def ids_of(document: etree._Element | dict) -> list[str]:
    if isinstance(document, dict):
        return [document["_syndicate"]["id"], *(item["id"] for item in document["items"])]
    return texts(document, "a:id") + texts(document, "a:entry/a:id") + texts(document, "channel/item/guid")


@given(st.integers(0, 999_999))
def test_a_fraction_of_a_second_belongs_to_the_article_not_to_its_source(microseconds: int) -> None:
    together = [
        complete(n, published=START, changed=START + timedelta(microseconds=microseconds)) for n in (1, 2)
    ]
    told = rendered(feed("en", 0, items=tuple(together)))[2]["items"]
    assert {item["date_published"] for item in told} == {"2026-03-01T09:30:00+00:00"}
    modified = {item["date_modified"] for item in told}
    assert len(modified) == 2
    assert all(date.startswith("2026-03-01T09:30:00.") for date in modified)
    again = rendered(feed("en", 0, items=(complete(1, published=START, changed=START),)))[2]["items"]
    assert again[0]["date_modified"] == told[0]["date_modified"]


def test_a_note_referred_to_twice_leads_back_twice() -> None:
    made = feed("en", 0, items=(complete(1, footnotes=(Footnote(1, "Note.", 2),)),))
    assert contents(made)[0].count('role="doc-backlink"') == 2


def test_an_empty_feed_is_a_feed() -> None:
    rss, atom, told = rendered(feed("en", 0, updated=START))
    assert told["items"] == []
    assert rss.find("channel/lastBuildDate") is not None
    assert atom.find("a:updated", NAMES) is not None


@pytest.mark.parametrize("path", ["", "/news"])
def test_the_style_sheet_is_found_on_any_host_and_is_no_xslt(path: str) -> None:
    site = replace(SITE, public_url=SITE.public_url + path)
    for document in render(feed("en", site=site))[:2]:
        instruction = document.body.split(b"\n")[1].decode()
        assert instruction == f'<?xml-stylesheet type="text/css" href="{path}/feeds/feed.css"?>'


FEED_MEMBERS = {
    "version": str,
    "title": str,
    "home_page_url": str,
    "feed_url": str,
    "description": str,
    "next_url": str,
    "icon": str,
    "authors": list,
    "language": str,
    "hubs": list,
    "items": list,
    "_syndicate": dict,
}
ITEM_MEMBERS = {
    **dict.fromkeys(("id", "url", "title", "content_html", "summary", "image", "language"), str),
    **dict.fromkeys(("date_published", "date_modified"), str),
    **dict.fromkeys(("authors", "tags"), list),
    "_syndicate": dict,
}


@settings(deadline=None, max_examples=40)
@given(hostile_feeds())
def test_json_has_only_the_members_of_json_feed_1_1(made: Feed) -> None:
    told = rendered(made)[2]
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert {"version", "title", "items"} <= told.keys()
    assert told.get("next_url") != told["feed_url"]
    for members, allowed in ((told, FEED_MEMBERS), *((item, ITEM_MEMBERS) for item in told["items"])):
        for name, value in members.items():
            assert isinstance(value, allowed[name])
            assert (value != "" and value != []) or name == "items"
    for item in told["items"]:
        assert {"id", "content_html", "date_published"} <= item.keys()
        assert datetime.fromisoformat(item["date_published"]).utcoffset() == timedelta(0)
        assert datetime.fromisoformat(item["date_modified"]) > datetime.fromisoformat(item["date_published"])


@pytest.mark.parametrize("language", [*TITLES, "all"])
def test_content_is_html_without_a_parse_error(language: str) -> None:
    corrected = complete(9, "en", state_note="A & B")
    for html in contents(feed(language, 0, items=(corrected, *feed(language, 4).items))):
        parser = html5lib.HTMLParser()
        parser.parseFragment(html)
        assert parser.errors == []


def test_formats_are_named_once() -> None:
    assert [(f.label, f.value) for f in Format] == [
        ("RSS", "rss.xml"),
        ("Atom", "atom.xml"),
        ("JSON", "feed.json"),
    ]

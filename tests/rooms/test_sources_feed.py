"""Feeds of every kind, as sites really write them: well, badly and with intent."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.feeds_samples import feed as our_feed

from syndicate.feeds import Tombstone, render
from syndicate.model import Found, Gone, Manuscript, Problem, SourceError, SourceItem, Touched
from syndicate.sources.feed import FeedSettings, read
from syndicate.sources.fetch import FetchSettings

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)

WORDPRESS = """\ufeff<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Kavşak</title><atom:link href="https://kavsak.example/feed/" rel="self" type="application/rss+xml"/>
<link>https://kavsak.example</link><description>Haber</description><language>tr-TR</language>
<lastBuildDate>Tue, 07 May 2024 10:00:00 +0000</lastBuildDate>
<item><title>Liman &#38;amp; demir yolu</title><link>https://kavsak.example/liman/</link>
<dc:creator><![CDATA[Ayşe Demir]]></dc:creator><pubDate>Mon, 06 May 2024 10:00:00 +0300</pubDate>
<category><![CDATA[Ticaret & Liman]]></category><category><![CDATA[Hazar]]></category>
<guid isPermaLink="false">https://kavsak.example/?p=12</guid>
<description><![CDATA[<p>Kısa özet.</p>]]></description>
<content:encoded><![CDATA[<p onclick="x()">Limandan <a href="/baska/">başka</a> haber.</p><script>alert(1)</script>
<img src="/a.jpg" alt="Vinçler">]]></content:encoded>
<enclosure url="https://kavsak.example/lead.jpg" type="image/jpeg" length="1"/></item>
<item><title>İkinci</title><link>https://kavsak.example/ikinci/</link><dc:creator>Ann Lee, Bob Ray</dc:creator>
<pubDate>Tue, 07 May 2024 10:00:00 +0300</pubDate><guid>https://kavsak.example/ikinci/</guid>
<description>Yalnız özet var &amp;amp; bu kadar.</description></item>
</channel></rss>"""

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"
 xmlns:at="http://purl.org/atompub/tombstones/1.0"><id>tag:x.example,2024:f</id><title>X</title>
<updated>2024-05-01T00:00:00Z</updated><link href="https://x.example/"/>
<at:deleted-entry ref="tag:x.example,2024:gone1" when="2024-05-01T00:00:00Z"/>
<at:deleted-entry ref="tag:x.example,2024:gone2" when="2024-05-02T00:00:00Z"/>
<entry xml:lang="tr"><id>tag:x.example,2024:1tr</id><title type="text">Bir &lt;b&gt; iki</title>
<updated>2024-05-02T00:00:00Z</updated><published>2024-05-01T00:00:00Z</published>
<link rel="alternate" hreflang="en" href="https://x.example/en/1"/><link href="https://x.example/tr/1"/>
<author><name>Ann Lee</name><uri>https://ann.example/</uri></author><author><name>Bob Ray</name></author>
<author><name>Cem Su</name></author>
<category term="ports" scheme="https://x.example/tags" label="Limanlar"/><category term="story-1" scheme="group"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Merhaba <em>dünya</em>.</p></div></content></entry>
<entry><id>tag:x.example,2024:1en</id><title type="html">One &amp;lt; two</title><updated>2024-05-02T00:00:00Z</updated>
<link href="https://x.example/en/1"/><author><name>Ann Lee</name></author><category term="story-1" scheme="group"/>
<content type="html">&lt;p&gt;Hello.&lt;/p&gt;</content><summary>Short.</summary></entry>
<entry xml:lang="ru" xml:base="https://x.example/ru/"><id>tag:x.example,2024:2ru</id><title>Один</title>
<updated>2024-05-03T00:00:00Z</updated><link href="2.html"/>
<content type="html">&lt;a href="3.html"&gt;дальше&lt;/a&gt;</content>
</entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://r.example/"><title>R</title>
<link>https://r.example/</link><dc:language>de</dc:language></channel>
<item rdf:about="https://r.example/1"><title>Eins</title><link>https://r.example/1</link><dc:date>2024-05-01T10:00:00+02:00</dc:date>
<dc:creator>Jörg Weiß</dc:creator><description>Ein Text.</description></item></rdf:RDF>"""

OLD = """<rss version="0.91"><channel><title>Old</title><link>https://old.example/</link><language>en</language>
<item><title>No date here</title><link>https://old.example/1</link><description>Old text.</description></item>
<item><description>There is neither a title nor an id in this item, only a text which goes on for a while.</description>
<link>https://old.example/2</link></item><item><description>nothing else</description></item></channel></rss>"""

JSON: dict[str, Any] = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "J",
    "home_page_url": "https://j.example/",
    "language": "en",
    "items": [
        {
            "id": "j1",
            "url": "/1",
            "title": "<b>literal</b>",
            "content_html": "<p>Hi <script>x</script>there</p>",
            "summary": "S",
            "language": "fr",
            "date_published": "2024-05-01T10:00:00+02:00",
            "tags": ["Ports", "Sea"],
            "image": "/i.png",
            "authors": [
                {"name": "Ann Lee", "url": "https://ann.example/", "avatar": "/a.png"},
                {"name": "Bob Ray"},
            ],
            "attachments": [{"url": "/k.jpg", "mime_type": "image/jpeg"}],
        },
        {
            "id": 2,
            "content_text": "One.\n\nTwo <b>.",
            "date_published": "2024-05-01T10:00:00Z",
            "title": "T2",
        },
        7,
    ],
}


def take(
    tmp_path: Path, text: str | bytes, known: Mapping[str, str] | None = None, **more: Any
) -> list[SourceItem]:
    path = tmp_path / "feed"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(FeedSettings(name="f", path=path, **more), known or {}, NOW))


def manuscripts(items: list[SourceItem]) -> list[Manuscript]:
    return [m for item in items if isinstance(item, Found) for m in item.manuscripts]


def problems(items: list[SourceItem]) -> list[Problem]:
    own = [item for item in items if isinstance(item, Problem)]
    return own + [p for item in items if isinstance(item, Found) for p in item.problems]


def remembered(items: list[SourceItem], known: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**(known or {}), **{i.key: i.fingerprint for i in items if isinstance(i, Found | Touched)}}


def test_a_wordpress_feed(tmp_path: Path) -> None:
    first, second = manuscripts(take(tmp_path, WORDPRESS, languages=("tr", "en")))
    assert (first.key, first.permanent_id) == ("https://kavsak.example/?p=12", "https://kavsak.example/?p=12")
    assert (first.title, first.language, first.url) == (
        "Liman & demir yolu",
        "tr",
        "https://kavsak.example/liman/",
    )
    assert first.published == datetime(2024, 5, 6, 7, tzinfo=UTC)
    assert 'href="https://kavsak.example/baska/"' in first.body_html
    assert "alert" not in first.body_html
    assert "onclick" not in first.body_html
    assert first.summary == "Kısa özet."
    assert [i.url for i in first.images] == [
        "https://kavsak.example/lead.jpg",
        "https://kavsak.example/a.jpg",
    ]
    assert [t.label for t in first.tags] == ["Ticaret & Liman", "Hazar"]
    assert [c.name for c in second.authors] == ["Ann Lee", "Bob Ray"]
    assert (second.body_html, second.summary) == ("Yalnız özet var &amp; bu kadar.", "")


def test_an_atom_feed_in_several_languages(tmp_path: Path) -> None:
    items = take(tmp_path, ATOM)
    tr, en, ru = manuscripts(items)
    assert [m.language for m in (tr, en, ru)] == ["tr", "en", "ru"]
    assert [m.title for m in (tr, en, ru)] == ["Bir <b> iki", "One < two", "Один"]
    assert [c.name for c in tr.authors] == ["Ann Lee", "Bob Ray", "Cem Su"]
    assert tr.url == "https://x.example/tr/1"
    assert tr.updated == datetime(2024, 5, 2, tzinfo=UTC)
    assert tr.body_html == "<p>Merhaba <em>dünya</em>.</p>"
    assert [(t.slug, t.label) for t in tr.tags][:1] == [("ports", "Limanlar")]
    assert 'href="https://x.example/ru/3.html"' in ru.body_html
    assert en.summary == "Short."
    (ann,) = [a for i in items if isinstance(i, Found) and i.key.endswith("1tr") for a in i.authors]
    assert ann.links[0].url == "https://ann.example/"


def test_translations_join_by_hreflang_by_category_or_not_at_all(tmp_path: Path) -> None:
    assert len({m.group for m in manuscripts(take(tmp_path, ATOM))}) == 2
    by_category = manuscripts(take(tmp_path, ATOM, group="category:group"))
    assert [m.group for m in by_category] == ["story-1", "story-1", "tag:x.example,2024:2ru"]
    assert "story-1" not in {t.slug for m in by_category for t in m.tags}
    assert len({m.group for m in manuscripts(take(tmp_path, ATOM, group="none"))}) == 3


def test_a_late_translation_joins_the_story_that_is_there(tmp_path: Path) -> None:
    alone = re.sub(r"<entry xml:lang=\"tr\">.*?</entry>", "", ATOM, flags=re.DOTALL)
    first = take(tmp_path, alone)
    (known_group,) = {m.group for m in manuscripts(first) if m.language == "en"}
    assert [m.group for m in manuscripts(take(tmp_path, ATOM, remembered(first)))] == [known_group]


def test_entries_about_one_page_are_not_one_story(tmp_path: Path) -> None:
    same = WORDPRESS.replace("https://kavsak.example/liman/", "https://kavsak.example/ikinci/")
    assert len({m.group for m in manuscripts(take(tmp_path, same))}) == 2


def test_all_tombstones_are_read_and_known_ones_are_gone(tmp_path: Path) -> None:
    known = {"tag:x.example,2024:gone1": "x", "tag:x.example,2024:gone2": "x", "tag:x.example,2024:old": "x"}
    gone = [i for i in take(tmp_path, ATOM, known) if isinstance(i, Gone)]
    assert gone == [Gone("tag:x.example,2024:gone1"), Gone("tag:x.example,2024:gone2")]


def test_rdf_and_old_rss(tmp_path: Path) -> None:
    (eins,) = manuscripts(take(tmp_path, RDF))
    assert (eins.language, eins.title, eins.authors[0].name) == ("de", "Eins", "Jörg Weiß")
    assert eins.published == datetime(2024, 5, 1, 8, tzinfo=UTC)
    items = take(tmp_path, OLD)
    dated, untitled = manuscripts(items)
    assert dated.published == NOW
    assert untitled.title == "There is neither a title nor an id in this…"
    assert untitled.permanent_id == ""
    told = [p.reason for p in problems(items)]
    assert "it has no date; 2024-06-01 stands for it" in told
    assert "it has no title; its first words stand for it" in told
    assert any(
        p.fatal and "entry 3 (untitled) has neither an id nor a link" in p.reason for p in problems(items)
    )


def test_the_date_of_an_undated_entry_does_not_move(tmp_path: Path) -> None:
    known = remembered(take(tmp_path, OLD))
    path = tmp_path / "feed"
    path.write_text(OLD.replace("Old text", "New text"))
    later = list(read(FeedSettings(name="f", path=path), known, datetime(2025, 1, 1, tzinfo=UTC)))
    assert [m.published for m in manuscripts(later)] == [NOW]


def test_json_feed(tmp_path: Path) -> None:
    items = take(tmp_path, json.dumps(JSON))
    one, two = manuscripts(items)
    assert (one.title, one.language, one.url, one.summary) == (
        "<b>literal</b>",
        "fr",
        "https://j.example/1",
        "S",
    )
    assert one.body_html == "<p>Hi there</p>"
    assert one.published == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert [c.name for c in one.authors] == ["Ann Lee", "Bob Ray"]
    assert [i.url for i in one.images] == ["https://j.example/i.png", "https://j.example/k.jpg"]
    assert [t.slug for t in one.tags] == ["ports", "sea"]
    assert (two.key, two.language, two.body_html) == ("2", "en", "<p>One.</p><p>Two &lt;b&gt;.</p>")
    assert any("no object" in p.reason for p in problems(items))


def test_the_second_time_nothing_is_said_and_what_left_the_window_is_not_gone(tmp_path: Path) -> None:
    for text in (
        WORDPRESS,
        ATOM,
        RDF,
        OLD.replace("<item><description>nothing else</description></item>", ""),
    ):
        known = remembered(take(tmp_path, text))
        assert take(tmp_path, text, known) == []
    shorter = re.sub(r"<item>.*?</item>", "", WORDPRESS, count=1, flags=re.DOTALL)
    assert take(tmp_path, shorter, remembered(take(tmp_path, WORDPRESS))) == []


def test_a_changed_entry_is_told_alone(tmp_path: Path) -> None:
    known = remembered(take(tmp_path, WORDPRESS))
    (only,) = take(tmp_path, WORDPRESS.replace("başka</a> haber", "yeni</a> haber"), known)
    assert isinstance(only, Found)
    assert only.key == "https://kavsak.example/?p=12"


def test_summaries_alone_can_be_taken(tmp_path: Path) -> None:
    first, _ = manuscripts(take(tmp_path, WORDPRESS, full_text=False))
    assert (first.body_html, first.summary) == ("<p>Kısa özet.</p>", "")


def test_an_undeclared_language_is_detected(tmp_path: Path) -> None:
    bare = WORDPRESS.replace("<language>tr-TR</language>", "")
    assert {m.language for m in manuscripts(take(tmp_path, bare, languages=("tr", "en", "ru")))} == {"tr"}
    assert {m.language for m in manuscripts(take(tmp_path, WORDPRESS, language="az"))} == {"az"}


def test_a_language_not_wanted_is_left_out_and_said(tmp_path: Path) -> None:
    items = take(tmp_path, ATOM, languages=("tr", "en"))
    assert {m.language for m in manuscripts(items)} == {"tr", "en"}
    assert [p.fatal for p in problems(items) if "is in ru" in p.reason] == [False]


def test_mail_addresses_are_no_names(tmp_path: Path) -> None:
    text = WORDPRESS.replace(
        "<dc:creator>Ann Lee, Bob Ray</dc:creator>", "<author>x@y.example (Joe Doe)</author>"
    )
    assert [c.name for c in manuscripts(take(tmp_path, text))[1].authors] == ["Joe Doe"]
    text = text.replace("x@y.example (Joe Doe)", "joe@y.example")
    assert manuscripts(take(tmp_path, text))[1].authors == ()


@pytest.mark.parametrize("name", ["Lee, Ann", "Demir, Ayşe"])
def test_a_name_turned_round_is_one_person(tmp_path: Path, name: str) -> None:
    text = WORDPRESS.replace("Ann Lee, Bob Ray", name)
    assert [c.name for c in manuscripts(take(tmp_path, text))[1].authors] == [name]


TRAPS = [
    '<!DOCTYPE rss [<!ENTITY a "aaaa">]>',
    '<?xml version="1.0"?><!-- a --><!doctype rss SYSTEM "file:///etc/passwd">',
    '<?pi text?> text <!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!ENTITY a "b">',
]


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_doctype_is_refused_in_any_encoding(tmp_path: Path, trap: str, encoding: str) -> None:
    body = (trap + "<rss version='2.0'><channel><item><title>&x;</title></item></channel></rss>").encode(
        encoding
    )
    with pytest.raises(SourceError, match="DOCTYPE"):
        take(tmp_path, body)


def test_a_doctype_in_an_article_is_an_article_about_html(tmp_path: Path) -> None:
    text = WORDPRESS.replace("Limandan", "&lt;!DOCTYPE html&gt; <!-- <!DOCTYPE x> --> Limandan")
    assert "DOCTYPE html" in manuscripts(take(tmp_path, text))[0].body_html


@pytest.mark.parametrize(
    ("encoding", "label"), [("utf-16", "UTF-16"), ("iso-8859-9", "ISO-8859-9"), ("cp1254", "windows-1254")]
)
def test_other_encodings_are_read(tmp_path: Path, encoding: str, label: str) -> None:
    text = WORDPRESS.lstrip("\ufeff").replace('encoding="UTF-8"', f'encoding="{label}"')
    assert manuscripts(take(tmp_path, text.encode(encoding)))[1].title == "İkinci"


def test_wrong_bytes_are_told_and_read_on(tmp_path: Path) -> None:
    items = take(tmp_path, WORDPRESS.encode().replace(b"feed/", b"feed\xff/"))
    assert len(manuscripts(items)) == 2
    assert any("not utf-8" in p.reason for p in problems(items))


def test_a_malformed_feed_gives_what_it_can_and_says_where(tmp_path: Path) -> None:
    items = take(tmp_path, WORDPRESS.replace("<description>Yalnız", "<description>A & B <br> Yalnız"))
    assert len(manuscripts(items)) == 2
    (fault,) = [p for p in problems(items) if "malformed" in p.reason]
    assert re.search(r"feed:\d+$", fault.place)
    assert not fault.fatal


@pytest.mark.parametrize(
    "text", ["", "{}", '{"version": 1}', "<html><title>Hello there</title></html>", "nothing", "{" * 9999]
)
def test_what_is_no_feed_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"is no feed|no JSON"):
        take(tmp_path, text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        list(read(FeedSettings(name="f", path=tmp_path / "none"), {}, NOW))


@pytest.mark.parametrize("which", [0, 1, 2], ids=["rss", "atom", "json"])
def test_our_own_feeds_read_back(tmp_path: Path, which: int) -> None:
    made = our_feed("tr", 3)
    made_gone = our_feed("tr", 3, tombstones=(Tombstone("tag:gone", NOW),))
    items = take(tmp_path, render(made)[which].body)
    found = {m.permanent_id: m for m in manuscripts(items)}
    for item in made.items:
        read_back = found[item.article.id]
        assert read_back.title == item.article.title
        assert read_back.language == item.article.language
        assert read_back.url == item.article.url
        assert read_back.published == item.article.published
        written = [b.name for b in item.bylines if not b.is_translator]
        assert [c.name for c in read_back.authors] == written
    if which:
        assert Gone("tag:gone") in take(tmp_path, render(made_gone)[which].body, {"tag:gone": "x"})


class _Handler(BaseHTTPRequestHandler):
    wbufsize = 1 << 16

    def do_GET(self) -> None:
        server: Any = self.server
        server.conditions.append((self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")))
        known = self.headers.get("If-None-Match") == '"e1"'
        self.send_response(304 if known else 200)
        self.send_header("ETag", '"e1"')
        self.send_header("Last-Modified", "Mon, 06 May 2024 10:00:00 GMT")
        body = b"" if known else server.body
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    found: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    found.conditions, found.body = [], WORDPRESS.encode()
    threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def at(server: Any, path: str = "") -> FeedSettings:
    here = f"127.0.0.1:{server.server_address[1]}"
    return FeedSettings(name="f", url=f"http://{here}/{path}", fetch=FetchSettings(allow_private=(here,)))


def test_an_unchanged_feed_costs_a_304(server: Any) -> None:
    first = list(read(at(server), {}, NOW))
    known = remembered(first)
    assert len(manuscripts(first)) == 2
    assert list(read(at(server), known, NOW)) == []
    assert server.conditions == [(None, None), ('"e1"', "Mon, 06 May 2024 10:00:00 GMT")]


def test_validators_of_another_address_are_not_sent(server: Any) -> None:
    known = remembered(list(read(at(server), {}, NOW)))
    list(read(at(server, "other"), known, NOW))
    assert server.conditions[-1] == (None, None)


def test_a_failure_is_asked_for_again(server: Any) -> None:
    server.body = OLD.encode()
    assert not any(isinstance(i, Touched) for i in read(at(server), {}, NOW))


def test_a_feed_at_a_private_address_is_refused() -> None:
    with pytest.raises(SourceError, match="a loopback address"):
        list(read(FeedSettings(name="f", url="http://127.0.0.1:9/feed"), {}, NOW))


def harmless(body: bytes, path: Path) -> None:
    """Anything may come of it but a crash; and what comes is whole."""
    path.write_bytes(body)
    try:
        items = list(read(FeedSettings(name="f", path=path, language="en"), {}, NOW))
    except SourceError:
        return
    for m in manuscripts(items):
        assert m.title
        assert m.url.startswith(("http://", "https://"))
        assert m.published.tzinfo is UTC
        assert "<script" not in m.body_html


SEEDS = [t.encode() for t in (WORDPRESS, ATOM, RDF, OLD, json.dumps(JSON))]


@given(st.sampled_from(SEEDS), st.integers(0, 4000), st.binary(max_size=12), st.integers(0, 40))
def test_a_damaged_feed_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes, place: int, junk: bytes, cut: int
) -> None:
    place %= len(seed)
    harmless(seed[:place] + junk + seed[place + cut :], tmp_path_factory.getbasetemp() / "damaged")


@given(st.sampled_from(SEEDS), st.integers(0, 4000))
def test_a_truncated_feed_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes, place: int
) -> None:
    harmless(seed[: place % len(seed)], tmp_path_factory.getbasetemp() / "truncated")


@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(alphabet="<>/!?&;rsitemlndx \"'=-[]{}:,", max_size=300).map(str.encode),
    )
)
def test_noise_never_crashes(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    harmless(body, tmp_path_factory.getbasetemp() / "noise")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda x: st.lists(x, max_size=3),
    max_leaves=4,
)


@given(
    st.dictionaries(
        st.sampled_from([*JSON["items"][0], "external_url", "_syndicate", "author"]), _JSON, max_size=8
    )
)
def test_strange_json_never_crashes(tmp_path_factory: pytest.TempPathFactory, item: dict[str, Any]) -> None:
    body = json.dumps({**JSON, "items": [item]}).encode()
    harmless(body, tmp_path_factory.getbasetemp() / "json")

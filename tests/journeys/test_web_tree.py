"""The public tree over HTTP: validators, encodings, headers, and nothing from outside of it."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import brotli
import pytest
from lxml import etree
from tests.journeys.web_server import HUB, NOW, Served, served

from syndicate.store import pages
from syndicate.web.conditions import coding, is_current, preferred_languages

RSS = "/feeds/tr/rss.xml"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path_factory.mktemp("newsroom")) as made:
        root = made.house.tree.root
        (root / "media").mkdir(exist_ok=True)
        (root / "media" / "abc.webp").write_bytes(b"RIFF0000WEBP")
        yield made
    monkeypatch.undo()


def date(moment_text: str, seconds: int) -> str:
    """An HTTP date some seconds from another."""
    return format_datetime(parsedate_to_datetime(moment_text) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/feeds/tr/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/feeds/tr/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/feeds/tr/feed.json", "application/feed+json"),
        ("/feeds/all/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/feeds/", "text/html; charset=utf-8"),
        ("/feeds/index.html", "text/html; charset=utf-8"),
        ("/feeds/feeds.css", "text/css; charset=utf-8"),
        ("/feeds/feeds.js", "text/javascript; charset=utf-8"),
        ("/tr/archive/weekly/", "text/html; charset=utf-8"),
        ("/tr/archive/weekly/2026-05-04/", "text/html; charset=utf-8"),
        ("/media/abc.webp", "image/webp"),
        ("/site.css", "text/css; charset=utf-8"),
        ("/healthz", "text/plain; charset=utf-8"),
    ],
)
def test_media_types(site: Served, path: str, kind: str) -> None:
    reply = site.get(path)
    assert (reply.status, reply.headers["content-type"]) == (200, kind)
    assert reply.body
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert "set-cookie" not in reply.headers


def test_a_feed_says_all_that_caches_readers_and_hubs_need(site: Served) -> None:
    reply = site.get(RSS)
    whole = (site.house.tree.root / RSS[1:]).read_bytes()
    with site.house.database.read() as connection:
        row = pages.file(connection, RSS[1:])
    assert row is not None
    assert reply.body == whole
    assert reply.headers["etag"] == f'W/"{hashlib.sha256(whole).hexdigest()[:32]}"'
    assert parsedate_to_datetime(reply.headers["last-modified"]) == row.changed_at.replace(microsecond=0)
    assert reply.headers["cache-control"] == "public, max-age=1800"
    assert reply.headers["vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["x-robots-tag"] == "noindex"
    own = f"https://news.gazette.example.org{RSS}"
    assert reply.headers["link"] == f'<{own}>; rel="self", <{HUB}>; rel="hub"'
    assert reply.headers["content-length"] == str(len(whole))


def test_pages_for_people_are_no_feeds(site: Served) -> None:
    headers = site.get("/feeds/").headers
    assert not {"x-robots-tag", "access-control-allow-origin", "link"} & set(headers)
    assert headers["vary"] == "Accept-Encoding"


UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress}


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.2, gzip;q=0.5", "gzip"),
        ("gzip;q=0.2, identity;q=0.9", None),
        ("gzip;q=0, identity", None),
        ("zstd", None),
        ("identity;q=0, gzip", "gzip"),
        ("*;q=0, br", "br"),
        ("", None),
    ],
)
def test_packed_copies_are_sent_where_they_are_taken(site: Served, accepted: str, sent: str | None) -> None:
    plain, packed = site.get(RSS), site.get(RSS, accept_encoding=accepted)
    assert packed.headers.get("content-encoding") == sent
    assert UNPACK.get(sent or "", bytes)(packed.body) == plain.body
    assert packed.headers["content-length"] == str(len(packed.body))
    assert all(packed.headers[name] == plain.headers[name] for name in ("etag", "last-modified", "vary"))


def test_who_refuses_every_coding_is_told_so(site: Served) -> None:
    assert site.get(RSS, accept_encoding="identity;q=0").status == 406
    assert site.get("/media/abc.webp", accept_encoding="gzip, *;q=0").status == 406


@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [RSS, "/feeds/all/feed.json", "/feeds/", "/media/abc.webp"])
def test_who_has_it_is_told_so(site: Served, path: str, method: str, encoding: str) -> None:
    first = site.ask(method, path, accept_encoding=encoding)
    tag, changed = first.headers["etag"], first.headers["last-modified"]
    bare = tag.removeprefix("W/")
    old = date(changed, -3600)
    for given in (
        {"if_none_match": tag},
        {"if_none_match": bare},
        {"if_none_match": f'"other", {tag} , W/"more"'},
        {"if_none_match": "*"},
        {"if_none_match": f'{tag[:-1]}-gzip"'},
        {"if_none_match": f'{tag[:-1]};gzip"'},
        {"if_none_match": f'{tag[:-1]}-br"'},
        {"if_none_match": tag, "if_modified_since": old},
        {"if_modified_since": changed},
        {"if_modified_since": date(changed, 3600)},
    ):
        reply = site.ask(method, path, accept_encoding=encoding, **given)
        assert (reply.status, reply.body) == (304, b""), given
        for name in ("etag", "last-modified", "cache-control", "vary", "link", "access-control-allow-origin"):
            assert reply.headers.get(name) == first.headers.get(name), (given, name)
    for given in (
        {"if_none_match": '"other"'},
        {"if_none_match": '"other"', "if_modified_since": changed},
        {"if_none_match": ""},
        {"if_modified_since": old},
        {"if_modified_since": "yesterday"},
    ):
        assert site.ask(method, path, accept_encoding=encoding, **given).status == 200, given


@pytest.mark.parametrize(
    "path", [RSS, "/feeds/", "/feeds", "/healthz", "/", "/nothing", "/site.css", "/u/bad"]
)
def test_head_answers_like_get_without_the_body(site: Served, path: str) -> None:
    get, head = site.get(path), site.ask("HEAD", path)
    assert head.body == b""
    drop = {"date"}
    assert (head.status, {k: v for k, v in head.headers.items() if k not in drop}) == (
        get.status,
        {k: v for k, v in get.headers.items() if k not in drop},
    )


def test_a_browser_that_opens_a_feed_gets_plain_xml(site: Served) -> None:
    opened, fetched = site.get(RSS, sec_fetch_dest="document"), site.get(RSS, sec_fetch_dest="empty")
    assert opened.headers["content-type"] == "application/xml; charset=utf-8"
    assert fetched.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert (opened.body, opened.headers["etag"]) == (fetched.body, fetched.headers["etag"])
    assert site.get("/feeds/tr/feed.json", sec_fetch_dest="document").headers["content-type"] == (
        "application/feed+json"
    )


def test_folders(site: Served) -> None:
    moved = site.get("/feeds/tr")
    assert (moved.status, moved.headers["location"]) == (301, "/feeds/tr/")
    assert site.get("/feeds/tr/").status == 200
    assert site.get("/feeds/tr/rss.xml/").status == 404
    assert site.get("/media/").status == 404
    assert site.get("/media").status == 404
    home = site.get("/")
    assert (home.status, home.headers["location"]) == (302, "/feeds/")
    # A name that needs escaping, so that Location is ASCII and stays on this server.
    site.house.tree.write("dosya adı/index.html", b"<p>x", NOW)
    assert site.get("/dosya%20ad%C4%B1").headers["location"] == "/dosya%20ad%C4%B1/"


def test_the_feeds_that_are_served_can_be_read(site: Served) -> None:
    assert etree.fromstring(site.get("/feeds/tr/atom.xml").body).tag == "{http://www.w3.org/2005/Atom}feed"
    assert json.loads(site.get("/feeds/tr/feed.json").body)["items"]


@pytest.fixture(scope="module")
def traps(site: Served) -> Path:
    """Things that must not be served, next to the tree and in it."""
    root = site.house.tree.root
    (root.parent / "secret.txt").write_text("SECRET")
    (root.parent / f"{root.name}-old").mkdir()
    (root.parent / f"{root.name}-old" / "secret.txt").write_text("SECRET")
    (root / ".hidden").write_text("SECRET")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("SECRET")
    (root / "feeds" / ".new-abc").write_text("SECRET")
    (root / "link.txt").symlink_to(root.parent / "secret.txt")
    (root / "inside.txt").symlink_to(root / ".hidden")
    (root / "way").symlink_to(root.parent)
    (root / "circle").symlink_to(root / "circle")
    (root / "bundle.tar.gz").write_text("SECRET")
    return root


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/feeds/../../secret.txt",
        "/feeds/%2e%2e/%2e%2e/secret.txt",
        "/feeds/..%2f..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%252e%252e/secret.txt",
        "/..;/secret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/./secret.txt",
        "//secret.txt",
        "//feeds/tr/rss.xml",
        "/feeds//tr/rss.xml",
        "/%2fetc/passwd",
        "//etc/passwd",
        "//evil.example.org/..",
        "//evil.example.org",
        "/../public-old/secret.txt",
        "/.hidden",
        "/%2ehidden",
        "/.git/config",
        "/feeds/.new-abc",
        "/link.txt",
        "/inside.txt",
        "/way/secret.txt",
        "/way/public/feeds/tr/rss.xml",
        "/circle",
        "/bundle.tar.gz",
        "/feeds/tr/rss.xml.gz",
        "/feeds/tr/rss.xml.GZ",
        "/feeds/tr/rss.xml.br",
        "/feeds/tr/rss.xml%00",
        "/feeds/tr/rss.xml%00.html",
        "/feeds/tr/rss.xml%0d%0aSet-Cookie:x",
        "/feeds/tr/%ff",
        "/feeds/tr/rss.xml:stream",
        "/feeds/./tr/rss.xml",
        "/feeds/tr/rss.xml%2f",
        "/" + "a" * 3000,
        "/feeds/" + "%2e%2e/" * 200 + "etc/passwd",
        "/nothing?x=../secret.txt",
    ],
)
@pytest.mark.usefixtures("traps")
def test_nothing_else_is_served(site: Served, path: str) -> None:
    reply = site.get(path)
    assert reply.status == 404, reply.headers
    assert b"SECRET" not in reply.body
    assert b"root:" not in reply.body
    assert "location" not in reply.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"user_agent": ""},
        {"user_agent": "x" * 4000},
        {"cookie": "a=b; c=d"},
        {"range": "bytes=0-9"},
        {"range": "bytes=5-1"},
        {"if_range": '"x"', "range": "bytes=0-9"},
        {"if_none_match": '"a", ' * 500},
        {"accept_encoding": "gzip;q=0," * 300},
        {"accept": "text/nothing"},
        {"a_im": "feed, vcdiff", "if_none_match": '"x"', "user_agent": "newsboat/2"},
    ],
)
def test_anybody_gets_the_whole_feed(site: Served, headers: dict[str, str]) -> None:
    reply = site.get(RSS, **headers)
    assert (reply.status, reply.body) == (200, (site.house.tree.root / RSS[1:]).read_bytes())
    assert not {"set-cookie", "content-range"} & set(reply.headers)


def test_pages_elsewhere_may_read_feeds_with_conditions(site: Served) -> None:
    asked = {"origin": "https://elsewhere.example", "access_control_request_method": "GET"}
    reply = site.ask("OPTIONS", RSS, b"", **asked, access_control_request_headers="if-none-match")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-allow-headers"] == "*"
    assert set(reply.headers["access-control-allow-methods"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert "access-control-allow-origin" not in site.ask("OPTIONS", "/feeds/", b"", **asked).headers
    assert "access-control-allow-credentials" not in reply.headers


def test_other_methods_are_refused(site: Served) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert site.ask(method, RSS).status == 405
    assert set(site.ask("POST", RSS).headers["allow"].split(", ")) >= {"GET", "HEAD"}


def test_a_page_that_is_not_there_speaks_the_language_asked_for(site: Served) -> None:
    by_path = site.get("/tr/archive/none/", accept_language="en")
    assert (by_path.status, by_path.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<html lang="tr" dir="ltr">' in by_path.text
    assert "Sayfa bulunamadı" in by_path.text
    by_browser = site.get("/none", accept_language="xx-invalid-tag-, de;q=0.4, ar-EG;q=0.9, *;q=0.1")
    assert '<html lang="ar" dir="rtl">' in by_browser.text
    assert '<html lang="en"' in site.get("/none").text
    assert by_browser.headers["vary"] == "Accept-Language"


def test_conditions_apart_from_a_server() -> None:
    tag = 'W/"abc"'
    assert is_current('"abc--gzip"', None, tag, NOW)
    assert not is_current('"abcd"', "Mon, 04 May 2099 09:30:00 GMT", tag, NOW)
    assert is_current(None, "Monday, 04-May-26 09:30:00 GMT", tag, NOW)
    assert not is_current(None, "Mon, 99 May 2026 99:30:00 GMT", tag, NOW)
    assert not is_current(None, None, tag, NOW)
    every = ("br", "gzip", "identity")
    assert coding(None, every) == "identity"
    assert coding("*", every) == "br"
    assert coding("x-gzip", every) == "gzip"
    assert coding("*;q=0", every) is None
    assert coding("br;q=1, gzip;q=nonsense", {"gzip", "identity"}) == "identity"
    assert coding("*, gzip;q=0", {"gzip", "identity"}) == "identity"
    assert preferred_languages("tr;q=0.2, *, en-GB, de;q=0") == ["en-gb", "tr"]

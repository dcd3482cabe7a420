"""docs/serving: nginx and Caddy answer as `syndicate serve` does, request by request."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import brotli
import pytest
from tests.journeys.static_server import caddy, nginx
from tests.journeys.web_server import NOW, Served, served

from syndicate.flows.run import publish_feeds

UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress}
FEED = "/feeds/tr/rss.xml"
SAME = (
    "last-modified",
    "cache-control",
    "content-type",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "x-robots-tag",
    "link",
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "location",
    "allow",
    "im",
)
PATHS = (
    FEED,
    "/feeds/tr/atom.xml",
    "/feeds/tr/feed.json",
    "/feeds/feeds.opml",
    "/feeds/",
    "/feeds/index.html",
    "/feeds/tr/",
    "/feeds/feed.css",
    "/feeds/feeds.js",
    "/tr/archive/weekly/2026-05-04/",
    "/media/abc.webp",
    "/site.css",
    "/",
    "/feeds",
    "/feeds/tr",
    "/nothing",
    "/feeds/en/tag/old/rss.xml",
    "/feeds/en/tag/gone/rss.xml",
    "/feeds/en/tag/gone/",
    "/feeds/tr/rss.xml.gz",
    "/feeds/tr/rss.xml.br",
    "/.hidden",
    "/feeds/../.hidden",
    "/link.txt",
    "//feeds/tr/rss.xml",
    "/u/bad",
    "/healthz",
)
LENIENT = ("/link.txt", "//feeds/tr/rss.xml")
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"accept_encoding": "gzip"},
    {"accept_encoding": "gzip, br"},
    {"accept_encoding": "identity"},
    {"sec_fetch_dest": "document", "accept": "text/html"},
    {"user_agent": ""},
    {"range": "bytes=0-3"},
    {"a_im": "feed", "user_agent": "newsboat/2.21"},
)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path_factory.mktemp("newsroom")) as site:
        root = site.house.tree.root
        (root / "media").mkdir(exist_ok=True)
        (root / "media" / "abc.webp").write_bytes(b"RIFF0000WEBP")
        (root / ".hidden").write_text("SECRET")
        (root / "link.txt").symlink_to(root / ".hidden")
        _retire(site)
        yield site
    monkeypatch.undo()


def _retire(site: Served) -> None:
    from syndicate.store import moved

    with site.house.database.begin() as connection:
        moved.bury(connection, ["feeds/en/tag/gone/rss.xml", "feeds/en/tag/gone/index.html"], NOW)
        moved.rename(connection, {"/feeds/en/tag/old/": "/feeds/en/"}, NOW)


@pytest.fixture(scope="module", params=[nginx, caddy])
def front(
    request: pytest.FixtureRequest, behind: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with request.param(behind, tmp_path_factory.mktemp("front") / "prefix") as made:
        yield made


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", PATHS)
def test_the_same_is_answered(
    behind: Served, front: Served, path: str, method: str, request: pytest.FixtureRequest
) -> None:
    if "caddy" in request.node.name and path in LENIENT:
        pytest.skip("Caddy cannot be told to refuse links, and takes two slashes for one")
    for asked in HEADERS:
        ours, theirs = behind.ask(method, path, **asked), front.ask(method, path, **asked)
        assert theirs.status == ours.status, asked
        for name in SAME:
            assert theirs.headers.get(name) == ours.headers.get(name), (asked, name)
        assert _list(theirs.headers.get("vary")) == _list(ours.headers.get("vary")), asked
        coding, mine = theirs.headers.get("content-encoding", ""), ours.headers.get("content-encoding", "")
        assert coding in ("", *asked.get("accept_encoding", "").split(", "))
        if method == "HEAD":
            assert theirs.body == b""
        else:
            assert UNPACK.get(coding, bytes)(theirs.body) == UNPACK.get(mine, bytes)(ours.body), asked
        assert "set-cookie" not in theirs.headers


def _list(header: str | None) -> set[str]:
    return {name.strip().lower() for name in header.split(",")} if header else set()


@pytest.mark.parametrize("path", [FEED, "/feeds/tr/feed.json", "/feeds/", "/tr/archive/weekly/2026-05-04/"])
def test_who_has_it_is_told_so_whatever_the_encoding(behind: Served, front: Served, path: str) -> None:
    tags, date = set(), behind.get(path).headers["last-modified"]
    for accepted in ("", "gzip", "br"):
        first = front.get(path, accept_encoding=accepted)
        tags.add(first.headers["etag"].removeprefix("W/"))
        for again in ("", "gzip", "br, gzip"):
            for asked in (
                {"if_none_match": first.headers["etag"]},
                {"if_none_match": first.headers["etag"].removeprefix("W/")},
                {"if_none_match": f'"other", {first.headers["etag"]}'},
                {"if_none_match": "*"},
                {"if_none_match": first.headers["etag"], "if_modified_since": date},
                {"if_modified_since": date},
                {"if_modified_since": "Fri, 01 Jan 2100 00:00:00 GMT"},
            ):
                reply = front.get(path, accept_encoding=again, **asked)
                assert (reply.status, reply.body) == (304, b""), asked
                for name in ("cache-control", "vary", "etag", "access-control-allow-origin", "link"):
                    assert (name in reply.headers) == (name in first.headers), (asked, name)
    assert len(tags) == 1
    for stale in ({"if_none_match": '"other"'}, {"if_modified_since": "Fri, 01 May 2020 00:00:00 GMT"}):
        assert front.get(path, **stale).status == 200


def test_a_page_elsewhere_may_ask(behind: Served, front: Served) -> None:
    asked = {"origin": "https://elsewhere.example", "access_control_request_method": "GET"}
    ours, theirs = behind.ask("OPTIONS", FEED, b"", **asked), front.ask("OPTIONS", FEED, b"", **asked)
    assert (ours.status, theirs.status) == (204, 204)
    names = ("access-control-allow-origin", "access-control-allow-headers", "access-control-allow-methods")
    assert [theirs.headers[name] for name in names] == [ours.headers[name] for name in names]


def test_metrics_are_not_for_the_world(front: Served) -> None:
    assert front.get("/metrics").status == 404


def test_what_is_published_anew_is_another_version(behind: Served, front: Served) -> None:
    before = front.get(FEED, accept_encoding="gzip")
    titles = behind.house.site.name | {"tr": "Başka Gazete"}
    house = replace(behind.house, site=replace(behind.house.site, name=titles))
    publish_feeds(house, NOW + timedelta(hours=1))
    for accepted in ("gzip", ""):
        after = front.get(FEED, accept_encoding=accepted, if_none_match=before.headers["etag"])
        assert after.status == 200
        assert after.headers["etag"].removeprefix("W/") != before.headers["etag"].removeprefix("W/")
        assert after.headers["last-modified"] != before.headers["last-modified"]
    publish_feeds(behind.house, NOW + timedelta(hours=2))

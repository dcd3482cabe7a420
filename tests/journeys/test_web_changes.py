"""What is served while something is published, and after: validators that belong to the bytes (law 8), what is gone,
what moved, and only what is new for clients that ask for that (RFC 3229)."""

import gzip
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import brotli
import pytest
from lxml import etree
from tests.journeys.web_server import NOW, Reply, Served, served

from syndicate.feeds.delta import entries
from syndicate.flows import run as journey
from syndicate.flows.press import Press
from syndicate.store import files

UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}
PATHS = ("/feeds/en/rss.xml", "/feeds/en/atom.xml", "/feeds/all/feed.json", "/feeds/")
NEWSBOAT = {"a_im": "feed", "user_agent": "newsboat/2.21.0"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path / "newsroom") as made:
        yield made


def articles(site: Served) -> Path:
    return site.house.places["articles"]


def write(site: Served, name: str, body: str = "A story.", tags: str = "") -> None:
    place = articles(site) / name
    place.mkdir(exist_ok=True)
    head = f"title: {name}\ndate: 2026-05-02\n{f'tags: [{tags}]' if tags else ''}"
    (place / "index.en.md").write_text(f"---\n{head}\n---\n{body}\n", encoding="utf-8")


def publish(site: Served, hours: float) -> None:
    """Ingest and publish as of some hours later."""
    now = NOW + timedelta(hours=hours)
    journey.ingest_all(site.house, now)
    journey.publish_feeds(site.house, now)


@dataclass
class Watcher:
    """Looks at the server again and again, and holds it to law 8."""

    site: Served
    moments: dict[tuple[str, str], str] = field(default_factory=dict)
    looks: int = 0

    def look(self) -> None:
        for path in PATHS:
            for accepted in ("", "gzip", "br"):
                self._check(path, self.site.get(path, accept_encoding=accepted))
            self._ask_with_known_tags(path)
        self.looks += 1

    def _check(self, path: str, reply: Reply) -> None:
        assert reply.status == 200
        body = UNPACK.get(reply.headers.get("content-encoding", ""), bytes)(reply.body)
        assert reply.headers["etag"] == f'W/"{hashlib.sha256(body).hexdigest()[:32]}"', path
        key = (path, reply.headers["etag"])
        assert self.moments.setdefault(key, reply.headers["last-modified"]) == reply.headers["last-modified"]

    def _ask_with_known_tags(self, path: str) -> None:
        tags = [tag for known, tag in self.moments if known == path]
        current = self.site.ask("HEAD", path).headers["etag"]
        for tag in tags:
            assert self.site.get(path, if_none_match=tag).status == (304 if tag == current else 200)

    def versions(self, path: str) -> list[datetime]:
        return [parsedate_to_datetime(at) for (known, _), at in self.moments.items() if known == path]


@pytest.fixture
def watcher(site: Served, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    """Looks after every single file that is replaced below feeds/en and feeds/all, and its packed copies."""
    made, really = Watcher(site), files._replace
    seen = {path.rpartition("/")[2] or "index.html" for path in PATHS}

    def replaced(target: Path, *rest: Any) -> None:
        really(target, *rest)
        if target.name.removesuffix(".gz").removesuffix(".br") in seen:
            made.look()

    monkeypatch.setattr(files, "_replace", replaced)
    return made


def test_validators_belong_to_the_bytes_at_every_moment_of_a_publish(site: Served, watcher: Watcher) -> None:
    watcher.look()
    for number in (1, 2):
        write(site, f"news-{number}")
        publish(site, number)
    assert watcher.looks > 20
    for path in PATHS[:3]:
        times = watcher.versions(path)
        assert len(times) == 3
        assert len(set(times)) == 3


def test_a_publish_that_dies_leaves_nothing_that_lies(
    site: Served, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(site, "news")
    with monkeypatch.context() as dying:
        dying.setattr(Press, "_note", _dies)
        with pytest.raises(KeyboardInterrupt):
            publish(site, 1)
    watcher.look()
    publish(site, 2)
    watcher.look()
    # Two versions: the one before, and the one whose publisher died before it was noted.
    assert [len(watcher.versions(path)) for path in PATHS[:2]] == [2, 2]
    write(site, "more")
    publish(site, 2)  # within the same second
    watcher.look()
    assert len(set(watcher.versions(PATHS[0]))) == 3


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_tree_that_was_copied_by_hand_keeps_its_times(site: Served) -> None:
    """A backup that forgot the times of files: the store remembers them, and the next publish mends the files."""
    before = site.get(PATHS[0]).headers
    place = site.house.tree.root / PATHS[0][1:]
    other = place.with_name("copied")
    other.write_bytes(place.read_bytes())
    other.replace(place)
    after = site.get(PATHS[0]).headers
    assert (after["etag"], after["last-modified"]) == (before["etag"], before["last-modified"])
    publish(site, 1)
    assert datetime.fromtimestamp(place.stat().st_mtime, NOW.tzinfo) == NOW


def test_the_times_of_files_are_their_last_modified(site: Served) -> None:
    write(site, "news")
    publish(site, 1.5)
    for path in PATHS:
        place = site.house.tree.root / (path.removeprefix("/") + ("index.html" if path.endswith("/") else ""))
        said = parsedate_to_datetime(site.get(path).headers["last-modified"]).timestamp()
        assert {int(p.stat().st_mtime) for p in place.parent.glob(f"{place.name}*")} == {int(said)}


@pytest.mark.parametrize("ending", [".gz", ".br"])
def test_a_packed_copy_that_is_missing_or_other_is_not_used(site: Served, ending: str) -> None:
    place = site.house.tree.root / PATHS[0][1:]
    beside = place.with_name(place.name + ending)
    accepted = {".gz": "gzip", ".br": "br"}[ending]
    whole = site.get(PATHS[0], accept_encoding=accepted)
    assert whole.headers["content-encoding"] == accepted
    files._replace(beside, files.PACKED[ending](b"something newer"))
    assert site.get(PATHS[0], accept_encoding=accepted).body == place.read_bytes()
    beside.write_bytes(b"not packed at all")
    place.touch()  # looked at again
    assert site.get(PATHS[0], accept_encoding=accepted).body == place.read_bytes()
    beside.unlink()
    place.touch()
    assert site.get(PATHS[0], accept_encoding=accepted).body == place.read_bytes()
    publish(site, 1)
    assert site.get(PATHS[0], accept_encoding=accepted).body == whole.body


ENERGY = "/feeds/en/tag/energy/"


def test_a_feed_that_is_retired_is_gone_and_comes_back(site: Served) -> None:
    write(site, "news", tags="Energy")
    publish(site, 1)
    names = ("rss.xml", "atom.xml", "feed.json", "")
    assert [site.get(ENERGY + name).status for name in names] == [200] * 4
    write(site, "news", tags="Power")
    publish(site, 2)
    for name in names:
        reply = site.get(ENERGY + name, accept="application/rss+xml, */*;q=0.1")
        assert (reply.status, reply.headers["content-type"]) == (410, "text/plain; charset=utf-8")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert len(reply.body) < 100
        assert site.ask("HEAD", ENERGY + name).status == 410
    assert site.get(ENERGY.rstrip("/")).status == 410
    page = site.get(ENERGY, accept="text/html,*/*;q=0.8", accept_language="tr")
    assert (page.status, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert "no longer published" in page.text
    assert "Accept" in page.headers["vary"].split(", ")
    assert site.get(f"{ENERGY}never.xml").status == 404
    write(site, "news", tags="Energy")
    publish(site, 3)
    assert [site.get(ENERGY + name).status for name in names] == [200] * 4


def test_a_renamed_feed_is_found_for_ever(site: Served) -> None:
    write(site, "news", tags="Energy")
    publish(site, 1)
    write(site, "news", tags="Power")
    power = ENERGY.replace("energy", "power")
    renamed = replace(site.house, feeds=replace(site.house.feeds, moved={ENERGY: power}))
    publish(Served(renamed, site.port), 2)
    publish(site, 3)  # the line is gone from config.toml; readers still come
    for name in ("rss.xml", "atom.xml", "feed.json", "", "archive/1/rss.xml"):
        reply = site.get(f"{ENERGY}{name}?x=1", accept="text/html")
        assert (reply.status, reply.headers["location"]) == (301, power + name)
        assert reply.headers["access-control-allow-origin"] == "*"
    assert site.get(ENERGY.rstrip("/")).headers["location"] == power
    assert site.get(f"{power}rss.xml").status == 200


def test_who_knows_how_gets_only_what_is_new(site: Served) -> None:
    path = PATHS[0]
    first = site.get(path)
    write(site, "news")
    publish(site, 1)
    second = site.get(path)
    write(site, "more")
    publish(site, 2)
    whole = site.get(path)
    part = site.get(path, **NEWSBOAT, if_none_match=f'"other", {second.headers["etag"]}')
    assert (part.status, part.headers["im"], part.headers["cache-control"]) == (226, "feed", "no-store")
    assert part.headers["etag"] == whole.headers["etag"]
    assert {"A-IM", "If-None-Match", "User-Agent"} <= set(part.headers["vary"].split(", "))
    assert entries(part.body) == dict(entries(whole.body).items() - entries(second.body).items())
    assert "more" in [item.findtext("title") for item in etree.fromstring(part.body).iter("item")]
    older = site.get(path, **NEWSBOAT, if_none_match=first.headers["etag"], accept_encoding="gzip")
    told = entries(gzip.decompress(older.body))
    assert (older.status, len(told)) == (226, 2)
    assert entries(first.body) | told == entries(whole.body)
    head = site.ask("HEAD", path, **NEWSBOAT, if_none_match=second.headers["etag"])
    assert (head.status, head.headers["content-length"]) == (226, part.headers["content-length"])
    assert site.get(path, **NEWSBOAT, if_none_match=whole.headers["etag"]).status == 304


def test_everybody_else_gets_the_whole_feed(site: Served) -> None:
    path = PATHS[1]
    first = site.get(path)
    write(site, "news")
    publish(site, 1)
    whole = site.get(path)
    tag = first.headers["etag"]
    for asked in (
        {"a_im": "feed", "user_agent": "rss2email/3.13.1", "if_none_match": tag},
        {"a_im": "feed", "user_agent": "feedparser/6.0.14", "if_none_match": tag},
        {"a_im": "feed", "if_none_match": tag},
        {"user_agent": "newsboat/2.21.0", "if_none_match": tag},
        {**NEWSBOAT},
        {**NEWSBOAT, "if_modified_since": first.headers["last-modified"]},
        {**NEWSBOAT, "if_none_match": 'W/"00000000000000000000000000000000"'},
        {**NEWSBOAT, "if_none_match": '"%"'},
    ):
        reply = site.get(path, **asked)
        assert (reply.status, reply.body) == (200, whole.body), asked
        assert "im" not in reply.headers
    assert site.get("/feeds/en/feed.json", **NEWSBOAT, if_none_match='"x"').status == 200

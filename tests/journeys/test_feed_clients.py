"""Programs that people read feeds with, polling the real server: the second (newsboat: third) time it is a 304."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from tests.journeys.web_server import NOW, Served, served

from syndicate.flows import run as journey
from syndicate.web import tree

RSS = "/feeds/en/rss.xml"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path / "newsroom") as made:
        yield made


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian's package {name})")
    return found


def write(site: Served, title: str, hours: int) -> None:
    place = site.house.places["articles"] / title
    place.mkdir()
    text = f"---\ntitle: {title}\ndate: 2026-05-02\n---\nA story.\n"
    (place / "index.en.md").write_text(text, encoding="utf-8")
    now = NOW + timedelta(hours=hours)
    journey.ingest_all(site.house, now)
    journey.publish_feeds(site.house, now)


@pytest.mark.parametrize("packed", [["--compressed"], []])
def test_curl(site: Served, tmp_path: Path, packed: list[str]) -> None:
    tags = tmp_path / "etag"
    words = [program("curl"), "-s", "-o", str(tmp_path / "body"), "-w", "%{http_code}", site.url + RSS]
    polls = (["--etag-save", str(tags), *packed], ["--etag-compare", str(tags), "--compressed"])
    said = [
        subprocess.run([*words, *more], capture_output=True, text=True, check=True).stdout for more in polls
    ]
    assert said == ["200", "304"]


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_feedparser(site: Served, name: str) -> None:
    address = f"{site.url}/feeds/en/{name}"
    first = feedparser.parse(address)
    again = feedparser.parse(address, etag=first.etag, modified=first.modified)
    assert (first.status, again.status, len(first.entries), first.bozo) == (200, 304, 1, False)
    write(site, "news", 1)
    after = feedparser.parse(address, etag=first.etag, modified=first.modified)
    assert (after.status, len(after.entries)) == (200, 2)


def test_newsboat(site: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It remembers validators from its second poll on; then it is told only what is new, and loses nothing."""
    told: list[bytes] = []
    really = tree.changes_since

    def noted(*given: object) -> bytes | None:
        found = really(*given)  # type: ignore[arg-type]
        told.append(found or b"")
        return found

    monkeypatch.setattr(tree, "changes_since", noted)
    (tmp_path / "urls").write_text(site.url + RSS)
    (tmp_path / "config").write_text("")
    places = [
        word for flag, name in (("-u", "urls"), ("-c", "cache"), ("-C", "config")) for word in (flag, name)
    ]

    def poll() -> list[str]:
        words = [program("newsboat"), *places, "-x", "reload"]
        subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=60)
        with sqlite3.connect(tmp_path / "cache") as cache:
            return sorted(row[0] for row in cache.execute("select title from rss_item"))

    for _ in range(3):
        assert poll() == ["The port in en"]
    assert told == []
    for number, title in enumerate(("first", "second"), start=1):
        write(site, title, number)
        poll()
    assert poll() == ["The port in en", "first", "second"]
    assert len(told) == 2
    assert all(told)

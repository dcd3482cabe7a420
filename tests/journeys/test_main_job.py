"""The main job on the sample newsroom of this repository: the installed command, twice."""

import email
import email.policy
import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from .conftest import ROOT, Newsroom

CHECKER = ROOT.parent / "shared" / "tools" / "eml_check.py"
LANGUAGES = ("tr", "en", "ru", "ar", "zh", "az", "kk", "de", "fr", "es")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """The sample newsroom, copied, with the main job done once."""
    root = tmp_path_factory.mktemp("sample")
    for name in ("articles", "subscribers", "templates"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "config.toml", root)
    room = Newsroom(root)
    room.command("subscribers", "sync")
    room.command("run")
    return room


def every_file(room: Newsroom) -> dict[str, bytes]:
    return {str(p.relative_to(room.public)): p.read_bytes() for p in room.public.rglob("*") if p.is_file()}


def test_a_second_run_changes_nothing(sample: Newsroom) -> None:
    files, mails = every_file(sample), {p.name: p.read_bytes() for p in sample.mails}
    stamps = {p: p.stat().st_mtime_ns for p in sample.public.rglob("*") if p.is_file()}
    again = sample.data("run")
    assert again["ingest"]["added"] == again["ingest"]["changed"] == 0
    assert again["files_written"] == again["accepted"] == 0
    assert every_file(sample) == files
    assert {p.name: p.read_bytes() for p in sample.mails} == mails
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps


def test_every_language_has_feeds_that_agree(sample: Newsroom) -> None:
    for language in (*LANGUAGES, "all"):
        folder = sample.public / "feeds" / language
        atom = feedparser.parse((folder / "atom.xml").read_bytes())
        rss = feedparser.parse((folder / "rss.xml").read_bytes())
        items = json.loads((folder / "feed.json").read_text())["items"]
        assert not atom.bozo
        assert not rss.bozo
        assert atom.entries
        ids = [entry.id for entry in atom.entries]
        assert ids == [entry.id for entry in rss.entries] == [item["id"] for item in items]
        assert [e.published_parsed for e in atom.entries] == [e.published_parsed for e in rss.entries]
        assert all(entry.id.startswith("tag:crossroads.example.org,2026:") for entry in atom.entries)
        assert len(set(ids)) == len(ids)


def test_each_file_has_its_gzip(sample: Newsroom) -> None:
    for path in sample.public.rglob("*.xml"):
        assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == path.read_bytes()


def test_the_opml_lists_every_feed(sample: Newsroom) -> None:
    outlines = ElementTree.parse(sample.public / "feeds/feeds.opml").iter("outline")
    listed = {o.get("xmlUrl", "") for o in outlines} - {""}
    there = {p for p in sample.public.glob("feeds/**/atom.xml") if "archive" not in p.parts}
    base = "https://news.crossroads.example.org/"
    assert listed == {base + str(p.relative_to(sample.public)) for p in there}


def test_nobody_gets_a_story_twice_or_two_mails_of_an_issue(sample: Newsroom) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for path in sample.mails:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        to = message["To"].addresses[0].addr_spec
        seen[to, message["List-Id"]] += 1
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert seen
    assert set(seen.values()) == {1}


def test_only_those_who_may_be_mailed_are(sample: Newsroom) -> None:
    reached = {
        email.message_from_bytes(p.read_bytes(), policy=email.policy.default)["To"]
        .addresses[0]
        .addr_spec.lower()
        for p in sample.mails
    }
    rows = (sample.root / "subscribers/sample.csv").read_text().splitlines()
    barred = {row.split(",")[0].lower() for row in rows if ",unsubscribed," in row or ",pending," in row}
    barred |= {row.split(",")[0].lower() for row in rows if ",suppressed," in row}
    assert barred
    assert not barred & reached


def test_every_mail_passes_the_checker(sample: Newsroom) -> None:
    if not CHECKER.exists():
        pytest.skip("the mail checker of the shared tools is not beside this repository")
    picked: dict[tuple[str, int], Path] = {}
    for path in sample.mails:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        picked[message["Content-Language"], len(path.read_bytes()) // 4096] = path
    made = subprocess.run(
        [sys.executable, str(CHECKER), "--strict", "--quiet", *map(str, picked.values())],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout[-3000:]


def test_problems_name_their_place(sample: Newsroom) -> None:
    problems = sample.data("status")["problems"]
    assert any("how-we-count-waiting/index.en.md" in problem["place"] for _, problem in problems)


def test_a_broken_article_stops_no_other(sample: Newsroom) -> None:
    room = Newsroom(sample.root)
    bad = room.write("articles/broken/index.en.md", "---\ntitle: [unclosed\n---\nText\n")
    try:
        report = room.data("ingest")
        assert [p["fatal"] for p in report["problems"] if "broken" in p["place"]] == [True]
        assert report["added"] == 0
    finally:
        bad.unlink()
        room.data("ingest")


def test_wrong_settings_are_refused_with_file_and_key(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text((ROOT / "config.toml").read_text().replace("[similar]", "[similar]\nnumber = 3"))
    made = subprocess.run(
        [str(Path(sys.executable).with_name("syndicate")), "run", "--config", str(config)],
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert made.returncode == 2
    assert f"{config}: similar.number: unknown key" in made.stderr
    assert "Traceback" not in made.stderr


def test_serve_answers_with_the_feeds(sample: Newsroom) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(Path(sys.executable).with_name("syndicate")), "serve", "--port", str(port)],
        cwd=sample.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert (
            fetched(f"http://127.0.0.1:{port}/feeds/tr/atom.xml")
            == (sample.public / "feeds/tr/atom.xml").read_bytes()
        )
        assert b"<html" in fetched(f"http://127.0.0.1:{port}/feeds/")
    finally:
        server.terminate()
        server.wait(timeout=20)


def fetched(url: str, seconds: float = 30) -> bytes:
    """The body of ``url``, waited for until the server is up."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return bytes(answer.read())
        except urllib.error.URLError:
            assert time.monotonic() < end, f"{url} did not answer"
            time.sleep(0.1)

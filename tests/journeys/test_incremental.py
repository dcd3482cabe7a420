"""A run after a change gives the feeds that a run from nothing gives, byte for byte.

What may differ, because a run from nothing cannot know it, is told here one by one: when a change without a date
was seen, what was there once and is deleted, and in which order things arrived.
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bench import site

from .conftest import Newsroom

FIRST = datetime(2026, 7, 20, 9, tzinfo=UTC)
SECOND = datetime(2026, 7, 21, 9, tzinfo=UTC)
EARLIER = "2026-07-20T12:00:00Z"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> site.Newsroom:
    """A site of 120 articles after its first run, with several archive pages a language."""
    if not site.SAMPLE.is_dir():
        pytest.skip("the sample newsroom's articles are not here")
    folder = tmp_path_factory.mktemp("base")
    room = site.build(folder, 120, subscribers=3, authors=4, tags=5)
    text = room.config.read_text("utf-8")
    room.config.write_text(f"{text}\n[feeds]\npage_size = 10\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNDICATE_SECRET", "a secret of the tests")
        Newsroom(folder).run_at(FIRST)
    return room


@pytest.fixture
def room(base: site.Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> site.Newsroom:
    """The same in a folder of its own, to change."""
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    folder = tmp_path / "changed"
    shutil.copytree(base.folder, folder, symlinks=True)
    return site.Newsroom(folder, base.stories, base.articles, base.authors, base.tags)


def front(path: Path, line: str) -> None:
    """Add a line to the front matter."""
    path.write_text(path.read_text("utf-8").replace("\n---\n", f"\n{line}\n---\n", 1), "utf-8")


def version(room: site.Newsroom, number: int) -> Path:
    return next(path for x in site.LANGUAGES if (path := site.path_of(room, number, x)).exists())


def feeds(folder: Path) -> dict[str, bytes]:
    public = folder / "var" / "public" / "feeds"
    return {str(p.relative_to(public)): p.read_bytes() for p in sorted(public.rglob("*")) if p.is_file()}


def from_nothing(room: site.Newsroom, moment: datetime) -> dict[str, bytes]:
    """The feeds of the same articles, made without a past."""
    folder = room.folder.with_name("fresh")
    shutil.copytree(room.folder, folder, ignore=shutil.ignore_patterns("var"))
    Newsroom(folder).run_at(moment)
    return feeds(folder)


def items(found: dict[str, bytes], language: str) -> dict[str, dict[str, Any]]:
    """Every item of a language's feed and of its archive pages, by id; each is in one document only.

    ``document`` says in which kind: an archive page tells no similar posts, for it is to stay as it is.
    """
    documents = {
        path: json.loads(body)
        for path, body in found.items()
        if path == f"{language}/feed.json"
        or (path.startswith(f"{language}/archive/") and path.endswith("feed.json"))
    }
    told = [
        {**item, "document": "archive" if "/archive/" in path else "current"}
        for path, document in documents.items()
        for item in document["items"]
    ]
    by_id = {item["id"]: item for item in told}
    assert len(by_id) == len(told)
    return by_id


def bare(item: dict[str, Any]) -> dict[str, Any]:
    """The item without its document, and without the content, to whose end similar posts are put."""
    return {key: value for key, value in item.items() if key not in ("document", "content_html")}


def test_what_carries_its_own_dates_gives_the_same_bytes(room: site.Newsroom) -> None:
    """A new story, a dated correction in an archive page, a dated withdrawal, a new biography, a new label."""
    before = feeds(room.folder)
    site.add_story(room, room.stories)
    corrected, withdrawn = version(room, 5), version(room, 9)
    site.correct(corrected)
    front(corrected, f"updated: {EARLIER}")
    front(withdrawn, f"updated: {EARLIER}\nstatus: withdrawn")
    author = room.folder / "articles" / "_authors" / "author-01.yaml"
    author.write_text(author.read_text("utf-8") + "  en: |\n    She writes of rivers.\n", "utf-8")
    tags = room.folder / "articles" / "_tags.yaml"
    tags.write_text(tags.read_text("utf-8").replace("topic-02: {tr:", "topic-02: {de: Fluss, tr:"), "utf-8")

    Newsroom(room.folder).run_at(SECOND)
    after, fresh = feeds(room.folder), from_nothing(room, SECOND)

    assert [path for path in {**after, **fresh} if after.get(path) != fresh.get(path)] == []
    assert sum(after[path] != body for path, body in before.items() if path in after) > 20


def test_an_undated_correction_differs_in_when_it_was_seen(room: site.Newsroom) -> None:
    corrected = version(room, 5)
    site.correct(corrected)

    Newsroom(room.folder).run_at(SECOND)
    language = corrected.name.split(".")[1]
    after, fresh = (items(found, language) for found in (feeds(room.folder), from_nothing(room, SECOND)))

    differing = [one for one in after if after[one] != fresh[one]]
    assert after.keys() == fresh.keys()
    assert len(differing) == 1
    mine, theirs = after[differing[0]], fresh[differing[0]]
    assert mine["date_modified"].startswith("2026-07-21T09:00:00")
    assert {**mine, "date_modified": ""} == {**theirs, "date_modified": ""}


def test_deleting_and_arriving_late_differ_in_places_and_tombstones_only(room: site.Newsroom) -> None:
    """Pages never move: what is gone leaves its place empty, what comes late stands last whatever its date."""
    version(room, 9).unlink()
    late = site.add_story(room, room.stories, days=-400)

    Newsroom(room.folder).run_at(SECOND)
    after, fresh = feeds(room.folder), from_nothing(room, SECOND)

    for language in (*site.LANGUAGES, "all"):
        mine, theirs = items(after, language), items(fresh, language)
        assert mine.keys() == theirs.keys()
        moved = {one for one in mine if mine[one]["document"] != theirs[one]["document"]}
        assert [one for one in mine if one not in moved and mine[one] != theirs[one]] == []
        assert [one for one in moved if bare(mine[one]) != bare(theirs[one])] == []
    assert b"deleted-entry" in after["all/atom.xml"]
    assert b"deleted-entry" not in fresh["all/atom.xml"]
    url = f"{site.SITE}/en/{late.parent.name}/"
    assert url.encode() in after["en/feed.json"]
    assert url.encode() not in fresh["en/feed.json"]


def test_a_run_without_a_change_writes_nothing(room: site.Newsroom) -> None:
    public = room.folder / "var" / "public"
    before = {path: path.stat().st_mtime_ns for path in public.rglob("*")}

    report = Newsroom(room.folder).run_at(SECOND)

    assert {path: path.stat().st_mtime_ns for path in public.rglob("*")} == before
    assert report.feeds.rendered == report.archive.rendered == 0


def test_a_new_story_leaves_other_pages_alone(room: site.Newsroom) -> None:
    """Of a feed's archive, nothing changes; of other languages, nothing but what is similar."""
    before = feeds(room.folder)
    site.add_story(room, room.stories)

    Newsroom(room.folder).run_at(SECOND)
    after = feeds(room.folder)

    changed = {path for path, body in before.items() if after[path] != body}
    assert "en/atom.xml" in changed
    assert not [path for path in changed if "/archive/" in path]
    for language in ("tr", "ru", "ar", "zh"):
        old, new = items(before, language), items(after, language)
        assert old.keys() == new.keys()
        assert all(bare(old[one]) == bare(new[one]) for one in old)

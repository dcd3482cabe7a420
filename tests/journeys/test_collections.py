"""Real newsrooms' folders, as an outsider would set them up; SYNDICATE_COLLECTIONS names a folder of such folders.

Each folder below it is one checkout of a site kept in Markdown (Jekyll, Hugo, Zola, Pelican, Docusaurus).
"""

import json
import os
from pathlib import Path

import feedparser
import pytest

from .conftest import Newsroom

FOLDER = os.environ.get("SYNDICATE_COLLECTIONS", "")
COLLECTIONS = sorted(p for p in Path(FOLDER).iterdir() if p.is_dir()) if FOLDER else []
LANGUAGES = (
    *(
        "en",
        "ar",
        "bg",
        "bn",
        "cs",
        "de",
        "es",
        "fa",
        "fr",
        "hi",
        "id",
        "it",
        "ja",
        "ko",
        "pl",
        "pt",
        "pt-BR",
    ),
    *("ro", "ru", "tr", "uk", "vi", "zh", "zh-CN", "zh-TW"),
)
SETTINGS = """
[site]
name = "Outsider"
url = "https://www.example.org"
public_url = "https://news.example.org"
id_authority = "example.org,2026"
languages = {languages}
postal_address = "Outsider Society, 1 Main Street, 10115 Berlin, Germany"
[mail]
from_address = "letters@news.example.org"
[[sources]]
name = "collection"
kind = "markdown"
path = {path}
url = "https://www.example.org/{{language}}/{{slug}}/"
[newsletters.daily]
title = "Daily"
cadence = "daily"
at = "00:00"
fallback = ["en"]
"""

pytestmark = pytest.mark.skipif(
    not COLLECTIONS, reason="SYNDICATE_COLLECTIONS names no folder of collections"
)


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda path: path.name)
def test_a_real_collection_is_read_and_told(
    collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Newsroom(tmp_path)
    room.write(
        "config.toml", SETTINGS.format(languages=json.dumps(LANGUAGES), path=json.dumps(str(collection)))
    )
    rows = (f"{tag.lower()}@lists.example.net,{tag},daily" for tag in LANGUAGES)
    room.write("subscribers/list.csv", "email,languages,newsletters\n" + "\n".join(rows) + "\n")
    room.command("subscribers", "sync")
    first = room.data("run")
    assert first["ingest"]["added"] > 0
    assert all(one["place"] and one["reason"] and one["advice"] for one in first["ingest"]["problems"])
    for path in room.public.glob("feeds/*/atom.xml"):
        assert not feedparser.parse(path.read_bytes()).bozo, path
    assert 0 < len(room.mails) <= len(LANGUAGES)
    again = room.data("run")
    assert again["ingest"]["added"] == again["ingest"]["changed"] == 0
    assert again["files_written"] == again["accepted"] == 0

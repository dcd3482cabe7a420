"""Begin: a new folder with everything a first run needs."""

from pathlib import Path

from syndicate.model import SyndicateError

SETTINGS = Path(__file__).with_name("begin.toml")
ARTICLE = """---
title: Hello
date: 2026-01-01T09:00:00Z
authors: [Your Name]
tags: [news]
summary: The first story.
---
Write your first story here, and the same in Turkish beside it, in the file `index.tr.md`.
"""
LIST = "email,name,languages,timezone,newsletters,cadence,status,consent_at,consent_source\n"


def begin(folder: Path) -> list[Path]:
    """Write the files of a new newsroom; returns them. Raises SyndicateError rather than overwrite anything."""
    files = {
        folder / "config.toml": SETTINGS.read_text(encoding="utf-8"),
        folder / "articles" / "hello" / "index.en.md": ARTICLE,
        folder / "subscribers" / "list.csv": LIST,
    }
    there = [path for path in files if path.exists()]
    if there:
        raise SyndicateError(f"{there[0]} is there already; choose an empty folder")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)

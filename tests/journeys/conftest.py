"""A small newsroom on disk, and the installed command to run on it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.warm import warm

from syndicate.app import open_house
from syndicate.flows.house import House
from syndicate.flows.run import RunReport, run

ROOT = Path(__file__).parents[2]
SETTINGS = """
[site]
name = {{ en = "The Gazette", tr = "Gazete", ar = "الجريدة" }}
url = "https://gazette.example.org"
public_url = "https://news.gazette.example.org"
id_authority = "gazette.example.org,2026"
languages = ["en", "tr", "ru", "ar"]
timezone = "Europe/Istanbul"
postal_address = "The Gazette, 1 Main Street, 34000 Istanbul, Türkiye"

[mail]
from_address = "letters@news.gazette.example.org"
carrier = "{carrier}"

[carriers.smtp]
port = {port}
security = "none"

[[sources]]
name = "articles"
kind = "markdown"
path = "articles"
url = "https://gazette.example.org/{{language}}/{{slug}}/"

[newsletters.weekly]
title = {{ en = "Weekly", tr = "Haftalık" }}
cadence = "weekly"
weekday = "monday"
at = "08:00"
{weekly}
{more}
"""


@dataclass(frozen=True)
class Newsroom:
    """A folder with config.toml, articles and lists; verbs for tests to speak with."""

    root: Path

    def write(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def article(
        self, story: str, language: str, date: str, title: str = "", body: str = "", **more: str
    ) -> Path:
        """One article; ``more`` are further lines of front matter."""
        front = {"title": json.dumps(title or f"{story} in {language}"), "date": date, **more}
        lines = "\n".join(f"{key}: {value}" for key, value in front.items())
        words = body or f"The story of {story}, told in {language} at some length, with words of its own."
        return self.write(f"articles/{story}/index.{language}.md", f"---\n{lines}\n---\n{words}\n")

    def readers(self, *rows: str) -> None:
        """Lines ``email,languages,newsletters``."""
        self.write("subscribers/list.csv", "\n".join(("email,languages,newsletters", *rows)) + "\n")
        self.command("subscribers", "sync")

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The console command, in a process of its own."""
        made = warm().run(words, self.root, {**os.environ, "SYNDICATE_SECRET": "a secret of the tests"})
        if check:
            assert made.returncode == 0, f"{words}: {made.returncode}\n{made.stdout}\n{made.stderr}"
        return made

    def data(self, *words: str) -> Any:
        return json.loads(self.command(*words, "--json").stdout)

    def open(self) -> House:
        return open_house(self.root / "config.toml")

    def run_at(self, moment: datetime) -> RunReport:
        """The whole journey as if it were ``moment``."""
        house = self.open()
        try:
            return run(house, lambda: moment)
        finally:
            house.database.close()

    @property
    def public(self) -> Path:
        return self.root / "var" / "public"

    @property
    def mails(self) -> list[Path]:
        return sorted((self.root / "var" / "outbox").glob("*.eml"))


@pytest.fixture
def newsroom(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Newsroom]:
    """Make a newsroom: ``newsroom(weekly="fallback = ['en']", more="[newsletters.daily] …")``."""
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")

    def make(weekly: str = "", more: str = "", carrier: str = "outbox", port: int = 25) -> Newsroom:
        text = SETTINGS.format(weekly=weekly, more=more, carrier=carrier, port=port)
        made = Newsroom(tmp_path / "newsroom")
        made.write("config.toml", text)
        (made.root / "articles").mkdir(exist_ok=True)
        (made.root / "var").mkdir()
        if "SYNDICATE_DATABASE_URL" not in os.environ:
            shutil.copy(migrated, made.root / "var" / "syndicate.db")
        return made

    return make

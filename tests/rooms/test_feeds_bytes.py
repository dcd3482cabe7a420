"""The same state gives the same bytes, in any process, zone, locale; and quickly."""

import locale
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.rooms.feeds_samples import feed

from syndicate.feeds import render

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import hashlib, locale
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
from pathlib import Path
from syndicate.feeds import landing, opml, render
from tests.rooms.feeds_samples import SITE, feed, summaries
documents = [*render(feed("en", 5)), *render(feed("all", 5)), opml(summaries(), SITE)]
documents.append(landing(summaries(), SITE, "all", [Path("templates")]))
print(hashlib.sha256(b"".join(d.path.encode() + d.body for d in documents)).hexdigest())
"""


def digest(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_bytes_do_not_depend_on_process_zone_locale_or_hash_seed() -> None:
    digests = {
        digest(PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C.UTF-8"),
        digest(PYTHONHASHSEED="42", TZ="Asia/Almaty", LC_ALL="tr_TR.UTF-8"),
        digest(PYTHONHASHSEED="7", TZ="America/St_Johns", LC_ALL="ar_EG.UTF-8"),
    }
    assert len(digests) == 1


def test_the_process_locale_is_never_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("setlocale is process-wide: not safe among threads")

    before = render(feed("en", 2))
    monkeypatch.setattr(locale, "setlocale", refuse)
    assert render(feed("en", 2)) == before


def test_nothing_is_read_from_the_clock() -> None:
    for document in render(feed("en", 2)):
        assert b"2026-11" not in document.body
        assert b"Nov 2026" not in document.body

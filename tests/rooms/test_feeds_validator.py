"""The W3C feed validator itself, where SYNDICATE_FEEDVALIDATOR names a checkout of github.com/w3c/feedvalidator."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from tests.rooms.feeds_samples import SITE, START, hostile_feeds
from tests.rooms.feeds_samples import feed as sample

from syndicate.feeds import Feed, Tombstone, render

CHECKOUT = os.environ.get("SYNDICATE_FEEDVALIDATOR", "")
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"

pytestmark = pytest.mark.skipif(
    not CHECKOUT, reason="SYNDICATE_FEEDVALIDATOR names no checkout of the validator"
)

Complaints = Callable[[Feed], list[str]]


@pytest.fixture(scope="module")
def complaints() -> Complaints:
    """Errors and warnings at the strictness of the public service, but for the name space of tombstones."""
    sys.path.insert(0, str(Path(CHECKOUT) / "src"))
    import feedvalidator  # type: ignore[import-not-found]
    from feedvalidator import compatibility

    def found(made: Feed) -> list[str]:
        events = []
        for document in render(made)[:2]:
            base = f"{SITE.public_url}/{document.path}"
            logged = feedvalidator.validateString(document.body, firstOccurrenceOnly=0, base=base)
            events += compatibility.AA(logged["loggedEvents"])
        allowed = [e for e in events if e.params.get("namespace") == TOMBSTONES]
        return [f"{type(e).__name__} {e.params}" for e in events if e not in allowed]

    return found


@pytest.mark.parametrize("language", ["en", "tr", "ru", "ar", "all"])
def test_rich_feeds_have_no_error_and_no_warning(complaints: Complaints, language: str) -> None:
    assert complaints(sample(language, 12, previous_archive=2)) == []
    assert complaints(sample(language, 5, page=2, previous_archive=1, tombstones=())) == []
    assert complaints(sample(language, 5, page=1, tombstones=())) == []
    assert complaints(sample(language, 0, tombstones=(Tombstone("tag:x.example,2026:1", START),))) == []
    assert complaints(sample(language, 1, is_complete=True)) == []


@given(hostile_feeds())
def test_hostile_feeds_have_no_error_and_no_warning(complaints: Complaints, made: Feed) -> None:
    assert complaints(made) == []

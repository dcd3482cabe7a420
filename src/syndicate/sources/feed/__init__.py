"""Any site's feed: RSS 0.9x, 1.0 and 2.0, Atom 1.0, JSON Feed 1.1; from an address or a file.

    bytes -> text (charset) -> DOCTYPE? refused -> feedparser or JSON -> Entry -> clean, notes -> Manuscript
    known ETag and Last-Modified -> 304 -> nothing to do

Keys are entry ids; ``:etag`` and ``:last-modified`` are ours. Fingerprints are ``{sha256[:16]}|{date}|{group}``:
the date of arrival of an entry that has none, and the story's name, are kept for ever. An entry that leaves the
feed's window is not gone; only a tombstone (RFC 6721) says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.model import SourceItem
from syndicate.sources.fetch import FetchSettings

if TYPE_CHECKING:
    from syndicate.sources.fetch.fetcher import Fetcher

__all__ = ["FeedSettings", "read"]

_FETCH = FetchSettings(wire_bytes=16 << 20, body_bytes=32 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One feed, at ``url`` or in the file ``path``.

    ``language`` is that of all entries; empty: as entry or feed declare, else detected among ``languages`` (the
    BCP 47 tags to take; none means all). ``group`` says how translations join: ``hreflang`` (alternate links),
    ``category:SCHEME`` (the term of the category of that scheme names the story) or ``none``. Without
    ``full_text`` only the summary is taken.
    """

    name: str
    url: str = ""
    path: Path | None = None
    language: str = ""
    languages: tuple[str, ...] = ()
    group: str = "hreflang"
    full_text: bool = True
    fetch: FetchSettings = _FETCH


def read(
    settings: FeedSettings, known: Mapping[str, str], now: datetime, *, fetcher: "Fetcher | None" = None
) -> Iterator[SourceItem]:
    """A Found for each new or changed entry. Raises SourceError when there is no feed to be read.

    ``fetcher`` is for tests; by default one is made from ``settings.fetch``.
    """
    from syndicate.sources.feed.arrival import arrive
    from syndicate.sources.feed.reading import Reading

    document = arrive(settings, known, fetcher)
    if document is not None:
        yield from Reading(settings, document, known, now).items()

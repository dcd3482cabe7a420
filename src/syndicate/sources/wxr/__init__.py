"""A WordPress export (WXR) file: the history of a site without its server.

    file -> size and date as known? -> nothing to do
    pass 1: authors, terms, attachments, which Polylang group holds which posts
    pass 2: posts -> raw content to HTML (paragraphs, captions) -> clean, notes -> Manuscript

The file is read as a stream, twice: memory holds the small things only, never the posts. DTDs and entities are
refused. Keys are post ids; ``:file`` remembers the file's digest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syndicate.model import SourceItem

__all__ = ["WxrSettings", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WxrSettings:
    """One export file. ``languages`` are BCP 47 tags to take (none: all), in site order; a post without one of its
    own gets the only one of these, else the detected one, else ``default_language``. ``timezone`` (IANA) is the
    site's, for dates without a UTC twin. ``post_types`` as the file names them.
    """

    name: str
    path: Path
    languages: tuple[str, ...] = ()
    default_language: str = ""
    timezone: str = "UTC"
    post_types: tuple[str, ...] = ("post",)


def read(settings: WxrSettings, known: Mapping[str, str], now: datetime) -> Iterator[SourceItem]:
    """A Found for each new or changed post, Gone for those the file holds no more.

    Raises SourceError when the file cannot be read, or breaks off: what stood before the break is handed on.
    """
    from syndicate.sources.wxr.reading import Reading

    yield from Reading(settings, known, now).items()

"""WordPress over its REST API (developer.wordpress.org/rest-api), with Polylang's or WPML's translations.

    probe: which ``lang=`` give different posts -> passes
    users -> authors with a bio per language
    posts modified or published since the cursor, newest first -> Manuscript
    totals differ from what is known -> all ids -> Gone for the missing, read the unknown
    everything read? -> Touched("cursor", newest modification)

Keys are post ids and ``user/{id}``; ``cursor`` is ours. Fingerprints are ``{sha256[:16]}@{group}``, so that a
story keeps its group when the translation that gave it its name goes away.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from syndicate.model import SourceItem
from syndicate.sources.fetch import FetchSettings

if TYPE_CHECKING:
    from syndicate.sources.fetch.fetcher import Fetcher

__all__ = ["WordPressSettings", "read"]

_FETCH = FetchSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordPressSettings:
    """One WordPress site. ``url`` is its home (``https://news.example/``), ``timezone`` an IANA name.

    ``languages`` are the BCP 47 tags to take, in site order; none means whatever the site says. A post without
    a language of its own gets the only one of these, else the detected one, else ``default_language``.
    ``post_types`` are REST bases (``posts``, ``pages``). ``drafts`` needs an application password.
    ``most_gone`` is the share of known posts that may vanish at once; more is taken for a fault of the site.
    """

    name: str
    url: str
    languages: tuple[str, ...] = ()
    default_language: str = ""
    username: str = ""
    application_password: str = field(default="", repr=False)
    drafts: bool = False
    page_size: int = 50
    timezone: str = "UTC"
    post_types: tuple[str, ...] = ("posts",)
    most_gone: float = 0.5
    fetch: FetchSettings = _FETCH


def read(
    settings: WordPressSettings,
    known: Mapping[str, str],
    now: datetime,
    *,
    fetcher: "Fetcher | None" = None,
    sleep: Callable[[float], None] | None = None,
) -> Iterator[SourceItem]:
    """What is new, changed or gone since ``known``. Raises SourceError when the site cannot be read.

    ``fetcher`` and ``sleep`` are for tests; by default one is made from ``settings.fetch``.
    """
    from syndicate.sources.fetch.fetcher import Fetcher
    from syndicate.sources.wordpress.api import Api
    from syndicate.sources.wordpress.reading import Reading

    out = fetcher or Fetcher(settings.fetch)
    try:
        yield from Reading(settings, Api(settings, out, sleep), known, now).items()
    finally:
        if fetcher is None:
            out.close()

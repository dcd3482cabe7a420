"""Where people find the feeds: an OPML list, and the order in which feeds are listed."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from syndicate.feeds.feed import ALL, ROOT, Document, FeedScope, FeedSummary, Format, spoken
from syndicate.feeds.text import attribute, line, moment, web
from syndicate.languages import catalogue, endonym
from syndicate.model import Site


def opml(feeds: Sequence[FeedSummary], site: Site) -> Document:
    """``feeds/feeds.opml`` (OPML 2.0): every feed once, as Atom, which names every author by itself."""
    outlines = "\n".join(_group(language, members, site) for language, members in by_language(feeds, site))
    changed = max((feed.updated for feed in feeds), default=None)
    head = f"<title>{attribute(line(site.text(site.name, spoken(ALL, site))))}</title>"
    if changed:
        head += f"\n<dateModified>{moment(changed):%Y-%m-%dT%H:%M:%SZ}</dateModified>"
    body = f"<head>\n{head}\n</head>\n<body>\n{outlines}\n</body>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n{body}\n</opml>\n'
    return Document(f"{ROOT}/feeds.opml", "text/x-opml", text.encode())


def by_language(feeds: Iterable[FeedSummary], site: Site) -> list[tuple[str, list[FeedSummary]]]:
    """The feeds in the site's order of languages, ``all`` last; in each the site's own, authors, tags."""
    ranks = {language: rank for rank, language in enumerate(site.languages)}
    scopes = list(FeedScope)

    def place(feed: FeedSummary) -> tuple[Any, ...]:
        language = feed.key.language
        rank = ranks.get(language, len(ranks))
        return (
            language == ALL,
            rank,
            language,
            scopes.index(feed.key.scope),
            feed.title.casefold(),
            feed.key.slug,
        )

    return [(k, list(g)) for k, g in groupby(sorted(feeds, key=place), key=lambda f: f.key.language)]


def _group(language: str, feeds: Iterable[FeedSummary], site: Site) -> str:
    inner = "\n".join(_outline(feed, site) for feed in feeds)
    label = attribute(language_name(language, spoken(ALL, site)))
    return f'<outline text="{label}" title="{label}">\n{inner}\n</outline>'


def _outline(feed: FeedSummary, site: Site) -> str:
    title = attribute(line(feed.title) or feed.key.folder)
    members = {
        "type": "rss",
        "text": title,
        "title": title,
        "description": attribute(line(feed.description)),
        "language": "" if feed.key.language == ALL else attribute(feed.key.language),
        "xmlUrl": attribute(feed.url(Format.ATOM, site)),
        "htmlUrl": attribute(web(site.url)),
    }
    return "<outline " + " ".join(f'{name}="{value}"' for name, value in members.items() if value) + "/>"


def language_name(language: str, reader: str) -> str:
    """What the language calls itself; ``all`` in the words of the reader's."""
    return catalogue(reader).gettext("All languages") if language == ALL else endonym(language)

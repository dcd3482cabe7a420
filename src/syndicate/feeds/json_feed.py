"""JSON Feed 1.1 (jsonfeed.org/version/1.1): the same feed, ids and dates as in ``xml``."""

from collections.abc import Iterable
from typing import Any

import orjson

from syndicate.feeds.entry import Entry, Person
from syndicate.feeds.feed import ALL, Feed, Format
from syndicate.feeds.links import home
from syndicate.feeds.text import line, moment, web

VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(feed: Feed, entries: Iterable[Entry]) -> bytes:
    """The document, UTF-8, in a fixed order. What JSON Feed lacks is under ``_syndicate``."""
    document = _present(
        version=VERSION,
        title=line(feed.title) or line(feed.site.text(feed.site.name, feed.language)) or feed.key.folder,
        home_page_url=home(feed),
        feed_url=feed.url(Format.JSON, feed.page),
        description=line(feed.description),
        next_url=_older(feed),
        icon=web(feed.site.logo),
        authors=[_present(name=line(feed.site.text(feed.site.name, feed.language)), url=home(feed))],
        language="" if feed.key.language == ALL else feed.language,
        hubs=_hubs(feed),
        _syndicate=_more(feed),
        items=[_item(entry) for entry in entries],
    )
    document.setdefault("items", [])
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _present(**members: Any) -> dict[str, Any]:
    """The members that say something."""
    return {name: value for name, value in members.items() if value}


def _older(feed: Feed) -> str:
    page = feed.previous_archive
    return "" if page is None else feed.url(Format.JSON, page)


def _hubs(feed: Feed) -> list[dict[str, str]]:
    hubs = () if feed.is_archive else feed.site.hubs
    return [{"type": "WebSub", "url": web(hub)} for hub in hubs if web(hub)]


def _more(feed: Feed) -> dict[str, Any]:
    """The feed's permanent id, its other languages, and what was withdrawn."""
    siblings = () if feed.is_archive else sorted(feed.translations, key=lambda key: key.language)
    return _present(
        id=feed.key.tag_uri(feed.site),
        updated=moment(feed.updated).isoformat(),
        translations=[
            {"language": key.language, "url": f"{feed.site.public_url}/{key.folder}/{Format.JSON.value}"}
            for key in siblings
        ],
        withdrawn=[{"id": s.id, "when": moment(s.when).isoformat()} for s in feed.tombstones],
    )


def _item(entry: Entry) -> dict[str, Any]:
    return _present(
        id=entry.id,
        url=entry.url,
        language=entry.language,
        title=entry.title,
        summary=entry.summary,
        content_html=entry.content,
        image=web(entry.image.url) if entry.image else "",
        date_published=entry.published.isoformat(),
        date_modified=entry.updated.isoformat(),
        authors=[_author(p) for p in entry.authors],
        tags=[label for _, label in entry.tags],
        _syndicate=_present(
            translators=[_author(p) for p in entry.translators],
            translations=[
                {"language": t.language, "url": t.url, "title": t.title} for t in entry.translations
            ],
        ),
    )


def _author(person: Person) -> dict[str, Any]:
    return _present(name=person.name, url=person.url, avatar=person.photo)

"""The links of a feed and of an entry, as attribute dictionaries in a fixed order."""

from collections.abc import Iterator

from syndicate.feeds.entry import Entry
from syndicate.feeds.feed import ALL, Feed, Format
from syndicate.feeds.text import web

Link = dict[str, str]


def feed_links(feed: Feed, form: Format) -> list[Link]:
    """Exactly one ``self``; then the page it is about, hubs, licence, history, other formats and languages."""
    own = {"rel": "self", "type": form.media_type, "href": feed.url(form, feed.page)}
    links = [own, *_home(feed), *_licence(feed), *_history(feed, form)]
    if not feed.is_archive:
        links += [*_hubs(feed), *_siblings(feed, form)]
    return links


def entry_links(entry: Entry) -> list[Link]:
    """The article's page and its translations: one alternate for each language."""
    own = [_page(entry.language, entry.url, "")] if entry.url else []
    return own + [_page(t.language, t.url, t.title) for t in entry.translations]


def home(feed: Feed) -> str:
    """The page that the feed is about."""
    return web(feed.home) or web(feed.site.url) or f"{feed.site.public_url}/"


def _page(language: str, url: str, title: str) -> Link:
    link = {"rel": "alternate", "type": "text/html", "hreflang": language, "href": url}
    return {**link, "title": title} if title else link


def _home(feed: Feed) -> Iterator[Link]:
    yield {"rel": "alternate", "type": "text/html", "href": home(feed)}


def _hubs(feed: Feed) -> Iterator[Link]:
    """WebSub, section 4: hubs are told by the topic itself. Archive pages are no topics."""
    for hub in feed.site.hubs:
        if web(hub):
            yield {"rel": "hub", "href": web(hub)}


def _licence(feed: Feed) -> Iterator[Link]:
    if web(feed.site.licence):
        yield {"rel": "license", "href": web(feed.site.licence)}


def _history(feed: Feed, form: Format) -> Iterator[Link]:
    """RFC 5005, section 4. Only the first page names its successor, which is cut together with it: a link added
    later would change the bytes of a page that is meant to stay.
    """
    if feed.is_archive:
        yield {"rel": "current", "type": form.media_type, "href": feed.url(form)}
    following = 2 if feed.page == 1 else None
    for rel, page in (("prev-archive", feed.previous_archive), ("next-archive", following)):
        if page is not None:
            yield {"rel": rel, "type": form.media_type, "href": feed.url(form, page)}


def _siblings(feed: Feed, form: Format) -> Iterator[Link]:
    """The same feed in the other formats, and in the other languages in this format."""
    for other in Format:
        if other is not form:
            yield {"rel": "alternate", "type": other.media_type, "href": feed.url(other)}
    for key in sorted(feed.translations, key=lambda k: k.language):
        if key.language != feed.key.language:
            href = f"{feed.site.public_url}/{key.folder}/{form.value}"
            hreflang = {} if key.language == ALL else {"hreflang": key.language}
            yield {"rel": "alternate", "type": form.media_type, **hreflang, "href": href}

"""Feeds: stories -> RSS 2.0, Atom 1.0 and JSON Feed 1.1, OPML, and a page for people. Pure: values in, bytes out.

::

    CompleteArticle --content--> HTML with notes, bios, similar posts
          |                            |
          +----------entry-------------+--> Entry (once) --xml--> rss.xml, atom.xml   (feedgen, see ``repair``)
                                                 \\-----json_feed--> feed.json
    FeedSummary... --directory--> feeds.opml        --landing--> index.html, feed.css, feeds.css, feeds.js
    number of articles --pages.cut--> which article is in which document (RFC 5005)
"""

from syndicate.feeds.directory import opml
from syndicate.feeds.entry import entry
from syndicate.feeds.feed import (
    ALL,
    Document,
    Feed,
    FeedKey,
    FeedScope,
    FeedSummary,
    Format,
    Tombstone,
)
from syndicate.feeds.landing import assets, feed_page, landing
from syndicate.feeds.pages import Cut, Page, cut

__all__ = [
    "ALL",
    "Cut",
    "Document",
    "Feed",
    "FeedKey",
    "FeedScope",
    "FeedSummary",
    "Format",
    "Page",
    "Tombstone",
    "assets",
    "cut",
    "feed_page",
    "landing",
    "opml",
    "render",
]


def render(feed: Feed) -> tuple[Document, ...]:
    """The three documents of ``feed`` (or of one archive page of it): RSS, Atom, JSON.

    Each article is made into HTML once. The same feed gives the same bytes in any process, time zone and
    locale. Nothing in an article makes this fail: what a format cannot carry is left out.
    """
    from syndicate.feeds.json_feed import json_feed
    from syndicate.feeds.xml import xml_feeds

    entries = [entry(item, feed.site, archived=feed.is_archive) for item in feed.items]
    bodies = {**xml_feeds(feed, entries), Format.JSON: json_feed(feed, entries)}
    return tuple(Document(feed.path(form, feed.page), form.media_type, bodies[form]) for form in Format)

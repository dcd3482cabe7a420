"""feedgen 1.0.0 mended, and taught what it lacks, through its own extension interface.

What it gets wrong, and why every link is written here: entry links lose ``rel``, ``type``, ``hreflang`` (its
issues 135 and 143); an RSS ``<link>`` is the last alternate, whatever its language; RSS has only the first
``self`` link; names without an e-mail address vanish from RSS; dates are formatted under a process-wide
``setlocale``, which is not safe among threads. What it lacks: ``xml:lang`` per entry, title types, RFC 5005,
RFC 6721, hubs.

Entry hooks receive the entry or item, feed hooks the root (the RSS channel is its first child). Atom elements
are made without a namespace: feedgen writes ``xmlns`` as a plain attribute.
"""

from collections.abc import Iterable
from email.utils import format_datetime
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from syndicate.feeds.entry import Entry
from syndicate.feeds.feed import Tombstone
from syndicate.feeds.text import fragment, line, moment, unmistakable, web

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

Link = dict[str, str]

# The same text as feedgen's own, without setlocale.
feedgen.feed.formatRFC2822 = feedgen.entry.formatRFC2822 = format_datetime


class FeedRepair(BaseExtension):  # type: ignore[misc]
    """What a whole feed says that feedgen cannot say."""

    def __init__(self) -> None:
        self.atom_links: list[Link] = []
        self.rss_links: list[Link] = []
        self.tombstones: tuple[Tombstone, ...] = ()
        self.is_archive = False
        self.is_complete = False
        self.is_mixed = False

    def extend_ns(self) -> dict[str, str]:
        spaces = {"dc": DC, "fh": HISTORY, "media": MEDIA}
        return {prefix: name.strip("{}") for prefix, name in spaces.items()}

    def extend_atom(self, feed: Any) -> Any:
        _replace_links(feed, self.atom_links)
        _declare(feed)
        self._history(feed)
        for stone in self.tombstones:
            _deleted_entry(feed, stone)
        return feed

    def extend_rss(self, rss: Any) -> Any:
        channel = rss[0]
        for link in channel.findall(f"{ATOM}link"):
            channel.remove(link)
        _add(channel, f"{ATOM}link", self.rss_links)
        for element in channel.iter("title", "copyright"):
            element.text = unmistakable(element.text)
        channel.find("description").text = fragment(channel.find("description").text)
        channel.set(XML_LANG, channel.find("language").text)
        if self.is_mixed:
            channel.remove(channel.find("language"))
        self._history(channel)
        return rss

    def _history(self, parent: Any) -> None:
        """RFC 5005, sections 2 and 4."""
        if self.is_archive:
            etree.SubElement(parent, f"{HISTORY}archive")
        if self.is_complete:
            etree.SubElement(parent, f"{HISTORY}complete")


class EntryRepair(BaseEntryExtension):  # type: ignore[misc]
    """What one entry says that feedgen cannot say."""

    def __init__(self) -> None:
        self.entry: Entry | None = None
        self.links: list[Link] = []

    def extend_atom(self, element: Any) -> Any:
        assert self.entry is not None
        element.set(XML_LANG, self.entry.language)
        _declare(element)
        _replace_links(element, self.links)
        _thumbnail(element, self.entry)
        return element

    def extend_rss(self, item: Any) -> Any:
        assert self.entry is not None
        item.set(XML_LANG, self.entry.language)
        item.find("title").text = unmistakable(self.entry.title)
        self._description(item, self.entry)
        _text(item, f"{DC}creator", ", ".join(p.name for p in self.entry.authors))
        _text(item, f"{DC}contributor", ", ".join(p.name for p in self.entry.translators))
        _text(item, f"{DC}language", self.entry.language)
        _text(item, f"{ATOM}updated", self.entry.updated.isoformat())
        _add(item, f"{ATOM}link", (link for link in self.links if link["hreflang"] != self.entry.language))
        _thumbnail(item, self.entry)
        return item

    def _description(self, item: Any, entry: Entry) -> None:
        """Without a summary feedgen takes the content for the description: give each its own element."""
        if not entry.summary:
            item.find("description").tag = f"{CONTENT}encoded"
            item.insert(1, etree.Element("description"))
        item.find("description").text = fragment(entry.teaser)


def mended() -> FeedGenerator:
    """A generator with both extensions registered as ``repair``."""
    generator = FeedGenerator()
    generator.register_extension("repair", FeedRepair, EntryRepair)
    return generator


def _replace_links(parent: Any, links: Iterable[Link]) -> None:
    for link in parent.findall("link"):
        parent.remove(link)
    _add(parent, "link", links)


def _add(parent: Any, name: str, links: Iterable[Link]) -> None:
    for link in links:
        etree.SubElement(parent, name, link)


def _declare(parent: Any) -> None:
    """Plain texts say so; one that would be taken for markup all the same is declared as HTML and escaped."""
    for name in ("title", "subtitle", "summary"):
        element = parent.find(name)
        if element is not None:
            html = fragment(element.text)
            element.set("type", "text" if html == element.text else "html")
            element.text = html


def _text(parent: Any, name: str, text: str) -> None:
    if text:
        etree.SubElement(parent, name).text = text


def _thumbnail(parent: Any, entry: Entry) -> None:
    """The lead image. Not an enclosure: that must tell a length in bytes, which nobody has measured."""
    if entry.image is None:
        return
    image = etree.SubElement(parent, f"{MEDIA}thumbnail", url=web(entry.image.url))
    if entry.image.width and entry.image.height:
        image.set("width", str(entry.image.width))
        image.set("height", str(entry.image.height))


def _deleted_entry(feed: Any, stone: Tombstone) -> None:
    """RFC 6721, section 3. The name space is declared here, so that only feeds with tombstones have it."""
    members = {"ref": line(stone.id), "when": moment(stone.when).isoformat()}
    spaces = {"at": TOMBSTONE.strip("{}")}
    element = etree.SubElement(feed, f"{TOMBSTONE}deleted-entry", members, nsmap=spaces)
    if web(stone.url):
        etree.SubElement(element, "link", rel="alternate", type="text/html", href=web(stone.url))
    if stone.comment:
        etree.SubElement(element, f"{TOMBSTONE}comment").text = line(stone.comment)

"""RSS 2.0 and Atom 1.0, written by feedgen as mended in ``repair``."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import urlsplit

from syndicate.feeds.entry import Entry, Person
from syndicate.feeds.feed import ALL, ROOT, Feed, Format
from syndicate.feeds.links import entry_links, feed_links, home
from syndicate.feeds.repair import mended
from syndicate.feeds.text import line, moment, web

TTL_MINUTES = 30
GENERATOR = "syndicate"  # without a version: an upgrade must not change the bytes of every feed

_RSS_TEXT = re.compile(
    rb"<(title|description|category|copyright|dc:creator|dc:contributor)\b[^<>]*>[^<]*&[^<]*<"
)


def xml_feeds(feed: Feed, entries: Iterable[Entry]) -> dict[Format, bytes]:
    """Both documents, UTF-8. They are built once and differ in what the extension writes into each."""
    generator = _generator(feed)
    for entry in entries:
        _add_entry(generator, entry, feed)
    rss = generator.rss_str(pretty=True, xml_declaration=False)
    atom = generator.atom_str(pretty=True, xml_declaration=False)
    return {Format.RSS: _styled(feed, _profiled(rss)), Format.ATOM: _styled(feed, atom)}


def _generator(feed: Feed) -> Any:
    site, generator = feed.site, mended()
    title = line(feed.title) or line(site.text(site.name, feed.language)) or feed.key.folder
    generator.id(feed.key.tag_uri(site))
    generator.title(title)
    generator.subtitle(line(feed.description) or title)
    generator.link(href=home(feed), rel="alternate")
    generator.updated(moment(feed.updated))
    generator.author(name=line(site.text(site.name, feed.language)) or title, uri=home(feed))
    generator.generator(GENERATOR)
    generator.language(feed.language)
    generator.ttl(TTL_MINUTES)
    if web(site.logo):
        generator.logo(web(site.logo))
    if site.licence:
        generator.rights(line(site.licence))
    _repair(generator.repair, feed)
    return generator


def _repair(repair: Any, feed: Feed) -> None:
    repair.atom_links = feed_links(feed, Format.ATOM)
    repair.rss_links = feed_links(feed, Format.RSS)
    repair.tombstones = feed.tombstones
    repair.is_archive = feed.is_archive
    repair.is_complete = feed.is_complete
    repair.is_mixed = feed.key.language == ALL


def _add_entry(generator: Any, entry: Entry, feed: Feed) -> None:
    written = generator.add_entry(order="append")
    written.id(entry.id)
    written.title(entry.title)
    written.published(entry.published)
    written.updated(entry.updated)
    written.content(entry.content, type="html")
    if entry.summary:
        written.summary(entry.summary, type="text")
    if entry.url:
        written.link(href=entry.url, rel="alternate")
    written.author([_person(p) for p in entry.authors])
    written.contributor([_person(p) for p in entry.translators])
    scheme = f"tag:{feed.site.id_authority}:{ROOT}/tags"
    written.category([{"term": slug, "label": label, "scheme": scheme} for slug, label in entry.tags])
    written.repair.entry = entry
    written.repair.links = entry_links(entry)


def _person(person: Person) -> dict[str, str]:
    return {"name": person.name, "uri": person.url} if person.url else {"name": person.name}


def _profiled(rss: bytes) -> bytes:
    """``&#x26;`` and ``&#x3C;`` in short texts, as the RSS Best Practices Profile asks: the same to any parser."""
    return _RSS_TEXT.sub(lambda m: m.group().replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"), rss)


def _styled(feed: Feed, document: bytes) -> bytes:
    """With a style sheet for people who open the address in a browser. CSS: browsers are dropping XSLT.

    Its address is without scheme and host, so that it is found on any host that serves ``public/``.
    """
    css = f"{urlsplit(feed.site.public_url).path.rstrip('/')}/{ROOT}/feed.css"
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/css" href="{escape(css)}"?>\n'
    )
    return head.encode() + document

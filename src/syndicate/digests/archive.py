"""An edition as a web page, told in full, and the list of issues: static files that say the same to everybody."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

import lxml.etree
import lxml.html
from markupsafe import Markup, escape

from syndicate.digests.content import ArchiveListing, EditionArticle, EditionContent, Sibling
from syndicate.digests.entries import Entry, Label, entry, one_line, similar_label
from syndicate.digests.links import safe_url
from syndicate.digests.note import note_html
from syndicate.digests.slots import cleared
from syndicate.digests.subject import dated, subject
from syndicate.digests.templates import render
from syndicate.digests.view import Card, cards, lines_of, newsletter_name, site_name
from syndicate.languages import direction, endonym, format_date, interface, primary
from syndicate.model import Footnote, Newsletter, Site

_HEADING = re.compile(r"h([1-6])")
_TOP_HEADING = 3


@dataclass(frozen=True, slots=True)
class FullNote:
    """A footnote as a fragment of HTML, with the ids of the places that refer to it."""

    id: str
    number: int
    html: Markup
    back: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FullStory:
    """An article in full: its entry as in the mail, its body with ids of its own on this page, its notes."""

    id: str
    entry: Entry
    has_picture_of_its_own: bool
    body: Markup
    notes: tuple[FullNote, ...]
    similar: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """One language to switch to."""

    language: str
    direction: str
    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What ``pages/archive.html.j2`` sees."""

    language: str
    direction: str
    site_name: str
    site_url: str
    newsletter: str
    date: str
    iso_date: str
    title: str
    heading: str
    url: str
    archive_url: str
    subscribe_url: str
    note: Markup
    stories: tuple[FullStory, ...]
    cards: tuple[Card, ...]
    feeds: tuple[tuple[str, str], ...]
    switches: tuple[Switch, ...]
    postal: tuple[str, ...]
    postal_language: str
    postal_direction: str


@dataclass(frozen=True, slots=True)
class IssueLine:
    """One issue in the list."""

    date: str
    iso_date: str
    title: str
    url: str
    stories: int


def archive_page(content: EditionContent, templates: Sequence[Path]) -> bytes:
    """The edition for the browser (UTF-8): every story in full, the ones only named in the mail included.

    No slot, no personal link; feeds for autodiscovery; the other editions of the issue. Raises TemplateError.
    """
    site, language = content.site, content.language
    page = Page(
        language=language,
        direction=direction(language),
        site_name=site_name(site, language),
        site_url=safe_url(site.url),
        newsletter=(name := newsletter_name(site, content.newsletter, language)),
        date=format_date(content.issue_date, language),
        iso_date=content.issue_date.isoformat(),
        title=subject(content, name),
        heading=dated(name, format_date(content.issue_date, language), language),
        url=safe_url(content.web_url),
        archive_url=safe_url(content.archive_url),
        subscribe_url=_subscribe_url(site, content.newsletter, language),
        note=note_html(content.note),
        stories=tuple(_full(item, n, content) for n, item in enumerate(content.all, 1)),
        cards=tuple(cards(content.all, language)),
        feeds=_feeds(content.feeds),
        switches=_switches(language, content.web_url, content.siblings),
        postal=lines_of(site.postal_address),
        postal_language=site.postal_language,
        postal_direction=direction(site.postal_language),
    )
    return render(templates, ["pages/archive.html.j2"], language, {"page": page}).encode()


def archive_index(listing: ArchiveListing, templates: Sequence[Path]) -> bytes:
    """All issues of a newsletter in one language as a page (UTF-8), newest first. Raises TemplateError."""
    site, language = listing.site, listing.language
    values = {
        "direction": direction(language),
        "site_name": site_name(site, language),
        "site_url": safe_url(site.url),
        "newsletter": newsletter_name(site, listing.newsletter, language),
        "description": one_line(_description(listing), 400),
        "url": safe_url(listing.url),
        "subscribe_url": _subscribe_url(site, listing.newsletter, language),
        "issues": tuple(_issue(i.date, i.title, i.url, i.stories, language) for i in listing.issues),
        "feeds": _feeds(listing.feeds),
        "switches": _switches(language, listing.url, listing.siblings),
    }
    return render(templates, ["pages/archive_index.html.j2"], language, {"page": values}).encode()


def _subscribe_url(site: Site, newsletter: Newsletter, language: str) -> str:
    """The sign-up page with this newsletter chosen, in the nearest language it is in; empty for one not offered."""
    if not newsletter.is_open:
        return ""
    return safe_url(f"{site.public_url}/{interface(language)}/subscribe?newsletter={newsletter.key}")


def _description(listing: ArchiveListing) -> str:
    """What the newsletter is about, if that is written in the page's language."""
    texts = listing.newsletter.description
    return texts.get(listing.language) or texts.get(primary(listing.language), "")


def _full(item: EditionArticle, n: int, content: EditionContent) -> FullStory:
    article, prefix = item.complete.article, f"s{n}"
    body = _parsed(article.body_html)
    _rehome(body, prefix)
    return FullStory(
        id=prefix,
        entry=entry(item, content),
        has_picture_of_its_own=body.find(".//img") is not None,
        body=_inner(body),
        notes=tuple(_full_note(note, prefix) for note in article.footnotes),
        similar=tuple(
            similar_label(p, content.language) for p in item.complete.similar[:4] if safe_url(p.url)
        ),
    )


def _full_note(note: Footnote, prefix: str) -> FullNote:
    html = _parsed(note.html)
    _rehome(html, prefix)
    again = (f"fnref-{note.number}-{k}" for k in range(2, note.references + 1))
    back = (
        tuple(f"{prefix}-{id}" for id in chain((f"fnref-{note.number}",), again)) if note.references else ()
    )
    return FullNote(f"{prefix}-fn-{note.number}", note.number, _inner(html), back)


def _parsed(html: str) -> lxml.html.HtmlElement:
    try:
        return lxml.html.fragment_fromstring(cleared(html) or " ", create_parent="div")
    except (lxml.etree.LxmlError, ValueError):
        return lxml.html.fragment_fromstring("<div></div>")


def _rehome(root: lxml.html.HtmlElement, prefix: str) -> None:
    """Ids and the links to them made unique on the page, headings moved below the article's own h2."""
    top = min((int(m[1]) for e in _elements(root) if (m := _HEADING.fullmatch(e.tag))), default=_TOP_HEADING)
    for element in _elements(root):
        if element.get("id"):
            element.set("id", f"{prefix}-{element.get('id')}")
        if element.get("href", "").startswith("#"):
            element.set("href", f"#{prefix}-{element.get('href')[1:]}")
        if heading := _HEADING.fullmatch(element.tag):
            element.tag = f"h{min(6, int(heading[1]) - top + _TOP_HEADING)}"


def _elements(root: lxml.html.HtmlElement) -> Iterator[lxml.html.HtmlElement]:
    return (element for element in root.iter() if isinstance(element.tag, str))


def _inner(root: lxml.html.HtmlElement) -> Markup:
    """What is inside of ``root``, serialised anew and therefore well-formed."""
    inside = "".join(lxml.etree.tostring(child, encoding="unicode", method="html") for child in root)
    return escape(root.text or "") + Markup(inside)  # noqa: S704 - clean by the allow-list of sources


def _feeds(feeds: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((kind, safe_url(url)) for kind, url in feeds if safe_url(url))


def _switches(language: str, url: str, siblings: Sequence[Sibling]) -> tuple[Switch, ...]:
    """This page and its siblings; nothing to switch when it stands alone."""
    every = [Sibling(language, url), *(s for s in siblings if s.language != language)]
    shown = [Switch(s.language, direction(s.language), endonym(s.language), safe_url(s.url)) for s in every]
    return tuple(shown) if len(shown) > 1 else ()


def _issue(day: date, title: str, url: str, stories: int, language: str) -> IssueLine:
    return IssueLine(format_date(day, language), day.isoformat(), one_line(title), safe_url(url), stories)

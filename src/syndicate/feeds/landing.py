"""Pages about feeds, for people: each feed's name and address, and autodiscovery for their readers.

Links on a page are relative, so that a copy of ``public/`` works anywhere, even without a server; the addresses
to copy, and those in ``<link>``, are absolute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from posixpath import relpath

from syndicate.feeds.directory import by_language, language_name
from syndicate.feeds.feed import ALL, ROOT, Document, FeedKey, FeedScope, FeedSummary, Format, spoken
from syndicate.feeds.templates import render
from syndicate.feeds.text import legal, line, web
from syndicate.languages import Catalogue, catalogue, direction, interface
from syndicate.model import NotFound, Site

ASSETS = {"feed.css": "text/css", "feeds.css": "text/css", "feeds.js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class Form:
    """One format of a feed: ``href`` relative to the page, ``url`` absolute."""

    label: str
    media_type: str
    href: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One feed. ``href`` leads to its own page; ``address`` is what to copy; ``count`` is in words."""

    title: str
    description: str
    count: str
    copy: str
    language: str
    direction: str
    href: str
    address: str
    formats: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Feeds of one scope; the site's own come without a heading."""

    heading: str
    rows: tuple[Row, ...]

    @property
    def size(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Section:
    """The feeds of one language, in the words of that language."""

    language: str
    direction: str
    anchor: str
    name: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Discovery:
    """One ``<link rel="alternate">``. ``language`` is empty for a feed of all languages."""

    title: str
    media_type: str
    language: str
    url: str


@dataclass(frozen=True, slots=True)
class Switch:
    """The same page in another language (``hreflang`` ``x-default`` for the page of all)."""

    language: str
    direction: str
    hreflang: str
    name: str
    href: str
    url: str
    is_here: bool


def landing(
    feeds: Sequence[FeedSummary],
    site: Site,
    language: str,
    templates: Sequence[Path],
    *,
    signs_up: bool = False,
) -> Document:
    """``feeds/{language}/index.html``, or ``feeds/index.html`` with every feed when ``language`` is ``all``.

    ``templates`` are folders with ``pages/feeds.html.j2``: the newsroom's first, then the shipped one. ``signs_up``:
    one can sign up for mails, and the page says where.
    """
    folder = ROOT if language == ALL else FeedKey(language).folder
    shown = [feed for feed in feeds if language in (ALL, feed.key.language)]
    sections = [_section(code, members, site, folder) for code, members in by_language(shown, site)]
    languages = [code for code, _ in by_language(feeds, site)]
    switches = _switches(
        [(c, ROOT if c == ALL else FeedKey(c).folder) for c in languages], language, site, folder
    )
    subscribe = _subscribe(language, site, folder) if signs_up else ""
    return _page(
        "pages/feeds.html.j2",
        templates,
        site,
        language,
        folder,
        shown,
        switches,
        sections=sections,
        subscribe=subscribe,
    )


def feed_page(
    feed: FeedSummary,
    translations: Iterable[FeedKey],
    site: Site,
    templates: Sequence[Path],
    *,
    signs_up: bool = False,
) -> Document:
    """``{folder}/index.html`` of an author's or a topic's feed: what a byline's ``url`` can lead to."""
    keys = sorted({feed.key, *translations}, key=lambda key: (key.language == ALL, key.language))
    folder = feed.key.folder
    switches = _switches([(key.language, key.folder) for key in keys], feed.key.language, site, folder)
    words = catalogue(spoken(feed.key.language, site))
    return _page(
        "pages/feeds_one.html.j2",
        templates,
        site,
        feed.key.language,
        folder,
        [feed],
        switches,
        row=_row(feed, site, folder, words),
        subscribe=_subscribe(feed.key.language, site, folder) if signs_up else "",
        kind=_heading(feed.key.scope, words),
        up=_relative(ROOT if feed.key.language == ALL else FeedKey(feed.key.language).folder, folder),
    )


def assets(templates: Sequence[Path]) -> tuple[Document, ...]:
    """``feeds/feed.css`` (for XML in a browser), ``feeds/feeds.css`` and ``feeds/feeds.js`` (for the pages).

    Raises NotFound when a file is in none of the ``templates`` folders.
    """
    return tuple(
        Document(f"{ROOT}/{name}", media_type, _first(templates, f"pages/{name}").read_bytes())
        for name, media_type in ASSETS.items()
    )


def _first(templates: Sequence[Path], name: str) -> Path:
    for folder in templates:
        if (folder / name).is_file():
            return folder / name
    raise NotFound(f"{name} is in none of the template folders: {', '.join(map(str, templates))}")


def _page(
    name: str,
    templates: Sequence[Path],
    site: Site,
    language: str,
    folder: str,
    feeds: Iterable[FeedSummary],
    switches: Sequence[Switch],
    **more: object,
) -> Document:
    own = spoken(language, site)
    values = {
        **catalogue(own).callables(),
        "language": own,
        "direction": direction(own),
        "site_name": line(site.text(site.name, own)),
        "site_description": line(site.text(site.description, own)),
        "site_url": web(site.url),
        "canonical": f"{site.public_url}/{folder}/",
        "assets": _relative(ROOT, folder),
        "languages": switches,
        "autodiscovery": [link for feed in feeds for link in _discovery(feed, site)],
        **more,
    }
    html = render(templates, name, values)
    return Document(f"{folder}/index.html", "text/html; charset=utf-8", legal(html).encode())


def _section(language: str, feeds: Iterable[FeedSummary], site: Site, folder: str) -> Section:
    own = spoken(language, site)
    words = catalogue(own)
    groups = tuple(
        Group(_heading(scope, words), tuple(_row(feed, site, folder, words) for feed in members))
        for scope, members in groupby(feeds, key=lambda feed: feed.key.scope)
    )
    return Section(own, direction(own), language, language_name(language, own), groups)


def _heading(scope: FeedScope, words: Catalogue) -> str:
    if scope is FeedScope.SITE:
        return ""
    return words.gettext("By author") if scope is FeedScope.AUTHOR else words.gettext("By topic")


def _row(feed: FeedSummary, site: Site, folder: str, words: Catalogue) -> Row:
    own = spoken(feed.key.language, site)
    return Row(
        title=_short(feed, site, own),
        description=line(feed.description) if feed.key.scope is FeedScope.SITE else "",
        count=words.ngettext("{n} story", "{n} stories", feed.count) if feed.count else "",
        copy=words.gettext("Copy address"),
        language=own,
        direction=direction(own),
        href=_relative(_page_of(feed.key), folder),
        address=feed.url(Format.ATOM, site),
        formats=tuple(_form(feed, form, site, folder) for form in Format),
    )


def _page_of(key: FeedKey) -> str:
    """The folder of a feed's page: that of every language has none of its own."""
    return ROOT if key == FeedKey(ALL) else key.folder


def _short(feed: FeedSummary, site: Site, language: str) -> str:
    """The feed's title without the name of the site, which the page itself bears."""
    title = line(feed.title) or feed.key.folder
    return title.removesuffix(f" · {line(site.text(site.name, language))}")


def _form(feed: FeedSummary, form: Format, site: Site, folder: str) -> Form:
    href = _relative(feed.key.folder, folder) + form.value
    return Form(form.label, form.media_type, href, feed.url(form, site))


def _discovery(feed: FeedSummary, site: Site) -> list[Discovery]:
    language = "" if feed.key.language == ALL else feed.key.language
    title = line(feed.title) or feed.key.folder
    return [Discovery(f"{title} ({f.label})", f.media_type, language, feed.url(f, site)) for f in Format]


def _switches(pages: Iterable[tuple[str, str]], here: str, site: Site, folder: str) -> list[Switch]:
    """Each language calls itself by its own name; "all languages" is said in the language of the page."""
    own = spoken(here, site)
    return [
        Switch(
            language=own if code == ALL else code,
            direction=direction(own if code == ALL else code),
            hreflang="x-default" if code == ALL else code,
            name=language_name(code, own),
            href=_relative(target, folder),
            url=f"{site.public_url}/{target}/",
            is_here=code == here,
        )
        for code, target in pages
    ]


def _subscribe(language: str, site: Site, folder: str) -> str:
    """The sign-up page in the language of a page, or the nearest that it is in."""
    return _relative(f"{interface(spoken(language, site))}/subscribe", folder).removesuffix("/")


def _relative(target: str, folder: str) -> str:
    """From a page in ``folder`` to the folder ``target``, with a slash at the end."""
    return relpath(target, folder) + "/"

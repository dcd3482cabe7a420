"""What a feed is: frozen values in, documents out."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from syndicate.model import CompleteArticle, Site, UnsafeValue

ALL = "all"
ROOT = "feeds"

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}\Z")


class FeedScope(StrEnum):
    """What a feed gathers. The value is the word in its address."""

    SITE = "site"
    AUTHOR = "author"
    TAG = "tag"


class Format(StrEnum):
    """The three formats; the value is the file's name, the same in every feed's folder."""

    RSS = "rss.xml"
    ATOM = "atom.xml"
    JSON = "feed.json"

    @property
    def media_type(self) -> str:
        """The registered media type, without parameters."""
        return _MEDIA_TYPES[self]

    @property
    def label(self) -> str:
        """What people call it."""
        return _LABELS[self]


_MEDIA_TYPES = {
    Format.RSS: "application/rss+xml",
    Format.ATOM: "application/atom+xml",
    Format.JSON: "application/feed+json",
}
_LABELS = {Format.RSS: "RSS", Format.ATOM: "Atom", Format.JSON: "JSON"}


@dataclass(frozen=True, slots=True)
class FeedKey:
    """Names one feed for ever: ``language`` is a canonical tag or ``"all"``; ``slug`` is empty for the site.

    Raises UnsafeValue where language or slug could leave the folder of feeds.
    """

    language: str
    scope: FeedScope = FeedScope.SITE
    slug: str = ""

    def __post_init__(self) -> None:
        for part in self._parts:
            if not _SEGMENT.match(part):
                raise UnsafeValue(
                    f"{part!r} cannot be part of a feed's address: use letters, digits and hyphens"
                )
        if (self.scope is FeedScope.SITE) != (not self.slug):
            raise UnsafeValue(f"a feed of scope {self.scope} with the slug {self.slug!r} has no address")

    @property
    def _parts(self) -> tuple[str, ...]:
        return (self.language,) if self.scope is FeedScope.SITE else (self.language, self.slug)

    @property
    def folder(self) -> str:
        """``feeds/en``, ``feeds/en/author/ayse-demir``, ``feeds/all/tag/energy``: no slash at either end."""
        below = () if self.scope is FeedScope.SITE else (self.scope.value, self.slug)
        return "/".join((ROOT, self.language, *below))

    def page_folder(self, page: int | None) -> str:
        """Where the subscription document (None) or an archive page (1, 2, …) lives."""
        return self.folder if page is None else f"{self.folder}/archive/{page:04d}"

    def tag_uri(self, site: Site) -> str:
        """The feed's permanent id (RFC 4151): made from ``id_authority``, so it survives a change of domain."""
        return f"tag:{site.id_authority}:{quote(self.folder)}"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An article that was withdrawn: RFC 6721 deleted-entry. ``id`` as it was, ``when`` UTC.

    The title is left out on purpose: what a newsroom withdraws it does not want printed again. ``comment`` is what
    readers are told of why, plain text.
    """

    id: str
    when: datetime
    url: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed, or one archive page of it, with all that is told in it.

    ``items`` are newest first, published, and out. ``updated`` is the newest of their ``changed`` and of the
    tombstones' ``when``: never the clock, or every build would make new bytes. ``translations`` are the same
    feed in other languages, itself left out; the flow gives them to all or to none, so that they are reciprocal.
    ``page`` is None for the subscription document, else the number of an archive page, counted from 1, the
    oldest first. ``previous_archive`` is the next older page (None: there is none). ``is_complete``: all that the
    feed ever told is in this document. ``home`` is the page about it, where that is not the site itself.
    """

    key: FeedKey
    title: str
    description: str
    items: tuple[CompleteArticle, ...]
    site: Site
    updated: datetime
    tombstones: tuple[Tombstone, ...] = ()
    translations: tuple[FeedKey, ...] = ()
    page: int | None = None
    previous_archive: int | None = None
    is_complete: bool = False
    home: str = ""

    @property
    def language(self) -> str:
        """The language of the feed's own title; articles carry theirs."""
        return spoken(self.key.language, self.site)

    @property
    def is_archive(self) -> bool:
        return self.page is not None

    def path(self, form: Format, page: int | None = None) -> str:
        """The path below ``public/`` of a document of this feed (by default the subscription document)."""
        return f"{self.key.page_folder(page)}/{form.value}"

    def url(self, form: Format, page: int | None = None) -> str:
        """The same as an absolute address."""
        return f"{self.site.public_url}/{self.path(form, page)}"


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """What a directory of feeds (OPML, landing page) says of one feed. ``count``: articles it ever told."""

    key: FeedKey
    title: str
    description: str
    updated: datetime
    count: int = 0

    def url(self, form: Format, site: Site) -> str:
        return f"{site.public_url}/{self.key.folder}/{form.value}"


@dataclass(frozen=True, slots=True)
class Document:
    """A file to be written below ``public/``: relative ``path`` with slashes, ``media_type``, exact bytes."""

    path: str
    media_type: str
    body: bytes


def spoken(language: str, site: Site) -> str:
    """The language in which a feed speaks of itself: that of ``all`` is the site's first."""
    if language != ALL:
        return language
    return site.languages[0] if site.languages else "en"

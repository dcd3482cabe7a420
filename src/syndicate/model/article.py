"""An article: one language version of a story."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class ArticleState(StrEnum):
    """What the newsroom says of an article. Only ``PUBLISHED`` goes out."""

    PUBLISHED = "published"
    DRAFT = "draft"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Credit:
    """A person named on an article. ``key`` joins it to an :class:`Author`; ``name`` is as printed."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Tag:
    """``slug`` ([a-z0-9-]) is the same in all languages where the source can tell; ``label`` is as printed."""

    slug: str
    label: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of the article: absolute ``url``; ``alt`` may be empty only for decoration."""

    url: str
    alt: str
    caption: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A picture found on disk that must be served by us: ``name`` is ``{sha256[:16]}.{ext}`` under /media/."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note. ``body_html`` refers to note ``n`` as ``<sup><a id="fnref-n" href="#fn-n">n</a></sup>``.

    Further references to the same note have the ids ``fnref-n-2``, ``fnref-n-3``; ``references`` counts them.
    ``number`` runs from 1 in order of first reference. ``html`` is inline clean HTML without the back link.
    """

    number: int
    html: str
    references: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manuscript:
    """An article as a source hands it in, before it is given its place in the house.

    ``source`` and ``key`` name it for ever at its source (a path relative to the folder, a WordPress id, a guid).
    ``group`` names the story within the source: equal for all translations. ``permanent_id`` is set where
    the source itself promises one (front matter ``id``, an Atom id): it then survives a rename of ``key``.
    ``also_in`` names the other languages in which the source says the story exists.
    """

    source: str
    key: str
    group: str
    language: str
    title: str
    url: str
    published: datetime
    body_html: str
    summary: str = ""
    footnotes: tuple[Footnote, ...] = ()
    images: tuple[Image, ...] = ()
    tags: tuple[Tag, ...] = ()
    authors: tuple[Credit, ...] = ()
    translators: tuple[Credit, ...] = ()
    updated: datetime | None = None
    series: str = ""
    state: ArticleState = ArticleState.PUBLISHED
    state_note: str = ""
    permanent_id: str = ""
    links: tuple[str, ...] = ()
    also_in: tuple[str, ...] = ()
    media: tuple[MediaFile, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(Manuscript):
    """A manuscript that has its place: permanent identity, story, order and dates of our own.

    ``id`` is a tag: URI (RFC 4151) that survives changes of slug, title, domain and language.
    ``sequence`` grows with arrival and never changes: archive pages are cut by it.
    ``available`` is when readers could first have it: ``published``, or the hour of arrival if it came backdated.
    ``changed`` moves only when what a reader sees of this article changes; never before ``published``.
    ``content_hash`` (sha256 hex) is over what a reader sees, so equal hashes mean nothing to tell.
    """

    id: str
    story: str
    sequence: int
    available: datetime
    changed: datetime
    content_hash: str


@dataclass(frozen=True, slots=True)
class HeldArticle:
    """What is remembered of an article from before; ``item`` is the source key that held it."""

    id: str
    story: str
    language: str
    sequence: int
    key: str
    item: str
    group: str
    permanent_id: str
    likeness: str
    state: ArticleState
    published: datetime
    available: datetime
    changed: datetime
    content_hash: str

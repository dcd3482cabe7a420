"""One article as templates see it: chosen, cut to length, cleared of slot characters.

Texts are plain; templates escape them. Each thing that may be in another language carries its own
``language`` and ``direction``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from syndicate.digests.columns import columns, shorten
from syndicate.digests.content import EditionArticle, EditionContent
from syndicate.digests.links import picture_url, safe_url
from syndicate.digests.prose import (
    Paragraph,
    clipped,
    excerpt,
    inline,
    paragraphs,
    plain,
    text_of,
    whole_text,
)
from syndicate.digests.slots import cleared
from syndicate.digests.tongues import spoken
from syndicate.languages import direction, format_date, interface, primary, reading_minutes, visible
from syndicate.model import Article, Byline, Image, SimilarPost

TITLE_ROOM = 240
ITEM_ROOM = 300
NOTE_ROOM = 600
_SMALLEST_PICTURE = 120


@dataclass(frozen=True, slots=True)
class Label:
    """A title in its language, with its address (empty: nothing to go to). ``is_foreign``: name the language."""

    title: str
    url: str
    language: str
    direction: str
    is_foreign: bool = False

    @property
    def script(self) -> str:
        """Which fonts it wants; see :func:`script`."""
        return script(self.language)


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote as numbered text."""

    number: int
    text: Paragraph


@dataclass(frozen=True, slots=True)
class Picture:
    """An absolute address and its alternative text (plain, perhaps empty)."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article told in the mail. ``words`` is the language of its byline, where the block has one."""

    id: str
    title: str
    url: str
    language: str
    direction: str
    words: str
    is_fallback: bool
    minutes: int
    authors: tuple[str, ...]
    translators: tuple[str, ...]
    series: str
    corrected: str
    correction: str
    picture: Picture | None
    excerpt: tuple[Paragraph, ...]
    notes: tuple[Note, ...]

    @property
    def script(self) -> str:
        """Which fonts it wants; see :func:`script`."""
        return script(self.language)


def entry(item: EditionArticle, content: EditionContent, room: int = ITEM_ROOM) -> Entry:
    """One article as told in the mail, its excerpt within ``room`` columns."""
    article, bylines = item.complete.article, item.complete.bylines
    told = _excerpt(article, room)
    words = _words(article.language, content.language)
    return Entry(
        id=article.id,
        title=title_of(article),
        url=safe_url(article.url),
        language=article.language,
        direction=direction(article.language),
        words=words,
        is_fallback=item.is_fallback or differs(article.language, content.language),
        minutes=reading_minutes(whole_text(article.body_html), article.language),
        authors=names(bylines, translators=False),
        translators=names(bylines, translators=True),
        series=one_line(article.series),
        corrected=format_date(item.corrected, words) if item.corrected else "",
        correction=one_line(article.state_note) if item.corrected else "",
        picture=picture(article.images),
        excerpt=told,
        notes=tuple(_notes(article, told)),
    )


def script(language: str) -> str:
    """Which stack of fonts and which line height: ``arabic``, ``chinese``, ``japanese``, ``korean`` or ``latin``."""
    if direction(language) == "rtl":
        return "arabic"
    return {"zh": "chinese", "ja": "japanese", "ko": "korean"}.get(primary(language), "latin")


def one_line(text: str, room: int = TITLE_ROOM) -> str:
    """One safe line of plain text, within ``room`` columns."""
    return shorten(cleared(visible(text)), room)


def title_of(article: Article) -> str:
    """The title in one safe line; an article without one is called by its address."""
    return one_line(article.title) or one_line(article.url) or article.id


def differs(one: str, other: str) -> bool:
    """Whether a reader would call them two languages (``zh`` and ``zh-TW`` are one)."""
    return primary(one) != primary(other)


def label(article: Article, language: str) -> Label:
    """An article by its title, its language named when it is not ``language``."""
    foreign = differs(article.language, language)
    url = safe_url(article.url)
    return Label(title_of(article), url, article.language, direction(article.language), foreign)


def similar_label(post: SimilarPost, language: str) -> Label:
    """A similar post, its language named when it is not the reader's own."""
    foreign = differs(post.language, language)
    title = one_line(post.title) or one_line(post.url)
    return Label(title, safe_url(post.url), post.language, direction(post.language), foreign)


def names(bylines: Iterable[Byline], *, translators: bool) -> tuple[str, ...]:
    """The printed names of the authors, or of the translators."""
    printed = (one_line(b.name, 120) for b in bylines if b.is_translator is translators)
    return tuple(dict.fromkeys(filter(None, printed)))


def picture(images: Iterable[Image]) -> Picture | None:
    """The first image that a mail client shows and that is more than an ornament."""
    for image in images:
        url = picture_url(image.url)
        if url and (image.width is None or image.width >= _SMALLEST_PICTURE):
            return Picture(url, one_line(image.alt))
    return None


def _words(language: str, edition: str) -> str:
    """The language of an article's byline: its own, so that the block is of one piece, if we speak it."""
    return spoken(edition if differs(interface(language), language) else language)


def _excerpt(article: Article, room: int) -> tuple[Paragraph, ...]:
    """The summary, and for the lead the beginning of the text after it."""
    summary = clipped(plain(article.summary), ITEM_ROOM + 100)
    if summary and room <= ITEM_ROOM:
        return (summary,)
    body = paragraphs(article.body_html)
    if not summary or _repeats(summary, body):
        return excerpt(body, room)
    return (summary, *excerpt(body, room - columns(text_of(summary))))


def _repeats(summary: Paragraph, body: tuple[Paragraph, ...]) -> bool:
    """Whether the summary is only the beginning of the text."""
    start = text_of(summary).rstrip("….")[:60]
    return any(text_of(paragraph).replace("\ufffc", "").startswith(start) for paragraph in body[:1])


def _notes(article: Article, told: tuple[Paragraph, ...]) -> Iterator[Note]:
    shown = {run.note for run in chain.from_iterable(told) if run.note}
    for note in article.footnotes:
        if note.number in shown:
            yield Note(note.number, clipped(inline(note.html), NOTE_ROOM))

"""What a template sees: every value already chosen, cut to length and cleared of slot characters.

Texts are plain; templates escape them. Each thing that may be in another language carries its own
``language`` and ``direction``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat, zip_longest

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
from syndicate.digests.slots import MARKS, cleared
from syndicate.digests.subject import preheader, subject
from syndicate.languages import direction, format_date, interface, primary, reading_minutes, visible
from syndicate.model import Article, Byline, Image, Newsletter, SimilarPost, Site

TITLE_ROOM = 240
LEAD_ROOM = 720
ITEM_ROOM = 300
BIO_ROOM = 320
NOTE_ROOM = 600
SIMILAR_AT_MOST = 4
CONTENTS_FROM = 4
PICTURES_UP_TO = 8
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


@dataclass(frozen=True, slots=True)
class Card:
    """An author with the biography in the best language there is, which may not be the mail's."""

    name: str
    url: str
    photo: str
    bio: tuple[Paragraph, ...]
    language: str
    direction: str
    is_foreign: bool

    @property
    def script(self) -> str:
        """Which fonts it wants; see :func:`script`."""
        return script(self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole edition for ``mail.mjml.j2`` and ``mail.txt.j2``."""

    language: str
    direction: str
    script: str
    site_name: str
    site_url: str
    logo: str
    newsletter: str
    date: str
    subject: str
    preheader: tuple[str, ...]
    lead: Entry | None
    items: tuple[Entry, ...]
    web: tuple[Label, ...]
    web_more: int
    cards: tuple[Card, ...]
    similar: tuple[Label, ...]
    contents: tuple[Label, ...]
    shows_pictures: bool
    web_url: str
    archive_url: str
    postal: tuple[str, ...]
    postal_language: str
    postal_direction: str
    slots: dict[str, str]


@dataclass(frozen=True, slots=True)
class Extras:
    """How much of the lesser matter there is room for."""

    web: int = 10
    cards: int = 20
    similar: int = SIMILAR_AT_MOST


def entries(content: EditionContent) -> dict[str, Entry]:
    """The told articles by id, the lead at length: made once, whatever then moves to the web."""
    rooms = chain([LEAD_ROOM] if content.lead else [], repeat(ITEM_ROOM))
    return {
        i.complete.article.id: entry(i, content, room) for i, room in zip(content.told, rooms, strict=False)
    }


def view(content: EditionContent, extras: Extras, ready: Mapping[str, Entry]) -> View:
    """``content`` chosen, cut and worded for the mail; ``ready`` are its :func:`entries`."""
    site, language = content.site, content.language
    told = tuple(ready[item.complete.article.id] for item in content.items)
    name, date = (
        newsletter_name(site, content.newsletter, language),
        format_date(content.issue_date, language),
    )
    headline = subject(content, name)
    return View(
        language=language,
        direction=direction(language),
        script=script(language),
        site_name=site_name(site, language),
        site_url=safe_url(site.url),
        logo=picture_url(site.logo),
        newsletter=name,
        date=date,
        subject=headline,
        preheader=preheader(content, headline, name, date),
        lead=ready[content.lead.complete.article.id] if content.lead else None,
        items=told,
        web=tuple(_label(a.complete.article, language) for a in content.on_the_web[: extras.web]),
        web_more=max(0, len(content.on_the_web) - extras.web),
        cards=tuple(cards(content.told, language))[: extras.cards],
        similar=tuple(similar(content))[: extras.similar],
        contents=_contents(content),
        shows_pictures=len(told) <= PICTURES_UP_TO,
        web_url=safe_url(content.web_url),
        archive_url=safe_url(content.archive_url),
        postal=lines_of(site.postal_address),
        postal_language=site.postal_language,
        postal_direction=direction(site.postal_language),
        slots=dict(MARKS),
    )


def script(language: str) -> str:
    """Which stack of fonts and which line height: ``arabic``, ``chinese``, ``japanese``, ``korean`` or ``latin``."""
    if direction(language) == "rtl":
        return "arabic"
    return {"zh": "chinese", "ja": "japanese", "ko": "korean"}.get(primary(language), "latin")


def site_name(site: Site, language: str) -> str:
    """The site's name in ``language``, one safe line."""
    return one_line(site.text(site.name, language)) or one_line(site.url)


def newsletter_name(site: Site, newsletter: Newsletter, language: str) -> str:
    """The newsletter's title in ``language``, one safe line."""
    return one_line(site.text(newsletter.title, language)) or newsletter.key


def one_line(text: str, room: int = TITLE_ROOM) -> str:
    """One safe line of plain text, within ``room`` columns."""
    return shorten(cleared(visible(text)), room)


def lines_of(address: str) -> tuple[str, ...]:
    """A postal address, one safe line each."""
    return tuple(line for raw in address.splitlines() if (line := one_line(raw)))


def title_of(article: Article) -> str:
    """The title in one safe line; an article without one is called by its address."""
    return one_line(article.title) or one_line(article.url) or article.id


def differs(one: str, other: str) -> bool:
    """Whether a reader would call them two languages (``zh`` and ``zh-TW`` are one)."""
    return primary(one) != primary(other)


def cards(told: Iterable[EditionArticle], language: str) -> Iterator[Card]:
    """Each author who has a biography, once, in the order of the articles."""
    seen: set[str] = set()
    for byline in chain.from_iterable(item.complete.bylines for item in told):
        if byline.bio is None or byline.is_translator or byline.key in seen:
            continue
        seen.add(byline.key)
        yield _card(byline, byline.bio.language, language)


def similar(content: EditionContent) -> Iterator[Label]:
    """What to read next: the articles' similar posts by turns, each story once, none of this edition.

    Only in languages that these readers read, when ``reads`` says which.
    """
    seen = {item.complete.article.story for item in content.all}
    rows = zip_longest(*(item.complete.similar for item in content.told))
    for post in filter(None, chain.from_iterable(rows)):
        is_read = not content.reads or any(not differs(post.language, tongue) for tongue in content.reads)
        if is_read and post.story not in seen and safe_url(post.url):
            seen.add(post.story)
            yield similar_label(post, content.language)


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


def _words(language: str, edition: str) -> str:
    """The language of an article's byline: its own, so that the block is of one piece, if we speak it."""
    return language if not differs(interface(language), language) else edition


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


def _card(byline: Byline, own: str, language: str) -> Card:
    assert byline.bio is not None
    bio = excerpt(paragraphs(byline.bio.html) or (plain(byline.bio.text),), BIO_ROOM)
    return Card(
        one_line(byline.name, 120) or byline.key,
        safe_url(byline.url),
        picture_url(byline.photo),
        bio,
        own,
        direction(own),
        differs(own, language),
    )


def _label(article: Article, language: str) -> Label:
    foreign = differs(article.language, language)
    url = safe_url(article.url)
    return Label(title_of(article), url, article.language, direction(article.language), foreign)


def _contents(content: EditionContent) -> tuple[Label, ...]:
    told = content.told
    return (
        tuple(_label(i.complete.article, content.language) for i in told)
        if len(told) >= CONTENTS_FROM
        else ()
    )

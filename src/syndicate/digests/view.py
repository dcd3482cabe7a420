"""The whole edition as templates see it: every value already chosen and worded."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat, zip_longest

from syndicate.digests.content import EditionArticle, EditionContent
from syndicate.digests.entries import (
    ITEM_ROOM,
    Entry,
    Label,
    differs,
    entry,
    label,
    one_line,
    script,
    similar_label,
)
from syndicate.digests.links import picture_url, safe_url
from syndicate.digests.note import note_paragraphs
from syndicate.digests.prose import Paragraph, excerpt, paragraphs, plain
from syndicate.digests.slots import MARKS
from syndicate.digests.subject import dated, preheader, subject
from syndicate.languages import direction, format_date
from syndicate.model import Byline, Newsletter, Site

LEAD_ROOM = 720
BIO_ROOM = 320
SIMILAR_AT_MOST = 4
CONTENTS_FROM = 4
PICTURES_UP_TO = 8


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
    title: str
    subject: str
    preheader: tuple[str, ...]
    note: tuple[Paragraph, ...]
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
        title=dated(name, date, language),
        subject=headline,
        preheader=preheader(content, headline, name, date),
        note=note_paragraphs(content.note),
        lead=ready[content.lead.complete.article.id] if content.lead else None,
        items=told,
        web=tuple(label(a.complete.article, language) for a in content.on_the_web[: extras.web]),
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


def site_name(site: Site, language: str) -> str:
    """The site's name in ``language``, one safe line."""
    return one_line(site.text(site.name, language)) or one_line(site.url)


def newsletter_name(site: Site, newsletter: Newsletter, language: str) -> str:
    """The newsletter's title in ``language``, one safe line."""
    return one_line(site.text(newsletter.title, language)) or newsletter.key


def lines_of(address: str) -> tuple[str, ...]:
    """A postal address, one safe line each."""
    return tuple(line for raw in address.splitlines() if (line := one_line(raw)))


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


def _contents(content: EditionContent) -> tuple[Label, ...]:
    told = content.told
    return (
        tuple(label(i.complete.article, content.language) for i in told) if len(told) >= CONTENTS_FROM else ()
    )

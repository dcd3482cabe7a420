"""An article as all three formats tell it: made once, then written three times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from syndicate.feeds.content import content
from syndicate.feeds.text import distinct, excerpt, label, line, moment, web
from syndicate.model import Article, Byline, CompleteArticle, Image, Site, Translation


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody credited. ``url`` and ``photo`` are absolute or empty."""

    name: str
    url: str = ""
    photo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Plain values, legal in XML, addresses absolute or empty, times UTC.

    ``updated`` has a fraction of a second that sets it apart (see :func:`distinct`).
    ``teaser`` is the summary, or the beginning of the body, or the title: RSS wants a description of everything.
    """

    id: str
    url: str
    language: str
    title: str
    summary: str
    teaser: str
    content: str
    published: datetime
    updated: datetime
    authors: tuple[Person, ...]
    translators: tuple[Person, ...]
    tags: tuple[tuple[str, str], ...]
    image: Image | None
    translations: tuple[Translation, ...]


def entry(complete: CompleteArticle, site: Site, *, archived: bool) -> Entry:
    """What is told of one article. An archive page leaves the similar posts out: they change as others arrive."""
    article = complete.article
    summary, title = line(article.summary), _title(article)
    return Entry(
        id=line(article.id),
        url=web(article.url),
        language=article.language,
        title=title,
        summary=summary,
        teaser=summary or excerpt(article.body_html) or title,
        content=content(complete, site, with_similar=not archived),
        published=moment(article.published),
        updated=distinct(max(article.changed, article.published), article.id),
        authors=_people(complete, is_translator=False),
        translators=_people(complete, is_translator=True),
        tags=_tags(article),
        image=next((i for i in article.images if web(i.url)), None),
        translations=_translations(complete.translations, article.language),
    )


def _title(article: Article) -> str:
    """Never empty: readers cannot show, nor people click, a story without one."""
    return line(article.title) or excerpt(article.summary, 80) or web(article.url) or line(article.id)


def _people(complete: CompleteArticle, *, is_translator: bool) -> tuple[Person, ...]:
    """Bylines, or the printed credits where nobody looked the people up. Nobody twice."""
    article = complete.article
    credits = article.translators if is_translator else article.authors
    bylines = complete.bylines or tuple(Byline(c.key, c.name, is_translator=is_translator) for c in credits)
    found = (
        Person(label(b.name), web(b.url), web(b.photo)) for b in bylines if b.is_translator == is_translator
    )
    return tuple(dict.fromkeys(p for p in found if p.name))


def _tags(article: Article) -> tuple[tuple[str, str], ...]:
    labels = {tag.slug: label(tag.label) or tag.slug for tag in article.tags if line(tag.slug)}
    return tuple(labels.items())


def _translations(found: Iterable[Translation], own: str) -> tuple[Translation, ...]:
    """One for each other language: Atom allows one alternate per type and language (RFC 4287, 4.1.2)."""
    by_language = {t.language: t for t in found if web(t.url) and t.language != own}
    return tuple(Translation(t.language, label(t.title), web(t.url)) for _, t in sorted(by_language.items()))

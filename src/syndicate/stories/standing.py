"""How a story stands in each language, and what is wanting in its versions. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syndicate.languages import match
from syndicate.model import Article, ArticleState, Author, Footnote, Story


class Version(StrEnum):
    """``CHANGED``: what readers see was changed after it was mailed; ``CORRECTED``: and they are told what was wrong.
    ``AWAITED``: an issue waits for it."""

    OUT = "out"
    CHANGED = "changed"
    CORRECTED = "corrected"
    COMING = "coming"
    DRAFT = "draft"
    WITHDRAWN = "withdrawn"
    AWAITED = "awaited"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Standing:
    """``at`` is since when it is out, changed, corrected or withdrawn, or until when it is awaited, as ``version``
    says."""

    language: str
    version: Version
    at: datetime | None = None


_STATES = {ArticleState.DRAFT: Version.DRAFT, ArticleState.WITHDRAWN: Version.WITHDRAWN}
_LINK = re.compile(r"<a\b[^>]*\bhref=", re.IGNORECASE)
_PRINTED = re.compile(r"\b(?:1[5-9]|20)\d\d\b|\bISBN\b|\bdoi\b", re.IGNORECASE)


def standings(
    story: Story,
    languages: Sequence[str],
    now: datetime,
    mailed: datetime | None = None,
    awaited: Mapping[str, datetime] | None = None,
) -> tuple[Standing, ...]:
    """One for each of ``languages``, then for each other language that the story has.

    ``mailed`` is when it was last chosen for an issue; ``awaited`` until when a translation is waited for, by language.
    """
    held = {article.language: article for article in story.articles}
    others = [language for language in held if match(language, languages) is None]
    found = [_standing(language, held, now, mailed, awaited or {}) for language in (*languages, *others)]
    return tuple(found)


def without_bio(article: Article, authors: Mapping[str, Author]) -> tuple[str, ...]:
    """The names of those who wrote it and have no bio in its language."""
    return tuple(
        credit.name for credit in article.authors if not _has_bio(authors.get(credit.key), article.language)
    )


def unsourced(notes: Sequence[Footnote]) -> tuple[int, ...]:
    """The numbers of notes that name no source: no link, and no year or number as of something printed."""
    return tuple(note.number for note in notes if not (_LINK.search(note.html) or _PRINTED.search(note.html)))


def _has_bio(author: Author | None, language: str) -> bool:
    return author is not None and match(language, [bio.language for bio in author.bios]) is not None


def _standing(
    language: str,
    held: Mapping[str, Article],
    now: datetime,
    mailed: datetime | None,
    awaited: Mapping[str, datetime],
) -> Standing:
    found = match(language, held)
    if found is None:
        until = awaited.get(language)
        return Standing(language, Version.AWAITED if until else Version.MISSING, until)
    one = held[found]
    if one.state is not ArticleState.PUBLISHED:
        return Standing(language, _STATES[one.state], one.changed)
    if one.available > now:
        return Standing(language, Version.COMING, one.available)
    if mailed and one.available <= mailed < one.changed:
        return Standing(language, Version.CORRECTED if one.state_note else Version.CHANGED, one.changed)
    return Standing(language, Version.OUT, one.available)

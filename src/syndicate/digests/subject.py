"""The subject line and the first line of the mail."""

import re
import unicodedata
from collections.abc import Iterable

from syndicate.digests.columns import columns, shorten
from syndicate.digests.content import EditionArticle, EditionContent
from syndicate.digests.prose import clipped, paragraphs, plain, text_of
from syndicate.digests.slots import cleared
from syndicate.digests.tongues import is_borrowed
from syndicate.languages import catalogue, direction, primary, visible

LONGEST = 70
LONGEST_GIVEN = 140
"""Columns of a subject that an editor wrote."""
SHORTEST = 10
PREHEADER_ROOM = 120
PREHEADER_SHORTEST = 24
SEPARATOR = " · "
# What mail programs put before an answer; a title that begins so would look like a faked one.
_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg|ynt|ilt|ha|rv|tr|sv)\s*[:：]", re.IGNORECASE)
_INSISTENT = re.compile(r"([!?！？$])(?:\s*[!?！？$])+")


def subject(content: EditionContent, newsletter: str) -> str:
    """The editor's own; else the first title in the edition's language and how many more there are.

    At most 70 columns, never empty, never shouting. Where the words would be another language's: "Title (+4)".
    Too short a title, or one that looks like an answer ("Re: ..."), comes after the newsletter's name.
    """
    given = shorten(cleared(visible(content.given_subject)).strip(), LONGEST_GIVEN)
    if given:
        return given
    stories = own_first(content)
    title = headline(stories[0]) if stories else ""
    if columns(title) < SHORTEST or _REPLY.match(title):
        title = f"{newsletter}: {title}" if title else newsletter
    if len(stories) < 2:
        return shorten(title, LONGEST)
    more, words = len(stories) - 1, catalogue(content.language)
    if is_borrowed(content.language):
        return _with_number(title, more, content.language)
    frame = words.ngettext("{title} and {n} more story", "{title} and {n} more stories", more, title="")
    room = max(LONGEST - columns(frame), SHORTEST)
    return shorten(
        words.ngettext(
            "{title} and {n} more story", "{title} and {n} more stories", more, title=shorten(title, room)
        ),
        LONGEST,
    )


def corrected(title: str, language: str) -> str:
    """The subject of a mail that corrects an article of this title; in the nearest language that we have words in."""
    return catalogue(language).gettext("Correction: {title}", title=shorten(cleared(visible(title)), LONGEST))


def preheader(content: EditionContent, subject: str, newsletter: str, date: str) -> tuple[str, ...]:
    """What an inbox shows after the subject, in parts: the other titles, those in the
    edition's own language first; else how the only story begins."""
    others = [headline(item) for item in own_first(content)[1:]]
    parts = _within(others, PREHEADER_ROOM) if others else (_beginning(content),)
    text = SEPARATOR.join(parts)
    if columns(text) < PREHEADER_SHORTEST or text.casefold() == subject.casefold():
        parts = (
            dated(newsletter, date, content.language),
            *(part for part in parts if part and part != subject),
        )
    return parts


def dated(newsletter: str, date: str, language: str) -> str:
    """The newsletter and its day, both in ``language``; without a word or comma of a borrowed one."""
    if is_borrowed(language):
        return f"{newsletter}{SEPARATOR}{date}"
    return catalogue(language).gettext("{newsletter}, {date}", newsletter=newsletter, date=date)


def own_first(content: EditionContent) -> list[EditionArticle]:
    """All articles in order, those in the edition's own language before the others."""
    own = content.language
    return sorted(content.all, key=lambda item: primary(item.complete.article.language) != primary(own))


def headline(item: EditionArticle) -> str:
    """A title fit for a subject: no symbols and emoji, no insistence, not all in capitals."""
    article = item.complete.article
    bare = "".join(c for c in cleared(visible(article.title)) if not _is_symbol(c))
    calm = _INSISTENT.sub(r"\1", " ".join(bare.split()))
    return _lowered(calm, primary(article.language)) if _shouts(calm) else calm


def _with_number(title: str, more: int, language: str) -> str:
    """A title and a number, in no language; the mark (UAX 9) keeps the plus before it in Persian and Hebrew."""
    mark = "\u200e" if direction(language) == "rtl" else ""
    end = f" ({mark}+{more})"
    return shorten(title, LONGEST - columns(end)) + end


def _within(titles: Iterable[str], room: int) -> tuple[str, ...]:
    """The first titles that fit together; the last may be shortened."""
    parts: list[str] = []
    for title in filter(None, titles):
        if room < PREHEADER_SHORTEST:
            break
        parts.append(shorten(title, room))
        room -= columns(parts[-1]) + len(SEPARATOR)
    return tuple(parts)


def _beginning(content: EditionContent) -> str:
    if not content.all:
        return ""
    article = own_first(content)[0].complete.article
    source = (plain(article.summary),) if article.summary else paragraphs(article.body_html, 1)
    return text_of(clipped(source[0], PREHEADER_ROOM)).replace("\ufffc", "") if source else ""


def _is_symbol(character: str) -> bool:
    return (
        unicodedata.category(character) in ("So", "Co", "Cs", "Cn")
        or character in "\ufe0e\ufe0f\u200d\u20e3"
        or ("\U0001f3fb" <= character <= "\U0001f3ff")
    )


def _shouts(text: str) -> bool:
    cased = [c for c in text if c.lower() != c.upper()]
    return len(cased) >= SHORTEST and all(c.isupper() for c in cased)


def _lowered(text: str, language: str) -> str:
    """Small letters after the first; Turkish and Azerbaijani have two kinds of i."""
    turkic = language in {"tr", "az", "crh", "tt"}
    low = (text.replace("İ", "i").replace("I", "ı") if turkic else text).lower()
    first = "İ" if turkic and low[:1] == "i" else low[:1].upper()
    return first + low[1:]

"""What can be seen of a mail by itself: its size, subject, text, pictures, languages, and the way out of the list."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from syndicate.digests.columns import columns
from syndicate.digests.content import Digest, EditionContent
from syndicate.digests.preflight.findings import Check, Finding, Level
from syndicate.digests.slots import CLOSE, OPEN
from syndicate.languages import primary

CLIPPED = 102_000
"""Bytes of HTML above which Gmail hides the rest of a mail."""

SLOT_ROOM = 1_500
"""Bytes that a person's name and links may add."""

LONG_SUBJECT = 70
"""Columns of a subject that a mail program on a desk shows."""

MOST_QUOTED = 60

# Marks that other systems fill in; whatever of it stands in a mail was meant to be something else.
PLACEHOLDERS = re.compile(
    r"\{\{.{0,60}?\}\}|\{%.{0,60}?%\}|<%.{0,60}?%>|\$\{\w[\w.]*\}|\*\|[A-Z0-9_:]+\|\*|\[\[ ?\w[\w .|]{0,40}\]\]"
    r"|%%\w+%%|\[(?:unsubscribe|weblink|first ?name)\]|\[object Object\]"
    r"|\b(?:TKTK|T[O]DO|FIX[M]E)\b|\b[Ll]orem ipsum\b"
)
_TAG = re.compile(r"<(a|area|img)\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """An edition as it would go out. ``head`` are the headers of one of its messages, names in small letters.

    ``content`` is None where only what is written in the mail itself is to be judged.
    """

    digest: Digest
    head: Mapping[str, str]
    content: EditionContent | None = None


def of_mails(
    sheets: Sequence[Sheet], wanted: Iterable[str] = (), before: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """All there is to see. ``wanted`` are the newsletter's languages, ``before`` the last issue's subjects."""
    for sheet in sheets:
        yield from of_mail(sheet)
    yield from _alike(sheets, before or {})
    yield from _missing(sheets, wanted)
    if sheets:
        heaviest = max(_weight(sheet.digest) for sheet in sheets)
        yield Finding(Check.SIZE, Level.OK, "weight", {"kb": heaviest // 1000})


def of_mail(sheet: Sheet) -> Iterator[Finding]:
    """What is to be said of one edition, whatever the others are like."""
    digest = sheet.digest
    yield from _placeholders(digest)
    yield from _subject(digest)
    yield from _way_out(sheet)
    if (weight := _weight(digest)) > CLIPPED:
        yield _found(digest, Check.SIZE, Level.NOTE, "heavy", kb=weight // 1000)
    if sheet.content:
        yield from _told(digest, sheet.content)


def links(html: str) -> tuple[str, ...]:
    """The addresses of the web that a mail leads to, each once, in order; a person's own are none."""
    found = (value for tag, value in _attributes(html, "href") if tag != "img")
    return tuple(dict.fromkeys(one for one in found if _is_web(one)))


def _attributes(html: str, name: str) -> Iterator[tuple[str, str]]:
    for tag in _TAG.finditer(html):
        for key, double, single in _ATTRIBUTE.findall(tag[2]):
            if key.lower() == name:
                yield tag[1].lower(), unescape(double or single).strip()


def _is_web(address: str) -> bool:
    return address.lower().startswith(("https://", "http://")) and not {OPEN, CLOSE} & set(address)


def _placeholders(digest: Digest) -> Iterator[Finding]:
    descriptions = "\n".join(value for _, value in _attributes(digest.html, "alt"))
    whole = "\n".join((digest.subject, digest.preheader, digest.text, descriptions))
    for found in dict.fromkeys(one[0] for one in PLACEHOLDERS.finditer(whole)):
        yield _found(digest, Check.PLACEHOLDERS, Level.STOP, "placeholder", found=found[:MOST_QUOTED])


def _subject(digest: Digest) -> Iterator[Finding]:
    if not digest.subject.strip():
        yield _found(digest, Check.SUBJECTS, Level.STOP, "no subject")
    elif (wide := columns(digest.subject)) > LONG_SUBJECT:
        yield _found(digest, Check.SUBJECTS, Level.NOTE, "long subject", n=wide)


def _way_out(sheet: Sheet) -> Iterator[Finding]:
    """RFC 8058: an https address that takes a POST, and the header that says so."""
    ways, one_click = sheet.head.get("list-unsubscribe", ""), sheet.head.get("list-unsubscribe-post", "")
    if "<https://" not in ways:
        code = "unsafe way out" if "<http://" in ways else "no way out"
        yield _found(sheet.digest, Check.WAY_OUT, Level.STOP, code)
    elif one_click != "List-Unsubscribe=One-Click":
        yield _found(sheet.digest, Check.WAY_OUT, Level.STOP, "no way out")


def _told(digest: Digest, content: EditionContent) -> Iterator[Finding]:
    articles = [one.complete.article for one in content.all]
    if silent := sum(not image.alt.strip() for one in articles for image in one.images):
        yield _found(digest, Check.PICTURES, Level.NOTE, "silent pictures", n=silent)
    if borrowed := sum(one.is_fallback for one in content.all):
        yield _found(digest, Check.LANGUAGES, Level.NOTE, "borrowed", n=borrowed)
    people = {line.name: line for one in content.all for line in one.complete.bylines}
    for name, line in people.items():
        if line.bio is None or primary(line.bio.language) != primary(digest.language):
            yield _found(digest, Check.BIOS, Level.NOTE, "no bio", name=name[:MOST_QUOTED])


def _alike(sheets: Sequence[Sheet], before: Mapping[str, str]) -> Iterator[Finding]:
    """Subjects that say the same twice: in two languages, or as the last time."""
    seen: dict[str, str] = {}
    for digest in (sheet.digest for sheet in sheets):
        key = digest.subject.casefold().strip()
        if key and (other := seen.setdefault(key, digest.language)) != digest.language:
            yield _found(digest, Check.SUBJECTS, Level.NOTE, "same subject", tongue=other)
        if key and before.get(digest.language, "").casefold().strip() == key:
            yield _found(digest, Check.SUBJECTS, Level.NOTE, "old subject")


def _missing(sheets: Sequence[Sheet], wanted: Iterable[str]) -> Iterator[Finding]:
    there = {sheet.digest.language for sheet in sheets}
    for language in wanted:
        if language not in there:
            yield Finding(Check.LANGUAGES, Level.NOTE, "no edition", language=language)


def _weight(digest: Digest) -> int:
    return len(digest.html.encode()) + SLOT_ROOM


def _found(digest: Digest, check: Check, level: Level, code: str, **values: str | int) -> Finding:
    return Finding(check, level, code, values, digest.language)

"""The small lines of a digest worded in Python, because each block may speak another language than the mail.

Every function comes in two shapes: markup (foreign runs in ``<bdi>``) and plain text (isolates, UAX 9).
"""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from syndicate.digests.columns import columns, wrap
from syndicate.digests.entries import Entry, Label
from syndicate.digests.prose import Paragraph, Run
from syndicate.digests.view import Card
from syndicate.languages import catalogue, direction, format_list, isolate, name_in, visible

SEPARATOR = " · "
TEXT_WIDTH = 72


def first_strong(text: str) -> str:
    """``ltr`` or ``rtl`` by the first strong character (UAX 9, P2), empty when there is none."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return ""


def apart(text: str, base: str) -> Markup:
    """``text`` escaped; in ``<bdi>`` where it runs against ``base`` (``ltr`` or ``rtl``)."""
    safe = escape(text)
    return Markup("<bdi>{}</bdi>").format(safe) if first_strong(text) not in ("", base) else safe


def apart_plain(text: str, base: str) -> str:
    """``text``; between isolates where it runs against ``base``."""
    return isolate(text) if first_strong(text) not in ("", base) else text


@dataclass(frozen=True, slots=True)
class Lines:
    """The wording of one shape; ``shield`` keeps a name from reordering what stands around it."""

    shield: Callable[[str, str], str]

    def byline(self, entry: Entry) -> str:
        """By whom, how long to read, translated by whom: in the language of the block."""
        words = catalogue(entry.words)
        minutes = words.ngettext("{n} min read", "{n} min read", entry.minutes)
        parts = [
            words.gettext("By {names}", names=self._names(entry.authors, entry.words))
            if entry.authors
            else "",
            minutes,
            words.gettext("Translated by {names}", names=self._names(entry.translators, entry.words))
            if entry.translators
            else "",
        ]
        return self._joined(SEPARATOR, filter(None, parts))

    def series(self, entry: Entry) -> str:
        """Which series the article belongs to."""
        name = self.shield(entry.series, direction(entry.words))
        return catalogue(entry.words).gettext("Part of the series {name}", name=name)

    def correction(self, entry: Entry) -> str:
        """When it was corrected, and what."""
        line = catalogue(entry.words).gettext("Corrected on {date}", date=entry.corrected)
        note = self.shield(entry.correction, direction(entry.words))
        return self._joined(": ", filter(None, (line, note)))

    def only_in(self, entry: Entry, reader: str) -> str:
        """The label of a story that is not there yet in the reader's language; in the reader's language."""
        return catalogue(reader).gettext(
            "Only in {language} for now", language=name_in(entry.language, reader)
        )

    def in_language(self, thing: Label | Card, reader: str) -> str:
        """In which language something is, said in the reader's."""
        return catalogue(reader).gettext("In {language}", language=name_in(thing.language, reader))

    def _names(self, names: Iterable[str], language: str) -> str:
        base = direction(language)
        shielded = [self.shield(name, base) for name in names]
        joined = format_list(shielded, language)
        return Markup(joined) if self.shield is apart else joined  # noqa: S704 - each name was escaped above

    def _joined(self, separator: str, parts: Iterable[str]) -> str:
        return escape(separator).join(parts) if self.shield is apart else separator.join(parts)


MARKUP = Lines(apart)
PLAIN = Lines(apart_plain)


def as_text(paragraph: Paragraph) -> str:
    """Runs as plain text: references as ``[1]``, addresses in round brackets after their words."""
    return "".join(map(_run_text, paragraph)).strip()


def _run_text(run: Run) -> str:
    if run.note:
        return f"[{run.note}]"
    bare = run.text.strip()
    if not run.url or bare == run.url:
        return run.text
    after = " " if run.text.endswith(" ") else ""
    return f"{run.text.rstrip()} ({run.url}){after}"


def fill(text: str, first: str = "", rest: str = "") -> str:
    """A paragraph of the text part, in lines of at most 72 columns."""
    return wrap(str(text), TEXT_WIDTH, first, rest)


def underlined(text: str, stroke: str = "-") -> str:
    """A heading of the text part: the wrapped line and a rule under it as long as its longest line."""
    lines = fill(visible(str(text)))
    return f"{lines}\n{stroke * min(TEXT_WIDTH, max(map(columns, lines.splitlines()), default=0))}"

"""The small lines of a digest worded in Python, because each block may speak another language than the mail.

Every function comes in two shapes: markup (foreign runs in ``<bdi>``) and plain text (isolates, UAX 9).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from syndicate.digests.columns import columns, wrap
from syndicate.digests.entries import Entry, Label
from syndicate.digests.prose import Paragraph, Run
from syndicate.digests.tongues import (
    apart,
    apart_plain,
    marked,
    marked_plain,
    quoted,
    quoted_plain,
    spoken,
)
from syndicate.digests.view import Card
from syndicate.languages import catalogue, direction, format_list, name_in, visible

SEPARATOR = " · "
TEXT_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Lines:
    """The wording of one shape.

    ``shield`` keeps a name from reordering what stands around it, ``say`` marks words that the page's
    language borrows, ``quote`` marks what is not borrowed among such words; see ``tongues``.
    """

    shield: Callable[[str, str], str]
    say: Callable[[str, str], str]
    quote: Callable[[str, str, str], str]

    def byline(self, entry: Entry) -> str:
        """By whom, how long to read, translated by whom: in the language of the block."""
        words = catalogue(entry.words)
        minutes = words.ngettext("{n} min read", "{n} min read", entry.minutes)
        parts = [
            words.gettext("By {names}", names=self._names(entry.authors, entry)) if entry.authors else "",
            minutes,
            words.gettext("Translated by {names}", names=self._names(entry.translators, entry))
            if entry.translators
            else "",
        ]
        return self._joined(SEPARATOR, filter(None, parts))

    def series(self, entry: Entry) -> str:
        """Which series the article belongs to."""
        name = self._own(entry.series, entry)
        return catalogue(entry.words).gettext("Part of the series {name}", name=name)

    def correction(self, entry: Entry) -> str:
        """When it was corrected, and what."""
        line = catalogue(entry.words).gettext("Corrected on {date}", date=entry.corrected)
        note = self._own(entry.correction, entry) if entry.correction else ""
        return self._joined(": ", filter(None, (line, note)))

    def only_in(self, entry: Entry, reader: str) -> str:
        """The label of a story that is not there yet in the reader's language; in the reader's language."""
        name = name_in(entry.language, spoken(reader))
        return self.say(catalogue(reader).gettext("Only in {language} for now", language=name), reader)

    def in_language(self, thing: Label | Card, reader: str) -> str:
        """In which language something is, said in the reader's."""
        name = name_in(thing.language, spoken(reader))
        return self.say(catalogue(reader).gettext("In {language}", language=name), reader)

    def _names(self, names: Iterable[str], entry: Entry) -> str:
        joined = format_list([self._own(name, entry) for name in names], entry.words)
        return Markup(joined) if self.shield is apart else joined  # noqa: S704 - each name was escaped above

    def _own(self, text: str, entry: Entry) -> str:
        """What the article says itself, in a line whose words may be borrowed."""
        if entry.words != entry.language:
            return self.quote(text, entry.language, entry.words)
        return self.shield(text, direction(entry.words))

    def _joined(self, separator: str, parts: Iterable[str]) -> str:
        return escape(separator).join(parts) if self.shield is apart else separator.join(parts)


MARKUP = Lines(apart, marked, quoted)
PLAIN = Lines(apart_plain, marked_plain, quoted_plain)


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

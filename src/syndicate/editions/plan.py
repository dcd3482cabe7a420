"""The plan of an issue: which editions it has, who gets which, and why each story is in or out.

    readers -> groups by the languages they read -> verdict per story -> selection -> edition
                                                          \\-> without what a person has had -> edition

Editions are few: most readers of a language share one. A reader who has had one of its stories (another
newsletter carried it), or who also reads a language that fills a gap, shares another with their like.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.editions.window import decide
from syndicate.languages import match
from syndicate.model import Choice, Edition, EditionItem, Newsletter, Placement, SkipReason, Story, Verdict

IN = frozenset({Verdict.IN, Verdict.IN_FALLBACK})

LEAD_AMONG = 3
"""How many of the newest stories may lead for the sake of a picture."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber as planning sees one; ``had`` are the stories they were sent or are owed already."""

    id: int
    languages: tuple[str, ...]
    had: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """``assigned`` maps reader id to an index of ``editions``; ``skipped`` the others to their reason.

    ``choices`` holds, per edition language, the verdict on every story for readers of that language alone.
    """

    editions: tuple[Edition, ...]
    assigned: Mapping[int, int]
    skipped: Mapping[int, SkipReason]
    choices: Mapping[str, tuple[Choice, ...]]


def plan(
    newsletter: Newsletter,
    stories: Sequence[Story],
    readers: Iterable[Reader],
    since: Mapping[str, datetime],
    cutoff: datetime,
) -> Plan:
    """Decide an issue. ``since`` is, per language, the cutoff of its last edition; absent for its first.

    Each language of the newsletter has a main edition even when it has no reader yet, as long as it has stories.
    """
    planner = _Planner(newsletter, tuple(stories), since, cutoff)
    for language in newsletter.languages:
        planner.main(language)
    for reader in readers:
        planner.assign(reader)
    return planner.result()


def reading_languages(languages: Sequence[str], newsletter: Newsletter) -> tuple[str, ...]:
    """The newsletter's languages that a person reads, in the person's order."""
    found = (match(wanted, newsletter.languages) for wanted in languages)
    return tuple(dict.fromkeys(language for language in found if language))


class _Planner:
    """Remembers what was decided for each group, so that a million readers cost a handful of decisions."""

    def __init__(
        self,
        newsletter: Newsletter,
        stories: tuple[Story, ...],
        since: Mapping[str, datetime],
        cutoff: datetime,
    ) -> None:
        self.newsletter, self.stories, self.since, self.cutoff = newsletter, stories, since, cutoff
        self.published = {s.id: max((a.published for a in s.published), default=cutoff) for s in stories}
        self.pictured = {a.id for s in stories for a in s.published if a.images}
        self.choices: dict[tuple[str, ...], tuple[Choice, ...]] = {}
        self.selected: dict[tuple[tuple[str, ...], frozenset[str]], int | None] = {}
        self.main_editions: dict[str, int | None] = {}
        self.editions: dict[str, int] = {}
        self.made: list[Edition] = []
        self.assigned: dict[int, int] = {}
        self.skipped: dict[int, SkipReason] = {}

    def main(self, language: str) -> None:
        self.main_editions[language] = self._edition((language,), frozenset(), is_main=True)

    def assign(self, reader: Reader) -> None:
        reads = reading_languages(reader.languages, self.newsletter)
        if not reads:
            self.skipped[reader.id] = SkipReason.NO_LANGUAGE
            return
        had = reader.had & self._stories_in(reads)
        index = self._edition(reads, had)
        if index is not None:
            self.assigned[reader.id] = index
        else:
            self.skipped[reader.id] = SkipReason.HAD_ALL if had else SkipReason.NOTHING_NEW

    def result(self) -> Plan:
        choices = {reads[0]: chosen for reads, chosen in self.choices.items() if len(reads) == 1}
        return Plan(tuple(self.made), self.assigned, self.skipped, choices)

    def _stories_in(self, reads: tuple[str, ...]) -> frozenset[str]:
        return frozenset(c.story for c in self._choose(reads) if c.verdict in IN)

    def _choose(self, reads: tuple[str, ...]) -> tuple[Choice, ...]:
        if reads not in self.choices:
            since = self.since.get(reads[0])
            made = [decide(s, self.newsletter, reads, since, self.cutoff) for s in self.stories]
            self.choices[reads] = self._first(made) if since is None else tuple(made)
        return self.choices[reads]

    def _first(self, made: Sequence[Choice]) -> tuple[Choice, ...]:
        """A language's first edition takes the newest stories, its own before borrowed, not the whole archive."""
        chosen = sorted((c for c in made if c.verdict in IN), key=self._own_and_newest_first)
        late = {c.story for c in chosen[self.newsletter.maximum_stories :]}
        return tuple(Choice(c.story, Verdict.BEFORE_FIRST) if c.story in late else c for c in made)

    def _edition(self, reads: tuple[str, ...], had: frozenset[str], is_main: bool = False) -> int | None:
        if (reads, had) not in self.selected:
            chosen = [c for c in self._choose(reads) if c.verdict in IN and c.story not in had]
            self.selected[reads, had] = self._made(reads, self._items(chosen), is_main)
        return self.selected[reads, had]

    def _made(self, reads: tuple[str, ...], items: tuple[EditionItem, ...], is_main: bool) -> int | None:
        """The index of the edition with these items; none when they are too few to be worth a mail.

        Too few can wait while the language's window stays open. Its main edition closes it; from then on what
        others are owed goes out however little it is: it would not come again.
        """
        can_wait = self.main_editions.get(reads[0]) is None
        if not items or (len(items) < self.newsletter.minimum_stories and can_wait):
            return None
        edition = Edition(reads[0], reads, items, is_main)
        if edition.selection not in self.editions:
            self.editions[edition.selection] = len(self.made)
            self.made.append(edition)
        return self.editions[edition.selection]

    def _items(self, chosen: Sequence[Choice]) -> tuple[EditionItem, ...]:
        """In reading order: own language before borrowed, newest first; the lead before all."""
        ordered = self._led(sorted(chosen, key=self._own_and_newest_first))
        items = [
            EditionItem(c.story, c.article_id, c.language, self._place(n), c.verdict is Verdict.IN_FALLBACK)
            for n, c in enumerate(ordered)
        ]
        return tuple(items)

    def _led(self, ordered: list[Choice]) -> list[Choice]:
        """Of the newest few in their own language, the first with a picture leads; otherwise the newest."""
        few = [c for c in ordered[:LEAD_AMONG] if c.verdict is Verdict.IN]
        lead = next((c for c in few if c.article_id in self.pictured), None)
        return [lead, *(c for c in ordered if c is not lead)] if lead else ordered

    def _place(self, position: int) -> Placement:
        if position >= self.newsletter.maximum_stories:
            return Placement.WEB
        return Placement.ITEM if position else Placement.LEAD

    def _own_and_newest_first(self, choice: Choice) -> tuple[bool, float, str]:
        borrowed = choice.verdict is Verdict.IN_FALLBACK
        return (borrowed, -self.published[choice.story].timestamp(), choice.story)

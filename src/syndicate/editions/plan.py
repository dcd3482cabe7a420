"""The plan of an issue: which editions it has, who gets which, and why each story is in or out.

    readers -> groups by the languages they read -> verdict per story -> selection -> edition
                                                          \\-> without what a person has had -> edition

Editions are few: most readers of a language share one. A reader who has had one of its stories (another
newsletter carried it), or who also reads a language that fills a gap, shares another with their like.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from syndicate.editions.drafted import IN, UNCHANGED, amended, arranged, is_led
from syndicate.editions.slots import OWN
from syndicate.editions.window import decide
from syndicate.languages import match
from syndicate.model import (
    Choice,
    Draft,
    Edition,
    EditionItem,
    Newsletter,
    Placement,
    SkipReason,
    Story,
    Verdict,
)

Window = tuple[str, str]
"""(cadence, language): each looks back to its own last edition."""

LEAD_AMONG = 3
"""How many of the newest stories may lead for the sake of a picture."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber as planning sees one; ``had`` are the stories they were sent or are owed already.

    ``cadence`` is the one they chose; what the newsletter does not offer (any more) is its own. ``since`` is the
    cutoff of the issue they got last at another cadence: their window begins no later. ``zone`` is theirs.
    """

    id: int
    languages: tuple[str, ...]
    had: frozenset[str] = frozenset()
    cadence: str = OWN
    since: datetime | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """``assigned`` maps reader id to an index of ``editions``; ``skipped`` the others to their reason.

    Readers whose cadence is not due are in neither. ``choices`` holds, per edition language (and cadence, "tr weekly",
    where it is not the own), the verdict on every story for readers of that language alone. ``zones`` are those of
    the assigned, for a newsletter that follows them.
    """

    editions: tuple[Edition, ...]
    assigned: Mapping[int, int]
    skipped: Mapping[int, SkipReason]
    choices: Mapping[str, tuple[Choice, ...]]
    zones: Mapping[int, str] = field(default_factory=dict)


def plan(
    newsletter: Newsletter,
    stories: Sequence[Story],
    readers: Iterable[Reader],
    since: Mapping[Window, datetime],
    cutoff: datetime,
    cadences: Sequence[str] = (OWN,),
    told: Mapping[Window, Collection[str]] = MappingProxyType({}),
    draft: Draft = UNCHANGED,
) -> Plan:
    """Decide an issue for the readers of ``cadences``; ``draft`` is what staff want otherwise.

    ``since`` is, per (cadence, language), the cutoff of its last edition; absent for its first. ``told`` are the
    stories of earlier main editions: a correction does not bring them back. Each language of the newsletter has a
    main edition of each cadence even when it has no reader yet, as long as it has stories.
    """
    planner = _Planner(newsletter, tuple(stories), since, cutoff, told, draft)
    for cadence in cadences:
        for language in newsletter.languages:
            planner.main(cadence, language)
    for reader in readers:
        cadence = offered(reader.cadence, newsletter)
        if cadence in cadences:
            planner.assign(reader, cadence)
    return planner.result()


def offered(cadence: str, newsletter: Newsletter) -> str:
    """``cadence`` as the newsletter has it: its own where it has no such."""
    return cadence if cadence in newsletter.cadences else OWN


def has_news(
    newsletter: Newsletter,
    stories: Sequence[Story],
    groups: Iterable[tuple[str, ...]],
    since: datetime,
    cutoff: datetime,
    told: Mapping[Window, Collection[str]] = MappingProxyType({}),
) -> bool:
    """Whether, after ``since``, a story became ready for readers of any of ``groups`` (their languages), or for a
    main edition. A look that costs little before every reader is looked at."""
    wanted = [(language,) for language in newsletter.languages]
    everybody = {reading_languages(languages, newsletter) for languages in (*wanted, *groups)}
    return any(
        decide(story, newsletter, reads, since, cutoff).verdict in IN
        for reads in everybody
        if reads
        for story in stories
        if story.id not in told.get((OWN, reads[0]), ())
    )


def reading_languages(languages: Sequence[str], newsletter: Newsletter) -> tuple[str, ...]:
    """The newsletter's languages that a person reads, in the person's order."""
    found = (match(wanted, newsletter.languages) for wanted in languages)
    return tuple(dict.fromkeys(language for language in found if language))


class _Group(NamedTuple):
    """Readers for whom the same stories are news; ``since`` is set for those who came from another cadence."""

    cadence: str
    reads: tuple[str, ...]
    since: datetime | None = None


class _Planner:
    """Remembers what was decided for each group, so that a million readers cost a handful of decisions."""

    def __init__(
        self,
        newsletter: Newsletter,
        stories: tuple[Story, ...],
        since: Mapping[Window, datetime],
        cutoff: datetime,
        told: Mapping[Window, Collection[str]],
        draft: Draft,
    ) -> None:
        self.newsletter, self.stories, self.since, self.cutoff = newsletter, stories, since, cutoff
        self.told, self.draft = told, draft
        self.published = {s.id: max((a.published for a in s.published), default=cutoff) for s in stories}
        self.pictured = {a.id for s in stories for a in s.published if a.images}
        self.groups: dict[tuple[str, tuple[str, ...], datetime | None], _Group | None] = {}
        self.choices: dict[_Group, tuple[Choice, ...]] = {}
        self.inside: dict[_Group, frozenset[str]] = {}
        self.selected: dict[tuple[_Group, frozenset[str]], int | None] = {}
        self.main_editions: dict[Window, int | None] = {}
        self.editions: dict[str, int] = {}
        self.made: list[Edition] = []
        self.assigned: dict[int, int] = {}
        self.skipped: dict[int, SkipReason] = {}
        self.zones: dict[int, str] = {}

    def main(self, cadence: str, language: str) -> None:
        group = _Group(cadence, (language,))
        self.main_editions[cadence, language] = self._edition(group, frozenset(), is_main=True)

    def assign(self, reader: Reader, cadence: str) -> None:
        group = self._group(cadence, reader.languages, reader.since)
        if group is None:
            self.skipped[reader.id] = SkipReason.NO_LANGUAGE
            return
        had = reader.had & self._stories_in(group) if reader.had else reader.had
        index = self._edition(group, had)
        if index is None:
            self.skipped[reader.id] = SkipReason.HAD_ALL if had else SkipReason.NOTHING_NEW
            return
        self.assigned[reader.id] = index
        if self.newsletter.follows_readers:
            self.zones[reader.id] = reader.zone

    def result(self) -> Plan:
        choices = {
            f"{group.reads[0]} {group.cadence}".rstrip(): chosen
            for group, chosen in self.choices.items()
            if len(group.reads) == 1 and group.since is None
        }
        return Plan(tuple(self.made), self.assigned, self.skipped, choices, self.zones)

    def _group(self, cadence: str, languages: tuple[str, ...], since: datetime | None) -> _Group | None:
        """None for those who read none of the newsletter's languages."""
        key = (cadence, languages, since)
        if key not in self.groups:
            reads = reading_languages(languages, self.newsletter)
            own = self.since.get((cadence, reads[0])) if reads else None
            earlier = since if since and own and since < own else None
            self.groups[key] = _Group(cadence, reads, earlier) if reads else None
        return self.groups[key]

    def _stories_in(self, group: _Group) -> frozenset[str]:
        if group not in self.inside:
            self.inside[group] = frozenset(c.story for c in self._choose(group) if c.verdict in IN)
        return self.inside[group]

    def _choose(self, group: _Group) -> tuple[Choice, ...]:
        if group not in self.choices:
            window = (group.cadence, group.reads[0])
            since = group.since or self.since.get(window)
            made = [decide(s, self.newsletter, group.reads, since, self.cutoff) for s in self.stories]
            if since is None:
                made = self._first(made)
            elif group.since is None:
                made = [_once(choice, self.told.get(window, ())) for choice in made]
            pairs = zip(made, self.stories, strict=True)
            self.choices[group] = tuple(self._amended(choice, story, group) for choice, story in pairs)
        return self.choices[group]

    def _amended(self, choice: Choice, story: Story, group: _Group) -> Choice:
        return amended(choice, story, self.newsletter, group.reads, self.cutoff, self.draft)

    def _first(self, made: Sequence[Choice]) -> list[Choice]:
        """A language's first edition takes the newest stories, its own before borrowed, not the whole archive."""
        chosen = sorted((c for c in made if c.verdict in IN), key=self._own_and_newest_first)
        late = {c.story for c in chosen[self.newsletter.maximum_stories :]}
        return [Choice(c.story, Verdict.BEFORE_FIRST) if c.story in late else c for c in made]

    def _edition(self, group: _Group, had: frozenset[str], is_main: bool = False) -> int | None:
        if (group, had) not in self.selected:
            chosen = [c for c in self._choose(group) if c.verdict in IN and c.story not in had]
            self.selected[group, had] = self._made(group, self._items(chosen), is_main)
        return self.selected[group, had]

    def _made(self, group: _Group, items: tuple[EditionItem, ...], is_main: bool) -> int | None:
        """The index of the edition with these items; none when they are too few to be worth a mail.

        Too few can wait while the language's window stays open. Its main edition closes it; from then on what
        others are owed goes out however little it is: it would not come again.
        """
        window = (group.cadence, group.reads[0])
        can_wait = group.since is None and self.main_editions.get(window) is None
        if not items or (len(items) < self.newsletter.minimum_stories and can_wait):
            return None
        edition = Edition(group.reads[0], group.reads, items, is_main, cadence=group.cadence)
        if edition.selection not in self.editions:
            self.editions[edition.selection] = len(self.made)
            self.made.append(edition)
        return self.editions[edition.selection]

    def _items(self, chosen: Sequence[Choice]) -> tuple[EditionItem, ...]:
        """In reading order: as staff put them; else own language before borrowed, newest first; the lead before all."""
        ordered = sorted(chosen, key=self._own_and_newest_first)
        ordered = arranged(ordered, self.draft) if is_led(chosen, self.draft) else self._led(ordered)
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


def _once(choice: Choice, told: Collection[str]) -> Choice:
    if choice.verdict in IN and choice.story in told:
        return Choice(choice.story, Verdict.TOO_OLD, detail="told in an earlier issue")
    return choice

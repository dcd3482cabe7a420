"""Decide: what an issue would be, written nowhere: ``plan`` writes it, ``upcoming`` shows it, ``prepare`` redoes it.

stories of the window, readers, what they had -> editions.plan -> Decision
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.editions import OWN, UNCHANGED, Plan, Reader, Window, plan
from syndicate.model import Draft, Newsletter, Story
from syndicate.store import Connection, Database, articles, deliveries, issues, readers
from syndicate.store.issues import Standing

RAREST = timedelta(days=40)
"""Nobody waits longer for the next issue of their cadence: so far one looks for those who changed it."""

_NOTHING = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Decision:
    """What would be written, per window since when it looks, and how things stood when it was decided."""

    plan: Plan
    since: Mapping[Window, datetime]
    standing: Standing
    cadences: tuple[str, ...]
    cutoff: datetime


@dataclass(frozen=True, slots=True)
class Redo:
    """``issue`` is one that is decided again with its ``draft``, as if it and those after it were not there yet.

    ``for_readers`` false: only the choices and the main editions, which costs little however many readers there are.
    """

    issue: int | None = None
    draft: Draft = UNCHANGED
    for_readers: bool = True


_NEW = Redo()


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that a plan is made of, but for the readers. ``moved`` are those whose cadence changed."""

    newsletter: Newsletter
    cutoff: datetime
    cadences: tuple[str, ...]
    standing: Standing
    since: Mapping[Window, datetime]
    moved: Mapping[int, datetime]
    stories: Mapping[str, Story]
    told: Mapping[Window, Collection[str]]

    def decision(self, people: Iterable[Reader], draft: Draft) -> Decision:
        looked_at = [self.stories[identity] for identity in sorted(self.stories)]
        made = plan(
            self.newsletter, looked_at, people, self.since, self.cutoff, self.cadences, self.told, draft
        )
        return Decision(made, self.since, self.standing, self.cadences, self.cutoff)


def decide(
    database: Database,
    newsletter: Newsletter,
    cutoff: datetime,
    cadences: tuple[str, ...] = (OWN,),
    redo: Redo = _NEW,
) -> Decision:
    """The plan of an issue with this cutoff for readers of ``cadences``, written nowhere."""
    with database.read() as connection:
        scene = _scene(connection, newsletter, cutoff, cadences, redo)
        if not redo.for_readers:
            return scene.decision((), redo.draft)
        had = deliveries.had(connection, list(scene.stories), redo.issue)
        people = (
            Reader(one, languages, had.get(one, _NOTHING), cadence, scene.moved.get(one), zone)
            for one, languages, cadence, zone in readers.every(connection, newsletter.key)
        )
        return scene.decision(people, redo.draft)


def compare(
    database: Database, newsletter: Newsletter, cutoff: datetime, cadences: tuple[str, ...], redo: Redo
) -> tuple[Decision, Decision]:
    """For no readers: what an issue is with its draft, and what it would be without, of the same stories."""
    with database.read() as connection:
        scene = _scene(connection, newsletter, cutoff, cadences, redo)
    return scene.decision((), redo.draft), scene.decision((), UNCHANGED)


def _scene(
    connection: Connection, newsletter: Newsletter, cutoff: datetime, cadences: tuple[str, ...], redo: Redo
) -> _Scene:
    standing = issues.standing(connection, newsletter.key, redo.issue)
    windows = [(cadence, language) for cadence in cadences for language in newsletter.languages]
    since = {one: standing.cutoffs[one] for one in windows if one in standing.cutoffs}
    moved = _moved(connection, newsletter, since, cutoff, redo.issue) if redo.for_readers else {}
    first = {language for cadence, language in windows if (cadence, language) not in since}
    stories = candidates(
        connection, newsletter, min([*since.values(), *moved.values()], default=None), cutoff
    )
    stories |= newest(connection, newsletter, first, cutoff)
    stories |= articles.light(connection, set(redo.draft.included) - set(stories))
    told = _told(connection, newsletter, stories, redo.issue)
    return _Scene(newsletter, cutoff, cadences, standing, since, moved, stories, told)


def candidates(
    connection: Connection, newsletter: Newsletter, since: datetime | None, cutoff: datetime
) -> dict[str, Story]:
    """By id, every story that may have become ready in (since, cutoff]; none without ``since``."""
    if since is None:
        return {}
    start = since - newsletter.wait_for_translation
    if newsletter.settle:
        start -= max(newsletter.settle_at_most, timedelta(0))
    return {story.id: story for story in articles.stories_since(connection, start, cutoff)}


def newest(
    connection: Connection, newsletter: Newsletter, languages: Iterable[str], cutoff: datetime
) -> dict[str, Story]:
    """By id, what the first issue in each of ``languages`` may take."""
    # A rough cut by tag and author reaches further back; a filter by source cannot be cut so.
    hints = () if newsletter.sources else (*newsletter.tags, *newsletter.authors)
    tongues = [(language,) for language in sorted(languages)]
    found: set[str] = set()
    for wanted in {*tongues, newsletter.fallback} if tongues else ():
        found |= set(articles.newest(connection, wanted, cutoff, _depth(newsletter), hints))
    return articles.light(connection, found)


def _depth(newsletter: Newsletter) -> int:
    """How many stories a first issue looks at: more than it takes, so that choices can be explained."""
    return 3 * newsletter.maximum_stories


def _moved(
    connection: Connection,
    newsletter: Newsletter,
    since: Mapping[Window, datetime],
    cutoff: datetime,
    number: int | None,
) -> dict[int, datetime]:
    """Those who had another cadence when they were in an issue last, with its cutoff.

    What came out between that issue and the beginning of their new window would never be told to them. One looks back
    as far as the last issue of the rarest cadence: nobody who stayed waited longer.
    """
    last = issues.last_of_cadences(connection, newsletter.key, number)
    begin = min((moment for _, moment in last.values() if moment >= cutoff - RAREST), default=cutoff)
    found: dict[int, datetime] = {}
    for cadence in {cadence for cadence, _ in since}:
        number, before = last[cadence]
        if begin < before:
            found |= readers.passed_over(
                connection, newsletter.key, number, cadence, newsletter.cadences, begin, number
            )
    return found


def _told(
    connection: Connection, newsletter: Newsletter, stories: Collection[str], number: int | None
) -> Mapping[Window, Collection[str]]:
    """Only what waits until nobody changes it can come back."""
    if not newsletter.settle:
        return {}
    return issues.told(connection, newsletter.key, stories, only_main=True, before=number)

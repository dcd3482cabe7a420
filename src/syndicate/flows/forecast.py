"""Forecast: what would go out with each newsletter's next issue, in numbers a page can show at once.

stories -> editions.plan, without readers -> stories per language, what is not translated, whose bio is missing
readers, counted by languages and cadence  -> people per language (at most: who has had a story is not looked up)

Worked out by the clock after every ingest and kept; ``upcoming`` is the exact answer, decided over every reader.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syndicate.editions import OWN, Plan, offered, plan, reading_languages
from syndicate.flows.decide import candidates, newest
from syndicate.flows.house import House
from syndicate.flows.upcoming import Gap, gaps, news
from syndicate.languages import match
from syndicate.model import Newsletter, Story
from syndicate.store import Connection, articles, authors, forecasts, issues, readers
from syndicate.store.forecasts import Kept
from syndicate.stories import without_bio

COUNT_AGAIN = timedelta(hours=1)
"""Readers are counted so often: it takes a second for a million of them."""

SMALL = 20_000
"""A house with no more articles and subscribers than this is looked at while somebody waits."""

MOST = 40
"""Gaps and missing bios that are kept."""


@dataclass(frozen=True, slots=True)
class Gapped:
    """A story of the next issue that is not in these languages. ``until``: so long a translation is waited for."""

    story: str
    title: str
    lacks: tuple[str, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Somebody who wrote stories of the next issue (one is named), without a bio in these languages."""

    story: str
    name: str
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """As of ``made_at``. ``stories`` and ``people`` are per language, with the cadence ("tr weekly") where it is not
    the newsletter's own; ``people`` at most."""

    made_at: datetime
    stories: Mapping[str, int]
    people: Mapping[str, int]
    gaps: tuple[Gapped, ...]
    unknown: tuple[Unknown, ...]


def refresh(house: House, now: datetime) -> int:
    """Work out every newsletter's forecast again and keep it; returns how many changed in what they say."""
    changed = 0
    for newsletter in house.newsletters.values():
        with house.database.read() as connection:
            before = forecasts.get(connection, newsletter.key)
            kept = _made(connection, house, newsletter, now, before)
        with house.database.begin() as connection:
            forecasts.write(connection, newsletter.key, kept)
        changed += before is None or before.content != kept.content
    return changed


def forecast(house: House, newsletter: Newsletter, now: datetime) -> Forecast | None:
    """The kept one; a small house's is made now. None where there is none and making it takes too long."""
    with house.database.read() as connection:
        kept = forecasts.get(connection, newsletter.key)
        if forecasts.size(connection) <= SMALL:
            kept = _made(connection, house, newsletter, now, None)
    return _read(kept) if kept else None


def _made(
    connection: Connection, house: House, newsletter: Newsletter, now: datetime, before: Kept | None
) -> Kept:
    if before and now - before.counted_at < COUNT_AGAIN:
        counted_at, people = before.counted_at, before.people
    else:
        groups = readers.groups(connection, newsletter.key)
        counted_at, people = now, [[" ".join(spoken), cadence, n] for (spoken, cadence), n in groups.items()]
    return Kept(now, counted_at, people, _content(connection, house, newsletter, now, people))


def _content(
    connection: Connection,
    house: House,
    newsletter: Newsletter,
    now: datetime,
    people: Sequence[Sequence[Any]],
) -> dict[str, Any]:
    made, held, is_first = _planned(connection, newsletter, now)
    told = {_label(one.language, one.cadence): len(one.items) for one in made.editions if one.is_main}
    new = news(made.choices, is_first=is_first)
    out = articles.versions(connection, new)
    chosen = {item.story for one in made.editions for item in one.items}
    return {
        "stories": told,
        "people": _people(newsletter, people, told),
        "gaps": [
            _gap(house, held, one) for one in gaps(newsletter, {one: out.get(one, []) for one in new}, now)
        ][:MOST],
        "unknown": _unknown(connection, [held[one] for one in sorted(chosen)])[:MOST],
    }


def _planned(
    connection: Connection, newsletter: Newsletter, now: datetime
) -> tuple[Plan, dict[str, Story], bool]:
    cutoffs = issues.last_cutoffs(connection, newsletter.key)
    cadences = (OWN, *newsletter.cadences)
    windows = [(cadence, language) for cadence in cadences for language in newsletter.languages]
    since = {one: cutoffs[one] for one in windows if one in cutoffs}
    held = candidates(connection, newsletter, min(since.values(), default=None), now)
    first = {language for cadence, language in windows if (cadence, language) not in since}
    held |= newest(connection, newsletter, first, now)
    told = issues.told(connection, newsletter.key, held, only_main=True) if newsletter.settle else {}
    looked_at = [held[one] for one in sorted(held)]
    return plan(newsletter, looked_at, (), since, now, cadences, told), held, not since


def _people(
    newsletter: Newsletter, people: Iterable[Sequence[Any]], told: Mapping[str, int]
) -> dict[str, int]:
    """Readers by the first of their languages in which there is something to tell them."""
    counted: Counter[str] = Counter()
    for languages, cadence, number in people:
        reads = reading_languages(languages.split(), newsletter)
        labels = (_label(one, offered(cadence, newsletter)) for one in reads)
        if label := next((one for one in labels if told.get(one)), None):
            counted[label] += number
    return dict(counted)


def _label(language: str, cadence: str) -> str:
    return f"{language} {cadence}".rstrip()


def _gap(house: House, held: Mapping[str, Story], gap: Gap) -> list[Any]:
    titles = {one.language: one.title for one in held[gap.story].published}
    first = next((found for one in house.site.languages if (found := match(one, titles))), next(iter(titles)))
    return [gap.story, titles[first], list(gap.lacks), gap.until.isoformat() if gap.until else ""]


def _unknown(connection: Connection, stories: Sequence[Story]) -> list[list[Any]]:
    known = authors.by_key(connection, {c.key for s in stories for a in s.published for c in a.authors})
    found: dict[str, tuple[str, dict[str, None]]] = {}
    for story in stories:
        for one in story.published:
            for name in without_bio(one, known):
                found.setdefault(name, (story.id, {}))[1][one.language] = None
    return [[story, name, list(lacks)] for name, (story, lacks) in found.items()]


def _read(kept: Kept) -> Forecast:
    said = kept.content
    return Forecast(
        kept.made_at,
        said["stories"],
        said["people"],
        tuple(
            Gapped(story, title, tuple(lacks), datetime.fromisoformat(until) if until else None)
            for story, title, lacks, until in said["gaps"]
        ),
        tuple(Unknown(story, name, tuple(lacks)) for story, name, lacks in said["unknown"]),
    )

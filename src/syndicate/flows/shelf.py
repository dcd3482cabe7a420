"""Shelf: the stories as staff look through them, each in all its languages, with what is wanting and where it went."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.editions import OWN, Slot, awaited_until, belongs, decide, next_slots
from syndicate.feeds import FeedScope
from syndicate.feeds.members import members
from syndicate.flows.house import House
from syndicate.flows.ingest import COMPLETE
from syndicate.flows.timetable import zones_of
from syndicate.languages import match
from syndicate.model import (
    Article,
    ArticleState,
    Author,
    Byline,
    Choice,
    DeliveryState,
    Issue,
    NotFound,
    SimilarPost,
    Story,
    Verdict,
)
from syndicate.store import Connection, articles, authors, cards, issues, sources, tallies, told
from syndicate.store.cards import Card, Wanted
from syndicate.store.sources import Noted
from syndicate.store.told import Telling
from syndicate.stories import Standing, bylines, standings, unsourced, without_bio

PAGE = 30
FOLLOWING = 3
"""How many issues of each newsletter, from when a story came out, are asked why it is in them or not."""
MOST_PROBLEMS = 50

_REACHED = (DeliveryState.ACCEPTED, DeliveryState.BOUNCED)
_SILENT = frozenset({Verdict.TOO_OLD})


@dataclass(frozen=True, slots=True)
class Sent:
    """An issue that tells the story. ``people`` is how many it was handed over to, None while nobody counted.

    ``is_gone``: some of it went out; else it is to be sent. ``is_correction``: it corrects the story.
    """

    issue: int
    newsletter: str
    name: str
    is_gone: bool
    people: int | None
    is_correction: bool = False


@dataclass(frozen=True, slots=True)
class Lacks:
    """What is wanting in the version of a language: bios of these people, sources of these notes."""

    language: str
    bios: tuple[str, ...] = ()
    notes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Spine:
    """A story as a list shows it. ``title`` is in ``language``, the first that was asked for and that it has."""

    id: str
    title: str
    language: str
    latest: datetime
    standings: tuple[Standing, ...]
    authors: tuple[str, ...]
    sent: tuple[Sent, ...]
    lacks: tuple[Lacks, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of stories; ``older`` is the card after which the next one begins, None on the last."""

    stories: tuple[Spine, ...]
    older: Card | None


@dataclass(frozen=True, slots=True)
class Copy:
    """One version in full, without its body. ``feeds`` are (scope, slug, address)."""

    article: Article
    bylines: tuple[Byline, ...]
    similar: tuple[SimilarPost, ...]
    feeds: tuple[tuple[FeedScope, str, str], ...]
    lacks: Lacks


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Why a story is in an issue or not, by language of its readers. ``issue`` is None for the one to come, whose
    ``slot`` it then is (None where the timetable has none)."""

    newsletter: str
    choices: tuple[tuple[str, Choice], ...]
    issue: Issue | None = None
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Volume:
    """Everything about one story."""

    spine: Spine
    copies: tuple[Copy, ...]
    past: tuple[Verdicts, ...]
    coming: tuple[Verdicts, ...]
    problems: tuple[Noted, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A source: when it was last read to its end (None: never, or not known), how much it brought, what is wrong.

    ``left_out`` and ``warnings`` count all problems, of which ``problems`` are the first.
    """

    name: str
    read_at: datetime | None
    articles: int
    left_out: int
    warnings: int
    problems: tuple[Noted, ...]


def shelf(
    house: House, wanted: Wanted, language: str, now: datetime, before: tuple[datetime, str] | None = None
) -> Shelf:
    """A page of stories, newest first; titles in ``language`` where there is one."""
    with house.database.read() as connection:
        found = cards.page(connection, wanted, PAGE + 1, before)
        shown = found[:PAGE]
        spines = _spines(connection, house, shown, language, now)
    return Shelf(tuple(spines), shown[-1] if len(found) > PAGE else None)


def volume(house: House, story: str, language: str, now: datetime) -> Volume:
    """Raises NotFound."""
    with house.database.read() as connection:
        held = articles.light(connection, [story]).get(story)
        if held is None:
            raise NotFound(f"there is no story {story}")
        latest = max(one.available for one in held.articles)
        (spine,) = _spines(connection, house, [Card(story, latest)], language, now)
        return Volume(
            spine=spine,
            copies=tuple(_copies(connection, house, held)),
            past=tuple(_past(connection, house, held)),
            coming=tuple(_coming(connection, house, held, now)),
            problems=tuple(_problems(connection, story)),
        )


def origins(house: House) -> list[Origin]:
    """The sources of config.toml, in its order."""
    names = [one.name for one in house.origins]
    with house.database.read() as connection:
        read = sources.last_read(connection, names, COMPLETE)
        brought, wrong = articles.per_source(connection), sources.counted(connection)
        return [
            Origin(
                name=name,
                read_at=_moment(read.get(name, "")),
                articles=brought.get(name, 0),
                left_out=wrong[name][0] if name in wrong else 0,
                warnings=wrong[name][1] if name in wrong else 0,
                problems=tuple(sources.noted(connection, name, MOST_PROBLEMS)),
            )
            for name in names
        ]


def _spines(
    connection: Connection, house: House, shown: Sequence[Card], language: str, now: datetime
) -> list[Spine]:
    ids = [one.story for one in shown]
    held = articles.light(connection, ids)
    known = authors.by_key(connection, {c.key for s in held.values() for a in s.articles for c in a.authors})
    tellings: dict[str, list[Telling]] = {}
    for one in told.tellings(connection, ids):
        tellings.setdefault(one.story, []).append(one)
    reached = _reached(connection, {one.issue for of in tellings.values() for one in of})
    return [
        _spine(house, held[one.story], one, tellings.get(one.story, []), reached, known, language, now)
        for one in shown
        if one.story in held
    ]


def _spine(
    house: House,
    story: Story,
    card: Card,
    tellings: Sequence[Telling],
    reached: Mapping[int, Mapping[int, int]],
    known: Mapping[str, Author],
    language: str,
    now: datetime,
) -> Spine:
    titles = {one.language: one.title for one in reversed(story.published or story.articles)}
    spoken = next(
        found for wanted in (language, *house.site.languages, *titles) if (found := match(wanted, titles))
    )
    gone = [one.cutoff for one in tellings if one.state in told.GONE and not one.is_correction]
    mailed = max(gone, default=None)
    awaited = {} if tellings else _awaited(house, story, now)
    lacks = (_lacks(one, known) for one in story.published)
    return Spine(
        id=story.id,
        title=titles[spoken],
        language=spoken,
        latest=card.latest,
        standings=standings(story, house.site.languages, now, mailed, awaited),
        authors=tuple(
            dict.fromkeys(_name(c.key, c.name, known, language) for a in story.articles for c in a.authors)
        ),
        sent=tuple(_sent(tellings, reached)),
        lacks=tuple(one for one in lacks if one.bios or one.notes),
    )


def _name(key: str, printed: str, known: Mapping[str, Author], language: str) -> str:
    return known[key].name_in(language) if key in known else printed


def _lacks(article: Article, known: Mapping[str, Author]) -> Lacks:
    return Lacks(article.language, without_bio(article, known), unsourced(article.footnotes))


def _sent(tellings: Sequence[Telling], reached: Mapping[int, Mapping[int, int]]) -> Iterable[Sent]:
    """Newest issue first; its editions that tell the story together."""
    editions: dict[int, set[int]] = {}
    for one in tellings:
        editions.setdefault(one.issue, set()).add(one.edition)
    named = {one.issue: one for one in tellings}
    for number, of in editions.items():
        counted = reached.get(number)
        people = sum(counted.get(edition, 0) for edition in of) if counted is not None else None
        one = named[number]
        yield Sent(number, one.newsletter, one.name, one.state in told.GONE, people, one.is_correction)


def _reached(connection: Connection, numbers: Iterable[int]) -> dict[int, dict[int, int]]:
    """Issue to edition to people it was handed over to, as they were last counted."""
    found: dict[int, dict[int, int]] = {}
    for number in numbers:
        if counted := tallies.get(connection, number):
            of = found.setdefault(number, {})
            for edition, state, _, people in counted.lines:
                if edition is not None and state in _REACHED:
                    of[edition] = of.get(edition, 0) + people
    return found


def _awaited(house: House, story: Story, now: datetime) -> dict[str, datetime]:
    """Until when a translation is waited for by any newsletter, of the languages that the story is not in."""
    found: dict[str, datetime] = {}
    for newsletter in house.newsletters.values():
        until = awaited_until(story.published, newsletter)
        if until and until > now and belongs(story, newsletter):
            found |= {one: max(until, found.get(one, until)) for one in newsletter.languages}
    return found


def _copies(connection: Connection, house: House, story: Story) -> Iterable[Copy]:
    people = {c.key for a in story.articles for c in (*a.authors, *a.translators)}
    known = authors.by_key(connection, people)
    similar = articles.similar_of(connection, story.id)
    listed = articles.listed_by_id(
        connection, {one for ids in similar.values() for one in ids} | set(similar)
    )
    order = {language: n for n, language in enumerate(house.site.languages)}
    for one in sorted(story.articles, key=lambda one: order.get(one.language, len(order))):
        is_out = one.state is ArticleState.PUBLISHED
        yield Copy(
            article=one,
            bylines=bylines(one, known, one.language, house.site.languages),
            similar=articles.similar_posts(listed, similar[one.id]),
            feeds=tuple(_feeds(house, listed[one.id])) if is_out else (),
            lacks=_lacks(one, known) if is_out else Lacks(one.language),
        )


def _feeds(house: House, one: articles.Listed) -> Iterable[tuple[FeedScope, str, str]]:
    """Those of its own language: it is in those of all languages, too."""
    for key in members([one]):
        if key.language == one.language:
            yield key.scope, key.slug, f"{house.site.public_url}/{key.folder}/"


def _past(connection: Connection, house: House, story: Story) -> Iterable[Verdicts]:
    """The issues it is in, and the first that it could have been in."""
    began = min(one.available for one in story.articles)
    numbers = {one.issue for one in told.tellings(connection, [story.id]) if not one.is_correction}
    for key in house.newsletters:
        numbers |= set(told.after(connection, key, began, FOLLOWING))
    for number in sorted(numbers, reverse=True):
        issue = issues.get(connection, number)
        made = [
            (language, Choice(story.id, Verdict(verdict), article, where, detail))
            for language, choices in issues.choices(connection, number).items()
            for looked_at, verdict, article, where, detail in choices
            if looked_at == story.id and Verdict(verdict) not in _SILENT
        ]
        if made:
            yield Verdicts(issue.newsletter, tuple(made), issue=issue)


def _coming(connection: Connection, house: House, story: Story, now: datetime) -> Iterable[Verdicts]:
    for newsletter in house.newsletters.values():
        cutoffs = issues.last_cutoffs(connection, newsletter.key)
        made = [
            (one, decide(story, newsletter, (one,), cutoffs.get((OWN, one)), now))
            for one in newsletter.languages
        ]
        slots = next_slots(newsletter, now, 1, zones_of(connection, newsletter))
        yield Verdicts(newsletter.key, tuple(made), slot=slots[0] if slots else None)


def _problems(connection: Connection, story: str) -> Iterable[Noted]:
    for source, items in articles.items_of(connection, story).items():
        yield from sources.noted(connection, source, MOST_PROBLEMS, sorted(items))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

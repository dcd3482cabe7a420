"""Correct: readers are told what was wrong in a story: in its feeds and archive pages, and, if staff want it, by mail.

    look (who got it, in which languages) -> note per language -> the article's note, for feeds and archive
                                                               -> issues that correct it, one a newsletter, planned:
       everything that anybody got of it -> deliveries.addressed -> one line of their ledger for each person who got it

A digest that went out stays as it was. What is mailed is an issue like any other from here on: it is looked at,
approved, can be taken back, and is reported on. The timetable never looks at it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.deliveries import Addressed, Got, addressed
from syndicate.digests.subject import corrected
from syndicate.flows.compose import Instalment
from syndicate.flows.house import House
from syndicate.flows.reach import Reach, reach, tellings_of
from syndicate.flows.seen import OUTDATED, Outdated
from syndicate.flows.seen import subject_of as issue_subject
from syndicate.flows.tally import recount
from syndicate.flows.withdraw import Held, held, make_again, reason_of, subject_of
from syndicate.model import (
    Actor,
    Article,
    Draft,
    Edition,
    EditionItem,
    Issue,
    IssueState,
    Newsletter,
    Placement,
    SyndicateError,
    UnsafeValue,
)
from syndicate.store import Connection, audit, corrections, deliveries, drafts, issues, recipients
from syndicate.store.deliveries import Planned
from syndicate.subscribers import message_id

NO_NOTE = "Say what was wrong, in at least one language."
NO_SUCH_VERSION = "The story is not out in that language."
NOBODY = "Nobody who got the story can be mailed any more. The note is kept."
MOMENT = timedelta(microseconds=1)
MOST_LOOKED_AT = 5000
"""People up to whom a page looks at each, for how many cannot be mailed any more."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be known before correcting. ``reached`` are those who got it, by language of the version.

    ``unreachable`` is language to how many of these must not be mailed any more; None where there are too many to look
    at each. ``corrections`` are the issues that correct it already, newest first.
    """

    held: Held
    reached: tuple[Reach, ...]
    unreachable: Mapping[str, int] | None
    corrections: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Mailing:
    """Whom to mail: those who got the story in these ``languages``; ``doubtful_too``: also who may have got it."""

    languages: tuple[str, ...] = ()
    doubtful_too: bool = False


NO_MAIL = Mailing()


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said, by whom and when; ``line`` is that of the audit log. ``draft`` holds notes and subjects."""

    draft: Draft
    line: int
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A newsletter's correction before it is written: its editions, each rendered, and the lines of its ledger."""

    newsletter: Newsletter
    day: date
    name: str
    editions: tuple[tuple[Edition, Mapping[str, Any]], ...]
    lines: Sequence[Addressed]


def outlook(house: House, story: str, language: str, now: datetime) -> Outlook:
    """Raises NotFound."""
    tellings = tellings_of(house, story)
    reached = reach(house, tellings, now)
    with house.database.read() as connection:
        found = held(connection, house, story, language)
        numbers = sorted({one.issue for one in tellings if one.is_correction}, reverse=True)
        made = tuple(issues.get(connection, number) for number in numbers)
        lost = _unreachable(connection, house, found, reached)
    return Outlook(found, reached, lost, made)


def correct(
    house: House,
    story: str,
    notes: Mapping[str, str],
    actor: Actor,
    now: datetime,
    mailing: Mailing = NO_MAIL,
    seen: str | None = None,
) -> tuple[Issue, ...]:
    """Tell readers what was wrong: ``notes`` by language of the version; an empty one takes a note away. Issues that
    wait still are made again with them.

    Returns the issues that correct it by mail, each of which waits to be approved; none without ``mailing``. Raises
    NotFound; UnsafeValue for a note that is too long, or missing where it is to be mailed; Outdated; SyndicateError
    when nobody can be mailed: the note is kept then.
    """
    wanted = {language: reason_of(note) for language, note in notes.items()}
    waiting = {one.issue for one in tellings_of(house, story) if one.state is IssueState.PLANNED}
    with house.database.begin() as connection:
        found = held(connection, house, story)
        if seen is not None and seen != found.mark:
            raise Outdated(OUTDATED)
        versions = _versions(found, wanted, mailing)
        said = {versions[language].id: note for language, note in wanted.items()}
        if not any(said.values()) and not (found.notes.keys() & said.keys()):
            raise UnsafeValue(NO_NOTE)
        corrections.tell(connection, story, said, actor, now)
        told_in = sorted(language for language, note in wanted.items() if note)
        audit.note(connection, actor, "story.correct", subject_of(story), now, languages=told_in)
        line = audit.last(connection, subject_of(story))
    for number in waiting:
        make_again(house, number, now)
    if not mailing.languages:
        return ()
    chosen = [versions[language] for language in mailing.languages]
    draft = Draft(
        notes={one.language: wanted[one.language] for one in chosen},
        subjects={one.language: corrected(one.title, one.language) for one in chosen},
    )
    return _mailed(house, story, chosen, mailing, _Said(draft, line, actor, now))


def _versions(found: Held, notes: Mapping[str, str], mailing: Mailing) -> dict[str, Article]:
    versions = {one.language: one for one in found.out}
    if not versions.keys() >= notes.keys():
        raise UnsafeValue(NO_SUCH_VERSION)
    if any(not notes.get(language) for language in mailing.languages):
        raise UnsafeValue(NO_NOTE)
    return versions


def _unreachable(
    connection: Connection, house: House, found: Held, reached: Sequence[Reach]
) -> dict[str, int] | None:
    if sum(one.got + one.doubtful for one in reached) > MOST_LOOKED_AT:
        return None
    languages = {one.id: one.language for one in found.story.articles}
    lost = recipients.unreachable(connection, found.story.id, list(languages), list(house.newsletters))
    return {languages[article]: number for article, number in lost.items()}


def _mailed(
    house: House, story: str, chosen: Sequence[Article], mailing: Mailing, said: _Said
) -> tuple[Issue, ...]:
    while True:
        made = _written(house, story, said, _sheets(house, story, chosen, mailing, said))
        if made is not None:
            break
    if not made:
        raise SyndicateError(NOBODY)
    for issue in made:
        recount(house.database, issue.id, said.now)
    return made


def _written(house: House, story: str, said: _Said, sheets: Sequence[_Sheet]) -> tuple[Issue, ...] | None:
    """The issues, in one transaction; None when a name that was free is not any more: then they are made again.

    Raises Outdated when somebody said something else of the story meanwhile.
    """
    with house.database.begin() as connection:
        issues.hold_planning(connection)
        if audit.last(connection, subject_of(story)) != said.line:
            raise Outdated(OUTDATED)
        if any(_name(connection, one.newsletter.key, one.day) != one.name for one in sheets):
            return None
        made = [_write(connection, house, story, said, one) for one in sheets]
        return tuple(issues.get(connection, number) for number in made if number)


def _sheets(
    house: House, story: str, chosen: Sequence[Article], mailing: Mailing, said: _Said
) -> list[_Sheet]:
    """For each newsletter that told it: whom it goes to, and an edition for each version, rendered."""
    by_id, made = {one.id: one for one in chosen}, []
    with house.database.read() as connection:
        places = recipients.places(connection, story, list(house.newsletters))
        lines = _lines(connection, house, story, list(by_id), mailing)
        for key in dict.fromkeys(key for key, article in places if article in by_id):
            newsletter = house.newsletters[key]
            day = said.now.astimezone(ZoneInfo(newsletter.timezone)).date()
            name = _name(connection, key, day)
            editions = [_edition(by_id[article]) for of, article in places if of == key and article in by_id]
            issue = Instalment(newsletter, day, name, said.draft)
            digests = house.composer.digests(connection, issue, editions, said.now)
            pairs = tuple(zip(editions, digests, strict=True))
            made.append(_Sheet(newsletter, day, name, pairs, lines.get(key, [])))
    return made


def _lines(
    connection: Connection, house: House, story: str, articles: Collection[str], mailing: Mailing
) -> dict[str, list[Addressed]]:
    """By newsletter, a line for everybody who got one of these versions."""
    got = (Got(*line) for line in recipients.of(connection, story, articles, list(house.newsletters)))
    lines: dict[str, list[Addressed]] = {}
    for line in addressed(got, doubtful_too=mailing.doubtful_too):
        lines.setdefault(line.newsletter, []).append(line)
    return lines


def _edition(article: Article) -> Edition:
    """For those who got this version: in its language, whatever else they read."""
    item = EditionItem(article.story, article.id, article.language, Placement.LEAD)
    return Edition(article.language, (article.language,), (item,), is_main=True)


def _name(connection: Connection, newsletter: str, day: date) -> str:
    """What the next correction of a day is called in addresses: ``2026-05-04-erratum``, ``2026-05-04-erratum2``, …"""
    names = (f"{day.isoformat()}-erratum{n if n > 1 else ''}" for n in count(1))
    return next(name for name in names if issues.find(connection, newsletter, name) is None)


def _write(connection: Connection, house: House, story: str, said: _Said, sheet: _Sheet) -> int | None:
    """The issue of one newsletter, with its ledger; None when nobody would get it."""
    owed = {line.article for line in sheet.lines if not line.reason}
    if not owed:
        return None
    number = _add(connection, story, said, sheet)
    drafts.save(connection, number, said.draft, 0, said.actor.staff, said.now)
    drafts.mark_applied(connection, number, 1)
    editions = {
        edition.items[0].article_id: issues.add_edition(connection, number, edition, digest)
        for edition, digest in sheet.editions
        if edition.items[0].article_id in owed
    }
    deliveries.plan(connection, number, _planned(house, sheet, editions), said.now)
    people = sum(not line.reason for line in sheet.lines)
    audit.note(
        connection, said.actor, "issue.correct", issue_subject(number), said.now, story=story, people=people
    )
    return number


def _planned(house: House, sheet: _Sheet, editions: Mapping[str, int]) -> Iterator[Planned]:
    key, newsletter = house.key, sheet.newsletter.key
    domain = house.planner.mail_domain
    for line in sheet.lines:
        if line.reason:
            yield Planned(line.subscriber, None, "", line.reason)
        else:
            identity = message_id(key, newsletter, sheet.name, line.subscriber, domain)
            yield Planned(line.subscriber, editions[line.article], identity)


def _add(connection: Connection, story: str, said: _Said, sheet: _Sheet) -> int:
    """Its slot is now, or some microseconds before it: no slot of a timetable has any."""
    slot = said.now if said.now.microsecond else said.now - MOMENT
    while True:
        number = issues.add(
            connection, sheet.newsletter.key, slot, sheet.day.isoformat(), None, said.now, IssueState.PLANNED, {},
            said.now, sheet.name, corrects=story,
        )  # fmt: skip
        if number is not None:
            return number
        slot -= MOMENT

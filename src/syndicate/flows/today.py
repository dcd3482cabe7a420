"""Today: what went out, what goes next, and what needs a person, from numbers that are kept: never from a count."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.editions import Slot, next_slots
from syndicate.flows.forecast import Forecast, forecast
from syndicate.flows.house import House
from syndicate.flows.prepare import BY_STAFF
from syndicate.flows.standing import Standing, standing
from syndicate.flows.timetable import zones_of
from syndicate.model import DeliveryState, Issue, IssueState, StoreError
from syndicate.store import Connection, audit, deliveries, gauges, issues, sources, tallies, told
from syndicate.store.witness import count

LATELY = timedelta(days=7)
SHOWN = 3
"""Issues of each newsletter that are shown of those that went out."""
MOST_BOUNCES = 0.05
"""Of an issue: providers stop those who have more."""
MOST_COMPLAINTS = 0.001
"""Of what was mailed in a week: large mailbox providers name 0.1 % as what to stay below."""
FEW = 20
"""Below so many mails a rate says nothing."""
AUDITED = 300
"""Lines of the audit log that are looked through for exports."""


class Trouble(StrEnum):
    """What needs a person; each has its words, and its link, in the console's template."""

    HELD_ALL = "held_all"
    UNSURE = "unsure"
    APPROVE = "approve"
    HELD = "held"
    PAUSED = "paused"
    IDLE = "idle"
    NO_CLOCK = "no_clock"
    DUTY = "duty"
    OVERDUE = "overdue"
    SOURCE = "source"
    LEFT_OUT = "left_out"
    MISSING = "missing"
    NO_BIO = "no_bio"
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    UNREAD = "unread"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Concern:
    """``at`` is since when, None where nobody knows. ``name`` is what it is about: a source, a duty, a title, a person;
    ``detail`` says more, in English, as it was noted; ``languages`` are those that lack something."""

    trouble: Trouble
    at: datetime | None = None
    issue: Issue | None = None
    number: int = 0
    share: float = 0.0
    name: str = ""
    story: str = ""
    detail: str = ""
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """An issue that went out. ``people`` it reached so far and ``left`` are per language, as of ``counted_at``."""

    issue: Issue
    people: dict[str, int] = field(default_factory=dict)
    left: int = 0
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """A newsletter's next slot, and what would go out; neither where there is none."""

    newsletter: str
    slot: Slot | None
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class Today:
    """``concerns`` are newest first, those without a time before all; ``wanting`` is what stories of the next issues
    lack."""

    concerns: tuple[Concern, ...]
    wanting: tuple[Concern, ...]
    gone: tuple[Gone, ...]
    coming: tuple[Next, ...]
    clock: Standing


def today(house: House, now: datetime) -> Today:
    clock = standing(house, now)
    coming = tuple(_coming(house, now))
    with house.database.read() as connection:
        gone = sorted(_gone(connection, house), key=lambda one: one.issue.slot, reverse=True)
        found = [
            *_of_issues(connection, house, clock),
            *_of_sources(connection),
            *_of_mail(connection, gone, now),
            *_exports(connection, now),
        ]
    found += _of_the_clock(clock)
    ordered = sorted(found, key=lambda one: (one.at is None, one.at or now), reverse=True)
    return Today(tuple(ordered), tuple(_of_stories(coming)), tuple(gone), coming, clock)


def _coming(house: House, now: datetime) -> Iterator[Next]:
    for newsletter in house.newsletters.values():
        with house.database.read() as connection:
            slots = next_slots(newsletter, now, 1, zones_of(connection, newsletter))
        yield Next(newsletter.key, slots[0] if slots else None, forecast(house, newsletter, now))


def _gone(connection: Connection, house: House) -> Iterator[Gone]:
    for key in house.newsletters:
        for issue in told.last_gone(connection, key, SHOWN):
            counted = tallies.get(connection, issue.id)
            if counted is None:
                yield Gone(issue)
                continue
            spoken = told.spoken(connection, issue.id)
            people: dict[str, int] = {}
            for edition, state, _, number in counted.lines:
                if edition in spoken and state in (DeliveryState.ACCEPTED, DeliveryState.BOUNCED):
                    people[spoken[edition]] = people.get(spoken[edition], 0) + number
            yield Gone(issue, people, counted.left, counted.at)


def _of_issues(connection: Connection, house: House, clock: Standing) -> Iterator[Concern]:
    held = _objection(connection, house)
    if held:
        yield Concern(Trouble.HELD_ALL, detail=held)
    waiting = {one.id: one for one in told.open_issues(connection)}
    for issue in waiting.values():
        if issue.state is IssueState.PLANNED:
            # What staff prepare themselves waits for nothing but their approval.
            note = "" if issue.note == BY_STAFF else issue.note
            yield Concern(Trouble.HELD if note else Trouble.APPROVE, issue.cutoff, issue, detail=note)
        elif issue.state is IssueState.PAUSED:
            yield Concern(Trouble.PAUSED, issue.cutoff, issue, detail=issue.note)
        elif not clock.leads:
            yield Concern(Trouble.IDLE, issue.cutoff, issue)
    for number, people in deliveries.unsure(connection).items():
        issue = issues.get(connection, number)
        yield Concern(Trouble.UNSURE, issue.cutoff, issue, number=people)


def _objection(connection: Connection, house: House) -> str:
    try:
        return house.witness.objection(count(connection))
    except StoreError as error:
        return str(error)


def _of_the_clock(clock: Standing) -> Iterator[Concern]:
    if not clock.leads:
        yield Concern(Trouble.NO_CLOCK, clock.lease.until if clock.lease else None)
    for duty in clock.duties.values():
        if duty.problem:
            yield Concern(Trouble.DUTY, duty.began_at, name=duty.name, detail=duty.problem)
    for sentence in clock.overdue:
        yield Concern(Trouble.OVERDUE, detail=sentence)


def _of_sources(connection: Connection) -> Iterator[Concern]:
    failed = sources.failed(connection)
    for one in failed:
        yield Concern(Trouble.SOURCE, one.at, name=one.source, detail=one.problem.reason)
    names = {one.source for one in failed}
    for source, (left_out, _, at) in sources.counted(connection).items():
        if left_out > (source in names):
            yield Concern(Trouble.LEFT_OUT, at, number=left_out - (source in names), name=source)


def _of_stories(coming: tuple[Next, ...]) -> Iterator[Concern]:
    """Each story and person once, however many newsletters it is news for."""
    lacking: dict[str, Concern] = {}
    for one in coming:
        if one.forecast is None:
            continue
        for gap in one.forecast.gaps:
            found = Concern(Trouble.MISSING, gap.until, name=gap.title, story=gap.story, languages=gap.lacks)
            lacking.setdefault(gap.story, found)
        for who in one.forecast.unknown:
            found = Concern(Trouble.NO_BIO, name=who.name, story=who.story, languages=who.lacks)
            lacking.setdefault(f"by {who.name}", found)
    yield from lacking.values()


def _of_mail(connection: Connection, gone: list[Gone], now: datetime) -> Iterator[Concern]:
    for one in gone:
        counted = tallies.get(connection, one.issue.id) if now - one.issue.slot < LATELY else None
        bounced = counted.sum(DeliveryState.BOUNCED) if counted else 0
        reached = sum(one.people.values())
        if reached >= FEW and bounced > MOST_BOUNCES * reached:
            yield Concern(Trouble.BOUNCES, one.counted_at, one.issue, number=bounced, share=bounced / reached)
    complained, last = told.complaints(connection, now - LATELY)
    mailed = told.handed_over(connection, now - LATELY)
    if mailed >= FEW and complained > MOST_COMPLAINTS * mailed:
        yield Concern(Trouble.COMPLAINTS, last, number=complained, share=complained / mailed)
    _, aside = gauges.bodies(connection)
    if aside:
        yield Concern(Trouble.UNREAD, number=aside)


def _exports(connection: Connection, now: datetime) -> Iterator[Concern]:
    for one in audit.entries(connection, limit=AUDITED):
        if "export" in one.action and now - one.at < LATELY:
            yield Concern(Trouble.EXPORT, one.at, name=one.name, detail=one.action)

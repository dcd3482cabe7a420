"""Upcoming: a newsletter's next slots, and what would go out if it were now. Decided, and written nowhere."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syndicate.editions import (
    OWN,
    Slot,
    awaited_until,
    due_in,
    instant_slot,
    known_zone,
    next_slots,
    offered,
)
from syndicate.flows.decide import Decision, decide
from syndicate.flows.house import House
from syndicate.flows.issues import titles_of, versions_of
from syndicate.flows.timetable import closed_until
from syndicate.languages import match
from syndicate.model import Choice, Newsletter, Verdict
from syndicate.store import Connection, readers
from syndicate.store.articles import Listed

SLOTS = 3
"""How many of a newsletter's next slots are shown."""

_NEWS = frozenset({Verdict.IN, Verdict.IN_FALLBACK, Verdict.WAITING, Verdict.NOT_SETTLED, Verdict.NOT_YET})


@dataclass(frozen=True, slots=True)
class Gap:
    """A story that is news, the languages it is in, and those of the newsletter that it is not in yet.

    ``until`` is how long a translation is waited for; None: not any more. Then it goes out in a language of ``has``,
    labelled, to those who accept one.
    """

    story: str
    has: tuple[str, ...]
    lacks: tuple[str, ...]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ZoneDue:
    """Readers of one time zone: how many, and when they are mailed, in UTC and by their own clocks."""

    zone: str
    readers: int
    moment: datetime
    local: str


@dataclass(frozen=True, slots=True)
class Coming:
    """One slot to come: when it is planned (``moment``, UTC; ``local``, by the newsletter's clock), and for whom.

    ``cadences`` are named as readers choose them. ``zones``, from the first on, of a newsletter that follows them.
    ``is_instant``: it comes as soon as a story is ready, at ``moment`` at the earliest.
    """

    name: str
    moment: datetime
    local: str
    cadences: tuple[str, ...]
    zones: tuple[ZoneDue, ...] = ()
    is_instant: bool = False


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A newsletter's next slots, the first of them in ``slot``, ``date`` and ``local``, too; and what would go out if
    it were now.

    ``stories``, ``readers`` and ``choices`` are per language, with the cadence ("tr weekly") where it is not the
    newsletter's own. ``skipped`` counts the readers who would get nothing, by reason. ``missing`` is what is still to
    translate.
    """

    newsletter: str
    slot: datetime | None = None
    date: str = ""
    local: str = ""
    slots: tuple[Coming, ...] = ()
    stories: dict[str, int] = field(default_factory=dict)
    readers: dict[str, int] = field(default_factory=dict)
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    missing: tuple[Gap, ...] = ()


def upcoming(house: House, newsletter: Newsletter, now: datetime) -> Upcoming:
    """The dry run of the next issues: decided as of ``now`` for readers of every cadence."""
    decision = decide(house.database, newsletter, now, (OWN, *newsletter.cadences))
    decided = decision.plan
    choices = dict(decided.choices)
    with house.database.read() as connection:
        versions = versions_of(connection, choices)
        titles = titles_of(connection, house, choices, versions)
        coming = _coming(connection, newsletter, now)
    new = news(choices, is_first=not decision.since)
    first = coming[0] if coming else None
    return Upcoming(
        newsletter=newsletter.key,
        slot=first.moment if first else None,
        date=first.name[:10] if first else "",
        local=first.local if first else "",
        slots=coming,
        stories={_label(e.language, e.cadence): len(e.items) for e in decided.editions if e.is_main},
        readers=_readers(decision),
        choices=choices,
        titles=titles,
        skipped=dict(Counter(str(reason) for reason in decided.skipped.values())),
        missing=tuple(gaps(newsletter, {story: versions.get(story, []) for story in new}, now)),
    )


def _coming(connection: Connection, newsletter: Newsletter, now: datetime) -> tuple[Coming, ...]:
    people = readers.per_zone(connection, newsletter.key) if newsletter.follows_readers else {}
    found = next_slots(newsletter, now, SLOTS, {zone for zone, _ in people})
    coming = [
        Coming(
            name=slot.name,
            moment=slot.moment,
            local=f"{slot.at:%H:%M} {'by each reader’s clock' if people else newsletter.timezone}",
            cadences=tuple(one or newsletter.cadence for one in slot.cadences),
            zones=tuple(_zones(newsletter, slot, people)),
        )
        for slot in found
    ]
    return (_as_soon_as(newsletter, now), *coming) if newsletter.cadence == "instant" else tuple(coming)


def _as_soon_as(newsletter: Newsletter, now: datetime) -> Coming:
    moment = closed_until(newsletter, now) or now + timedelta(minutes=1)
    slot = instant_slot(newsletter, moment)
    local = f"{slot.at:%H:%M} {newsletter.timezone}"
    return Coming(slot.name, slot.moment, local, ("instant",), is_instant=True)


def _zones(newsletter: Newsletter, slot: Slot, people: Mapping[tuple[str, str], int]) -> Iterable[ZoneDue]:
    """From the first on."""
    counted: Counter[str] = Counter()
    for (zone, cadence), number in people.items():
        if offered(cadence, newsletter) in slot.cadences:
            counted[known_zone(zone, newsletter.timezone)] += number
    moments = {zone: due_in(newsletter, slot, zone, slot.moment) or slot.moment for zone in counted}
    for zone in sorted(counted, key=lambda one: (moments[one], one)):
        local = f"{moments[zone].astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        yield ZoneDue(zone, counted[zone], moments[zone], local)


def _readers(decision: Decision) -> dict[str, int]:
    made = decision.plan.editions
    found = Counter(decision.plan.assigned.values())
    counted: Counter[str] = Counter()
    for index, number in found.items():
        counted[_label(made[index].language, made[index].cadence)] += number
    return dict(counted)


def _label(language: str, cadence: str) -> str:
    return f"{language} {cadence}".rstrip()


def news(choices: Mapping[str, tuple[Choice, ...]], is_first: bool) -> list[str]:
    """The stories of this issue's window: what is in or awaited in a language, or, later than a first issue,
    in none that any reader reads: all that is looked at then came out in the window."""
    verdicts: dict[str, set[Verdict]] = {}
    for made in choices.values():
        for choice in made:
            verdicts.setdefault(choice.story, set()).add(choice.verdict)
    return [
        story
        for story, found in verdicts.items()
        if found & _NEWS or (not is_first and found == {Verdict.NO_LANGUAGE})
    ]


def gaps(newsletter: Newsletter, stories: Mapping[str, Collection[Listed]], now: datetime) -> Iterable[Gap]:
    """What is still to translate of ``stories``, each with its versions that are out."""
    for story, found in stories.items():
        has = tuple(one.language for one in found)
        lacks = tuple(wanted for wanted in newsletter.languages if match(wanted, has) is None)
        if has and lacks:
            over = awaited_until(found, newsletter)
            yield Gap(story, has, lacks, over if over and over > now else None)

"""Plan: a newsletter's slot becomes an issue, its editions, and one line of the ledger per reader.

stories, readers, what they had -> editions.plan -> digests (rendered once per edition)
                                               \\-> issue + editions + deliveries, in one transaction

Between deciding and writing, somebody else may have planned: then it is decided again. ``timetable`` says when.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from syndicate.editions import OWN, Plan, Reader, Slot, Window, due_in, plan
from syndicate.flows.compose import Composer, Instalment
from syndicate.flows.tally import recount
from syndicate.model import Edition, Issue, IssueState, Newsletter, Story, SyndicateError
from syndicate.store import Connection, Database, articles, deliveries, issues, readers
from syndicate.store.deliveries import Planned
from syndicate.store.issues import Standing
from syndicate.subscribers import message_id

RAREST = timedelta(days=40)
"""Nobody waits longer for the next issue of their cadence: so far one looks for those who changed it."""

_NOTHING = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Planner:
    """What planning needs besides the newsletter: where things are, who composes, the key of Message-IDs."""

    database: Database
    composer: Composer
    key: bytes
    mail_domain: str


@dataclass(slots=True)
class PlanReport:
    """``issue`` is the one of the slot, made now (``is_new``) or before. Counts are per edition language.

    ``folded`` is how many slots were missed before it and have their row now.
    """

    issue: Issue
    is_new: bool
    editions: tuple[Edition, ...] = ()
    owed: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    empty: tuple[str, ...] = ()
    folded: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What would be written, per window since when it looks, and how things stood when it was decided."""

    plan: Plan
    since: Mapping[Window, datetime]
    standing: Standing
    cadences: tuple[str, ...]
    cutoff: datetime


class Fate(Enum):
    """What became of a decision: written; its slot had an issue already; or others planned meanwhile."""

    WRITTEN = "written"
    TAKEN = "taken"
    OVERTAKEN = "overtaken"


def plan_issue(
    planner: Planner,
    newsletter: Newsletter,
    slot: Slot,
    now: datetime,
    again: bool = False,
    held: str = "",
) -> PlanReport:
    """Plan the issue of ``slot``, once: a slot and a name have one issue, and a second call returns the first's.

    The cutoff is ``now``, not the slot: what arrived while the planner was late is not put off to the next issue.
    ``held`` is why it waits for staff. ``again`` takes back a plan of which nothing was handed over yet; raises
    SyndicateError when something was.
    """
    found = planned(planner, newsletter, slot)
    if found and again:
        _take_back(planner.database, found.issue)
        found = None
    while not found:
        decision = decide(planner.database, newsletter, now, slot.cadences)
        found = written(planner, newsletter, slot, decision, held)
    return found


def written(
    planner: Planner, newsletter: Newsletter, slot: Slot, decision: Decision, held: str = ""
) -> PlanReport | None:
    """The issue with this decision, or the one that its slot has already. None: others planned, decide again."""
    instalment = Instalment(newsletter, slot.date, slot.name)
    made, cutoff = decision.plan.editions, decision.cutoff
    with planner.database.read() as connection:
        digests = planner.composer.digests(connection, instalment, made, cutoff)
    with planner.database.begin() as connection:
        fate = _write(connection, planner, newsletter, slot, decision, digests, held)
    if fate is Fate.OVERTAKEN:
        return None
    report = planned(planner, newsletter, slot)
    if report and fate is Fate.WRITTEN:
        recount(planner.database, report.issue.id, cutoff)
        report.is_new = True
        report.skipped = _count(decision.plan.skipped.values())
        report.empty = tuple(x for x in newsletter.languages if x not in {e.language for e in made})
    return report


def decide(
    database: Database, newsletter: Newsletter, cutoff: datetime, cadences: tuple[str, ...] = (OWN,)
) -> Decision:
    """The plan of an issue with this cutoff for readers of ``cadences``, written nowhere."""
    with database.read() as connection:
        standing = issues.standing(connection, newsletter.key)
        windows = [(cadence, language) for cadence in cadences for language in newsletter.languages]
        since = {one: standing.cutoffs[one] for one in windows if one in standing.cutoffs}
        moved = _moved(connection, newsletter, since, cutoff)
        first = {language for cadence, language in windows if (cadence, language) not in since}
        stories = candidates(
            connection, newsletter, min([*since.values(), *moved.values()], default=None), cutoff
        )
        stories |= _newest(connection, newsletter, first, cutoff)
        had = deliveries.had(connection, list(stories))
        told = issues.told(connection, newsletter.key, stories, only_main=True) if newsletter.settle else {}
        people = (
            Reader(one, languages, had.get(one, _NOTHING), cadence, moved.get(one), zone)
            for one, languages, cadence, zone in readers.every(connection, newsletter.key)
        )
        looked_at = [stories[identity] for identity in sorted(stories)]
        made = plan(newsletter, looked_at, people, since, cutoff, cadences, told)
        return Decision(made, since, standing, cadences, cutoff)


def planned(planner: Planner, newsletter: Newsletter, slot: Slot) -> PlanReport | None:
    """The issue that a slot has; None when it has none."""
    with planner.database.read() as connection:
        issue = issues.find(connection, newsletter.key, slot.name, slot.moment)
        if issue is None:
            return None
        made = [frozen.edition for frozen in issues.editions(connection, issue.id)]
        counts = deliveries.counts(connection, issue.id)
    languages = {edition.id: edition.language for edition in made}
    owed: dict[str, int] = {}
    for (edition, _state), number in counts.items():
        if edition is not None:
            owed[languages[edition]] = owed.get(languages[edition], 0) + number
    return PlanReport(issue, False, tuple(made), owed)


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


def _newest(
    connection: Connection, newsletter: Newsletter, languages: Iterable[str], cutoff: datetime
) -> dict[str, Story]:
    """What a language's first issue may take."""
    # A rough cut by tag and author reaches further back; a filter by source cannot be cut so.
    hints = () if newsletter.sources else (*newsletter.tags, *newsletter.authors)
    stories: dict[str, Story] = {}
    for language in sorted(languages):
        for wanted in ((language,), newsletter.fallback):
            newest = articles.newest_stories(connection, wanted, cutoff, _depth(newsletter), hints)
            stories.update({s.id: s for s in newest})
    return stories


def _depth(newsletter: Newsletter) -> int:
    """How many stories a first issue looks at: more than it takes, so that choices can be explained."""
    return 3 * newsletter.maximum_stories


def _moved(
    connection: Connection, newsletter: Newsletter, since: Mapping[Window, datetime], cutoff: datetime
) -> dict[int, datetime]:
    """Those who had another cadence when they were in an issue last, with its cutoff.

    What came out between that issue and the beginning of their new window would never be told to them. One looks back
    as far as the last issue of the rarest cadence: nobody who stayed waited longer.
    """
    last = issues.last_of_cadences(connection, newsletter.key)
    begin = min((moment for _, moment in last.values() if moment >= cutoff - RAREST), default=cutoff)
    found: dict[int, datetime] = {}
    for cadence in {cadence for cadence, _ in since}:
        number, before = last[cadence]
        if begin < before:
            found |= readers.passed_over(
                connection, newsletter.key, number, cadence, newsletter.cadences, begin
            )
    return found


def _take_back(database: Database, issue: Issue) -> None:
    with database.begin() as connection:
        if not issues.delete_unsent(connection, issue.id):
            raise SyndicateError(f"issue {issue.id} is {issue.state}: mail of it went out, it stays as it is")


def _state(newsletter: Newsletter, decided: Plan, held: str) -> IssueState:
    if not decided.assigned:
        return IssueState.EMPTY
    return IssueState.PLANNED if newsletter.approval or held else IssueState.APPROVED


def _write(
    connection: Connection,
    planner: Planner,
    newsletter: Newsletter,
    slot: Slot,
    decision: Decision,
    digests: Sequence[Mapping[str, object]],
    held: str,
) -> Fate:
    issues.hold_planning(connection)
    if issues.find(connection, newsletter.key, slot.name, slot.moment):
        return Fate.TAKEN
    if issues.standing(connection, newsletter.key) != decision.standing:
        return Fate.OVERTAKEN
    now, state = decision.cutoff, _state(newsletter, decision.plan, held)
    since = min(decision.since.values(), default=None)
    issue = issues.add(
        connection, newsletter.key, slot.moment, slot.date.isoformat(), since, now, state,
        _explained(decision.plan), now, slot.name, held if state is IssueState.PLANNED else "",
    )  # fmt: skip
    if issue is None:
        return Fate.TAKEN
    ids = [
        issues.add_edition(connection, issue, edition, digest)
        for edition, digest in zip(decision.plan.editions, digests, strict=True)
    ]
    deliveries.plan(connection, issue, _lines(planner, newsletter, slot, decision.plan, ids, now), now)
    return Fate.WRITTEN


def _lines(
    planner: Planner, newsletter: Newsletter, slot: Slot, decided: Plan, ids: Sequence[int], now: datetime
) -> Iterable[Planned]:
    due = {zone: due_in(newsletter, slot, zone, now) for zone in set(decided.zones.values())}
    for subscriber, index in decided.assigned.items():
        identity = message_id(planner.key, newsletter.key, slot.name, subscriber, planner.mail_domain)
        moment = due[decided.zones[subscriber]] if due else None
        yield Planned(subscriber, ids[index], identity, due=moment)
    for subscriber, reason in decided.skipped.items():
        yield Planned(subscriber, None, "", reason)


def _explained(decided: Plan) -> dict[str, list[list[str]]]:
    return {
        language: [[c.story, c.verdict, c.article_id, c.language, c.detail] for c in made]
        for language, made in decided.choices.items()
    }


def _count(values: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts

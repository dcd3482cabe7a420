"""Plan: a newsletter's slot becomes an issue, its editions, and one line of the ledger per reader.

stories, readers, what they had -> editions.plan -> digests (rendered once per edition)
                                               \\-> issue + editions + deliveries, in one transaction

Between deciding and writing, somebody else may have planned: then it is decided again. ``timetable`` says when.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from syndicate.editions import Plan, Slot, due_in
from syndicate.flows.compose import Composer, Instalment
from syndicate.flows.decide import Decision, decide
from syndicate.flows.tally import recount
from syndicate.model import Edition, Issue, IssueState, Newsletter, SyndicateError
from syndicate.store import Connection, Database, deliveries, issues
from syndicate.store.deliveries import Planned
from syndicate.subscribers import message_id


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
        explained(decision.plan), now, slot.name, held if state is IssueState.PLANNED else "",
    )  # fmt: skip
    if issue is None:
        return Fate.TAKEN
    owe(connection, planner, newsletter, slot, decision.plan, issue, digests, now)
    return Fate.WRITTEN


def owe(
    connection: Connection,
    planner: Planner,
    newsletter: Newsletter,
    slot: Slot,
    decided: Plan,
    issue: int,
    digests: Sequence[Mapping[str, object]],
    now: datetime,
) -> None:
    """Write the editions of an issue, and the lines of its ledger."""
    ids = [
        issues.add_edition(connection, issue, edition, digest)
        for edition, digest in zip(decided.editions, digests, strict=True)
    ]
    deliveries.plan(connection, issue, _lines(planner, newsletter, slot, decided, ids, now), now)


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


def explained(decided: Plan) -> dict[str, list[list[str]]]:
    """The choices as the store keeps them."""
    return {
        language: [[c.story, c.verdict, c.article_id, c.language, c.detail] for c in made]
        for language, made in decided.choices.items()
    }


def _count(values: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts

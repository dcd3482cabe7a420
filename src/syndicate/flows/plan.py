"""Plan: a newsletter's slot becomes an issue, its editions, and one line of the ledger per reader.

stories, readers, what they had -> editions.plan -> digests (rendered once per edition)
                                               \\-> issue + editions + deliveries, in one transaction
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.editions import Plan, Reader, Slot, plan
from syndicate.flows.compose import Composer
from syndicate.model import Edition, Issue, IssueState, Newsletter, Story, SyndicateError
from syndicate.store import Connection, Database, articles, deliveries, issues, subscribers
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
    """``issue`` is the one of the slot, made now (``is_new``) or before. Counts are per edition language."""

    issue: Issue
    is_new: bool
    editions: tuple[Edition, ...] = ()
    owed: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    empty: tuple[str, ...] = ()


def plan_issue(
    planner: Planner, newsletter: Newsletter, slot: Slot, now: datetime, again: bool = False
) -> PlanReport:
    """Plan the issue of ``slot``, once: (newsletter, slot) is unique, and a second call returns the first's.

    The cutoff is ``now``, not the slot: what arrived while the planner was late is not put off to the next issue.
    ``again`` takes back a plan of which nothing was handed over yet; raises SyndicateError when something was.
    """
    found = _found(planner, newsletter, slot)
    if found and again:
        _take_back(planner.database, found.issue)
        found = None
    if found:
        return found
    decided, since = decide(planner.database, newsletter, now)
    with planner.database.read() as connection:
        digests = planner.composer.digests(connection, newsletter, slot.date, decided.editions, now)
    state = _state(newsletter, decided)
    with planner.database.begin() as connection:
        # Asked again inside the transaction: another process may have planned this slot while we rendered.
        if issues.find(connection, newsletter.key, slot.date.isoformat()) is None:
            _write(connection, planner, newsletter, slot, decided, digests, since, state, now)
            is_new = True
        else:
            is_new = False
    report = _found(planner, newsletter, slot)
    if report is None:
        raise AssertionError("an issue that was just written is there")
    report.is_new = is_new
    report.skipped = _count(decided.skipped.values())
    report.empty = tuple(x for x in newsletter.languages if x not in {e.language for e in decided.editions})
    return report


def _take_back(database: Database, issue: Issue) -> None:
    with database.begin() as connection:
        if not issues.delete_unsent(connection, issue.id):
            raise SyndicateError(f"issue {issue.id} is {issue.state}: mail of it went out, it stays as it is")


def decide(database: Database, newsletter: Newsletter, cutoff: datetime) -> tuple[Plan, dict[str, datetime]]:
    """The plan of an issue with this cutoff, written nowhere, and per language since when it looks."""
    with database.read() as connection:
        since = issues.last_cutoffs(connection, newsletter.key)
        stories = _candidates(connection, newsletter, since, cutoff)
        had = deliveries.had(connection, [story.id for story in stories])
        readers = subscribers.readers(connection, newsletter.key)
        people = (Reader(one, languages, had.get(one, frozenset())) for one, languages in readers)
        return plan(newsletter, stories, people, since, cutoff), since


def _found(planner: Planner, newsletter: Newsletter, slot: Slot) -> PlanReport | None:
    with planner.database.read() as connection:
        issue = issues.find(connection, newsletter.key, slot.date.isoformat())
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


def _candidates(
    connection: Connection, newsletter: Newsletter, since: Mapping[str, datetime], cutoff: datetime
) -> list[Story]:
    """Every story that may be in: what came out in the window, and for a language's first issue the newest."""
    stories: dict[str, Story] = {}
    if since:
        start = min(since.values()) - newsletter.wait_for_translation
        stories.update({s.id: s for s in articles.stories_since(connection, start, cutoff)})
    for language in newsletter.languages:
        if language not in since:
            # A rough cut by tag and author reaches further back; a filter by source cannot be cut so.
            hints = () if newsletter.sources else (*newsletter.tags, *newsletter.authors)
            for wanted in ((language,), newsletter.fallback):
                newest = articles.newest_stories(connection, wanted, cutoff, _depth(newsletter), hints)
                stories.update({s.id: s for s in newest})
    return sorted(stories.values(), key=lambda story: story.id)


def _depth(newsletter: Newsletter) -> int:
    """How many stories a first issue looks at: more than it takes, so that choices can be explained."""
    return 3 * newsletter.maximum_stories


def _state(newsletter: Newsletter, decided: Plan) -> IssueState:
    if not decided.assigned:
        return IssueState.EMPTY
    return IssueState.PLANNED if newsletter.approval else IssueState.APPROVED


def _write(
    connection: Connection,
    planner: Planner,
    newsletter: Newsletter,
    slot: Slot,
    decided: Plan,
    digests: Sequence[Mapping[str, object]],
    since: Mapping[str, datetime],
    state: IssueState,
    now: datetime,
) -> None:
    issue = issues.add(
        connection,
        newsletter.key,
        slot.moment,
        slot.date.isoformat(),
        min(since.values(), default=None),
        now,
        state,
        _explained(decided),
        now,
    )
    ids = [
        issues.add_edition(connection, issue, edition, digest)
        for edition, digest in zip(decided.editions, digests, strict=True)
    ]
    deliveries.plan(connection, issue, _lines(planner, newsletter, slot, decided, ids), now)


def _lines(
    planner: Planner, newsletter: Newsletter, slot: Slot, decided: Plan, ids: Sequence[int]
) -> Iterable[Planned]:
    date = slot.date.isoformat()
    for subscriber, index in decided.assigned.items():
        identity = message_id(planner.key, newsletter.key, date, subscriber, planner.mail_domain)
        yield Planned(subscriber, ids[index], identity)
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

"""Prepare: an issue is planned ahead of its slot, and staff change what the timetable would send.

next slot -> issue, planned, waiting for staff -> draft (saved as one goes) -> look: choices with it, for nobody yet
                                               -> apply: the same issue, its editions and ledger made again

A draft has a number. Whoever saves what was made of an older one overwrites nothing: they are shown both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from syndicate.digests.subject import subject
from syndicate.digests.view import newsletter_name
from syndicate.editions import Slot, next_slots, slots, tidied
from syndicate.flows.compose import Instalment
from syndicate.flows.decide import Decision, Redo, compare, decide
from syndicate.flows.house import House
from syndicate.flows.issues import titles_of, versions_of
from syndicate.flows.plan import PlanReport, explained, owe, plan_issue, planned
from syndicate.flows.seen import subject_of
from syndicate.flows.tally import recount
from syndicate.flows.timetable import due_slot, plan_now, zones_of
from syndicate.model import Actor, Choice, Draft, Edition, Issue, IssueState, Newsletter, SyndicateError
from syndicate.store import Connection, audit, drafts, issues
from syndicate.store.drafts import Held

BY_STAFF = "prepared ahead by staff"
"""Why an issue waits that would have gone out by itself."""

NOTHING = "Nothing is ready for the next issue yet."
NO_SLOT = "There is no next slot to prepare: look at the newsletter's timetable."
AT_ONCE = "This newsletter goes out as soon as a story is ready: there is nothing to prepare ahead."
A_CORRECTION = "A correction is not prepared: correct its story once more instead, and cancel this one."
FROZEN = "This issue is approved, or over: it cannot be changed. Take it back first, while that is possible."
NO_UNDO = "There is nothing to undo."


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else saved meanwhile: ``theirs`` is what is there now, ``mine`` what was to be saved."""

    theirs: Held
    mine: Draft


@dataclass(frozen=True, slots=True)
class Desk:
    """An issue on an editor's desk, decided with its draft, and written nowhere.

    ``choices`` are per language (and cadence, "tr weekly", where it is not the own), ``automatic`` those without the
    draft. ``editions`` are the main ones; ``subjects`` the automatic ones, by language; ``titles`` those of stories.
    """

    issue: Issue
    newsletter: Newsletter
    held: Held
    choices: Mapping[str, tuple[Choice, ...]]
    automatic: Mapping[str, tuple[Choice, ...]]
    editions: tuple[Edition, ...]
    subjects: Mapping[str, str]
    titles: Mapping[str, str]


def prepare(house: House, newsletter: Newsletter, actor: Actor, now: datetime) -> Issue:
    """The issue of the next slot, planned now where it was not yet; it waits for staff.

    A slot that is due and has no issue comes first. Raises SyndicateError when nothing is ready, or there is no slot.
    """
    if newsletter.cadence == "instant":
        raise SyndicateError(AT_ONCE)
    slot = _next(house, newsletter, now)
    found = planned(house.planner, newsletter, slot)
    if found:
        return found.issue
    if not decide(house.database, newsletter, now, slot.cadences, Redo(for_readers=False)).plan.editions:
        raise SyndicateError(NOTHING)
    report = _plan(house, newsletter, slot, now)
    if report.is_new:
        with house.database.begin() as connection:
            audit.note(connection, actor, "issue.prepare", subject_of(report.issue.id), now, slot=slot.name)
    return report.issue


def draft_of(house: House, number: int) -> Held:
    """What staff changed about an issue; an empty draft where they changed nothing. Raises NotFound."""
    with house.database.read() as connection:
        issues.get(connection, number)
        return drafts.get(connection, number)


def save(
    house: House, number: int, draft: Draft, revision: int, actor: Actor, now: datetime
) -> Held | Conflict:
    """Keep ``draft``, made of ``revision``. Nothing is kept that changes nothing, or when somebody else saved since.

    Raises NotFound; SyndicateError when the issue is not planned any more, UnsafeValue for texts that are too long.
    """
    wanted = tidied(draft)
    with house.database.begin() as connection:
        _planned(connection, number)
        held = drafts.get(connection, number)
        if held.draft == wanted:
            return held
        if not drafts.save(connection, number, wanted, revision, actor.staff, now):
            return Conflict(held, wanted)
        audit.note(connection, actor, "issue.draft", subject_of(number), now, revision=revision + 1)
        return drafts.get(connection, number)


def undo(house: House, number: int, revision: int, actor: Actor, now: datetime) -> Held | Conflict:
    """Take the last change back. Raises NotFound, SyndicateError when there is none."""
    with house.database.begin() as connection:
        _planned(connection, number)
        held = drafts.get(connection, number)
        if held.revision != revision:
            return Conflict(held, held.draft)
        if not drafts.undo(connection, number, revision, actor.staff, now):
            raise SyndicateError(NO_UNDO)
        audit.note(connection, actor, "issue.undo", subject_of(number), now, revision=revision + 1)
        return drafts.get(connection, number)


def look(house: House, number: int) -> Desk:
    """Every story that was looked at, and what becomes of it, as of the issue's cutoff. Raises NotFound."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        held, cadences = drafts.get(connection, number), cadences_of(connection, number)
    if issue.corrects:
        raise SyndicateError(A_CORRECTION)
    newsletter = house.newsletter(issue.newsletter)
    redo = Redo(number, held.draft, for_readers=False)
    changed, plain = compare(house.database, newsletter, issue.cutoff, cadences, redo)
    with house.database.read() as connection:
        versions = versions_of(connection, changed.plan.choices)
        titles = titles_of(connection, house, changed.plan.choices, versions)
        subjects = _subjects(house, connection, newsletter, issue, changed)
    return Desk(
        issue,
        newsletter,
        held,
        changed.plan.choices,
        plain.plan.choices,
        changed.plan.editions,
        subjects,
        titles,
    )


def apply(house: House, number: int, now: datetime, anyway: bool = False) -> bool:
    """Make the editions and the ledger's lines of a planned issue again from its draft; whether anything was to do.

    The issue keeps its number and its cutoff. Its readers are those of now. Nobody gets a story that they have had.
    ``anyway``: even when its draft did not change since; what was withdrawn meanwhile then leaves it. Raises NotFound,
    SyndicateError when it is not planned any more.
    """
    while True:
        with house.database.read() as connection:
            issue, held = issues.get(connection, number), drafts.get(connection, number)
            cadences = cadences_of(connection, number)
        if issue.corrects or (held.is_applied and not anyway) or issue.state is not IssueState.PLANNED:
            return False
        if _applied(house, issue, held, cadences, now):
            recount(house.database, number, now)
            return True


def _applied(house: House, issue: Issue, held: Held, cadences: tuple[str, ...], now: datetime) -> bool:
    """False when somebody saved or planned meanwhile: then it is decided again."""
    newsletter, slot = house.newsletter(issue.newsletter), _slot(house, issue)
    redo = Redo(issue.id, held.draft)
    decision = decide(house.database, newsletter, issue.cutoff, cadences, redo)
    instalment = Instalment(newsletter, slot.date, slot.name, held.draft)
    with house.database.read() as connection:
        made = house.composer.digests(connection, instalment, decision.plan.editions, issue.cutoff)
    with house.database.begin() as connection:
        issues.hold_planning(connection)
        issues.hold(connection, issue.id)
        if drafts.get(connection, issue.id).revision != held.revision:
            return False
        if issues.standing(connection, newsletter.key, issue.id) != decision.standing:
            return False
        if not issues.clear_plan(connection, issue.id, explained(decision.plan)):
            raise SyndicateError(FROZEN)
        owe(connection, house.planner, newsletter, slot, decision.plan, issue.id, made, now)
        drafts.mark_applied(connection, issue.id, held.revision)
    return True


def _next(house: House, newsletter: Newsletter, now: datetime) -> Slot:
    due = due_slot(house.database, newsletter, now)
    if due and due.issue is None:
        return due.slot
    with house.database.read() as connection:
        found = next_slots(newsletter, now, 1, zones_of(connection, newsletter))
    if not found:
        raise SyndicateError(NO_SLOT)
    return found[0]


def _plan(house: House, newsletter: Newsletter, slot: Slot, now: datetime) -> PlanReport:
    if slot.moment > now:
        return plan_issue(house.planner, newsletter, slot, now, held=BY_STAFF)
    return plan_now(house.planner, newsletter, now, held=BY_STAFF)


def _planned(connection: Connection, number: int) -> None:
    issue = issues.hold(connection, number)
    if issue.corrects:
        raise SyndicateError(A_CORRECTION)
    if issue.state is not IssueState.PLANNED:
        raise SyndicateError(FROZEN)


def cadences_of(connection: Connection, number: int) -> tuple[str, ...]:
    """Those an issue was planned for: each language of each has its choices."""
    labels = issues.choices(connection, number)
    return tuple(sorted({label.partition(" ")[2] for label in labels})) or ("",)


def _subjects(
    house: House, connection: Connection, newsletter: Newsletter, issue: Issue, decision: Decision
) -> dict[str, str]:
    """What the subjects would be if nobody had written any."""
    instalment = Instalment(newsletter, date.fromisoformat(issue.date), issue.name)
    main = [one for one in decision.plan.editions if not one.cadence]
    # A subject names no similar posts, and they are most of the work.
    composer = replace(house.composer, similar_count=0)
    contents = composer.contents(connection, instalment, main, issue.cutoff)
    return {
        one.language: subject(one, newsletter_name(house.site, newsletter, one.language)) for one in contents
    }


def _slot(house: House, issue: Issue) -> Slot:
    """The slot of an issue as the timetable has it, or else by its newsletter's clock."""
    newsletter = house.newsletter(issue.newsletter)
    with house.database.read() as connection:
        zones = zones_of(connection, newsletter)
    found = slots(newsletter, issue.slot - timedelta(microseconds=1), issue.slot, zones)
    at = found[0].at if found else issue.slot.astimezone(ZoneInfo(newsletter.timezone)).time()
    return Slot(issue.slot, date.fromisoformat(issue.date), issue.name, at=at)

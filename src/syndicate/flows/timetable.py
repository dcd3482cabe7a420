"""Timetable: whatever is due is planned, once; what was missed has its row, too; and what may be sent by now.

newest issue, zones of the readers, now -> editions.slots -> missed slots: folded, in one transaction
                                                          -> the latest: planned, folded or held (``late``)
                                     instant: a story is ready -> planned, in the minute that it is

See docs/decisions/timetable.md for what happens when.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicate.editions import (
    OWN,
    Slot,
    has_news,
    instant_slot,
    latest_slot,
    next_slots,
    opens,
    slots,
)
from syndicate.flows.decide import candidates, decide
from syndicate.flows.plan import Planner, PlanReport, plan_issue, written
from syndicate.flows.send import Waiting
from syndicate.model import Issue, IssueState, Newsletter, SyndicateError
from syndicate.store import Connection, Database, deliveries, issues, readers

MOST_FOLDED = 400
"""Rows for slots that were missed in one outage."""

MINUTE = timedelta(minutes=1)
_REACH = {True: timedelta(days=400), False: timedelta(days=3000)}
"""How far back one looks for missed slots, of a cron and of others."""


@dataclass(frozen=True, slots=True)
class Due:
    """The latest slot, with the cadences of those missed before it. ``late`` is how far behind it is, None for the
    first of a newsletter, which is never late. ``issue`` is the one it has already."""

    slot: Slot
    missed: tuple[Slot, ...] = ()
    late: timedelta | None = None
    issue: Issue | None = None


def ring(planner: Planner, newsletters: Iterable[Newsletter], now: datetime) -> list[PlanReport]:
    """Plan what is due at ``now``: of each newsletter the latest slot, and what an instant one has to tell.

    Safe to call at any time and from several processes: a slot is planned once, and a lost race returns the other's
    issue. An issue that was there before is in the list, too, with ``is_new`` false and without counts.
    """
    return [report for newsletter in newsletters for report in _ring(planner, newsletter, now)]


def next_moment(planner: Planner, newsletters: Iterable[Newsletter], now: datetime) -> datetime | None:
    """The next moment (UTC, after ``now``) at which ``ring`` or sending may have something to do; None for never.

    An instant newsletter is looked after every minute: that costs a query or two.
    """
    wanted = {one.key: one for one in newsletters}
    with planner.database.read() as connection:
        moments = [moment for one in wanted.values() for moment in _coming(connection, one, now)]
        under_way = issues.in_state(connection, IssueState.APPROVED, IssueState.SENDING)
        for issue in under_way:
            if issue.newsletter in wanted:
                waiting = _waits(connection, wanted[issue.newsletter], issue, now)
                moments += [waiting.due] if waiting and waiting.due else []
    return min(moments, default=None)


def plan_now(
    planner: Planner, newsletter: Newsletter, now: datetime, again: bool = False, held: str = ""
) -> PlanReport:
    """Plan by hand: the latest slot, however late it is; of an instant newsletter what is ready. ``again`` takes back
    a plan of which nothing went out; ``held`` is why it waits for staff. Raises SyndicateError when nothing is ready,
    or there is no slot."""
    due = due_slot(planner.database, newsletter, now)
    if newsletter.cadence == "instant" and (due is None or due.issue):
        made = _instant(planner, newsletter, now)
        if made is None:
            raise SyndicateError(f"{newsletter.key}: nothing is ready to be told now")
        return made
    if due is None:
        raise SyndicateError(f"{newsletter.key}: its timetable has no slot before now; look at cron")
    folded = _fold(planner.database, newsletter, due.missed, due.slot, now)
    report = plan_issue(planner, newsletter, due.slot, now, again, held)
    report.folded = folded
    return report


def due_slot(database: Database, newsletter: Newsletter, now: datetime) -> Due | None:
    """The latest slot and what is to be known of it; None where there is none."""
    with database.read() as connection:
        zones = zones_of(connection, newsletter)
        slot = latest_slot(newsletter, now, zones)
        if slot is None:
            return None
        found = issues.find(connection, newsletter.key, slot.name, slot.moment)
        last = issues.newest(connection, newsletter.key, IssueState.FOLDED)
    if found:
        return Due(slot, issue=found)
    if last is None:
        return Due(slot)
    if slot.moment <= last.slot:
        # The clock was set back, or the timetable changed: what comes after the last issue is all that is due.
        return Due(slot, issue=last)
    begin = max(last.slot, slot.moment - _REACH[bool(newsletter.cron)])
    missed = slots(newsletter, begin, slot.moment - timedelta(microseconds=1), zones)
    due = {cadence for one in (*missed, slot) for cadence in one.cadences}
    cadences = tuple(one for one in (OWN, *newsletter.cadences) if one in due)
    return Due(replace(slot, cadences=cadences), missed, now - slot.moment)


def zones_of(connection: Connection, newsletter: Newsletter) -> tuple[str, ...]:
    """Those that its slots depend on: none for one of a fixed zone."""
    return readers.zones(connection, newsletter.key) if newsletter.follows_readers else ()


def sendable(
    database: Database, newsletters: Mapping[str, Newsletter], wanted: Sequence[Issue], now: datetime
) -> tuple[list[Issue], dict[int, Waiting]]:
    """Which of ``wanted`` are to be sent now; and of the others, what they wait for: nothing of them is due, or
    nothing may leave at this hour."""
    waiting: dict[int, Waiting] = {}
    with database.read() as connection:
        for issue in wanted:
            found = _waits(connection, newsletters[issue.newsletter], issue, now)
            if found:
                waiting[issue.id] = found
    return [issue for issue in wanted if issue.id not in waiting], waiting


def closed_until(newsletter: Newsletter, now: datetime) -> datetime | None:
    """When the mail of a newsletter of a fixed zone may leave again; None when it may now."""
    if newsletter.follows_readers:
        return None
    opened = opens(newsletter, now, newsletter.timezone)
    return opened if opened > now else None


def _ring(planner: Planner, newsletter: Newsletter, now: datetime) -> list[PlanReport]:
    due = due_slot(planner.database, newsletter, now)
    reports = [_planned(planner, newsletter, due, now)] if due else []
    made = _instant(planner, newsletter, now) if newsletter.cadence == "instant" else None
    return [*reports, made] if made else reports


def _planned(planner: Planner, newsletter: Newsletter, due: Due, now: datetime) -> PlanReport:
    if due.issue:
        return PlanReport(due.issue, is_new=False)
    is_late = due.late is not None and due.late > newsletter.late_after
    missed = (*due.missed, due.slot) if is_late and newsletter.late == "fold" else due.missed
    folded = _fold(planner.database, newsletter, missed, due.slot, now)
    # A folded slot has its row by now: that is what is found.
    held = (
        f"{_hours(due.late)} late: approve it, or cancel it" if is_late and newsletter.late == "hold" else ""
    )
    report = plan_issue(planner, newsletter, due.slot, now, held=held)
    report.folded = folded
    return report


def _fold(
    database: Database, newsletter: Newsletter, missed: Sequence[Slot], latest: Slot, now: datetime
) -> int:
    """A row for each slot that was missed; how many are new."""
    if not missed:
        return 0
    made = 0
    with database.begin() as connection:
        for slot in missed[-MOST_FOLDED:]:
            into = "the next issue" if slot.moment >= latest.moment else latest.name
            note = f"missed by {_hours(now - slot.moment)}: its stories go out with {into}"
            added = issues.add(
                connection, newsletter.key, slot.moment, slot.date.isoformat(), None, now, IssueState.FOLDED, {}, now,
                slot.name, note,
            )  # fmt: skip
            made += added is not None
    return made


def _instant(planner: Planner, newsletter: Newsletter, now: datetime) -> PlanReport | None:
    """What is ready to be told this minute; None when nothing is, or nothing may leave now.

    A minute that has an issue is not used again: what is ready meanwhile goes out with the next.
    """
    slot = instant_slot(newsletter, now)
    if closed_until(newsletter, now) or not _is_stirring(planner.database, newsletter, slot, now):
        return None
    while True:
        decision = decide(planner.database, newsletter, now, slot.cadences)
        if not decision.plan.editions:
            return None
        report = written(planner, newsletter, slot, decision)
        if report:
            return report


def _is_stirring(database: Database, newsletter: Newsletter, slot: Slot, now: datetime) -> bool:
    """Whether it may be worth it to look at every reader: something was ready since the last issue."""
    with database.read() as connection:
        newest = issues.newest(connection, newsletter.key)
        if newest and (
            newest.slot >= slot.moment or issues.find(connection, newsletter.key, slot.name, slot.moment)
        ):
            return False
        _, since = issues.last_of_cadences(connection, newsletter.key).get(OWN, (0, None))
        if since is None:
            return True
        stories = candidates(connection, newsletter, since, now)
        if not stories:
            return False
        told = issues.told(connection, newsletter.key, stories, only_main=False) if newsletter.settle else {}
        groups = (languages for languages, _ in readers.groups(connection, newsletter.key))
        return has_news(newsletter, list(stories.values()), groups, since, now, told)


def _coming(connection: Connection, newsletter: Newsletter, now: datetime) -> list[datetime]:
    found = next_slots(newsletter, now, 1, zones_of(connection, newsletter))
    moments = [slot.moment for slot in found]
    if newsletter.cadence == "instant":
        moments.append(closed_until(newsletter, now) or now.replace(second=0, microsecond=0) + MINUTE)
    return moments


def _waits(connection: Connection, newsletter: Newsletter, issue: Issue, now: datetime) -> Waiting | None:
    number, due = deliveries.next_due(connection, issue.id)
    opened = closed_until(newsletter, now)
    later = [one for one in (opened, due, issue.not_before) if one and one > now]
    return Waiting(number, max(later)) if number and later else None


def _hours(span: timedelta | None) -> str:
    minutes = int((span or timedelta(0)).total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60:02} min"

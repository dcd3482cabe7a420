"""Timetable: whatever is due is planned, once; what was missed is accounted for."""

from collections.abc import Iterable
from datetime import datetime

from syndicate.editions import latest_slot, next_slot
from syndicate.flows.plan import Planner, PlanReport, plan_issue
from syndicate.model import Newsletter


def ring(planner: Planner, newsletters: Iterable[Newsletter], now: datetime) -> list[PlanReport]:
    """Plan what is due at ``now``: of each newsletter the latest slot that has no issue. Safe to call at any time,
    from several processes: a slot is planned once, and a lost race returns the other's issue."""
    return [plan_issue(planner, one, latest_slot(one, now), now) for one in newsletters]


def next_moment(planner: Planner, newsletters: Iterable[Newsletter], now: datetime) -> datetime | None:
    """The next moment (UTC, after ``now``) at which ``ring`` or sending may have something to do; None for never."""
    return min((next_slot(one, now).moment for one in newsletters), default=None)

"""How an issue does: what approving it would do, how far it is, and what became of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from syndicate.flows.approve import outlook
from syndicate.flows.headway import Headway, headway
from syndicate.flows.sum_up import sum_up
from syndicate.model import DeliveryState, Role
from syndicate.web.api.call import Call
from syndicate.web.api.checking import FindingTold, finding_told
from syndicate.web.api.gate import Gate
from syndicate.web.api.issues import ISSUE, IssueTold, issue_told
from syndicate.web.api.shapes import Nothing, Told


class ApprovalTold(Told):
    staff: int
    name: str
    at: datetime


class OutlookTold(Told):
    """`people` it would go to, `counted_at` then; `must_count`: approving asks for that number. `needed`: how many
    other people have to approve still. `withdrawn`: titles of what must leave it first; `stops`: why it should not go
    out as it is, as `preflight` says."""

    issue: IssueTold
    people: int
    languages: Mapping[str, int]
    skipped: Mapping[str, int]
    counted_at: datetime
    must_count: bool
    withdrawn: list[str]
    stops: list[FindingTold]
    given: list[ApprovalTold]
    needed: int
    undo_seconds: int
    mark: str


class PartTold(Told):
    """People of one language or carrier (`name`), or of all, as of `counted_at`."""

    name: str
    owed: int
    handed: int
    left: int
    put_off: int
    failed: int
    unsure: int
    skipped: int


class ProgressTold(Told):
    """`left` people are still to be mailed now. `rate` is messages a second and `rest` seconds; null where nobody
    knows. `sender` is the machine that sends, empty for none."""

    issue: IssueTold
    owed: int
    done: int
    left: int
    on_the_wire: int
    is_over: bool
    rate: float
    rest: float | None
    sender: str
    has_clock: bool
    closed: datetime | None
    due: datetime | None
    whole: PartTold
    languages: list[PartTold]
    carriers: list[PartTold]
    counted_at: datetime
    mark: str


class FatesTold(Told):
    """People of one language or domain (`name`), or of all: `owed` is the sum of `sent`, `failed`, `unsure`, `skipped`,
    `cancelled` and `waiting`; the rest is known of those it was sent to. `opened` and `clicked` where the carrier was
    asked to tell; `fetched`: a machine opened it for them."""

    name: str
    owed: int
    sent: int
    delivered: int
    bounced: int
    complained: int
    left: int
    opened: int
    fetched: int
    clicked: int
    failed: int
    unsure: int
    skipped: int
    cancelled: int
    waiting: int


class ReasonTold(Told):
    state: DeliveryState
    reason: str
    people: int


class ReportTold(Told):
    """`left_out` people were in no edition. `missing` certainly did not get it. `unsure` is counted now, the rest at
    `counted_at`; something was heard since where it `is_stale`."""

    issue: IssueTold
    whole: FatesTold
    languages: list[FatesTold]
    domains: list[FatesTold]
    reasons: list[ReasonTold]
    left_out: int
    missing: int
    unsure: int
    counted_at: datetime
    is_stale: bool
    mark: str


def watching(gate: Gate) -> None:
    @gate.look(f"{ISSUE}/outlook", Role.VIEWER, Nothing, OutlookTold)
    def look_ahead(call: Call[Nothing]) -> OutlookTold:
        """What is to be known before approving it: whom it goes to, and what stands against it."""
        return _outlook(call)

    @gate.look(f"{ISSUE}/progress", Role.VIEWER, Nothing, ProgressTold)
    def progress(call: Call[Nothing]) -> ProgressTold:
        """How far it is; cheap enough to be asked every two seconds."""
        return _progress(call, headway(call.house, call.number("issue"), call.now))

    @gate.look(f"{ISSUE}/report", Role.VIEWER, Nothing, ReportTold)
    def report(call: Call[Nothing]) -> ReportTold:
        """What became of everybody, as of when it was counted last."""
        return _report(call)


def _outlook(call: Call[Nothing]) -> OutlookTold:
    found = outlook(call.house, call.number("issue"), call.now)
    people: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for edition, state, reason, number in found.tally.lines:
        if edition is not None:
            people[found.languages.get(edition, "")] += number
        if state == DeliveryState.SKIPPED:
            skipped[reason] += number
    return OutlookTold(
        issue=issue_told(call, found.issue),
        people=found.tally.owed,
        languages=people,
        skipped=skipped,
        counted_at=found.tally.at,
        must_count=found.tally.owed > call.house.confirm_above,
        withdrawn=list(found.withdrawn),
        stops=[finding_told(one) for one in found.stops],
        given=[ApprovalTold.model_validate(one) for one in found.given],
        needed=found.needed,
        undo_seconds=_seconds(call.house.undo),
        mark=found.mark,
    )


def _progress(call: Call[Nothing], found: Headway) -> ProgressTold:
    parts = {"languages": found.languages, "carriers": found.carriers}
    plain = set(ProgressTold.model_fields) - {"issue", "rest", "whole", *parts}
    return ProgressTold(
        issue=issue_told(call, found.issue),
        rest=found.rest.total_seconds() if found.rest else None,
        whole=PartTold.model_validate(found.whole),
        languages=_parts(found.languages),
        carriers=_parts(found.carriers),
        **{name: getattr(found, name) for name in plain},
    )


def _parts(found: Iterable[object]) -> list[PartTold]:
    return [PartTold.model_validate(one) for one in found]


def _report(call: Call[Nothing]) -> ReportTold:
    found = sum_up(call.house, call.number("issue"), call.now)
    lists = {"issue", "whole", "languages", "domains", "reasons"}
    return ReportTold(
        issue=issue_told(call, found.issue),
        whole=FatesTold.model_validate(found.whole),
        languages=[FatesTold.model_validate(one) for one in found.languages],
        domains=[FatesTold.model_validate(one) for one in found.domains],
        reasons=[
            ReasonTold(state=DeliveryState(state), reason=reason, people=n)
            for state, reason, n in found.reasons
        ],
        **{name: getattr(found, name) for name in set(ReportTold.model_fields) - lists},
    )


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())

"""What a careful sender looks at before an issue goes out; and the issue itself, mailed to staff."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from syndicate.digests.preflight import Check, Finding, Level, Result, advice, sentence
from syndicate.flows import accounts, preflight, rehearse
from syndicate.model import DeliveryState, Role
from syndicate.web.api.call import Call
from syndicate.web.api.drafts import Language
from syndicate.web.api.gate import Gate
from syndicate.web.api.issues import ISSUE, IssueTold, issue_told
from syndicate.web.api.shapes import Given, Nothing, Seen, Told

PREFLIGHT, TEST = f"{ISSUE}/preflight", f"{ISSUE}/test"


class AskGiven(Given):
    seen: Seen | None = None


class TrialGiven(Given):
    """`languages`: only these; without them, all that the issue has."""

    languages: Annotated[list[Language], Field(max_length=100)] = Field(default_factory=list)
    seen: Seen | None = None


class FindingTold(Told):
    """One thing that was found. `language` is empty for what concerns all of them."""

    level: Level
    code: str
    language: str
    says: str


class CheckTold(Told):
    """`level` is the worst of what was found: stop (it should not go out so), note, unknown (not looked at), ok;
    `advice` is what to do."""

    check: Check
    level: Level
    advice: str
    findings: list[FindingTold]


class PreflightTold(Told):
    """`asked_at` is when links, the domain's records and the spam filter were asked last; null: never."""

    issue: IssueTold
    checks: list[CheckTold]
    asked_at: datetime | None
    is_asking: bool
    problem: str
    mark: str


class AskedTold(Told):
    is_asking: bool


class MailTold(Told):
    """What the carrier said of one mail."""

    language: str
    state: DeliveryState
    detail: str


class TriedTold(Told):
    items: list[MailTold]


def checking(gate: Gate) -> None:
    @gate.look(PREFLIGHT, Role.VIEWER, Nothing, PreflightTold)
    def look(call: Call[Nothing]) -> PreflightTold:
        """Every check, with what to do. Nobody outside is asked."""
        found = preflight.look(call.house, call.number("issue"), call.now)
        return PreflightTold(
            issue=issue_told(call, found.issue),
            checks=[_check(one) for one in found.results],
            asked_at=found.asked.at if found.asked else None,
            is_asking=found.is_asking,
            problem=found.problem,
            mark=found.mark,
        )

    @gate.act(PREFLIGHT, Role.EDITOR, AskGiven, AskedTold, status=202)
    def ask(call: Call[AskGiven]) -> AskedTold:
        """Ask the network: whether links answer, what the domain's records say, what a spam filter thinks."""
        preflight.ask(call.house, call.number("issue"), call.actor, call.clock, call.given.seen)
        return AskedTold(is_asking=True)

    @gate.act(TEST, Role.EDITOR, TrialGiven, TriedTold, is_repeatable=False)
    def to_me(call: Call[TrialGiven]) -> TriedTold:
        """Mail it, marked as a test, to the token's owner. The ledger hears nothing of it."""
        me = accounts.member(call.house, call.actor.staff)
        return _sent(call, [(me.email, me.name)])

    @gate.act(f"{TEST}/list", Role.SENDER, TrialGiven, TriedTold, is_repeatable=False)
    def to_list(call: Call[TrialGiven]) -> TriedTold:
        """Mail it, marked as a test, to everybody on the test list."""
        return _sent(call, [(one.email, one.name) for one in rehearse.listed(call.house)])


def _sent(call: Call[TrialGiven], to: list[tuple[str, str]]) -> TriedTold:
    number, given = call.number("issue"), call.given
    tried = rehearse.rehearse(call.house, number, to, given.languages, call.actor, call.clock, given.seen)
    return TriedTold(items=[MailTold.model_validate(one) for one in tried])


def _check(one: Result) -> CheckTold:
    found = [finding_told(each) for each in one.findings]
    return CheckTold(check=one.check, level=one.level, advice=advice(one.check, "en"), findings=found)


def finding_told(one: Finding) -> FindingTold:
    return FindingTold(
        level=one.level,
        code=one.code,
        language=one.language,
        says=sentence(one, "en"),
    )

"""Approve, take back, let go; pause, resume, cancel; send to the missing; settle what is in doubt."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from syndicate.flows import control
from syndicate.flows.approve import Wish, approve, let_go, outlook, take_back
from syndicate.flows.control import Ruling
from syndicate.model import Role
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.issues import ISSUE, IssueLineTold, IssueTold, issue_told, line_told
from syndicate.web.api.problems import wrong
from syndicate.web.api.shapes import Count, Given, Moment, Number, Seen, Told, example


class ApprovalGiven(Given):
    """`people` is how many it goes to, as `outlook` says: needed where there are many. `leave`: when (RFC 3339), or
    "now" as soon as it can be taken back no more; without it, at its slot."""

    model_config = example({"people": 4210, "leave": "2026-05-04T06:00:00Z", "seen": "81.2"})

    people: Count | None = None
    leave: Moment | Literal["now"] | None = None
    seen: Seen | None = None


class MarkGiven(Given):
    seen: Seen | None = None


class SettlingGiven(Given):
    """`deliveries`: only these, as `in-doubt` numbers them; without it, all that are in doubt."""

    model_config = example({"ruling": "resend", "deliveries": [60211, 60212]})

    ruling: Ruling
    deliveries: Annotated[list[Number], Field(min_length=1, max_length=1000)] | None = None
    seen: Seen | None = None


class ChangedTold(Told):
    """How many people it concerned, by what became of them."""

    people: Mapping[str, int]


def sending(gate: Gate) -> None:
    @gate.act(f"{ISSUE}/approve", Role.SENDER, ApprovalGiven, IssueTold)
    def say_yes(call: Call[ApprovalGiven]) -> IssueTold:
        """Say that it may go out. It is planned still when another person has to say so, too. It can be taken back
        until `not_before`; then the clock sends it."""
        given, number = call.given, call.number("issue")
        _ask_for_people(call, number)
        wish = Wish(
            leave=call.now if given.leave == "now" else given.leave, people=given.people, seen=given.seen
        )
        return issue_told(call, approve(call.house, number, call.actor, call.now, wish))

    @gate.act(f"{ISSUE}/take-back", Role.SENDER, MarkGiven, IssueTold)
    def back(call: Call[MarkGiven]) -> IssueTold:
        """Take an approval back, while nothing has left."""
        number = call.number("issue")
        return issue_told(call, take_back(call.house, number, call.actor, call.now, call.given.seen))

    @gate.act(f"{ISSUE}/let-go", Role.SENDER, MarkGiven, IssueTold)
    def go(call: Call[MarkGiven]) -> IssueTold:
        """Let an approved issue leave at once: it can be taken back no more."""
        number = call.number("issue")
        return issue_told(call, let_go(call.house, number, call.actor, call.now, call.given.seen))

    @gate.act(f"{ISSUE}/pause", Role.SENDER, MarkGiven, IssueLineTold)
    def pause(call: Call[MarkGiven]) -> IssueLineTold:
        """Hand nothing more over, until it is resumed."""
        return _controlled(call, control.pause)

    @gate.act(f"{ISSUE}/resume", Role.SENDER, MarkGiven, IssueLineTold)
    def resume(call: Call[MarkGiven]) -> IssueLineTold:
        """Let a paused issue go on."""
        return _controlled(call, control.resume)

    @gate.act(f"{ISSUE}/cancel", Role.SENDER, MarkGiven, IssueLineTold)
    def cancel(call: Call[MarkGiven]) -> IssueLineTold:
        """Hand nothing of it over any more, for good; its stories may come in the next issue."""
        return _controlled(call, control.cancel)

    @gate.act(f"{ISSUE}/missing", Role.SENDER, MarkGiven, ChangedTold, is_repeatable=False)
    def missing(call: Call[MarkGiven]) -> ChangedTold:
        """Owe it again to those who certainly did not get it."""
        number = call.number("issue")
        owed = control.owe_missing(call.house, number, call.actor, call.now, call.given.seen)
        return ChangedTold(people={str(what): n for what, n in owed.items()})

    @gate.act(f"{ISSUE}/settle", Role.SENDER, SettlingGiven, ChangedTold, is_repeatable=False)
    def settle(call: Call[SettlingGiven]) -> ChangedTold:
        """A person's word on mails that may have gone out: "delivered", "resend" (some may get it twice), "give up"."""
        given, number = call.given, call.number("issue")
        settled = control.settle(
            call.house, number, given.ruling, given.deliveries, call.actor, call.now, given.seen
        )
        return ChangedTold(people={str(given.ruling): settled})


def _ask_for_people(call: Call[ApprovalGiven], number: int) -> None:
    """Of many, how many they are: nobody approves a list that is larger than they think."""
    if call.given.people is None:
        owed = outlook(call.house, number, call.now).tally.owed
        if owed > call.house.confirm_above:
            raise wrong("people", f"say how many people it goes to; as counted last they are {owed}")


def _controlled(call: Call[MarkGiven], verb: Callable[..., object]) -> IssueLineTold:
    verb(call.house, call.number("issue"), call.actor, call.now, call.given.seen)
    return line_told(call)

"""Addresses that are not to be mailed: kept as keyed hashes, so they are asked for one by one."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import StringConstraints

from syndicate.flows import amend, people
from syndicate.model import Role
from syndicate.subscribers.tending import LIFTED_BY_STAFF
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.shapes import LINE, Email, Given, Nothing, Told
from syndicate.web.api.subscribers import AddressGiven


class LiftGiven(Given):
    """`why` it may be mailed again."""

    email: Email
    why: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=LINE)]


class SuppressionsTold(Told):
    """How many, by reason."""

    reasons: Mapping[str, int]


class SuppressedTold(Told):
    """`reason` is empty for an address that may be mailed. `may_be_lifted`: by staff."""

    reason: str
    may_be_lifted: bool


class LiftedTold(Told):
    lifted: bool


def suppressions(gate: Gate) -> None:
    @gate.look("/api/suppressions", Role.EDITOR, Nothing, SuppressionsTold)
    def counted(call: Call[Nothing]) -> SuppressionsTold:
        """How many addresses are not to be mailed, and why."""
        return SuppressionsTold(reasons=people.suppressions(call.house))

    @gate.ask("/api/suppressions/find", Role.EDITOR, AddressGiven, SuppressedTold)
    def find(call: Call[AddressGiven]) -> SuppressedTold:
        """Why one address is not to be mailed."""
        reason = people.suppressed(call.house, call.given.email)
        return SuppressedTold(reason=reason, may_be_lifted=reason in LIFTED_BY_STAFF)

    @gate.act("/api/suppressions/lift", Role.ADMIN, LiftGiven, LiftedTold)
    def lift(call: Call[LiftGiven]) -> LiftedTold:
        """Mail an address again. What its owner said nobody else takes back: 422."""
        amend.lift(call.house, call.actor, call.given.email, call.given.why, call.now)
        return LiftedTold(lifted=True)

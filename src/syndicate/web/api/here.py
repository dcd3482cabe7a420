"""Where things stand, and who is asking."""

from datetime import datetime

from syndicate import __version__
from syndicate.flows.control import held_back
from syndicate.flows.standing import standing
from syndicate.flows.status import waiting
from syndicate.model import Role
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.shapes import Nothing, Told


class StatusTold(Told):
    """`held`: why all sending is held, empty when it is not. `waiting`: what is not done; `problems`: what to mend."""

    version: str
    now: datetime
    has_clock: bool
    clock: str
    held: str
    waiting: list[str]
    problems: list[str]


class MeTold(Told):
    """`role` is the lesser of the token's and its owner's."""

    staff: int
    name: str
    role: Role


def here(gate: Gate) -> None:
    @gate.look("/api/status", Role.VIEWER, Nothing, StatusTold)
    def status(call: Call[Nothing]) -> StatusTold:
        """What waits for somebody, what is wrong, and whether a clock runs that sends what is approved."""
        clock = standing(call.house, call.now)
        return StatusTold(
            version=__version__,
            now=call.now,
            has_clock=clock.leads,
            clock=clock.summary,
            held=held_back(call.house),
            waiting=waiting(call.house),
            problems=list(clock.sentences),
        )

    @gate.look("/api/me", Role.VIEWER, Nothing, MeTold)
    def me(call: Call[Nothing]) -> MeTold:
        """Whom this token acts for."""
        return MeTold.model_validate(call.actor)

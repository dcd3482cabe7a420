"""All addresses of the API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from litestar import route
from litestar.handlers import HTTPRouteHandler

from syndicate.flows.house import House
from syndicate.model import NotFound
from syndicate.web.answers import moved
from syndicate.web.api.audit import audit
from syndicate.web.api.checking import checking
from syndicate.web.api.correcting import correcting
from syndicate.web.api.drafts import drafts
from syndicate.web.api.gate import Gate
from syndicate.web.api.here import here
from syndicate.web.api.issues import issues
from syndicate.web.api.lists import lists
from syndicate.web.api.missed import missed
from syndicate.web.api.newsletters import newsletters
from syndicate.web.api.operations import Operation
from syndicate.web.api.problems import problem_of
from syndicate.web.api.segments import segments
from syndicate.web.api.sending import sending
from syndicate.web.api.stories import stories
from syndicate.web.api.subscribers import subscribers
from syndicate.web.api.suppressions import suppressions
from syndicate.web.api.watching import watching
from syndicate.web.routes import LOOK, Answer


@dataclass(frozen=True, slots=True)
class Api:
    """``routes`` are what Litestar is given, each with ``opt["needs"]``, the role; ``operations`` what is described."""

    routes: list[HTTPRouteHandler]
    operations: list[Operation]


def api(house: House, clock: Callable[[], datetime]) -> Api:
    """``clock`` gives the time (aware, UTC)."""
    gate = Gate(house, clock)
    for add in (
        here,
        newsletters,
        issues,
        watching,
        checking,
        missed,
        drafts,
        sending,
        stories,
        correcting,
        subscribers,
        segments,
        suppressions,
        lists,
        audit,
    ):
        add(gate)
    return Api([*gate.routes, *_rest()], gate.operations)


def _rest() -> list[HTTPRouteHandler]:
    """Where there is nothing, programs are told so in their own form."""

    @route("/api", http_method=LOOK, sync_to_thread=False, include_in_schema=False)
    def front() -> Answer:
        return moved(302, "/api/openapi.json")

    @route("/api/{path:path}", http_method=[*LOOK, "POST"], sync_to_thread=False, include_in_schema=False)
    def nothing() -> Answer:
        return problem_of(
            NotFound("There is nothing here. /api/openapi.json lists all that there is.")
        ).answer

    return [front, nothing]

"""Preflight: what a careful sender looks at before an issue goes out, each with what to do."""

from contextlib import suppress
from typing import Any

from syndicate.digests.preflight import Level, advice, sentence, title
from syndicate.flows.preflight import Preflight, ask, look
from syndicate.flows.seen import Outdated
from syndicate.model import Busy, Role
from syndicate.web.console.door import Door
from syndicate.web.console.stories import titles
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

PREFLIGHT = "/staff/issues/{issue:str}/preflight"


def preflight_pages(door: Door) -> None:
    screens = door.screens

    @door.look(PREFLIGHT, Role.VIEWER)
    def show(visit: Visit) -> Answer:
        found = look(visit.house, visit.number("issue"), visit.now)
        return screens.show(visit, "preflight", **_of(visit, found))

    @door.act(PREFLIGHT, Role.EDITOR)
    def ask_outside(visit: Visit) -> Answer:
        number = visit.number("issue")
        # Pressed twice, or by two at once: the page says that it is under way.
        with suppress(Outdated, Busy):
            ask(visit.house, number, visit.actor, door.clock, visit.form.get("seen") or None)
        return screens.redirect(f"/staff/issues/{number}/preflight")


def _of(visit: Visit, found: Preflight) -> dict[str, Any]:
    return {
        "found": found,
        "title": titles(visit).get(found.newsletter.key, found.newsletter.key),
        "worst": {level: sum(one.level is level for one in found.results) for level in Level},
        "check_title": lambda check: title(check, visit.language),
        "sentence": lambda finding: sentence(finding, visit.language),
        "advice": lambda check: advice(check, visit.language),
    }

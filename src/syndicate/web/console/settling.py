"""Settling: mails that may have gone out or not, what is known of each, and a person's word on them."""

from syndicate.flows import control
from syndicate.flows.control import Ruling
from syndicate.flows.in_doubt import MOST, Doubtful, in_doubt
from syndicate.flows.seen import Outdated
from syndicate.languages import catalogue
from syndicate.model import Role, SyndicateError, UnsafeValue
from syndicate.web.console.door import Door
from syndicate.web.console.reporting import of_issue
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

ISSUE = "/staff/issues/{issue:str}"
NOTHING = "Tick at least one mail, or choose all."


def settle_pages(door: Door) -> None:
    screens = door.screens

    def page(visit: Visit, status: int = 200, wrong: str = "") -> Answer:
        after = visit.query("after")
        last = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
        found = in_doubt(visit.house, visit.number("issue"), last)
        told = catalogue(visit.language).gettext(wrong) if wrong else ""
        ticked = visit.form.all("delivery")
        return screens.show(
            visit, "settle", status, found=found, wrong=told, ticked=ticked, **of_issue(visit, found.issue)
        )

    @door.look(f"{ISSUE}/settle", Role.EDITOR)
    def look(visit: Visit) -> Answer:
        return page(visit)

    @door.act(f"{ISSUE}/settle", Role.SENDER)
    def act(visit: Visit) -> Answer:
        number, form = visit.number("issue"), visit.form
        try:
            some = None if form.get("which") == "all" else _ticked(visit)
            seen = _seen(visit, number)
            settled = control.settle(visit.house, number, _ruling(visit), some, visit.actor, visit.now, seen)
        except Outdated:
            return screens.redirect(f"/staff/issues/{number}/settle?said=outdated")
        except (SyndicateError, UnsafeValue) as error:
            return page(visit, 422, str(error))
        return screens.redirect(f"/staff/issues/{number}/settle?said={'settled' if settled else 'unchanged'}")


def _ticked(visit: Visit) -> list[int]:
    """Raises UnsafeValue when none is."""
    given = visit.form.all("delivery")[:MOST]
    found = [int(one) for one in given if one.isascii() and one.isdecimal() and len(one) < 19]
    if not found:
        raise UnsafeValue(NOTHING)
    return found


def _ruling(visit: Visit) -> Ruling:
    try:
        return Ruling(visit.form.get("ruling"))
    except ValueError:
        raise UnsafeValue("Choose what became of them.") from None


def _seen(visit: Visit, number: int) -> str | None:
    """All means those that the page counted: raises Outdated when others came to be in doubt since."""
    if visit.form.get("which") == "all":
        found: Doubtful = in_doubt(visit.house, number, 0, 0)
        if found.people != visit.form.number("shown"):
            raise Outdated("others are in doubt since")
    return visit.form.get("seen") or None

"""Withdrawing a story, putting it back, correcting it: each page says first what that will do."""

from typing import Any
from urllib.parse import urlencode

from syndicate.flows import correct as corrects
from syndicate.flows import withdraw as withdraws
from syndicate.flows.correct import Mailing, correct
from syndicate.flows.seen import Outdated
from syndicate.flows.withdraw import LONGEST_REASON, put_back, withdraw
from syndicate.languages import catalogue, endonym, format_list
from syndicate.model import Role, SyndicateError, UnsafeValue
from syndicate.web.console.door import Door
from syndicate.web.console.stories import HOME, titles
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

STORY = HOME + "{story:str}"


def correcting_pages(door: Door) -> None:
    screens = door.screens

    def home(visit: Visit, said: str = "") -> Answer:
        query = f"?{urlencode({'said': said})}" if said else ""
        return screens.redirect(f"{HOME}{visit.text('story')}/{query}")

    def withdraw_page(visit: Visit, only: str, status: int = 200, wrong: str = "") -> Answer:
        found = withdraws.outlook(visit.house, visit.text("story"), only, visit.language, visit.now)
        return screens.show(visit, "story_withdraw", status, found=found, only=only, **_known(visit, wrong))

    @door.look(f"{STORY}/withdraw", Role.SENDER)
    def foresee(visit: Visit) -> Answer:
        return withdraw_page(visit, visit.query("only"))

    @door.act(f"{STORY}/withdraw", Role.SENDER)
    def take_away(visit: Visit) -> Answer:
        story, form = visit.text("story"), visit.form
        only, seen = form.get("only"), form.get("seen") or None
        try:
            withdraw(visit.house, story, only, form.get("note"), visit.actor, visit.now, seen)
        except Outdated:
            return home(visit, "outdated")
        except (SyndicateError, UnsafeValue) as error:
            return withdraw_page(visit, only, 422, str(error))
        return home(visit, "withdrawn")

    @door.act(f"{STORY}/put-back", Role.SENDER)
    def give_back(visit: Visit) -> Answer:
        only, seen = visit.form.get("only"), visit.form.get("seen") or None
        try:
            put_back(visit.house, visit.text("story"), only, visit.actor, visit.now, seen)
        except Outdated:
            return home(visit, "outdated")
        return home(visit, "put-back")

    def correct_page(visit: Visit, status: int = 200, wrong: str = "") -> Answer:
        found = corrects.outlook(visit.house, visit.text("story"), visit.language, visit.now)
        return screens.show(visit, "story_correct", status, found=found, **_known(visit, wrong))

    @door.look(f"{STORY}/correct", Role.EDITOR)
    def look(visit: Visit) -> Answer:
        return correct_page(visit)

    @door.act(f"{STORY}/correct", Role.EDITOR)
    def say(visit: Visit) -> Answer:
        story, form = visit.text("story"), visit.form
        mailing = Mailing(form.all("mail"), form.get("doubtful") == "yes")
        notes = form.under("note.")
        try:
            made = correct(
                visit.house, story, notes, visit.actor, visit.now, mailing, form.get("seen") or None
            )
        except Outdated:
            return screens.redirect(f"{HOME}{story}/correct?said=outdated")
        except (SyndicateError, UnsafeValue) as error:
            return correct_page(visit, 422, str(error))
        if len(made) == 1:
            return screens.redirect(f"/staff/issues/{made[0].id}/send")
        return screens.redirect(f"{HOME}{story}/correct?said=saved")


def _known(visit: Visit, wrong: str) -> dict[str, Any]:
    return {
        "titles": titles(visit),
        "longest": LONGEST_REASON,
        "tongues": lambda tags: format_list([endonym(tag) for tag in tags], visit.language),
        "form": visit.form,
        "wrong": catalogue(visit.language).gettext(wrong) if wrong else "",
    }

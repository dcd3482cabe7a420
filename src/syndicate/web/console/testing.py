"""Test mails: to oneself, to the saved list; who is on the list."""

from typing import Any

from syndicate.flows import rehearse
from syndicate.flows.preview import preview
from syndicate.flows.seen import Outdated
from syndicate.languages import catalogue
from syndicate.model import Role, SyndicateError
from syndicate.web.console.door import Door
from syndicate.web.console.stories import titles
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

TEST = "/staff/issues/{issue:str}/test"


def testing_pages(door: Door) -> None:
    screens = door.screens

    def shown(visit: Visit, status: int = 200, wrong: str = "", **more: Any) -> Answer:
        told = catalogue(visit.language).gettext(wrong) if wrong else ""
        return screens.show(visit, "test", status, **{**_of(visit), "wrong": told, "tried": None, **more})

    def sent(visit: Visit, to: list[tuple[str, str]]) -> Answer:
        """What the carrier said stands on the page that answers; asked again, that does nothing more."""
        number, form = visit.number("issue"), visit.form
        languages, seen = form.all("language"), form.get("seen") or None
        try:
            tried = rehearse.rehearse(visit.house, number, to, languages, visit.actor, door.clock, seen)
        except Outdated:
            return screens.redirect(f"/staff/issues/{number}/test?said=outdated")
        except SyndicateError as error:
            return shown(visit, 422, str(error))
        return shown(visit, tried=[(one, to[one.place]) for one in tried])

    @door.look(TEST, Role.EDITOR)
    def look(visit: Visit) -> Answer:
        return shown(visit)

    @door.act(TEST + "/me", Role.EDITOR)
    def to_me(visit: Visit) -> Answer:
        me = visit.signed.member
        return sent(visit, [(me.email, me.name)])

    @door.act(TEST + "/list", Role.SENDER)
    def to_list(visit: Visit) -> Answer:
        return sent(visit, [(one.email, one.name) for one in rehearse.listed(visit.house)])

    @door.act(TEST + "/add", Role.SENDER)
    def add(visit: Visit) -> Answer:
        form = visit.form
        try:
            rehearse.add(visit.house, form.get("email"), form.get("name"), visit.actor, visit.now)
        except SyndicateError as error:
            return shown(visit, 422, str(error))
        return screens.redirect(f"/staff/issues/{visit.number('issue')}/test?said=saved")

    @door.act(TEST + "/remove", Role.SENDER)
    def remove(visit: Visit) -> Answer:
        rehearse.remove(visit.house, visit.form.get("email"), visit.actor, visit.now)
        return screens.redirect(f"/staff/issues/{visit.number('issue')}/test?said=saved")


def _of(visit: Visit) -> dict[str, Any]:
    number = visit.number("issue")
    found = preview(visit.house, number, visit.now)
    languages = dict.fromkeys(one.edition.language for one in found.sheets)
    may_list = visit.signed.member.role.may(Role.SENDER)
    return {
        "issue": found.issue,
        "title": titles(visit).get(found.newsletter.key, found.newsletter.key),
        "languages": list(languages),
        "chosen": visit.form.all("language") or tuple(languages),
        "listed": rehearse.listed(visit.house) if may_list else [],
        "mark": rehearse.mark(visit.house, number),
    }

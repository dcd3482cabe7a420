"""Members of staff, for admins: invite, change a role, sign somebody out, disable."""

from syndicate.flows import accounts
from syndicate.languages import SHIPPED, catalogue
from syndicate.model import Role, SyndicateError, UnsafeValue
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

HOME = "/staff/members/"


def member_pages(door: Door) -> None:
    screens = door.screens

    def page(visit: Visit, status: int = 200, link: str = "", wrong: str = "") -> Answer:
        url = f"{visit.house.site.public_url}/staff/welcome/{link}" if link else ""
        told = catalogue(visit.language).gettext(wrong) if wrong else ""
        known = {"roles": list(Role), "languages": SHIPPED, "typed": visit.form}
        everybody = accounts.members(visit.house)
        return screens.show(visit, "members", status, members=everybody, link=url, wrong=told, **known)

    @door.look(HOME, Role.ADMIN)
    def look(visit: Visit) -> Answer:
        return page(visit)

    @door.act(f"{HOME}add", Role.ADMIN, again=True)
    def add(visit: Visit) -> Answer:
        form = visit.form
        try:
            link = accounts.add(
                visit.house,
                form.get("email"),
                form.get("name"),
                form.role(),
                form.get("language"),
                visit.actor,
                visit.now,
            )
        except (SyndicateError, UnsafeValue) as error:
            return page(visit, 422, wrong=str(error))
        return page(visit, link=link)

    @door.act(HOME + "{member:str}/role", Role.ADMIN, again=True)
    def role(visit: Visit) -> Answer:
        accounts.change_role(visit.house, visit.number("member"), visit.form.role(), visit.actor, visit.now)
        return screens.redirect(f"{HOME}?said=saved")

    @door.act(HOME + "{member:str}/link", Role.ADMIN, again=True)
    def link(visit: Visit) -> Answer:
        made = accounts.new_link(visit.house, visit.number("member"), visit.actor, visit.now)
        return page(visit, link=made)

    @door.act(HOME + "{member:str}/sign-out", Role.ADMIN)
    def sign_out(visit: Visit) -> Answer:
        accounts.end_sessions(visit.house, visit.number("member"), visit.actor, visit.now)
        return screens.redirect(f"{HOME}?said=saved")

    @door.act(HOME + "{member:str}/disable", Role.ADMIN, again=True)
    def disable(visit: Visit) -> Answer:
        accounts.disable(visit.house, visit.number("member"), visit.actor, visit.now)
        return screens.redirect(f"{HOME}?said=saved")

    @door.act(HOME + "{member:str}/enable", Role.ADMIN, again=True)
    def enable(visit: Visit) -> Answer:
        accounts.enable(visit.house, visit.number("member"), visit.actor, visit.now)
        return screens.redirect(f"{HOME}?said=saved")

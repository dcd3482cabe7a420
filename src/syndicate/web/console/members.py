"""Members of staff, for admins: invite, change a role, sign somebody out, disable."""

from syndicate.flows import accounts
from syndicate.languages import SHIPPED
from syndicate.model import Role
from syndicate.web.console.door import Door, Visit
from syndicate.web.routes import Answer

HOME = "/staff/members/"


def member_pages(door: Door) -> None:
    screens = door.screens

    def page(visit: Visit, link: str = "") -> Answer:
        url = f"{visit.house.site.public_url}/staff/welcome/{link}" if link else ""
        return screens.show(
            visit,
            "members",
            members=accounts.members(visit.house),
            roles=list(Role),
            languages=SHIPPED,
            link=url,
        )

    @door.look(HOME, Role.ADMIN)
    def look(visit: Visit) -> Answer:
        return page(visit)

    @door.act(f"{HOME}add", Role.ADMIN, again=True)
    def add(visit: Visit) -> Answer:
        form = visit.form
        role, language = Role(form.get("role", Role.VIEWER)), form.get("language")
        link = accounts.add(
            visit.house, form.get("email"), form.get("name"), role, language, visit.actor, visit.now
        )
        return page(visit, link)

    @door.act(HOME + "{member:str}/role", Role.ADMIN, again=True)
    def role(visit: Visit) -> Answer:
        wanted = Role(visit.form.get("role"))
        accounts.change_role(visit.house, visit.number("member"), wanted, visit.actor, visit.now)
        return screens.redirect(f"{HOME}?said=saved")

    @door.act(HOME + "{member:str}/link", Role.ADMIN, again=True)
    def link(visit: Visit) -> Answer:
        return page(visit, accounts.new_link(visit.house, visit.number("member"), visit.actor, visit.now))

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

"""Today: what went out, what goes next, what needs a person."""

from babel.numbers import format_percent

from syndicate.flows.today import Concern, Trouble, today
from syndicate.languages import format_list, isolate, name_in
from syndicate.languages.locales import locale_for
from syndicate.model import Issue, Role
from syndicate.web.console.door import Door
from syndicate.web.console.stories import titles
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

ADMINS = frozenset({Trouble.EXPORT})
"""Told to admins alone."""

_LINKS = {
    Trouble.UNSURE: "/staff/issues/{issue}/report",
    Trouble.APPROVE: "/staff/issues/{issue}/send",
    Trouble.HELD: "/staff/issues/{issue}/send",
    Trouble.PAUSED: "/staff/issues/{issue}/send",
    Trouble.IDLE: "/staff/issues/{issue}/progress",
    Trouble.OVERDUE: "/staff/issues/",
    Trouble.SOURCE: "/staff/sources/",
    Trouble.LEFT_OUT: "/staff/sources/",
    Trouble.MISSING: "/staff/stories/{story}/",
    Trouble.NO_BIO: "/staff/stories/{story}/",
    Trouble.BOUNCES: "/staff/issues/{issue}/report",
    Trouble.EXPORT: "/staff/audit/",
}


def today_page(door: Door) -> None:
    @door.look("/staff/", Role.VIEWER)
    def look(visit: Visit) -> Answer:
        found = today(visit.house, visit.now)
        known = titles(visit)
        is_admin = visit.signed.member.role.may(Role.ADMIN)
        return door.screens.show(
            visit,
            "today",
            today=found,
            concerns=[one for one in found.concerns if is_admin or one.trouble not in ADMINS],
            titles=known,
            languages=visit.house.site.languages,
            named=lambda issue: _named(issue, known),
            link=lambda concern: _link(concern, visit.signed.member.role),
            isolate=isolate,
            listed=lambda tags: format_list([name_in(tag, visit.language) for tag in tags], visit.language),
            percent=lambda share: format_percent(share, "#,##0.##%", locale=locale_for(visit.language)),
        )


def _named(issue: Issue | None, known: dict[str, str]) -> str:
    return f"{isolate(known.get(issue.newsletter, issue.newsletter))}, {isolate(issue.name)}" if issue else ""


def _link(concern: Concern, role: Role) -> str:
    """Where it is solved by somebody of this role; empty where that is not in the console."""
    if concern.trouble is Trouble.UNSURE and concern.issue and role.may(Role.EDITOR):
        return f"/staff/issues/{concern.issue.id}/settle"
    number = concern.issue.id if concern.issue else 0
    return _LINKS.get(concern.trouble, "").format(issue=number, story=concern.story)

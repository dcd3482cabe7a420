"""The issues there are and the slots to come; the home of one issue."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from syndicate.flows import browse
from syndicate.flows.prepare import prepare
from syndicate.model import Issue, IssueState, Role
from syndicate.web.console.door import Door
from syndicate.web.console.stories import titles
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

HOME = "/staff/issues/"


def issue_pages(door: Door) -> None:
    screens = door.screens

    @door.look(HOME, Role.VIEWER)
    def look(visit: Visit) -> Answer:
        newsletter, state = visit.query("newsletter"), visit.query("state")
        newsletter = newsletter if newsletter in visit.house.newsletters else ""
        state = state if state in set(IssueState) else ""
        found = browse.browse(visit.house, newsletter, state, _place(visit.query("before")))
        return screens.show(
            visit,
            "issues",
            rows=found.rows,
            older=_older(newsletter, state, found.older) if found.older else "",
            ahead=browse.ahead(visit.house, visit.now),
            titles=titles(visit),
            zones={one.key: one.timezone for one in visit.house.newsletters.values()},
            newsletter=newsletter,
            state=state,
            states=list(IssueState),
        )

    @door.act(HOME + "prepare", Role.EDITOR)
    def plan_ahead(visit: Visit) -> Answer:
        newsletter = visit.house.newsletter(visit.form.get("newsletter"))
        issue = prepare(visit.house, newsletter, visit.actor, visit.now)
        return screens.redirect(f"{HOME}{issue.id}/prepare")

    @door.look(HOME + "{issue:str}/", Role.VIEWER)
    def one(visit: Visit) -> Answer:
        row = browse.one(visit.house, visit.number("issue"))
        newsletter = visit.house.newsletters.get(row.issue.newsletter)
        zone = newsletter.timezone if newsletter else visit.house.site.timezone
        title = titles(visit).get(row.issue.newsletter, row.issue.newsletter)
        return screens.show(visit, "issue", row=row, title=title, zone=zone)


def _older(newsletter: str, state: str, last: Issue) -> str:
    asked = {"newsletter": newsletter, "state": state, "before": f"{last.slot.isoformat()} {last.id}"}
    return "?" + urlencode({name: value for name, value in asked.items() if value})


def _place(text: str) -> tuple[datetime, int] | None:
    """Of an address of ours; anything else is the beginning."""
    moment, _, number = text.partition(" ")
    try:
        slot = datetime.fromisoformat(moment)
        return (slot.astimezone(UTC) if slot.tzinfo else slot.replace(tzinfo=UTC)), int(number[:18])
    except (ValueError, OverflowError):
        return None

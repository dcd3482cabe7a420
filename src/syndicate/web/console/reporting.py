"""The report of an issue: what became of it, who did not get it, and sending it to them again."""

from typing import Any
from urllib.parse import urlencode

from syndicate.flows import control
from syndicate.flows.missed import FATES, Asked, Page, as_list, missed
from syndicate.flows.seen import Outdated
from syndicate.flows.sum_up import Fates, Summary, sum_up
from syndicate.languages import capital, catalogue, name_in
from syndicate.model import Issue, Role
from syndicate.store.deliveries import AGAIN
from syndicate.web.console import happenings
from syndicate.web.console.charts import KINDS, bar, parts
from syndicate.web.console.door import Door
from syndicate.web.console.downloads import download
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

ISSUE = "/staff/issues/{issue:str}"
COLUMNS = (
    "owed",
    "sent",
    "delivered",
    "bounced",
    "complained",
    "left",
    "opened",
    "fetched",
    "clicked",
    "failed",
    "unsure",
    "skipped",
    "cancelled",
    "waiting",
)
"""Of the tables, in order; the first two are always shown, the others where somebody is in them."""


def report_pages(door: Door) -> None:
    screens = door.screens

    @door.look(f"{ISSUE}/report", Role.VIEWER)
    def look(visit: Visit) -> Answer:
        found = sum_up(visit.house, visit.number("issue"), visit.now)
        return screens.show(visit, "report", **_of_report(visit, found), **of_issue(visit, found.issue))

    @door.act(f"{ISSUE}/send-missing", Role.SENDER)
    def send_missing(visit: Visit) -> Answer:
        number, said = visit.number("issue"), "outdated"
        try:
            seen = visit.form.get("seen") or None
            owed = control.owe_missing(visit.house, number, visit.actor, visit.now, seen)
            said = "again" if owed[AGAIN] else "unchanged"
        except Outdated:
            pass
        return screens.redirect(f"/staff/issues/{number}/report?said={said}")

    @door.look(f"{ISSUE}/missing", Role.EDITOR)
    def names(visit: Visit) -> Answer:
        asked = _asked(visit.query)
        number, after = visit.number("issue"), visit.query("after")
        last = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
        found = missed(visit.house, number, asked, last, visit.now)
        values = _of_names(visit, found, asked)
        return screens.show(visit, "missing", **values, **of_issue(visit, found.issue))

    @door.act(f"{ISSUE}/missing.csv", Role.ADMIN, again=True)
    def as_file(visit: Visit) -> Answer:
        number, asked = visit.number("issue"), _asked(visit.form.get)
        pieces = as_list(visit.house, number, asked, visit.actor, door.clock)
        return download(pieces, f"issue-{number}-missing.csv")


def of_issue(visit: Visit, issue: Issue) -> dict[str, Any]:
    """What every page about an issue says of it, with the words for fates and reasons."""
    site, newsletter = visit.house.site, visit.house.newsletters.get(issue.newsletter)
    words = catalogue(visit.language)
    return {
        "title": site.text(newsletter.title, visit.language) if newsletter else issue.newsletter,
        "zone": newsletter.timezone if newsletter else site.timezone,
        "states": happenings.state_words(words),
        "reasons": happenings.reason_words(words),
        "language_name": lambda tag: capital(name_in(tag, visit.language), visit.language),
    }


def _of_report(visit: Visit, found: Summary) -> dict[str, Any]:
    everybody = (found.whole, *found.languages, *found.domains)
    return {
        "found": found,
        "bar": bar,
        "kinds": [kind for kind in KINDS if parts(found.whole)[kind]],
        "columns": [name for n, name in enumerate(COLUMNS) if n < 2 or _is_anybody(name, everybody)],
    }


def _is_anybody(name: str, everybody: tuple[Fates, ...]) -> bool:
    return any(getattr(one, name) for one in everybody)


def _of_names(visit: Visit, found: Page, asked: Asked) -> dict[str, Any]:
    chosen = {"fate": asked.fate, "reason": asked.reason}
    return {
        "found": found,
        "asked": asked,
        "fates": list(FATES),
        "keep": urlencode({name: value for name, value in chosen.items() if value}),
    }


def _asked(given: "Any") -> Asked:
    """Of a query or a form; what is none of ours is everybody."""
    fate, reason = given("fate"), given("reason")
    is_key = len(reason) == 12 and all(one in "0123456789abcdef" for one in reason)
    return Asked(fate if fate in FATES else "", reason if is_key else "")

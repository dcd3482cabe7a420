"""All addresses of the console."""

from collections.abc import Callable
from datetime import datetime

from litestar import route
from litestar.handlers import HTTPRouteHandler

from syndicate.flows.house import House
from syndicate.web.console.account import account_pages
from syndicate.web.console.audit import audit_pages
from syndicate.web.console.correcting import correcting_pages
from syndicate.web.console.door import Door
from syndicate.web.console.entry import entry_routes
from syndicate.web.console.issues import issue_pages
from syndicate.web.console.lists import list_pages
from syndicate.web.console.members import member_pages
from syndicate.web.console.people import people_pages, person_pages
from syndicate.web.console.preflight import preflight_pages
from syndicate.web.console.preparing import prepare_pages
from syndicate.web.console.preview import preview_pages
from syndicate.web.console.reporting import report_pages
from syndicate.web.console.screens import ASSETS, Screens
from syndicate.web.console.sending import sending_pages
from syndicate.web.console.settling import settle_pages
from syndicate.web.console.stories import story_pages
from syndicate.web.console.testing import testing_pages
from syndicate.web.console.today import today_page
from syndicate.web.pages import Pages
from syndicate.web.routes import LOOK, Answer, Asked


def console_routes(
    house: House, clock: Callable[[], datetime], admit: Callable[[Asked], Answer | None]
) -> list[HTTPRouteHandler]:
    """Handlers for ``/staff/``; each that is behind the door has ``opt["needs"]``, the role.

    ``admit`` is asked before each of them, and answers who must not be let in.
    """
    screens = Screens(house.site, house.templates, house.key)
    door = Door(house, screens, clock, admit)
    for add in (
        account_pages,
        member_pages,
        audit_pages,
        people_pages,
        person_pages,
        list_pages,
        issue_pages,
        prepare_pages,
        preview_pages,
        preflight_pages,
        testing_pages,
        sending_pages,
        report_pages,
        settle_pages,
        story_pages,
        correcting_pages,
        today_page,
    ):
        add(door)
    guess = Pages(house.site, house.templates).language
    return [*entry_routes(door, guess), *_assets(screens), *door.routes]


def _assets(screens: Screens) -> list[HTTPRouteHandler]:
    def serve(name: str) -> HTTPRouteHandler:
        path = f"/staff/{name}"

        @route(path, http_method=LOOK, sync_to_thread=True, name=f"GET {path}", include_in_schema=False)
        def asset() -> Answer:
            return screens.asset(name)

        return asset

    return [serve(name) for name in ASSETS]

"""Many people at once: a list taken in, an export, a tag for a segment; and who is never to be mailed."""

from collections.abc import Iterator
from typing import IO

from syndicate.flows import amend, errands, people
from syndicate.flows.export import export as written
from syndicate.languages import catalogue
from syndicate.model import NotFound, Role
from syndicate.subscribers.tending import LIFTED_BY_STAFF
from syndicate.web.console import happenings
from syndicate.web.console.door import Door
from syndicate.web.console.downloads import download
from syndicate.web.console.people import FILTERS, HOME, offered, segment_of
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

ERRAND = HOME + "errands/{errand:str}/"


def list_pages(door: Door) -> None:
    screens = door.screens

    @door.look(HOME + "import", Role.ADMIN)
    def form(visit: Visit) -> Answer:
        fates = happenings.fate_words(catalogue(visit.language))
        return screens.show(visit, "import", latest=errands.latest(visit.house), fates=fates)

    @door.take(HOME + "import", Role.ADMIN)
    def upload(visit: Visit, name: str, file: IO[bytes]) -> Answer:
        number = errands.upload(visit.house, visit.actor, name, file, door.clock)
        return screens.redirect(f"{HOME}errands/{number}/")

    @door.look(ERRAND, Role.SENDER)
    def errand(visit: Visit) -> Answer:
        number = visit.number("errand")
        found, is_lost = errands.errand(visit.house, number, visit.now)
        return screens.show(
            visit,
            "errand",
            errand=found,
            is_lost=is_lost,
            fates=happenings.fate_words(catalogue(visit.language)),
            has_file=errands.upload_of(visit.house, number).is_file(),
            has_report=errands.report_of(visit.house, number).is_file(),
        )

    @door.act(ERRAND + "do", Role.ADMIN)
    def do(visit: Visit) -> Answer:
        errands.take_in(visit.house, visit.actor, visit.number("errand"), door.clock)
        return screens.redirect(f"{HOME}errands/{visit.number('errand')}/")

    @door.act(ERRAND + "forget", Role.ADMIN)
    def forget(visit: Visit) -> Answer:
        errands.give_up(visit.house, visit.number("errand"))
        return screens.redirect(f"{HOME}import?said=forgotten")

    @door.look(ERRAND + "report", Role.ADMIN)
    def report(visit: Visit) -> Answer:
        path = errands.report_of(visit.house, visit.number("errand"))
        if not path.is_file():
            raise NotFound("Page not found")
        return download(_pieces(path.open("rb")), f"report-{visit.number('errand')}.csv")

    @door.act(HOME + "tag", Role.SENDER)
    def tag(visit: Visit) -> Answer:
        segment = segment_of(visit.form.get)
        number = errands.tag(visit.house, visit.actor, segment, visit.form.get("gives"), door.clock)
        return screens.redirect(f"{HOME}errands/{number}/")

    @door.look(HOME + "export", Role.ADMIN)
    def ask(visit: Visit) -> Answer:
        chosen = {name: visit.query(name) for name in FILTERS}
        domain = segment_of(visit.query).domain
        return screens.show(visit, "export", chosen=chosen, domain=domain, **offered(visit))

    @door.act(HOME + "export", Role.ADMIN, again=True)
    def export(visit: Visit) -> Answer:
        lines = written(visit.house, visit.actor, segment_of(visit.form.get), door.clock)
        return download(lines, f"subscribers-{visit.now:%Y-%m-%d}.csv")

    @door.look(HOME + "suppressions", Role.EDITOR)
    def suppressions(visit: Visit) -> Answer:
        return _suppressions(visit, "", None)

    @door.act(HOME + "suppressions/look", Role.EDITOR)
    def look_up(visit: Visit) -> Answer:
        """By POST, so that the address is in no address of a page."""
        email = visit.form.get("email").strip()
        return _suppressions(visit, email, people.suppressed(visit.house, email))

    @door.act(HOME + "suppressions/lift", Role.ADMIN)
    def lift(visit: Visit) -> Answer:
        amend.lift(visit.house, visit.actor, visit.form.get("email"), visit.form.get("why"), visit.now)
        return screens.redirect(f"{HOME}suppressions?said=saved")

    def _suppressions(visit: Visit, email: str, reason: str | None) -> Answer:
        return screens.show(
            visit,
            "suppressions",
            counts=people.suppressions(visit.house),
            email=email,
            reason=reason,
            is_liftable=reason in LIFTED_BY_STAFF,
            words=happenings.suppression_words(catalogue(visit.language)),
        )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(1 << 16):
            yield piece

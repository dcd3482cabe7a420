"""Subscribers: find them, add one, look one up in full, change what they get."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from syndicate.flows import amend, people
from syndicate.languages import catalogue
from syndicate.model import Role, Subscriber
from syndicate.store.people import Segment
from syndicate.subscribers.tending import Amended
from syndicate.web.console import happenings
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Form, Visit
from syndicate.web.readers import choices
from syndicate.web.routes import Answer

HOME = "/staff/subscribers/"
ONE = HOME + "{person:str}/"
FILTERS = ("language", "newsletter", "tag", "zone", "status")
_LONGEST = 254


def people_pages(door: Door) -> None:
    screens = door.screens

    @door.look(HOME, Role.EDITOR)
    def search(visit: Visit) -> Answer:
        words, segment = visit.query("q")[:_LONGEST], segment_of(visit.query)
        given = visit.query("before")
        before = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
        found = people.search(visit.house, words, segment, before)
        chosen = {name: visit.query(name) for name in ("q", *FILTERS)}
        return screens.show(
            visit,
            "subscribers",
            found=found,
            chosen=chosen,
            is_narrowed=any(chosen.values()),
            keep=urlencode({name: value for name, value in chosen.items() if value}),
            **offered(visit),
        )

    @door.look(HOME + "add", Role.SENDER)
    def form(visit: Visit) -> Answer:
        return screens.show(visit, "subscriber_add", wrong="", email="", **fields(visit, None))

    @door.act(HOME + "add", Role.SENDER)
    def add(visit: Visit) -> Answer:
        number, fate = amend.add(
            visit.house, visit.actor, visit.form.get("email"), wanted(visit.form), visit.now
        )
        if not number:
            return screens.refusal(visit, 409, "This address is on the suppression list. Lift that first.")
        return screens.redirect(f"{HOME}{number}/?said={'saved' if fate != 'unchanged' else 'unchanged'}")

    @door.act(HOME + "asked/again", Role.SENDER)
    def ask_again(visit: Visit) -> Answer:
        amend.ask_again(visit.house, visit.actor, visit.form.get("email"), visit.now)
        return screens.redirect(f"{HOME}?said=asked")


def person_pages(door: Door) -> None:
    screens = door.screens

    def done(visit: Visit, said: str = "saved") -> Answer:
        return screens.redirect(f"{HOME}{visit.number('person')}/?said={said}")

    @door.look(ONE, Role.EDITOR)
    def look(visit: Visit) -> Answer:
        number, issue = visit.number("person"), visit.query("issue")
        known = people.person(visit.house, number)
        words = catalogue(visit.language)
        is_asked = issue.isascii() and issue.isdecimal() and len(issue) < 19
        return screens.show(
            visit,
            "subscriber",
            known=known,
            issue=issue if is_asked else "",
            answer=people.why_issue(visit.house, number, int(issue)) if is_asked else None,
            states=happenings.state_words(words),
            reasons=happenings.reason_words(words),
            consents=happenings.consent_words(words),
            events=happenings.event_words(words),
            suppressions=happenings.suppression_words(words),
            **fields(visit, known.person),
        )

    @door.act(ONE + "change", Role.SENDER)
    def change(visit: Visit) -> Answer:
        amend.change(visit.house, visit.actor, visit.number("person"), wanted(visit.form), visit.now)
        return done(visit)

    @door.act(ONE + "tags", Role.SENDER)
    def tags(visit: Visit) -> Answer:
        given = visit.form.get("tags").split(",")
        amend.set_tags(visit.house, visit.actor, visit.number("person"), given, visit.now)
        return done(visit)

    @door.act(ONE + "unsubscribe", Role.SENDER)
    def unsubscribe(visit: Visit) -> Answer:
        """From one newsletter, or (``newsletter`` empty) from all."""
        newsletter = visit.form.get("newsletter")
        amend.unsubscribe(visit.house, visit.actor, visit.number("person"), newsletter, visit.now)
        return done(visit)

    @door.act(ONE + "lift", Role.ADMIN)
    def lift(visit: Visit) -> Answer:
        email = people.person(visit.house, visit.number("person")).person.email
        amend.lift(visit.house, visit.actor, email, visit.form.get("why"), visit.now)
        return done(visit)

    @door.act(ONE + "ask", Role.SENDER)
    def ask(visit: Visit) -> Answer:
        email = people.person(visit.house, visit.number("person")).person.email
        amend.ask_again(visit.house, visit.actor, email, visit.now)
        return done(visit, "asked")

    @door.act(ONE + "erase", Role.ADMIN, again=True)
    def erase(visit: Visit) -> Answer:
        amend.erase(visit.house, visit.actor, visit.number("person"), visit.now)
        return screens.redirect(f"{HOME}?said=erased")


def segment_of(given: Callable[[str], str]) -> Segment:
    """The segment that a query or a form names."""
    values = {name: given(name)[:80].strip() for name in FILTERS}
    domain = given("domain")[:_LONGEST] or (given("q")[1:_LONGEST] if given("q").startswith("@") else "")
    return Segment(domain=domain.lower(), **values)


def offered(visit: Visit) -> dict[str, Any]:
    """What every filter offers."""
    site, words = visit.house.site, catalogue(visit.language)
    return {
        "languages": choices.languages(site),
        "newsletters": titles(visit),
        "zones": choices.time_zones(visit.language, "UTC"),
        "statuses": happenings.status_words(words),
    }


def titles(visit: Visit) -> dict[str, str]:
    """Newsletters by key, in the language of who looks."""
    house = visit.house
    return {key: choices.title(one, house.site, visit.language) for key, one in house.newsletters.items()}


def fields(visit: Visit, person: Subscriber | None) -> dict[str, Any]:
    """What the form about a person offers, with what they have."""
    site, house = visit.house.site, visit.house
    reads = person.languages if person else ()
    options = choices.languages(site, reads)
    has = {one.newsletter: one.cadence for one in person.subscriptions} if person else {}
    zone = person.timezone if person else site.timezone
    return {
        "person": person,
        "statuses": happenings.status_words(catalogue(visit.language)),
        "titles": titles(visit),
        "options": options,
        "reads": choices.places(options, reads),
        "offers": [choices.offer(one, site, visit.language, has) for one in house.newsletters.values()],
        "zones": choices.time_zones(visit.language, zone),
        "zone": zone,
    }


def wanted(form: Form) -> Amended:
    return Amended(
        name=form.get("name"),
        languages=form.all("language"),
        timezone=form.get("timezone"),
        newsletters={key: form.get(f"cadence.{key}") for key in form.all("newsletter")},
        consent=form.get("consent"),
    )

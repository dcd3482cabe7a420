"""Subscribers: found by number, by what they have in common, or by their whole address; added, changed, erased."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from syndicate.flows import amend, people
from syndicate.flows.people import Happening, Known
from syndicate.model import Role, Subscriber, SubscriberStatus
from syndicate.subscribers.signups import tongues, zone
from syndicate.subscribers.tending import Amended
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.problems import Problem, wrong
from syndicate.web.api.segments import Name, SegmentGiven
from syndicate.web.api.shapes import LINE, Email, Given, Line, Nothing, Number, Told, example

PERSON = "/api/subscribers/{person:int}"

Languages = Annotated[
    list[Annotated[str, StringConstraints(min_length=2, max_length=35, pattern=r"^[A-Za-z0-9-]+$")]],
    Field(min_length=1, max_length=20),
    AfterValidator(tongues),
]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=LINE), AfterValidator(zone)]
BARRED = "suppressed"
"""How the fate begins of who is not to be mailed."""

Wanted = Annotated[
    Mapping[Name, Name],
    Field(max_length=100, description="Key to how often: empty is as often as it comes."),
]


class SubscribersWanted(SegmentGiven):
    cursor: Annotated[Number, Field(description="`next` of the page before.")] | None = None


class AddressGiven(Given):
    model_config = example({"email": "reader@example.org"})

    email: Email


class NewcomerGiven(Given):
    """Somebody who has agreed; `consent` says where and how."""

    model_config = example(
        {
            "email": "reader@example.org",
            "languages": ["tr", "en"],
            "newsletters": ["weekly"],
            "consent": "members form, 4 May",
        }
    )

    email: Email
    name: Line = ""
    languages: Languages
    timezone: Zone = "UTC"
    newsletters: Annotated[list[Name], Field(min_length=1, max_length=100)]
    consent: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=LINE)]


class ChangeGiven(Given):
    """What is not given stays. `newsletters` are all that they are to get; `consent` is where new ones come from."""

    model_config = example({"timezone": "Europe/Istanbul", "newsletters": {"weekly": "monthly"}})

    name: Line | None = None
    languages: Languages | None = None
    timezone: Zone | None = None
    newsletters: Wanted | None = None
    consent: Line = ""


class TagsGiven(Given):
    """All tags that they are to have."""

    tags: Annotated[list[Name], Field(max_length=50)]


class LeavingGiven(Given):
    """From one newsletter; without it, from all."""

    newsletter: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=LINE)] | None = None


class SubscriptionTold(Told):
    newsletter: str
    cadence: str


class SubscriberTold(Told):
    id: int
    email: str
    name: str
    languages: list[str]
    timezone: str
    status: SubscriberStatus
    subscriptions: list[SubscriptionTold]
    consent_at: datetime | None
    consent_source: str


class SubscribersTold(Told):
    """`next` may be there though fewer came than fit: what is asked for is rare, and looked for piece by piece."""

    items: list[SubscriberTold]
    next: int | None


class PersonTold(Told):
    """`suppressed` is why they are not to be mailed; empty when they may be. `left` are newsletters they left."""

    subscriber: SubscriberTold
    tags: list[str]
    left: list[str]
    suppressed: str


class FoundTold(Told):
    """`subscriber` is null where nobody has the address; `is_asking`: somebody asked with it and has not confirmed."""

    subscriber: SubscriberTold | None
    is_asking: bool
    suppressed: str


class HappeningTold(Told):
    """`kind` is consent, mail, event, staff or sign-up; the rest says what, to what, and why."""

    at: datetime
    kind: str
    what: str
    newsletter: str
    issue: int | None
    detail: str


class HistoryTold(Told):
    items: list[HappeningTold]


class AddedTold(Told):
    """`fate` is added, changed or unchanged."""

    id: int
    fate: str


class PersonChangedTold(Told):
    """No more than the number: answers are kept for who sends the same again, and people are not."""

    id: int


class LeftTold(Told):
    id: int
    ended: list[str]


def subscribers(gate: Gate) -> None:
    @gate.look("/api/subscribers", Role.EDITOR, SubscribersWanted, SubscribersTold)
    def every(call: Call[SubscribersWanted]) -> SubscribersTold:
        """Whom all that is asked is true of, newest first, 50 at a time."""
        _known_newsletters(call, [call.given.newsletter] if call.given.newsletter else [])
        found = people.search(call.house, "", call.given.segment, call.given.cursor or 0)
        return SubscribersTold(items=[_person(one) for one in found.people], next=found.before or None)

    @gate.ask("/api/subscribers/find", Role.EDITOR, AddressGiven, FoundTold)
    def find(call: Call[AddressGiven]) -> FoundTold:
        """Who has an address: all of it. Addresses stand in no address of ours, so this is a POST."""
        found = people.by_address(call.house, call.given.email)
        return FoundTold(
            subscriber=_person(found.person) if found.person else None,
            is_asking=found.is_asking,
            suppressed=found.suppressed,
        )

    @gate.act("/api/subscribers", Role.SENDER, NewcomerGiven, AddedTold)
    def add(call: Call[NewcomerGiven]) -> AddedTold:
        """Add somebody who has agreed. Whoever is there gets the newsletters besides; nobody who left comes back."""
        given = call.given
        _known_newsletters(call, given.newsletters)
        wanted = Amended(
            name=given.name,
            languages=tuple(given.languages),
            timezone=given.timezone,
            newsletters=dict.fromkeys(given.newsletters, ""),
            consent=given.consent,
        )
        number, fate = amend.add(call.house, call.actor, given.email, wanted, call.now)
        if not number or fate.startswith(BARRED):
            raise Problem(409, "conflict", "This address is on the suppression list. Lift that first.")
        return AddedTold(id=number, fate=fate)

    @gate.look(PERSON, Role.EDITOR, Nothing, PersonTold)
    def one(call: Call[Nothing]) -> PersonTold:
        """One person, by number."""
        return _known(people.person(call.house, call.number("person")))

    @gate.look(f"{PERSON}/history", Role.EDITOR, Nothing, HistoryTold)
    def history(call: Call[Nothing]) -> HistoryTold:
        """What they agreed to, were sent, and what came back, newest first."""
        known = people.person(call.house, call.number("person"))
        return HistoryTold(items=[_happening(one) for one in known.happenings])

    @gate.act(f"{PERSON}/change", Role.SENDER, ChangeGiven, PersonChangedTold)
    def change(call: Call[ChangeGiven]) -> PersonChangedTold:
        """Make it what is wanted, effective for mails not yet handed over."""
        given, held = call.given, people.person(call.house, call.number("person")).person
        _offered(call, given.newsletters or {})
        has = {one.newsletter: one.cadence for one in held.subscriptions}
        wanted = Amended(
            name=held.name if given.name is None else given.name,
            languages=held.languages if given.languages is None else tuple(given.languages),
            timezone=held.timezone if given.timezone is None else given.timezone,
            newsletters=has if given.newsletters is None else given.newsletters,
            consent=given.consent,
        )
        amend.change(call.house, call.actor, held.id, wanted, call.now)
        return PersonChangedTold(id=held.id)

    @gate.act(f"{PERSON}/tags", Role.SENDER, TagsGiven, PersonChangedTold)
    def tags(call: Call[TagsGiven]) -> PersonChangedTold:
        """The tags that they have from now on."""
        number = call.number("person")
        amend.set_tags(call.house, call.actor, number, call.given.tags, call.now)
        return PersonChangedTold(id=number)

    @gate.act(f"{PERSON}/unsubscribe", Role.SENDER, LeavingGiven, LeftTold)
    def unsubscribe(call: Call[LeavingGiven]) -> LeftTold:
        """End one subscription, or all; who ended none has none left of these."""
        number, newsletter = call.number("person"), call.given.newsletter or ""
        ended = amend.unsubscribe(call.house, call.actor, number, newsletter, call.now)
        return LeftTold(id=number, ended=list(ended))

    @gate.act(f"{PERSON}/erase", Role.ADMIN, Nothing, PersonChangedTold)
    def erase(call: Call[Nothing]) -> PersonChangedTold:
        """Delete all that is held about them; a keyed hash of the address stays, so that no list brings it back."""
        number = call.number("person")
        amend.erase(call.house, call.actor, number, call.now)
        return PersonChangedTold(id=number)


def _known_newsletters(call: Call[Any], keys: Iterable[str]) -> None:
    for key in keys:
        call.newsletter("newsletters", key)


def _offered(call: Call[Any], wanted: Mapping[str, str]) -> None:
    """Raises a problem for a newsletter that there is not, or not so often."""
    for key, cadence in wanted.items():
        newsletter = call.newsletter("newsletters", key)
        if cadence not in ("", newsletter.cadence, *newsletter.cadences):
            can = ", ".join(("its own, named by nothing", *newsletter.cadences))
            raise wrong("newsletters", f"{key} can be had: {can}")


def _person(one: Subscriber) -> SubscriberTold:
    return SubscriberTold.model_validate(one)


def _known(found: Known) -> PersonTold:
    return PersonTold(
        subscriber=_person(found.person),
        tags=list(found.tags),
        left=sorted(found.left),
        suppressed=found.suppressed,
    )


def _happening(one: Happening) -> HappeningTold:
    kind, what, newsletter, issue, detail = _said(one)
    return HappeningTold(at=one.at, kind=kind, what=what, newsletter=newsletter, issue=issue, detail=detail)


def _said(one: Happening) -> tuple[str, str, str, int | None, str]:
    if one.consent:
        return "consent", one.consent.what, one.consent.newsletter, None, one.consent.words
    if one.sent:
        return "mail", one.sent.state, one.sent.newsletter, one.sent.issue, one.sent.reason
    if one.event:
        return "event", str(one.event.kind), "", None, one.event.detail
    if one.staff:
        return "staff", one.staff.action, "", None, one.staff.name
    return "sign-up", str(one.signup.state) if one.signup else "", "", None, ""

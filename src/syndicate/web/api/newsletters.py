"""The newsletters of config.toml, their next slots and what would go out with them; an issue planned ahead."""

from collections.abc import Mapping
from datetime import datetime

from syndicate.flows import browse
from syndicate.flows.forecast import forecast
from syndicate.flows.prepare import prepare
from syndicate.model import Newsletter, Role
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.issues import IssueTold, issue_told
from syndicate.web.api.shapes import Nothing, Told


class SlotTold(Told):
    name: str
    moment: datetime
    cadences: list[str]


class NewsletterTold(Told):
    """`title` is by language. `approvals`: how many people have to approve an issue; 0: it goes out by itself."""

    key: str
    title: Mapping[str, str]
    languages: list[str]
    cadence: str
    cadences: list[str]
    timezone: str
    is_open: bool
    approvals: int


class NewslettersTold(Told):
    items: list[NewsletterTold]


class GapTold(Told):
    """A story that is not translated into `lacks`; `until` is how long that is waited for."""

    story: str
    title: str
    lacks: list[str]
    until: datetime | None


class UpcomingTold(Told):
    """`issue` is the one that the next slot has already. `stories` and `people` (at most) are by language, with the
    cadence where it is not the newsletter's own, as of `made_at`; null while nobody worked them out."""

    newsletter: str
    slots: list[SlotTold]
    issue: int | None
    is_instant: bool
    made_at: datetime | None
    stories: Mapping[str, int] | None
    people: Mapping[str, int] | None
    missing: list[GapTold]


def newsletters(gate: Gate) -> None:
    @gate.look("/api/newsletters", Role.VIEWER, Nothing, NewslettersTold)
    def every(call: Call[Nothing]) -> NewslettersTold:
        """All newsletters, as config.toml has them."""
        return NewslettersTold(items=[_told(one) for one in call.house.newsletters.values()])

    @gate.look("/api/newsletters/{newsletter}/upcoming", Role.VIEWER, Nothing, UpcomingTold)
    def upcoming(call: Call[Nothing]) -> UpcomingTold:
        """The next slots, and what would go out with the first of them."""
        newsletter = call.house.newsletter(call.name("newsletter"))
        ahead = next(one for one in browse.ahead(call.house, call.now) if one.newsletter == newsletter.key)
        found = forecast(call.house, newsletter, call.now)
        return UpcomingTold(
            newsletter=newsletter.key,
            slots=[SlotTold.model_validate(one) for one in ahead.slots],
            issue=ahead.issue.id if ahead.issue else None,
            is_instant=ahead.is_instant,
            made_at=found.made_at if found else None,
            stories=found.stories if found else None,
            people=found.people if found else None,
            missing=[GapTold.model_validate(one) for one in found.gaps] if found else [],
        )

    @gate.act("/api/newsletters/{newsletter}/prepare", Role.EDITOR, Nothing, IssueTold)
    def plan_ahead(call: Call[Nothing]) -> IssueTold:
        """Plan the issue of the next slot now; it waits for staff. The one that there is, where it is planned."""
        newsletter = call.house.newsletter(call.name("newsletter"))
        return issue_told(call, prepare(call.house, newsletter, call.actor, call.now))


def _told(one: Newsletter) -> NewsletterTold:
    return NewsletterTold(
        key=one.key,
        title=one.title,
        languages=list(one.languages),
        cadence=one.cadence,
        cadences=list(one.cadences),
        timezone=one.timezone,
        is_open=one.is_open,
        approvals=one.approvals if one.approval else 0,
    )

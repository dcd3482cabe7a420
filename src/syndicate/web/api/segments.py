"""Segments: people who have something in common, by what they are asked for, tagged and exported by."""

from typing import Annotated

from pydantic import StringConstraints

from syndicate.flows import people
from syndicate.model import Role, SubscriberStatus
from syndicate.store.people import Segment
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.shapes import LINE, Given, Nothing, Told

Name = Annotated[str, StringConstraints(max_length=80, pattern=LINE)]


class SegmentGiven(Given):
    """Whom all of it is true of; without any of it, everybody. `language`: one they read; `zone`: their time zone."""

    domain: Annotated[str, StringConstraints(max_length=253, pattern=LINE)] = ""
    language: Name = ""
    newsletter: Name = ""
    tag: Name = ""
    zone: Name = ""
    status: SubscriberStatus | None = None

    @property
    def segment(self) -> Segment:
        return Segment(
            domain=self.domain.lower(),
            language=self.language,
            newsletter=self.newsletter,
            tag=self.tag,
            zone=self.zone,
            status=self.status or "",
        )


class FiltersTold(Told):
    """`about` is how many people there are in all, more or less."""

    languages: list[str]
    newsletters: list[str]
    tags: list[str]
    statuses: list[SubscriberStatus]
    about: int


def segments(gate: Gate) -> None:
    @gate.look("/api/segments", Role.EDITOR, Nothing, FiltersTold)
    def filters(call: Call[Nothing]) -> FiltersTold:
        """What people can be narrowed down by: any of these, and a domain or a time zone."""
        return FiltersTold(
            languages=list(call.house.site.languages),
            newsletters=list(call.house.newsletters),
            tags=people.every_tag(call.house),
            statuses=list(SubscriberStatus),
            about=people.about(call.house),
        )

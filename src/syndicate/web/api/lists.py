"""Many people at once: a list taken in after its rehearsal, a tag for a segment, an export."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, Annotated

from pydantic import StringConstraints

from syndicate.flows import errands
from syndicate.flows.export import export
from syndicate.model import Role
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.segments import SegmentGiven
from syndicate.web.api.shapes import LINE, Given, Nothing, Told, example

ERRAND = "/api/errands/{errand:int}"


class ListGiven(Given):
    """`name` is what the list is called where staff see it."""

    name: Annotated[str, StringConstraints(max_length=120, pattern=LINE)] = "api.csv"


class TagGiven(Given):
    model_config = example({"segment": {"language": "tr", "newsletter": "weekly"}, "tag": "patron"})

    segment: SegmentGiven
    tag: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=LINE)]


class BegunTold(Told):
    """The number of the errand; ask `/api/errands/{errand}` how far it is."""

    errand: int


class RefusedTold(Told):
    """A line of a list that was refused: its number, and why."""

    line: str
    fate: str
    reason: str


class ErrandTold(Told):
    """`kind` is rehearsal, import or tag; `state` running, done or failed; `is_lost`: whoever worked on it died.

    `counts` is fate to how many lines, or people; `total` is null while nobody knows it."""

    id: int
    kind: str
    state: str
    is_lost: bool
    name: str
    stage: str
    done: int
    total: int | None
    counts: Mapping[str, int]
    refused: list[RefusedTold]
    problem: str
    began_at: datetime
    ended_at: datetime | None


def lists(gate: Gate) -> None:
    @gate.take("/api/subscribers/import", Role.ADMIN, ListGiven, BegunTold, status=202)
    def rehearse(call: Call[ListGiven], file: IO[bytes]) -> BegunTold:
        """Hand a list in (CSV, the columns of `subscribers/*.csv`) and rehearse it: each line's fate, nothing changed.
        Then `do` takes it in."""
        return BegunTold(errand=errands.upload(call.house, call.actor, call.given.name, file, call.clock))

    @gate.look(ERRAND, Role.SENDER, Nothing, ErrandTold)
    def errand(call: Call[Nothing]) -> ErrandTold:
        """How far an errand is, and what became of it."""
        return _errand(call)

    @gate.act(f"{ERRAND}/do", Role.ADMIN, Nothing, BegunTold, status=202)
    def do(call: Call[Nothing]) -> BegunTold:
        """Take the rehearsed list in: the whole of it, or nothing."""
        number = call.number("errand")
        errands.take_in(call.house, call.actor, number, call.clock)
        return BegunTold(errand=number)

    @gate.act(f"{ERRAND}/forget", Role.ADMIN, Nothing, BegunTold)
    def forget(call: Call[Nothing]) -> BegunTold:
        """Throw away the file of a list that is not to be taken in."""
        number = call.number("errand")
        errands.errand(call.house, number, call.now)
        errands.give_up(call.house, number)
        return BegunTold(errand=number)

    @gate.act("/api/subscribers/tag", Role.SENDER, TagGiven, BegunTold, status=202)
    def tag(call: Call[TagGiven]) -> BegunTold:
        """Give everybody in a segment a tag."""
        given = call.given
        number = errands.tag(call.house, call.actor, given.segment.segment, given.tag, call.clock)
        return BegunTold(errand=number)

    @gate.write("/api/subscribers/export", Role.ADMIN, SegmentGiven)
    def write(call: Call[SegmentGiven]) -> Iterator[bytes]:
        """Everybody in a segment, as a CSV file. That it was asked for stands in the audit log."""
        return export(call.house, call.actor, call.given.segment, call.clock)


def _errand(call: Call[Nothing]) -> ErrandTold:
    found, is_lost = errands.errand(call.house, call.number("errand"), call.now)
    names = set(ErrandTold.model_fields) - {"is_lost", "refused"}
    refused = [RefusedTold(line=line, fate=fate, reason=reason) for line, fate, reason in found.told]
    return ErrandTold(is_lost=is_lost, refused=refused, **{name: getattr(found, name) for name in names})

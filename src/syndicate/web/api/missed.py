"""Who did not get an issue, by name; and the mails that may have gone out or not."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from syndicate.flows.in_doubt import in_doubt
from syndicate.flows.missed import FATES, Asked
from syndicate.flows.missed import missed as who_missed
from syndicate.model import DeliveryState, Role
from syndicate.store.deliveries import Line
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.issues import ISSUE
from syndicate.web.api.shapes import Given, Number, Told

Fate = StrEnum("Fate", [(name.upper(), name) for name in FATES if name])  # type: ignore[misc]
Onward = Annotated[Number, Field(description="`next` of the page before.")]


class MissedWanted(Given):
    """`fate`: what became of them; without it, all who did not get it."""

    fate: Fate | None = None
    cursor: Onward | None = None


class DoubtWanted(Given):
    cursor: Onward | None = None


class LineTold(Told):
    """One person: `delivery` is its number, `subscriber` theirs; `email` is empty for somebody erased."""

    delivery: int
    subscriber: int
    email: str
    name: str
    language: str
    state: DeliveryState
    reason: str
    handed_at: datetime | None
    settled_at: datetime | None


class LinesTold(Told):
    """`people` is how many there are in all."""

    items: list[LineTold]
    people: int
    next: int | None


def missed(gate: Gate) -> None:
    @gate.look(f"{ISSUE}/missed", Role.EDITOR, MissedWanted, LinesTold)
    def names(call: Call[MissedWanted]) -> LinesTold:
        """Who did not get it, and why, 50 at a time."""
        asked = Asked(call.given.fate or "")
        found = who_missed(call.house, call.number("issue"), asked, call.given.cursor or 0, call.now)
        return _told(found.lines, found.people, found.onward)

    @gate.look(f"{ISSUE}/in-doubt", Role.EDITOR, DoubtWanted, LinesTold)
    def doubtful(call: Call[DoubtWanted]) -> LinesTold:
        """Mails that may have gone out or not, 50 at a time; `settle` ends the doubt."""
        found = in_doubt(call.house, call.number("issue"), call.given.cursor or 0)
        return _told(found.lines, found.people, found.onward)


def _told(lines: tuple[Line, ...], people: int, onward: int) -> LinesTold:
    return LinesTold(items=[_line(one) for one in lines], people=people, next=onward or None)


def _line(one: Line) -> LineTold:
    names = set(LineTold.model_fields) - {"delivery"}
    return LineTold(delivery=one.id, **{name: getattr(one, name) for name in names})

"""Why somebody got an issue, or did not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syndicate.model import DeliveryState


class Why(StrEnum):
    """The answer, where the ledger has no line for somebody; where it has one, its state says it."""

    NOT_PLANNED = "not planned yet"
    JOINED_LATER = "joined after it was planned"
    HAD_LEFT = "had left before it was planned"
    NEVER = "was never subscribed"
    UNKNOWN = "was not among those it was planned for"


@dataclass(frozen=True, slots=True)
class Answer:
    """``state`` is empty where there is no line; ``reason`` is the ledger's own or a :class:`Why`."""

    state: str
    reason: str
    at: datetime | None = None


def why(
    line: tuple[DeliveryState, str, datetime | None] | None,
    history: Sequence[tuple[datetime, str]],
    planned_at: datetime | None,
) -> Answer:
    """``line`` (state, reason, when) is that of the ledger; ``history`` when they ``subscribed`` to and
    ``unsubscribed`` from the newsletter, oldest first; ``planned_at`` when its people were chosen, None: not yet.
    """
    if line is not None:
        return Answer(*line)
    if planned_at is None:
        return Answer("", Why.NOT_PLANNED)
    before = [(at, what) for at, what in history if at <= planned_at]
    if not before:
        joined = next((at for at, what in history if what == "subscribed"), None)
        return Answer("", Why.JOINED_LATER if joined else Why.NEVER, joined)
    at, what = before[-1]
    return Answer("", Why.HAD_LEFT if what == "unsubscribed" else Why.UNKNOWN, at)

"""Approval: whose word counts, how many more are needed, and when an issue leaves. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta


def counting(given: Mapping[int, datetime], changed: datetime | None) -> frozenset[int]:
    """Whose approval still counts: of member to when (UTC), those given after the last change of the draft."""
    return frozenset(who for who, at in given.items() if changed is None or at >= changed)


def needed(wanted: int, counted: frozenset[int]) -> int:
    """How many other people have to approve still."""
    return max(0, wanted - len(counted))


def leaves(now: datetime, slot: datetime, undo: timedelta, chosen: datetime | None) -> datetime:
    """When the first mail may leave (UTC): at the time that was ``chosen``, else at its slot, which may be over by
    now; never before ``undo`` is over, for until then it can be taken back."""
    return max(now + undo, chosen if chosen is not None else slot)

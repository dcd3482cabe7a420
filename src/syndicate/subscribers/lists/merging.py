"""What the lines of a list do to what is held about a person."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from syndicate.model import Subscriber, SubscriberStatus, Subscription


class Fate(StrEnum):
    """What became of a line."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"
    REFUSED = "refused"


class Joined(NamedTuple):
    """A newsletter that is new to a person, as their history of consent tells it."""

    newsletter: str
    cadence: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Folded:
    """``fates`` of the lines in their order; ``value`` is the person afterwards, None when there is none."""

    fates: tuple[Fate, ...]
    value: Subscriber | None
    joined: tuple[Joined, ...]

    @property
    def is_changed(self) -> bool:
        return Fate.ADDED in self.fates or Fate.UPDATED in self.fates


def merge(held: Subscriber | None, given: Subscriber, left: Collection[str] = ()) -> tuple[Fate, Subscriber]:
    """What a line does to what is held; ``left`` are the newsletters this person has unsubscribed from.

    A list never brings anybody back: who was suppressed or unsubscribed stays so, newsletter by newsletter.
    """
    if held is None:
        return Fate.ADDED, given
    if held.status is SubscriberStatus.SUPPRESSED:
        return Fate.SUPPRESSED, held
    merged = replace(
        given,
        id=held.id,
        email=held.email,
        name=given.name or held.name,
        status=_status_after(held.status, given.status),
        subscriptions=_united(held, given, left),
        consent_at=held.consent_at or given.consent_at,
        consent_source=held.consent_source or given.consent_source,
    )
    return (Fate.UNCHANGED if merged == held else Fate.UPDATED), merged


def fold(
    held: Subscriber | None,
    lines: Iterable[Subscriber],
    left: Collection[str],
    now: datetime,
    *,
    is_barred: bool = False,
) -> Folded:
    """Lines of one address, one after another; ``is_barred`` when it is on the suppression list."""
    value, fates, joined = held, list[Fate](), list[Joined]()
    for given in lines:
        fate, merged = (Fate.SUPPRESSED, value) if is_barred else merge(value, given, left)
        if merged is not None and fate in (Fate.ADDED, Fate.UPDATED):
            joined += _joined(value, merged, now)
            is_barred = merged.status is SubscriberStatus.SUPPRESSED
            value = merged
        fates.append(fate)
    return Folded(tuple(fates), value, tuple(joined))


def _joined(before: Subscriber | None, after: Subscriber, now: datetime) -> Iterator[Joined]:
    """Of somebody new the consent is as old as they say; of somebody held it is new now."""
    had = {one.newsletter for one in before.subscriptions} if before else ()
    when = now if before else after.consent_at or now
    for one in after.subscriptions:
        if one.newsletter not in had:
            yield Joined(one.newsletter, one.cadence, after.consent_source or "list", when)


def _status_after(held: SubscriberStatus, given: SubscriberStatus) -> SubscriberStatus:
    """Consent once given is not doubted by a list, and once withdrawn not restored by one."""
    if held is SubscriberStatus.UNSUBSCRIBED and given is not SubscriberStatus.SUPPRESSED:
        return held
    return held if given is SubscriberStatus.PENDING else given


def _united(held: Subscriber, given: Subscriber, left: Collection[str]) -> tuple[Subscription, ...]:
    wanted = (s for s in given.subscriptions if s.newsletter not in left)
    both = {s.newsletter: s for s in (*wanted, *held.subscriptions)}
    return tuple(both[key] for key in sorted(both))

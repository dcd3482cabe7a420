"""Who is mailed a correction: exactly those who got the story, once each. Pure.

everything that anybody got of it, by person -> the best of theirs -> one line: mailed, or why not
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from syndicate.model import SkipReason


@dataclass(frozen=True, slots=True)
class Got:
    """One mail that told a person the story. ``article`` is the version that it told, ``newsletter`` what it was of.

    ``is_doubtful``: it may have gone out, or not. ``objection`` is why the person must not be mailed this newsletter
    now, empty when nothing speaks against it.
    """

    subscriber: int
    newsletter: str
    article: str
    is_doubtful: bool = False
    objection: str = ""


@dataclass(frozen=True, slots=True)
class Addressed:
    """A person's line in a correction of ``newsletter``, about ``article``; ``reason`` is why they are not mailed."""

    subscriber: int
    newsletter: str
    article: str
    reason: str = ""


def addressed(got: Iterable[Got], *, doubtful_too: bool = False) -> Iterator[Addressed]:
    """One line for each person; ``got`` comes with everything of a person together.

    Who got the story by several newsletters has it corrected by one through which they can be reached still; what
    certainly arrived comes before what is in doubt, and the first mail before later ones.
    """
    for subscriber, theirs in groupby(got, key=attrgetter("subscriber")):
        best = min(theirs, key=lambda one: (bool(_reason(one, doubtful_too)), one.is_doubtful))
        yield Addressed(subscriber, best.newsletter, best.article, _reason(best, doubtful_too))


def _reason(one: Got, doubtful_too: bool) -> str:
    if one.objection:
        return one.objection
    return SkipReason.IN_DOUBT if one.is_doubtful and not doubtful_too else ""

"""The book: what this sender has claimed, and how far each delivery is. In memory; ``keeper`` writes it down."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.store.claims import Claim, Claimed
from syndicate.store.marks import Mark, is_set


@dataclass(slots=True)
class OpenClaim:
    """One claim of ours. ``marked`` and ``taken`` are bitmaps over its deliveries, as the store has them.

    ``unsettled`` are the deliveries of which nothing is known yet, with their lines; ``accepted`` is what the
    carrier took: (delivery, what it said, when).
    """

    number: int
    places: dict[int, int]
    unsettled: dict[int, Claimed]
    marked: bytearray
    taken: bytearray
    accepted: list[tuple[int, str, datetime]] = field(default_factory=list)
    revision: int = 0
    is_dirty: bool = False
    is_lost: bool = False

    def mark(self, delivery: int) -> None:
        _set(self.marked, self.places[delivery])
        self.is_dirty = True

    def unmark(self, delivery: int) -> None:
        place = self.places[delivery]
        self.marked[place >> 3] &= ~(1 << (place & 7))

    def is_marked(self, delivery: int) -> bool:
        return is_set(self.marked, self.places[delivery])

    def accept(self, delivery: int, said: str, moment: datetime) -> None:
        _set(self.taken, self.places[delivery])
        self.accepted.append((delivery, said, moment))
        del self.unsettled[delivery]
        self.is_dirty = True

    def keep(self, ours: Collection[int]) -> list[Claimed]:
        """Forget what is not ours any more; returns it."""
        gone = [line for identity, line in self.unsettled.items() if identity not in ours]
        for line in gone:
            del self.unsettled[line.id]
        return gone

    def mark_until(self, until: datetime) -> Mark:
        """How far it is, to be written down."""
        return Mark(self.number, self.revision, bytes(self.marked), bytes(self.taken), until)


def opened(claim: Claim) -> OpenClaim:
    """A claim as it was just made."""
    size = (len(claim.lines) + 7) // 8
    places = {line.id: n for n, line in enumerate(claim.lines)}
    lines = {line.id: line for line in claim.lines}
    return OpenClaim(claim.number, places, lines, bytearray(size), bytearray(size))


def _set(bitmap: bytearray, place: int) -> None:
    bitmap[place >> 3] |= 1 << (place & 7)

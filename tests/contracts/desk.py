"""A desk in memory: hands out what a test gives it and keeps what the carrier says, with when it said it."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from syndicate.model import Outcome


class MemoryDesk:
    """``called_back`` may not go when they are marked. ``log`` has what happened, in order.

    Breaks (AssertionError in the lane) when the carrier breaks the rules of ``carriers.desk.Desk``: something marked
    that it did not take, settled twice, or accepted without a mark.
    """

    def __init__(self, items: Iterable[Any], called_back: Iterable[int] = ()) -> None:
        self.items, self.called_back = list(items), set(called_back)
        self.outcomes: dict[int, Outcome] = {}
        self.taken: dict[int, Any] = {}
        self.marked: list[int] = []
        self.given_back: list[int] = []
        self.slowed: list[float] = []
        self.log: list[tuple[str, int]] = []
        self.on_mark: Callable[[Sequence[int]], None] = lambda deliveries: None
        self._lock = threading.RLock()

    def take(self, most: int = 1, *, wait: bool = True) -> Sequence[Any]:
        with self._lock:
            same = [one for one in self.items if _edition(one) == _edition(self.items[0])][:most]
            for one in same:
                self.items.remove(one)
                self.taken[one.delivery] = one
                self.log.append(("take", one.delivery))
            return same

    def mark(self, deliveries: Sequence[int]) -> frozenset[int]:
        self.on_mark(deliveries)
        with self._lock:
            for one in deliveries:
                assert one in self.taken, f"{one} is marked and was not taken"
                self.log.append(("mark", one))
            may = frozenset(deliveries) - self.called_back
            for one in frozenset(deliveries) & self.called_back:
                del self.taken[one]
            self.marked += sorted(may)
            return may

    def settle(self, delivery: int, outcome: Outcome) -> None:
        with self._lock:
            assert delivery in self.taken, f"{delivery} is settled and is not the lane's"
            assert outcome.state != "accepted" or delivery in self.marked, f"{delivery} was never marked"
            del self.taken[delivery]
            self.outcomes[delivery] = outcome
            self.log.append(("settle", delivery))

    def give_back(self, delivery: int) -> None:
        with self._lock:
            assert delivery not in self.marked, f"{delivery} is given back after its mark"
            del self.taken[delivery]
            self.given_back.append(delivery)

    def slow_down(self, seconds: float) -> None:
        self.slowed.append(seconds)


def _edition(item: Any) -> Any:
    letter = getattr(item, "letter", None)
    return letter.edition if letter else None

"""The desk of each lane (``carriers.desk.Desk``): knows what the lane holds, so that its death loses nothing."""

from collections.abc import Sequence
from typing import Any

from syndicate.flows.send.tray import Tray
from syndicate.model import DeliveryState, Outcome, UnsafeValue
from syndicate.store.claims import Claimed


class LaneDesk:
    """What one lane sees."""

    def __init__(self, tray: Tray) -> None:
        self.tray = tray
        self.out: dict[int, Claimed] = {}
        self.marked: set[int] = set()

    def take(self, most: int = 1, *, wait: bool = True) -> Sequence[Any]:
        made: list[Any] = []
        while not made:
            lines = self.tray.pick(most, wait=wait)
            if not lines:
                return ()
            made = [item for line in lines if (item := self._made(line)) is not None]
        return made

    def mark(self, deliveries: Sequence[int]) -> frozenset[int]:
        may = self.tray.mark(deliveries)
        for one in deliveries:
            if one in may:
                self.marked.add(one)
            else:
                self.out.pop(one, None)
        return may

    def settle(self, delivery: int, outcome: Outcome) -> None:
        self.marked.discard(delivery)
        self.tray.settle(self.out.pop(delivery), outcome)

    def give_back(self, delivery: int) -> None:
        self.tray.give_back(self.out.pop(delivery))

    def slow_down(self, seconds: float) -> None:
        self.tray.slow_down(seconds)

    def close(self, reason: str) -> None:
        """The lane is gone: what it had marked is in doubt, the rest is owed as before."""
        for delivery in list(self.out):
            if delivery in self.marked:
                self.settle(delivery, Outcome(DeliveryState.UNSURE, reason))
            else:
                self.give_back(delivery)

    def _made(self, line: Claimed) -> Any:
        """The message; None for one that cannot be made, which is settled so."""
        self.out[line.id] = line
        try:
            return self.tray.make(line)
        except UnsafeValue as error:
            self.settle(line.id, Outcome(DeliveryState.FAILED, str(error)))
            return None

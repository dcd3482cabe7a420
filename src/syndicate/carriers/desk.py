"""The desk: what a carrier asks of whoever sends. Declared here because carriers use it; ``flows.send`` is one."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from syndicate.model import HandOver, Outcome, Personal

Item = TypeVar("Item", HandOver, Personal, covariant=True)


class Desk(Protocol[Item]):
    """Hands out deliveries and writes down what becomes of them; may be used from many threads at once.

    The order for each delivery: ``take``, everything but what makes the hand-over take effect (the final dot, the
    last byte of a request), ``mark``, that last byte, ``settle``. A connection has at most one delivery, or one batch,
    that is marked and not settled, so that a death leaves no more than that in doubt; what was settled before a
    ``mark`` is committed with it.
    """

    def take(self, most: int = 1, *, wait: bool = True) -> Sequence[Item]:
        """At most ``most`` deliveries of one edition, allowed by the pace now; each is the lane's alone.

        With ``wait`` it blocks until there is one, and an empty answer means that the lane is to end. Without,
        an empty answer means that there is none at this moment.
        """
        ...

    def mark(self, deliveries: Sequence[int]) -> frozenset[int]:
        """Block until it is committed that these may have been handed over; returns those that may go.

        The others were called back meanwhile (their reader left, staff paused the issue): they must not take
        effect, and the lane need not settle them.
        """
        ...

    def settle(self, delivery: int, outcome: Outcome) -> None:
        """Say what became of one, at once; it is committed with the next mark, or soon."""
        ...

    def give_back(self, delivery: int) -> None:
        """Say that nothing of this one can have taken effect and that it was not tried: it is owed as before."""
        ...

    def slow_down(self, seconds: float) -> None:
        """Say that the other side wants nothing from anybody for so long."""
        ...

"""Patience: how long one that may go waits for others, so that one commit of the ledger is for all of them.

Waiting costs nothing where the server is busy: what would stand in its queue stands in ours. It costs everything where
the server is idle and far away. How long messages stand in the server's queue is what their answers take longer than
the shortest lately, and so long others are waited for.
"""

from collections import deque

LONGEST = 0.025
"""Seconds."""

LATELY = 512
"""Answers of which one half at least is remembered."""

SHARE = 0.2
"""Of the time may go into commits, at most, where lanes could do something else."""


class Patience:
    """Seconds all over, of a monotonic clock. ``wait`` is how long after one commit the next is due."""

    def __init__(self) -> None:
        self.wait = 0.0
        self._cost = 0.0005
        self._usual = 0.0
        self._shortest: deque[float] = deque((float("inf"),) * 2, maxlen=2)
        self._number = 0

    def answered(self, seconds: float) -> None:
        """A server answered a message so long after its end."""
        self._usual += 0.02 * (seconds - self._usual)
        if seconds < self._shortest[-1]:
            self._shortest[-1] = seconds
        self._number += 1
        if self._number % (LATELY // 2) == 0:
            self._shortest.append(seconds)

    def committed(self, cost: float) -> None:
        """A commit took so long."""
        self._cost += 0.1 * (cost - self._cost)
        queued = max(0.0, self._usual - min(self._shortest))
        self.wait = min(LONGEST, max(queued, self._cost * (1 / SHARE - 1)))

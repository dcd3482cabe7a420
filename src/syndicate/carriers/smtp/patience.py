"""Patience: how long one that may go waits for others, so that one commit of the ledger is for all of them.

Waiting costs nothing where the server is busy: what would stand in its queue stands in ours. It costs everything where
the server is idle and far away. Both answer late; but of an idle server the quickest of a few answers takes no longer
than the quickest of many, and of a busy one it does. The difference is what stands in its queue before anybody's.
"""

from collections import deque
from statistics import fmean

LONGEST = 0.025
"""Seconds."""

FEW, MANY = 16, 512
"""Answers."""

WAIT, NAP = 4.0, 0.5
"""Times what stands in the server's queue before anybody's, which is a fraction of what stands there: so long others
are waited for, and so long the server is not listened to, for it has enough to do.
"""


class Patience:
    """Seconds all over, of a monotonic clock.

    ``wait`` is how long after one commit the next is due, ``nap`` how long the server will not run out of work.
    """

    def __init__(self) -> None:
        self.wait = self.nap = 0.0
        self._cost = self._queued = 0.0
        self._answers = 0
        self._quickest = float("inf")
        self._lately: deque[float] = deque(maxlen=MANY // FEW)

    def answered(self, seconds: float) -> None:
        """The server answered a message so long after its end."""
        self._quickest = min(self._quickest, seconds)
        self._answers += 1
        if self._answers % FEW == 0:
            self._lately.append(self._quickest)
            self._queued = fmean(self._lately) - min(self._lately)
            self._quickest = float("inf")

    def committed(self, cost: float) -> None:
        """A commit took so long. Half of the time goes into commits at most where there is something else to do."""
        self._cost += 0.1 * (cost - self._cost)
        self.nap = NAP * self._queued
        self.wait = min(LONGEST, max(WAIT * self._queued, self._cost))

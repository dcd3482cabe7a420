"""How long somebody waits who keeps failing to sign in. Counted for an account, and for a network; apart from those,
for a network whose programs bring tokens that are not valid."""

from collections.abc import Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
FREE = {"account": 5, "network": 20, "token": 20}
"""Failures within the window that cost nothing."""

FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=15)


def wait(failures: Sequence[datetime], kind: str, now: datetime) -> timedelta:
    """Until when another try is not even looked at, from now on; zero when one may be made.

    ``failures`` are the moments of those within the window, in any order. Each one over the free ones doubles the
    wait, up to a quarter of an hour: an account is never locked for good by somebody else.
    """
    recent = sorted(moment for moment in failures if now - moment < WINDOW)
    over = len(recent) - FREE[kind]
    if over < 0 or not recent:
        return timedelta(0)
    pause: timedelta = min(FIRST * 2 ** min(over, 10), LONGEST)
    return max(timedelta(0), recent[-1] + pause - now)

"""What hubs (WebSub) are told of, and how long a hub that does not listen is tried. Pure."""

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
PATIENCE = timedelta(days=3)
FEWEST = 5
"""Attempts before anything is given up: a machine that was off for a week has not tried."""


def is_topic(path: str) -> bool:
    """Whether a file of the public tree (``feeds/en/rss.xml``) is a subscription document, which hubs tell about.

    Archive pages (RFC 5005), lists and pages for people are not.
    """
    is_feed = path.startswith("feeds/") and path.endswith((".xml", ".json"))
    return is_feed and "/archive/" not in path


def tried_again(attempt: int, since: datetime, now: datetime, chance: float) -> datetime | None:
    """When a hub is told again that did not take the ``attempt``-th (from 1) ping; None when it is given up.

    ``since`` is when it should have known. The pause doubles; ``chance`` (0 to 1) takes up to half of it away, so that
    many newsrooms do not come back to a hub at one moment.
    """
    if attempt >= FEWEST and now - since >= PATIENCE:
        return None
    doubled: timedelta = FIRST_PAUSE * 2 ** min(attempt - 1, 20)
    return now + min(doubled, LONGEST_PAUSE) * (1 - chance / 2)

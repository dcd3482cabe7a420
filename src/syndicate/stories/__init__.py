"""Language versions joined into stories; identities that last; author bios; similar posts (``stories.similar``)."""

from syndicate.stories.bios import best_bio, bylines
from syndicate.stories.identity import Ledger, Placed, likeness
from syndicate.stories.standing import Standing, Version, standings, unsourced, without_bio

__all__ = [
    "Ledger",
    "Placed",
    "Standing",
    "Version",
    "best_bio",
    "bylines",
    "likeness",
    "standings",
    "unsourced",
    "without_bio",
]

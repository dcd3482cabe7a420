"""Language versions joined into stories; identities that last; author bios; similar posts (``stories.similar``)."""

from syndicate.stories.bios import best_bio, bylines
from syndicate.stories.identity import Ledger, Placed, likeness

__all__ = ["Ledger", "Placed", "best_bio", "bylines", "likeness"]

"""A whole list taken in at once: staged in temporary tables, decided there, and written in one short transaction.

    Stage.put (lines as they are read) -> sort -> asked, decide (whoever is not simply new), settle -> apply

Everything before ``apply`` writes to tables of one connection alone, so that nobody waits for it; they are gone with
the connection. ``apply`` looks again at what was read, and leaves to its caller whoever changed meanwhile.
"""

from syndicate.store.lists.export import Chosen, people
from syndicate.store.lists.held import Held, held_at
from syndicate.store.lists.landing import apply
from syndicate.store.lists.stage import Asked, AskedLine, Decided, Stage, Staged, lines_of_late

__all__ = [
    "Asked",
    "AskedLine",
    "Chosen",
    "Decided",
    "Held",
    "Stage",
    "Staged",
    "apply",
    "held_at",
    "lines_of_late",
    "people",
]

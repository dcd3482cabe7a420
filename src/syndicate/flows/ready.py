"""Ready: whether a server can do what readers come for, asked every few seconds. ``doctor`` looks at everything."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from syndicate.flows.house import House
from syndicate.model import SyndicateError

_log = logging.getLogger("syndicate.ready")


@dataclass(frozen=True, slots=True)
class Check:
    """``what`` is one word; why it is not well is in the log, not for whoever asks."""

    what: str
    is_well: bool


def checks(house: House) -> list[Check]:
    """Database, public tree, secret."""
    return [
        _check("database", house.database.check),
        _check("tree", lambda: _readable(house)),
        _check("secret", lambda: _kept(house)),
    ]


def _check(what: str, look: Callable[[], None]) -> Check:
    try:
        look()
    except (SyndicateError, OSError) as error:
        _log.warning("not ready: %s: %s", what, error)
        return Check(what, False)
    return Check(what, True)


def _readable(house: House) -> None:
    with os.scandir(house.tree.root) as names:
        next(names, None)


def _kept(house: House) -> None:
    """The file is what the next start reads; without it every link that was ever mailed is void."""
    if house.secret is not None:
        house.secret.read_bytes()

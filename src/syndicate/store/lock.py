"""One process at a time on this machine: a lock that dies with whoever holds it."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from syndicate.model import Busy

AGAIN = 0.1
"""Seconds after which somebody who waits asks again."""


@contextmanager
def only_one(path: Path, doing: str = "sending", patience: float = 0.0) -> Iterator[None]:
    """Hold ``path`` locked. Raises :class:`Busy` when another process still holds it after ``patience`` seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with path.open("w") as file:
        while not _locked(file):
            if time.monotonic() >= until:
                raise Busy(f"{path}: another syndicate is {doing}; wait for it, or stop it")
            time.sleep(AGAIN)
        yield


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""One sender at a time on this machine: a lock that dies with its process."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syndicate.model import StoreError


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold ``path`` locked. Raises :class:`StoreError` when another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"{path}: another syndicate is sending; wait for it, or stop it") from error
        yield

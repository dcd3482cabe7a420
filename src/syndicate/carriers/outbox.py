"""The outbox: one ``.eml`` a message in a folder. The default, and the way to look at mail."""

import os
from pathlib import Path

from syndicate.model import CarrierError, DeliveryState, HandOver, Outcome


class Outbox:
    """Writes ``{folder}/{delivery:07d}.eml``; a file that is there was handed over, whole.

    Raises :class:`CarrierError` when the folder cannot be written to.
    """

    name = "outbox"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "Outbox":
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CarrierError(f"{self.folder}: {error.strerror}") from error
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def hand_over(self, item: HandOver) -> Outcome:
        target = self._path(item.delivery)
        temporary = target.with_suffix(".part")
        try:
            with temporary.open("wb") as file:
                file.write(item.message)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            _sync(self.folder)
        except OSError as error:
            raise CarrierError(f"{target}: {error.strerror}; nothing more is handed over") from error
        return Outcome(DeliveryState.ACCEPTED)

    def proof(self, delivery: int) -> Outcome | None:
        """What is certain about an interrupted hand-over: the file is there, or it was not handed over."""
        if self._path(delivery).exists():
            return Outcome(DeliveryState.ACCEPTED)
        return Outcome(DeliveryState.PLANNED, "", retry=True)

    def _path(self, delivery: int) -> Path:
        return self.folder / f"{delivery:07d}.eml"


def _sync(folder: Path) -> None:
    """Make the new name last, too: the ledger is about to say that the file is there."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

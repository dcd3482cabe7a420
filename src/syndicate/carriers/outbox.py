"""The outbox: one ``.eml`` a message in a folder. The default, and the way to look at mail."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from syndicate.carriers.desk import Desk
from syndicate.model import TRIALS, CarrierError, DeliveryState, HandOver, Outcome


class Outbox:
    """Writes ``{folder}/{delivery:07d}.eml``; a file that is there was handed over, whole.

    Letters that are no deliveries have negative numbers: ``confirm-{number:07d}.eml``, and ``test-…`` for test mails.

    Raises :class:`CarrierError` when the folder cannot be written to; what was taken by then is given back.
    """

    name = "outbox"
    takes: Literal["messages"] = "messages"
    lanes = 4

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

    def carry(self, desk: Desk[HandOver]) -> None:
        """One lane: a message lies there under another name until it is marked; its own name hands it over."""
        while taken := desk.take():
            for item in taken:
                if self._prepare(desk, item):
                    self._hand_over(desk, item.delivery)

    def proof(self, delivery: int) -> Outcome | None:
        """What is certain about an interrupted hand-over: the file is there, or it was not handed over."""
        if self._path(delivery).exists():
            return Outcome(DeliveryState.ACCEPTED)
        return Outcome(DeliveryState.PLANNED, "", retry=True)

    def _prepare(self, desk: Desk[HandOver], item: HandOver) -> bool:
        """Whether it is written and marked; whatever goes wrong until then, it is owed as before."""
        part, may_go = self._part(item.delivery), False
        try:
            self._write(part, item.pieces)
            may_go = bool(desk.mark((item.delivery,)))
        except BaseException:
            desk.give_back(item.delivery)
            raise
        finally:
            if not may_go:
                part.unlink(missing_ok=True)
        return may_go

    def _write(self, part: Path, pieces: Sequence[bytes]) -> None:
        try:
            with part.open("wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _error(part, error) from error

    def _hand_over(self, desk: Desk[HandOver], delivery: int) -> None:
        target = self._path(delivery)
        try:
            self._part(delivery).replace(target)
        except OSError as error:
            desk.settle(delivery, Outcome(DeliveryState.FAILED, "the file got no name", retry=True))
            raise _error(target, error) from error
        try:
            _sync(self.folder)
        except OSError as error:
            desk.settle(delivery, Outcome(DeliveryState.UNSURE, "the file's name may not last"))
            raise _error(target, error) from error
        desk.settle(delivery, Outcome(DeliveryState.ACCEPTED))

    def _path(self, delivery: int) -> Path:
        return self.folder / f"{_name(delivery)}.eml"

    def _part(self, delivery: int) -> Path:
        return self._path(delivery).with_suffix(".part")


def _name(delivery: int) -> str:
    if delivery >= 0:
        return f"{delivery:07d}"
    return f"test-{-delivery}" if delivery < TRIALS else f"confirm-{-delivery:07d}"


def _error(path: Path, error: OSError) -> CarrierError:
    return CarrierError(f"{path}: {error.strerror}; nothing more is handed over")


def _sync(folder: Path) -> None:
    """Make the new name last, too: the ledger is about to say that the file is there."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Where a sender may die: before, amid and after everything that lasts or that somebody else sees.

Nothing of this is in the product: the points are wrapped around its own calls, in the process that is to die.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syndicate.carriers import outbox
from syndicate.carriers.smtp import wire
from syndicate.store import Database
from syndicate.store.marks import Pen
from syndicate.store.witness import Witness

POINTS = (
    "commit before", "commit after", "mark before", "mark after", "send before", "send amid", "send after",
    "receive before", "receive after", "witness before", "witness after",
)  # fmt: skip
OUTBOX_POINTS = (
    "commit before", "commit after", "mark before", "mark after", "rename before", "rename after",
    "sync before", "sync after", "witness before", "witness after",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kill:
    """Die at the ``number``-th time (from 1) that ``point`` is reached."""

    point: str
    number: int


class Counting:
    """Counts how often each point is reached, and dies at the one it is told."""

    def __init__(self, kill: Kill | None) -> None:
        self.kill, self.reached = kill, Counter[str]()

    def at(self, point: str) -> None:
        self.reached[point] += 1
        if self.dies(point):
            os.kill(os.getpid(), signal.SIGKILL)

    def dies(self, point: str) -> bool:
        return self.kill is not None and self.kill.point == point and self.reached[point] == self.kill.number


def around(counting: Counting, what: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **named: Any) -> Any:
        counting.at(f"{what} before")
        found = call(*args, **named)
        counting.at(f"{what} after")
        return found

    return wrapped


def install(counting: Counting, database: Database) -> None:
    """Wrap this process's database, wire, outbox and witness."""
    dialect = database.engine.dialect
    dialect.do_commit = around(counting, "commit", dialect.do_commit)  # type: ignore[method-assign]
    Pen.write = around(counting, "mark", Pen.write)  # type: ignore[method-assign]
    Witness.write = around(counting, "witness", Witness.write)  # type: ignore[method-assign]
    wire.Wire.reply = _receiving(counting, wire.Wire.reply)  # type: ignore[method-assign]
    wire.Wire.send = _sending(counting, wire.Wire.send)  # type: ignore[method-assign]
    Path.replace = around(counting, "rename", Path.replace)  # type: ignore[method-assign]
    outbox.os = _Os(counting)  # type: ignore[attr-defined]


class _Os:
    """``os`` as the outbox sees it."""

    def __init__(self, counting: Counting) -> None:
        self.fsync = around(counting, "sync", os.fsync)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def _receiving(counting: Counting, reply: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapped(self: wire.Wire) -> wire.Reply:
        counting.at("receive before")
        found: wire.Reply = await reply(self)
        counting.at("receive after")
        return found

    return wrapped


def _sending(counting: Counting, send: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapped(self: wire.Wire, data: bytes) -> None:
        counting.at("send before")
        counting.reached["send amid"] += 1
        if counting.dies("send amid"):
            await send(self, data[: random.randrange(len(data) + 1)])
            os.kill(os.getpid(), signal.SIGKILL)
        await send(self, data)
        counting.at("send after")

    return wrapped

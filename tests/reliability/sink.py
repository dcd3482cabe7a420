"""An SMTP server in a process of its own that remembers what it took, whether or not its answer arrived.

A line on its other port asks it: ``reset SEED LOSS`` begins a run, ``told`` answers with JSON. With ``LOSS`` so many
of a hundred connections are dropped after a message was taken and before the answer.
"""

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Memory:
    """Of one run. ``open`` counts connections that may still bring something."""

    def __init__(self) -> None:
        self.open = 0
        self.reset(0, 0)

    def reset(self, seed: int, loss: int) -> None:
        self.taken: Counter[str] = Counter()
        self.loss, self.dice = loss, random.Random(seed)

    def told(self) -> dict[str, Any]:
        return {"open": self.open, "taken": self.taken}


class Smtp(asyncio.Protocol):
    """As much of RFC 5321 and 2920 as a sender asks for; takes every message whose final dot arrives."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.buffer, self.recipient, self.is_data = memory, b"", "", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.memory.open += 1
        transport.write(b"220 sink\r\n")

    def connection_lost(self, _: Exception | None) -> None:
        self.memory.open -= 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self.buffer and not self.transport.is_closing():
            end = b"\r\n.\r\n" if self.is_data else b"\r\n"
            line, found, rest = self.buffer.partition(end)
            if not found:
                return
            self.buffer = rest
            self.transport.write(self._taken() if self.is_data else self._answer(line))

    def _taken(self) -> bytes:
        self.is_data = False
        self.memory.taken[self.recipient] += 1
        if self.memory.dice.randrange(100) < self.memory.loss:
            self.transport.abort()
            return b""
        return b"250 2.0.0 taken\r\n"

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        if verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        if verb == b"DATA":
            self.is_data = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
            return b""
        return b"250 ok\r\n"


class Control(asyncio.Protocol):
    """Questions of the harness."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        words = data.decode().split()
        if words[0] == "reset":
            self.memory.reset(int(words[1]), int(words[2]))
        self.transport.write(json.dumps(self.memory.told()).encode() + b"\n")


async def _serve() -> None:
    """Until standard input ends, which it does with the harness; the ports are said on standard output."""
    memory, loop = Memory(), asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: Smtp(memory), "127.0.0.1", 0)
    control = await loop.create_server(lambda: Control(memory), "127.0.0.1", 0)
    print(*(one.sockets[0].getsockname()[1] for one in (smtp, control)), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def listening() -> Iterator[tuple[int, int]]:
    """(port of SMTP, port of questions), until the end of the block."""
    words = [sys.executable, "-m", "tests.reliability.sink"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout
        assert process.stdin
        smtp, control = map(int, process.stdout.readline().split())
        try:
            yield smtp, control
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())

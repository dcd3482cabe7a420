"""A server that follows a script for each message, to the byte, and remembers all that it heard."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

HANG_UP = "hang up"
IN_THE_MIDDLE = "hang up in the middle"
GOOD = {"MAIL": "250 sender ok", "RCPT": "250 recipient ok", "DATA": "354 go on", "dot": "250 taken"}


class Robot:
    """``scripts``: by number of the message (its sender is ``s{number}@...``) what to say at MAIL, RCPT, DATA, dot.

    ``opening``: what is said first, and to EHLO. ``piece``: bytes a packet. ``end``: the end of a line.
    ``whole``: numbers whose message came to its dot; ``said``: what the dot was answered; ``heard``: each
    connection, in bytes; ``alone``: dots without a message.
    """

    def __init__(
        self,
        scripts: Mapping[int, Mapping[str, str]] = {},
        *,
        offers: Sequence[str] = ("PIPELINING",),
        greeting: str = "220 robot",
        piece: int = 0,
        end: str = "\r\n",
    ) -> None:
        self.scripts, self.offers, self.greeting, self.piece, self.end = scripts, offers, greeting, piece, end
        self.whole: list[int] = []
        self.said: dict[int, str] = {}
        self.heard: list[bytes] = []
        self.alone = 0

    def answer(self, connection: socket.socket) -> None:
        """One connection, until either side has enough of it."""
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard.append(b"")
        with connection, connection.makefile("rb") as lines, suppress(OSError, _Enough):
            self._say(connection, self.greeting)
            while line := self._line(lines):
                self._command(connection, lines, line)

    def _command(self, connection: socket.socket, lines: BinaryIO, line: bytes) -> None:
        verb = (line.split() or [b""])[0].upper().decode("ascii", "replace")
        if verb == "MAIL":
            self.number = int(line.partition(b"<s")[2].partition(b"@")[0])
            self.good = {}
        if verb == "EHLO":
            words = ["robot", *self.offers]
            self._say(connection, *(f"250{'-' if one is not words[-1] else ' '}{one}" for one in words))
        elif verb in GOOD:
            self._say(connection, self._scripted(verb))
            if self._scripted(verb).startswith("354"):
                self._message(connection, lines)
        else:
            self._say(connection, "250 ok" if verb != "QUIT" else "221 bye")
            if verb == "QUIT":
                raise _Enough

    def _scripted(self, verb: str) -> str:
        said = self.scripts.get(self.number, {}).get(verb)
        if said is None:
            before = {"RCPT": ["MAIL"], "DATA": ["MAIL", "RCPT"]}.get(verb, [])
            said = GOOD[verb] if all(self.good.get(one) for one in before) else "503 not now"
        self.good[verb] = said.startswith(("2", "354"))
        return said

    def _message(self, connection: socket.socket, lines: BinaryIO) -> None:
        script = self.scripts.get(self.number, {})
        first = True
        while (line := self._line(lines)) != b".\r\n":
            if not line or script.get("body") == IN_THE_MIDDLE:
                raise _Enough
            first = False
        if first:
            self.alone += 1
            self._say(connection, "554 no valid recipients")
            return
        self.whole.append(self.number)
        self.said[self.number] = script.get("dot", GOOD["dot"])
        self._say(connection, self.said[self.number])

    def _line(self, lines: BinaryIO) -> bytes:
        line = lines.readline()
        self.heard[-1] += line
        return line

    def _say(self, connection: socket.socket, *said: str) -> None:
        if said[0] == HANG_UP:
            raise _Enough
        data = "".join(line + self.end for line in said).encode()
        step = self.piece or len(data)
        for at in range(0, len(data), step):
            connection.sendall(data[at : at + step])
        if said[0].startswith("421"):
            raise _Enough


class _Enough(Exception):
    """The robot hangs up."""


@contextmanager
def _door(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which ``answer`` gets one connection after the other; ends with the block."""
    done = threading.Event()

    def run(door: socket.socket) -> None:
        while True:
            connection, _ = door.accept()
            if done.is_set():
                connection.close()
                return
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=run, args=(door,))
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            done.set()
            socket.create_connection(door.getsockname()).close()
            thread.join()


@contextmanager
def listening(*robots: Robot) -> Iterator[int]:
    """Each robot answers one connection, the last one all that follow, one after the other; ends with the block."""
    left = list(robots)
    with _door(lambda connection: (left.pop(0) if len(left) > 1 else left[0]).answer(connection)) as port:
        yield port


class Crowd:
    """As many robots as there are connections, each new one like the last; ``robots`` has them all."""

    def __init__(self, make: Callable[[], Robot]) -> None:
        self.make, self.robots = make, list[Robot]()
        self._threads: list[threading.Thread] = []

    @property
    def whole(self) -> list[int]:
        return [number for one in self.robots for number in one.whole]

    @property
    def said(self) -> dict[int, str]:
        return {number: reply for one in self.robots for number, reply in one.said.items()}

    @contextmanager
    def listening(self) -> Iterator[int]:
        """All at once; ends with the block."""
        with _door(self._answer) as port:
            yield port
        for one in self._threads:
            one.join()

    def _answer(self, connection: socket.socket) -> None:
        self.robots.append(robot := self.make())
        self._threads.append(threading.Thread(target=robot.answer, args=(connection,)))
        self._threads[-1].start()

"""An SMTP server on real sockets that goes wrong in the ways of networks and machines, and knows what it took."""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import BinaryIO

FAULTS = {
    "silent at MAIL": "reads on, and never answers MAIL",
    "reset at DATA": "allows the message, and resets the connection",
    "half closed at DATA": "allows the message, shuts its writing side, and reads on",
    "deaf at DATA": "allows the message, and never reads again",
    "silent at the dot": "takes the message; its answer never comes",
    "reset at the dot": "takes the message, and resets the connection",
    "half closed at the dot": "takes the message, shuts its writing side, and reads on",
    "half an answer": "takes the message, says 25, and no more",
    "a late answer": "takes the message, and says so when nobody waits any more",
}


class Faulty:
    """``faults``: recipient to what goes wrong, the first time that they are tried.

    ``taken`` counts the recipients of messages whose final dot arrived. To the first
    ``black_holes`` connections it does not say a word.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = faults
        self.taken: Counter[str] = Counter()
        self.tried: Counter[str] = Counter()
        self.black_holes = 0.0
        self.over = threading.Event()
        self.lock = threading.Lock()

    def serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError, _Enough):
            if self._is_black_hole():
                self._read_on(lines)
            connection.sendall(b"220 faulty\r\n")
            fault = recipient = ""
            while line := lines.readline():
                verb = line[:4].upper()
                if verb == b"MAIL":
                    sender = line
                    continue
                if verb == b"RCPT":
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                    fault = self._fault_of(recipient)
                    self._maybe(fault, "MAIL", connection, lines)
                    connection.sendall(b"250 sender\r\n250 recipient\r\n" if sender else b"503 no\r\n")
                elif verb == b"DATA":
                    self._message(connection, lines, recipient, fault)
                elif verb == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    more = b"250-faulty\r\n250-8BITMIME\r\n250 PIPELINING\r\n"
                    connection.sendall(more if verb == b"EHLO" else b"250 ok\r\n")

    def _is_black_hole(self) -> bool:
        with self.lock:
            self.black_holes -= 1
            return self.black_holes >= 0

    def _fault_of(self, recipient: str) -> str:
        with self.lock:
            self.tried[recipient] += 1
            return self.faults.get(recipient, "") if self.tried[recipient] == 1 else ""

    def _message(self, connection: socket.socket, lines: BinaryIO, recipient: str, fault: str) -> None:
        connection.sendall(b"354 go on\r\n")
        self._maybe(fault, "DATA", connection, lines)
        if fault == "half closed at DATA":
            connection.shutdown(socket.SHUT_WR)
        while (line := lines.readline()) != b".\r\n":
            if not line:
                raise _Enough
        with self.lock:
            self.taken[recipient] += 1
        if fault == "half an answer":
            connection.sendall(b"25")
            self._read_on(lines)
        if fault == "a late answer":
            self.over.wait(LATE)
        self._maybe(fault, "the dot", connection, lines)
        connection.sendall(b"250 taken\r\n")

    def _maybe(self, fault: str, where: str, connection: socket.socket, lines: BinaryIO) -> None:
        """What goes wrong here, if it does."""
        what, _, place = fault.partition(" at ")
        if place != where:
            return
        if what == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise _Enough
        if what == "half closed" and where == "the dot":
            connection.shutdown(socket.SHUT_WR)
            self._read_on(lines)
        if what == "silent":
            self._read_on(lines)
        if what == "deaf":
            self.over.wait()
            raise _Enough

    def _read_on(self, lines: BinaryIO) -> None:
        """Whatever comes, until nothing does."""
        while lines.readline():
            pass
        raise _Enough


LATE = 1.5
"""Seconds: longer than the tests' senders wait."""


class _Enough(Exception):
    """The connection is over."""


@contextmanager
def listening(faulty: Faulty) -> Iterator[int]:
    """On a free port of this machine, a thread for each connection; everything ends with the block."""
    threads: list[threading.Thread] = []
    open_ones: list[socket.socket] = []

    def run(door: socket.socket) -> None:
        while not faulty.over.is_set():
            connection, _ = door.accept()
            open_ones.append(connection)
            threads.append(threading.Thread(target=faulty.serve, args=(connection,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as door:
        accepting = threading.Thread(target=run, args=(door,))
        accepting.start()
        try:
            yield door.getsockname()[1]
        finally:
            faulty.over.set()
            socket.create_connection(door.getsockname()).close()
            accepting.join()
            for one in open_ones:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()

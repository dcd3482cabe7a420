"""The wire: bytes out, replies in (RFC 5321, 4.2), and nothing believed that is not a reply."""

import select
import socket
import ssl
import struct
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

LONGEST_LINE = 4096
MOST_PIECES = 1000
"""Of one call; the system allows 1024 (IOV_MAX)."""

MOST_LINES = 200
"""Of one reply. RFC 5321, 4.5.3.1.5 allows lines of 512 bytes; what is ten times as long is no reply."""


class Reply(NamedTuple):
    """Three digits, and the text behind them: one line for each line of the reply, in bytes as they came."""

    code: int
    text: bytes


class Lost(Exception):
    """The connection is of no use any more; the text says why."""


class Unwelcome(Exception):
    """The server, or what we ask of it, does not allow us to hand over; trying again does not help."""


class Wire:
    """A connection. Every read and write is bounded by the socket's timeout; any failure raises Lost.

    ``offers``: what EHLO promised, upper-case names to their parameters.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.offers: Mapping[str, str] = MappingProxyType({})
        self._held, self._at = b"", 0
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    @property
    def pipelines(self) -> bool:
        return "PIPELINING" in self.offers

    def bound(self, seconds: float) -> None:
        """Let the system end what takes longer. Python's own time-outs ask it before each read and write, and every
        question lets another thread have the interpreter; TLS needs them.
        """
        if isinstance(self.sock, ssl.SSLSocket):
            return
        span = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.sock.setsockopt(socket.SOL_SOCKET, option, span)
        self.sock.settimeout(None)

    def send(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Lost(name(error)) from error

    def send_pieces(self, pieces: Sequence[bytes]) -> None:
        """As if they were one: what many messages share is not copied for each. TLS copies it anyway."""
        if isinstance(self.sock, ssl.SSLSocket) or len(pieces) > MOST_PIECES:
            self.send(b"".join(pieces))
            return
        try:
            sent = self.sock.sendmsg(pieces)
        except OSError as error:
            raise Lost(name(error)) from error
        if sent < sum(map(len, pieces)):
            self.send(b"".join(pieces)[sent:])

    def reply(self) -> Reply:
        """The next reply, whole."""
        code, more, text = self._line()
        return Reply(code, self._rest(code, text) if more else text)

    def ask(self, line: str) -> Reply:
        self.send(f"{line}\r\n".encode())
        return self.reply()

    def has_unread(self) -> bool:
        """Whether more than the replies that were read has come already."""
        return self._at < len(self._held)

    def has_news(self) -> bool:
        """Whether the server said something, or hung up, though it was asked nothing."""
        return self.has_unread() or bool(self._poll.poll(0))

    def drop(self) -> None:
        """Close without a word."""
        self.sock.close()

    def leave(self) -> None:
        """Say good-bye, wait for the answer (RFC 5321, 4.1.1.10), close."""
        try:
            self.ask("QUIT")
        except Lost:
            # It is the end either way, and everything was answered before.
            pass
        finally:
            self.drop()

    def _rest(self, code: int, first: bytes) -> bytes:
        lines, more = [first], True
        while more:
            same, more, text = self._line()
            if same != code or len(lines) == MOST_LINES:
                raise Lost("a reply of many lines is none")
            lines.append(text)
        return b"\n".join(lines)

    def _line(self) -> tuple[int, bool, bytes]:
        """Code, whether more lines follow, text. Lines that end in LF alone are read too, for there are such."""
        end = self._held.find(b"\n", self._at)
        while end < 0:
            self._receive()
            end = self._held.find(b"\n")
        line = self._held[self._at : end].rstrip(b"\r")
        self._at = end + 1
        code, mark = line[:3], line[3:4]
        if not (len(code) == 3 and code.isdigit() and b"2" <= code < b"6" and mark in b" -"):
            raise Lost(f"not a reply of SMTP: {line[:40]!r}")
        return int(code), mark == b"-", line[4:]

    def _receive(self) -> None:
        rest = self._held[self._at :]
        if len(rest) > LONGEST_LINE:
            raise Lost(f"a reply has a line of more than {LONGEST_LINE} bytes")
        try:
            came = self.sock.recv(LONGEST_LINE)
        except OSError as error:
            raise Lost(name(error)) from error
        if not came:
            raise Lost("the server hung up")
        self._held, self._at = rest + came, 0


def name(error: Exception) -> str:
    """An error of the system, in a line."""
    if isinstance(error, BlockingIOError):
        return "TimeoutError: timed out"
    return f"{type(error).__name__}: {error}"[:200]

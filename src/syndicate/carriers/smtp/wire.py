"""The wire: bytes out, replies in (RFC 5321, 4.2), and nothing believed that is not a reply."""

import select
import socket
import ssl
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

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


class Unsent(Lost):
    """And nothing of what was to be sent has left."""


class Unwelcome(Exception):
    """The server, or what we ask of it, does not allow us to hand over; trying again does not help."""


class Ear(Protocol):
    """Waits for the system (see ``switchboard.Seat``). Raises Lost when that takes too long."""

    async def readable(self, sock: socket.socket) -> None: ...
    async def writable(self, sock: socket.socket) -> None: ...
    def deafen(self) -> None: ...


class Wire:
    """A connection whose socket never blocks: whoever has to wait for it waits with the ``ear``. Failures raise Lost.

    ``offers``: what EHLO promised, upper-case names to their parameters.
    """

    def __init__(self, sock: socket.socket, ear: Ear) -> None:
        self.sock, self.ear = sock, ear
        self.offers: Mapping[str, str] = MappingProxyType({})
        self._is_secret = isinstance(sock, ssl.SSLSocket)
        self._held, self._at = b"", 0

    @property
    def pipelines(self) -> bool:
        return "PIPELINING" in self.offers

    async def send(self, data: bytes) -> None:
        """Raises Lost, which is Unsent where the system took none of it."""
        left = memoryview(data)
        while left:
            try:
                left = left[self.sock.send(left) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                await self.ear.writable(self.sock)
            except ssl.SSLWantReadError:
                await self.ear.readable(self.sock)
            except OSError as error:
                # Of TLS it is not known what it had written when it failed.
                is_certain = len(left) == len(data) and not self._is_secret
                raise (Unsent if is_certain else Lost)(name(error)) from error

    async def send_pieces(self, pieces: Sequence[bytes]) -> None:
        """As if they were one: what many messages share is not copied for each. TLS copies it anyway."""
        if self._is_secret or len(pieces) > MOST_PIECES:
            await self.send(b"".join(pieces))
            return
        try:
            sent = self.sock.sendmsg(pieces)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise Lost(name(error)) from error
        if sent < sum(map(len, pieces)):
            await self.send(b"".join(pieces)[sent:])

    async def reply(self) -> Reply:
        """The next reply, whole."""
        code, more, text = self._next() or await self._line()
        return Reply(code, await self._rest(code, text) if more else text)

    async def ask(self, line: str) -> Reply:
        await self.send(f"{line}\r\n".encode())
        return await self.reply()

    async def handshake(self) -> None:
        """TLS, up to where it is known whom we speak to. Raises Lost, or OSError, as which a bad certificate counts."""
        while isinstance(self.sock, ssl.SSLSocket):
            try:
                self.sock.do_handshake()
                return
            except ssl.SSLWantReadError:
                await self.ear.readable(self.sock)
            except ssl.SSLWantWriteError:
                await self.ear.writable(self.sock)

    def has_unread(self) -> bool:
        """Whether more than the replies that were read has come already."""
        return self._at < len(self._held)

    def has_news(self) -> bool:
        """Whether the server said something, or hung up, though it was asked nothing."""
        if self.has_unread():
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def drop(self) -> None:
        """Close without a word."""
        self.ear.deafen()
        self.sock.close()

    async def leave(self) -> None:
        """Say good-bye, wait for the answer (RFC 5321, 4.1.1.10), close."""
        try:
            await self.ask("QUIT")
        except Lost:
            # It is the end either way, and everything was answered before.
            pass
        finally:
            self.drop()

    async def _rest(self, code: int, first: bytes) -> bytes:
        lines, more = [first], True
        while more:
            same, more, text = self._next() or await self._line()
            if same != code or len(lines) == MOST_LINES:
                raise Lost("a reply of many lines is none")
            lines.append(text)
        return b"\n".join(lines)

    async def _line(self) -> tuple[int, bool, bytes]:
        while (found := self._next()) is None:
            await self._receive()
        return found

    def _next(self) -> tuple[int, bool, bytes] | None:
        """Code, whether more lines follow, text; None when no line has come. Lines that end in LF alone are read too,
        for there are such."""
        end = self._held.find(b"\n", self._at)
        if end < 0:
            return None
        line = self._held[self._at : end].rstrip(b"\r")
        self._at = end + 1
        code, mark = line[:3], line[3:4]
        if not (len(code) == 3 and code.isdigit() and b"2" <= code < b"6" and mark in b" -"):
            raise Lost(f"not a reply of SMTP: {line[:40]!r}")
        return int(code), mark == b"-", line[4:]

    async def _receive(self) -> None:
        rest = self._held[self._at :]
        if len(rest) > LONGEST_LINE:
            raise Lost(f"a reply has a line of more than {LONGEST_LINE} bytes")
        came = await self._came()
        if not came:
            raise Lost("the server hung up")
        self._held, self._at = rest + came, 0

    async def _came(self) -> bytes:
        """What comes next. TLS is asked first, for it may have read more from the system than it handed on."""
        if not self._is_secret:
            await self.ear.readable(self.sock)
        while True:
            try:
                return self.sock.recv(LONGEST_LINE)
            except (BlockingIOError, ssl.SSLWantReadError):
                await self.ear.readable(self.sock)
            except ssl.SSLWantWriteError:
                await self.ear.writable(self.sock)
            except OSError as error:
                raise Lost(name(error)) from error


def name(error: Exception) -> str:
    """An error of the system, in a line."""
    return f"{type(error).__name__}: {error}"[:200]

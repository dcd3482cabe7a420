"""What is sent of one message: its commands, its bytes, and why it may not be sent at all."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy

from syndicate.model import HandOver

if TYPE_CHECKING:
    from numpy.typing import NDArray

Sign = Callable[[Sequence[bytes]], bytes]
"""Message in, in pieces; header lines that go in front of it out (DKIM), each ending in CRLF."""

DOT = b".\r\n"
"""The end of a message whose last line is ended (RFC 5321, 4.1.1.4)."""

_LOCAL = r"[!-;=?-~\u00a1-\ud7ff\ue000-\U0010ffff]+"
_ADDRESS = re.compile(rf"{_LOCAL}@[!-;=?-~]+")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_SIGNATURE_ROOM = 1024


class Ready(NamedTuple):
    """One that may go out.

    ``has_dots``: a line begins with one; ``is_ascii``: the message is; ``utf8``: an address is not.
    """

    item: HandOver
    has_dots: bool
    is_ascii: bool
    utf8: bool

    def commands(self, offers: Mapping[str, str], sign: Sign | None) -> tuple[bytes, bytes, bytes]:
        """MAIL, RCPT, DATA with the parameters that the server knows (RFC 1870, 6152, 6531)."""
        mail = f"MAIL FROM:<{self.item.sender}>"
        if "SIZE" in offers:
            # An estimate is what RFC 1870, 6.1 asks for; the signature is made later.
            mail += f" SIZE={sum(map(len, self.item.pieces)) + (_SIGNATURE_ROOM if sign else 0)}"
        if not self.is_ascii and "8BITMIME" in offers:
            mail += " BODY=8BITMIME"
        if self.utf8:
            mail += " SMTPUTF8"
        return f"{mail}\r\n".encode(), f"RCPT TO:<{self.item.recipient}>\r\n".encode(), b"DATA\r\n"

    def body(self, sign: Sign | None) -> Sequence[bytes]:
        """Everything but the final dot; leading dots are doubled where there are any (RFC 5321, 4.5.2)."""
        if self.item.is_tidy:
            return (sign(self.item.pieces), *self.item.pieces) if sign else self.item.pieces
        message = self.item.message
        head = sign((message,)) if sign else b""
        end = b"" if message.endswith(b"\r\n") else b"\r\n"
        return head, _LEADING_DOT.sub(b"..", message) if self.has_dots else message, end


class Inspection:
    """Looks through one message after the other; of one thread, for it keeps its working memory."""

    def __init__(self) -> None:
        self._marks = numpy.empty((3, 0), numpy.bool_)

    def of(self, item: HandOver) -> Ready | str:
        """The message, ready to be sent; or why it must not be put on a wire."""
        if not (_ADDRESS.fullmatch(item.sender) and _ADDRESS.fullmatch(item.recipient)):
            return "the address cannot be written on an envelope"
        utf8 = not (item.sender.isascii() and item.recipient.isascii())
        if item.is_tidy:
            return Ready(item, has_dots=False, is_ascii=True, utf8=utf8)
        message = item.message
        has_dots = self._lines(message)
        if has_dots is None:
            return "the message has a bare CR or LF, which servers read differently"
        return Ready(item, has_dots, message.isascii(), utf8)

    def _lines(self, message: bytes) -> bool | None:
        """Whether a line begins with a dot; None when not all lines end in CRLF.

        A bare LF or CR lets a second message be smuggled past servers that take it for a line end (RFC 5321, 2.3.8).
        Counting with ``bytes.count`` takes as long as everything else that is done to send a message.
        """
        octets = numpy.frombuffer(message, numpy.uint8)
        one, ends, both = self._scratch(len(octets))
        numpy.equal(octets, ord("\n"), out=ends)
        numpy.equal(octets, ord("\r"), out=one)
        if one[-1:].any() or ends[:1].any() or numpy.not_equal(one[:-1], ends[1:], out=both[1:]).any():
            return None
        numpy.equal(octets, ord("."), out=one)
        return bool(one[:1].any() or numpy.logical_and(ends[:-1], one[1:], out=both[1:]).any())

    def _scratch(self, size: int) -> "NDArray[numpy.bool_]":
        """Three rows of flags. Made once: fresh memory for each message costs more than what is done in it."""
        if self._marks.shape[1] < size:
            self._marks = numpy.empty((3, 2 * size), numpy.bool_)
        return self._marks[:, :size]


def lacking(one: Ready, offers: Mapping[str, str]) -> str:
    """What the server would have to offer for this one; empty when it may go."""
    if one.utf8 and "SMTPUTF8" not in offers:
        return "the address is not ASCII, and the server does not offer SMTPUTF8 (RFC 6531)"
    return ""

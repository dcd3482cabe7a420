"""What is sent of one message: its commands, its bytes, and why it may not be sent at all."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy

from syndicate.model import HandOver

if TYPE_CHECKING:
    from numpy.typing import NDArray

Sign = Callable[[bytes], bytes]
"""Message in, header lines that go in front of it out (DKIM), each ending in CRLF."""

DOT = b".\r\n"
"""The end of a message whose last line is ended (RFC 5321, 4.1.1.4)."""

_LOCAL = r"[!-;=?-~\u00a1-\ud7ff\ue000-\U0010ffff]+"
_ADDRESS = re.compile(rf"{_LOCAL}@[!-;=?-~]+")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_SIGNATURE_ROOM = 1024


@dataclass(frozen=True, slots=True)
class Ready:
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
            mail += f" SIZE={len(self.item.message) + (_SIGNATURE_ROOM if sign else 0)}"
        if not self.is_ascii and "8BITMIME" in offers:
            mail += " BODY=8BITMIME"
        if self.utf8:
            mail += " SMTPUTF8"
        return f"{mail}\r\n".encode(), f"RCPT TO:<{self.item.recipient}>\r\n".encode(), b"DATA\r\n"

    def body(self, sign: Sign | None) -> bytes:
        """Everything but the final dot; leading dots are doubled where there are any (RFC 5321, 4.5.2)."""
        message = self.item.message
        head = sign(message) if sign else b""
        if self.has_dots:
            message = _LEADING_DOT.sub(b"..", message)
        end = b"" if message.endswith(b"\r\n") else b"\r\n"
        return b"".join((head, message, end)) if head or end else message


def ready(item: HandOver) -> Ready | str:
    """The message, looked through once; or why it must not be put on a wire."""
    if not (_ADDRESS.fullmatch(item.sender) and _ADDRESS.fullmatch(item.recipient)):
        return "the address cannot be written on an envelope"
    utf8 = not (item.sender.isascii() and item.recipient.isascii())
    octets = numpy.frombuffer(item.message, numpy.uint8)
    ends = numpy.flatnonzero(octets == ord("\n"))
    if not _are_crlf(octets, ends):
        return "the message has a bare CR or LF, which servers read differently"
    return Ready(item, _has_dots(octets, ends), item.message.isascii(), utf8)


def lacking(one: Ready, offers: Mapping[str, str]) -> str:
    """What the server would have to offer for this one; empty when it may go."""
    if one.utf8 and "SMTPUTF8" not in offers:
        return "the address is not ASCII, and the server does not offer SMTPUTF8 (RFC 6531)"
    return ""


def _are_crlf(octets: "NDArray[numpy.uint8]", ends: "NDArray[numpy.intp]") -> bool:
    """A bare LF or CR lets a second message be smuggled past servers that take it for a line end (RFC 5321, 2.3.8)."""
    if numpy.count_nonzero(octets == ord("\r")) != len(ends) or (len(ends) and ends[0] == 0):
        return False
    return bool((octets[ends - 1] == ord("\r")).all())


def _has_dots(octets: "NDArray[numpy.uint8]", ends: "NDArray[numpy.intp]") -> bool:
    starts = ends[ends < len(octets) - 1] + 1
    return bool(octets[:1] == ord(".")) or bool((octets[starts] == ord(".")).any())

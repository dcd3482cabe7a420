"""Text parts of a message with holes in them: encoded once, filled many times.

Encoding is what makes a message slow, and all but a few bytes of it is the same for everybody. A hole must not
disturb what stands around it:

quoted-printable   literal=⏎  value=⏎  literal     a soft line break on both sides, so that the value has its own lines
base64             literal  carry+value+lead  literal     three octets make four characters, so a seam takes up the 0 to
                   2 that the literal before could not place, and as many of the next as it needs; that one is
                   ready for each of the three places where it may begin

Neither has a line over 76 characters (RFC 2045, sections 6.7 and 6.8) or one that begins with a dot.
"""

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import Protocol

from syndicate.digests.content import Recipient
from syndicate.digests.people import PLACES
from syndicate.digests.slots import cut_at_slots

_SOFT = b"=\r\n"
_QP_ROOM = 75
# Up to 75 octets, but no "=XX" in two; a leading dot is going to be "=2E" and leaves two less.
_QP_LINE = re.compile(rb"(?:\..{0,72}|[^.].{0,74})(?<!=)(?<!=.)")
_BASE64_OCTETS = 57


class Part(Protocol):
    """One text part. ``encoding`` is its Content-Transfer-Encoding, ``size`` that of its literals in octets."""

    encoding: str
    size: int

    def begin(self, octets: bytes) -> None:
        """Put ``octets`` in front of the body, once, while the part is made."""
        ...

    def filled(self, who: Recipient, is_ordinary: bool) -> list[bytes]:
        """The encoded body made out to somebody (see ``people.safe``), in pieces: the first is everybody's.

        Lines end in CRLF.
        """
        ...


def part(text: str, *, is_html: bool, boundary: str, before: bytes = b"") -> Part:
    """``text`` (lines end in LF) in the encoding that is smaller for it, as a part of a multipart (RFC 2046, 5.1.1).

    It begins with ``before``, the boundary and its own head. Raises UnsafeValue for a foreign slot.
    """
    literals, names = cut_at_slots(text)
    octets = [literal.encode() for literal in literals]
    spell: Callable[[str], str] = escape if is_html else str
    quoted, based = Quoted(octets, names, spell), Based(octets, names, spell)
    made: Part = based if based.size < quoted.size else quoted
    head = (
        f'\r\n--{boundary}\r\nContent-Type: text/{"html" if is_html else "plain"}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {made.encoding}\r\n\r\n"
    )
    made.begin(before + head.encode())
    return made


class Quoted:
    """A part in quoted-printable."""

    encoding = "quoted-printable"

    def __init__(self, literals: list[bytes], names: list[str], spell: Callable[[str], str]) -> None:
        ready = [quoted(literal) for literal in literals]
        self.size = sum(map(len, ready))
        self._spell = spell
        self._holes = [(2 * n + 1, PLACES[name]) for n, name in enumerate(names)]
        self._pieces = [b""] * (2 * len(names) + 1)
        self._pieces[::2] = [_apart(one, n, len(names)) for n, one in enumerate(ready)]

    def begin(self, octets: bytes) -> None:
        self._pieces[0] = octets + self._pieces[0]

    def filled(self, who: Recipient, is_ordinary: bool) -> list[bytes]:
        pieces = self._pieces.copy()
        for at, place in self._holes:
            value = who[place]
            is_ready = is_ordinary and len(value) <= _QP_ROOM and value.isascii()
            pieces[at] = value.encode() if is_ready else quoted(self._spell(value).encode())
        return pieces


def _apart(literal: bytes, n: int, last: int) -> bytes:
    """The ``n``-th literal with soft breaks before and after holes; none may end a body (RFC 2045, section 6.7)."""
    before = _SOFT if n and (literal or n < last) else b""
    after = _SOFT if literal and n < last else b""
    return before + literal + after


@dataclass(frozen=True, slots=True)
class _Phase:
    """A literal from its nth octet on: what goes before it into the seam, whole lines, and the 0 to 2 left over."""

    lead: bytes
    lines: bytes
    carry: bytes


class Based:
    """A part in base64."""

    encoding = "base64"

    def __init__(self, literals: list[bytes], names: list[str], spell: Callable[[str], str]) -> None:
        self._spell = spell
        first, *rest = [literal.replace(b"\n", b"\r\n") for literal in literals]
        self._first = _phase(first, 0)
        self._rest = [
            (PLACES[name], one, tuple(_phase(one, n) for n in range(3)))
            for name, one in zip(names, rest, strict=True)
        ]
        self.size = len(self._first.lines) + sum(len(phases[0].lines) for _, _, phases in self._rest)

    def begin(self, octets: bytes) -> None:
        self._first = replace(self._first, lines=octets + self._first.lines)

    def filled(self, who: Recipient, is_ordinary: bool) -> list[bytes]:
        pieces, carry = [self._first.lines], self._first.carry
        for place, literal, phases in self._rest:
            value = who[place]
            carry += (value if is_ordinary else self._spell(value)).encode()
            wanted = -len(carry) % 3
            if len(literal) < wanted:  # too short to fill this seam: it goes into the next one
                carry += literal
                continue
            phase = phases[wanted]
            pieces += (_lines(carry + phase.lead), phase.lines)
            carry = phase.carry
        return [*pieces, _lines(carry)]


def _phase(literal: bytes, at: int) -> _Phase:
    end = len(literal) - (len(literal) - at) % 3
    return _Phase(literal[:at], _lines(literal[at:end]), literal[end:])


def _lines(octets: bytes) -> bytes:
    """Octets as base64, lines of 76 characters."""
    lines = [
        b2a_base64(octets[n : n + _BASE64_OCTETS], newline=False)
        for n in range(0, len(octets), _BASE64_OCTETS)
    ]
    return b"\r\n".join((*lines, b""))


def quoted(octets: bytes) -> bytes:
    """Octets, whose lines end in LF, in quoted-printable; a line end only where one was."""
    return b"\r\n".join(map(_quoted_line, octets.split(b"\n")))


def _quoted_line(line: bytes) -> bytes:
    # Broken anew, for ``binascii`` breaks lines with no thought for dots.
    whole = b2a_qp(line, istext=False).replace(b"=\n", b"")
    if len(whole) <= _QP_ROOM and not whole.startswith(b"."):
        return whole
    return _SOFT.join(b"=2E" + one[1:] if one.startswith(b".") else one for one in _QP_LINE.findall(whole))

"""Forms: a message as it is signed, head ``relaxed`` and body ``simple`` (RFC 6376, section 3.4).

What all messages of an edition have in common is looked at once: the last fields of the head, and SHA-256 as far as
the first octet of the body that is somebody's own.
"""

import hashlib
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from syndicate.model import UnsafeValue

Pieces = Sequence[bytes]
"""A message (RFC 5322, lines end in CRLF), cut wherever its maker likes."""

_Field = tuple[bytes, bytes]
"""Name and relaxed form."""
_Fields = tuple[_Field, ...]

OVERSIGNED = tuple(b"from to subject date message-id list-unsubscribe list-unsubscribe-post".split())
"""Named once more than they occur, so that nobody can add another one (RFC 6376, section 8.15)."""

SIGNED = (
    *OVERSIGNED,
    *b"reply-to cc in-reply-to references list-id list-help list-archive list-subscribe list-owner list-post".split(),
    *b"feedback-id precedence auto-submitted".split(),
    *b"mime-version content-type content-transfer-encoding content-language".split(),
)
"""What is signed where it occurs: what readers and their programs go by, nothing that relays add (section 5.4.1)."""

LINE = 72
"""Octets in a line of a folded value."""

_END_OF_HEAD = b"\r\n\r\n"
_GOES_ON = (b" ", b"\t", b"\r", b"")


class Prepared(NamedTuple):
    """A message as it is signed: ``names`` for h=, the ``head`` that they make, ``body`` for bh= (base64)."""

    names: bytes
    head: bytes
    body: bytes


class _Shared(NamedTuple):
    """The last fields of a head, and SHA-256 of the beginning of the body, to be copied and gone on with."""

    fields: _Fields
    body: "hashlib._Hash"


def prepare(message: Pieces) -> Prepared:
    """What is the same for all who sign ``message``. Raises UnsafeValue when it has no From (RFC 6376, section 5.4)."""
    fields, body = _piecewise(message) or _whole(b"".join(message))
    names, lines = zip(*fields, strict=True)
    asked, order = _chosen(names)
    return Prepared(asked, b"".join([lines[n] for n in order]), b2a_base64(body.digest(), newline=False))


def _piecewise(message: Pieces) -> tuple[_Fields, "hashlib._Hash"] | None:
    """Fields and SHA-256 of the body of a message as ``digests`` cuts it, without putting it together.

    The first piece is header lines; the second, with the end of the head, is the same in all messages of an edition.
    None for one that is cut in other places.
    """
    if len(message) < 3 or not message[0].endswith(b"\r\n") or _END_OF_HEAD in message[0]:
        return None
    shared, last = _shared(message[1]), _without_empty_lines(message[-1])
    # What is left of one octet may be half a line end, the other half of which stands in the piece before.
    if shared is None or len(last) < 2:
        return None
    body = shared.body.copy()
    for piece in message[2:-1]:
        body.update(piece)
    body.update(last + b"\r\n")
    return (*_relaxed(message[0][:-2]), *shared.fields), body


@lru_cache(maxsize=32)
def _shared(piece: bytes) -> _Shared | None:
    """None for a piece that goes on with a field of the one before, or in which no head ends."""
    head, end, body = piece.partition(_END_OF_HEAD)
    if not end or head[:1] in _GOES_ON:
        return None
    return _Shared(tuple(_relaxed(head)), hashlib.sha256(body))


def _whole(message: bytes) -> tuple[_Fields, "hashlib._Hash"]:
    head, _, body = message.partition(_END_OF_HEAD)
    return tuple(_relaxed(head)), hashlib.sha256(_without_empty_lines(body) + b"\r\n")


def _without_empty_lines(body: bytes) -> bytes:
    """Without all line ends at its end: in simple form there is one (RFC 6376, section 3.4.3)."""
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end]


def _relaxed(head: bytes) -> Iterator[_Field]:
    """Each header field in relaxed form (RFC 6376, section 3.4.2)."""
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t")
    return map(_relaxed_field, unfolded.split(b"\r\n"))


@lru_cache(maxsize=256)
def _relaxed_field(field: bytes) -> _Field:
    """Most are the same in many messages."""
    name, _, value = field.replace(b"\t", b" ").partition(b":")
    while b"  " in value:
        value = value.replace(b"  ", b" ")
    name = name.rstrip(b" ").lower()
    return name, b"%b:%b\r\n" % (name, value.strip(b" "))


@lru_cache(maxsize=256)
def _chosen(names: tuple[bytes, ...]) -> tuple[bytes, tuple[int, ...]]:
    """h= for a head with fields of these names, folded after colons, and which of them are signed, in that order.

    The same for all messages of an edition. Raises UnsafeValue.
    """
    places: dict[bytes, list[int]] = {}
    for n, name in enumerate(names):
        places.setdefault(name, []).append(n)
    if b"from" not in places:
        raise UnsafeValue("a message without From cannot be signed")
    # Of several fields of one name the last counts first (section 5.4.2).
    order = tuple(n for name in SIGNED for n in reversed(places.get(name, ())))
    asked = [name for name in SIGNED for _ in range(len(places.get(name, ())) + (name in OVERSIGNED))]
    lines = [asked[0]]
    for name in asked[1:]:
        if len(lines[-1]) + len(name) < LINE:
            lines[-1] += b":" + name
        else:
            lines.append(name)
    return b":\r\n ".join(lines), order

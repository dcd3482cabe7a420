"""How headers are written: one form for all Python versions, never an encoded-word where none may stand.

Python's own folding turns a URI of 75 characters into ``=?utf-8?q?...``, after which mailboxes drop the
one-click button, and several 3.11 to 3.13 releases lose spaces between encoded-words.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from email.headerregistry import AddressHeader
from email.policy import EmailPolicy
from typing import Any

from syndicate.model import UnsafeValue

# Free text for people; everything else is protocol and stays as it is.
_UNSTRUCTURED = {"subject"}
_ADDRESSES = {"from", "to", "reply-to"}
# Octets of UTF-8 in one encoded-word: "=?utf-8?b?" + 60 + "?=" is 72 of the 75 allowed (RFC 2047, section 2).
_WORD = 45
# A list of <URI>s may be folded after its commas (RFC 2369, section 2), nothing else.
_URIS = re.compile(r", (?=<)")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


class MailPolicy(EmailPolicy):
    """The ``email`` package with header folding of our own; refuses what is not one printable line."""

    def _fold(self, name: str, value: Any, refold_binary: bool = False) -> str:
        """One header with its line end. Raises UnsafeValue."""
        kind = name.lower()
        if kind in _ADDRESSES and isinstance(value, AddressHeader):
            body = f",{self.linesep} ".join(
                _mailbox(a.display_name, a.addr_spec, self.linesep) for a in value.addresses
            )
        elif kind in _UNSTRUCTURED:
            body = _encoded(str(value), self.linesep)
        else:
            body = f",{self.linesep} ".join(_URIS.split(_protocol(name, str(value))))
        return f"{name}: {body}{self.linesep}"


POLICY = MailPolicy(linesep="\r\n")


def one_line(name: str, value: str) -> str:
    """``value`` unchanged. Raises UnsafeValue when it is not one line without controls."""
    if any(c in "\x7f\x85\u2028\u2029" or c < " " for c in value):
        raise UnsafeValue(f"{name} holds a line end or a control character: {value[:60]!r}")
    return value


def _protocol(name: str, value: str) -> str:
    if not one_line(name, value).isascii():
        raise UnsafeValue(f"{name} must be ASCII: {value[:60]!r}")
    return value


def _encoded(text: str, linesep: str) -> str:
    """Printable ASCII as it is, anything else as encoded-words of whole characters (RFC 2047, section 5)."""
    one_line("header", text)
    if text.isascii() and "=?" not in text:
        return text
    words = (f"=?utf-8?b?{b64encode(chunk).decode()}?=" for chunk in _chunks(text))
    return f"{linesep} ".join(words)


def _chunks(text: str) -> Iterator[bytes]:
    chunk = b""
    for character in text:
        octets = character.encode()
        if len(chunk) + len(octets) > _WORD:
            yield chunk
            chunk = b""
        chunk += octets
    yield chunk


def _mailbox(name: str, address: str, linesep: str) -> str:
    if not address.isascii():
        raise UnsafeValue(f"address is not ASCII (it would need SMTPUTF8): {address[:60]!r}")
    if not name:
        return address
    if name.isascii() and "=?" not in name:
        plain = name if _ATOMS.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        return f"{one_line('name', plain)} <{address}>"
    return f"{_encoded(name, linesep)}{linesep} <{address}>"

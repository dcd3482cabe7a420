"""Header lines as bytes: one form for all Python versions, never an encoded-word where none may stand.

``email`` turns a URI of 75 characters into ``=?utf-8?q?...``, after which mailboxes drop the one-click button;
several 3.11 to 3.13 releases lose spaces between encoded-words; and parsing the headers of one message takes it
longer than all the rest together. Every value here is one line or refused (UnsafeValue), so none can end its header.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterator

from syndicate.model import UnsafeValue

# Octets of UTF-8 in one encoded-word: "=?utf-8?b?" + 60 + "?=" is 72 of the 75 allowed (RFC 2047, section 2).
_WORD = 45
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_PLAIN_NAME = re.compile(rf"{_ATOM}(?: {_ATOM})*")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST_ADDRESS = 254
_FOLD = "\r\n "


def protocol(name: str, value: str) -> bytes:
    """A header that programs read: printable ASCII, as it is."""
    if not _one_line(name, value).isascii():
        raise UnsafeValue(f"{name} must be ASCII: {value[:60]!r}")
    return f"{name}: {value}\r\n".encode()


def text(name: str, value: str) -> bytes:
    """A header that people read (RFC 2047, section 5.1)."""
    return f"{name}: {_encoded(_one_line(name, value))}\r\n".encode()


def mailbox(name: str, display: str, address: str) -> bytes:
    """One mailbox with its display name, which may be empty (RFC 5322, section 3.4)."""
    return f"{name}: {phrase(_one_line(name, display))}<{checked_address(name, address)}>\r\n".encode()


def checked_address(name: str, address: str) -> str:
    """``address`` if it may stand in the header ``name`` (RFC 5322, section 3.4.1; plain ASCII), else UnsafeValue."""
    if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST_ADDRESS or "=?" in address:
        raise UnsafeValue(f"{name}: not an address of plain ASCII: {address[:80]!r}")
    return address


def phrase(display: str) -> str:
    """A display name with the space after it: bare words, a quoted string, or encoded-words (RFC 2047, 5.3)."""
    if not display:
        return ""
    if not display.isascii() or "=?" in display:
        return _in_words(display) + _FOLD
    if _PLAIN_NAME.fullmatch(display):
        return f"{display} "
    quoted = re.sub(r'(["\\])', r"\\\1", display)
    return f'"{quoted}" '


def _encoded(value: str) -> str:
    """Printable ASCII as it is, anything else as encoded-words."""
    return value if value.isascii() and "=?" not in value else _in_words(value)


def _in_words(value: str) -> str:
    """Encoded-words of whole characters; nearly every name is one of them."""
    whole = value.encode()
    return _word(whole) if len(whole) <= _WORD else _FOLD.join(map(_word, _chunks(value)))


def _word(octets: bytes) -> str:
    return f"=?utf-8?b?{b2a_base64(octets, newline=False).decode()}?="


def _chunks(value: str) -> Iterator[bytes]:
    chunk = b""
    for character in value:
        octets = character.encode()
        if len(chunk) + len(octets) > _WORD:
            yield chunk
            chunk = b""
        chunk += octets
    yield chunk


def _one_line(name: str, value: str) -> str:
    if _CONTROLS.search(value):
        raise UnsafeValue(f"{name} holds a line end or a control character: {value[:60]!r}")
    return value

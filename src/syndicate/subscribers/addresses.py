"""E-mail addresses: what can be mailed, and when two are the same person."""

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import lru_cache

import idna

from syndicate.model import UnsafeValue

# RFC 5321, 4.1.2: dot-string of atext. Quoted local parts are legal, unused, and a way to smuggle: refused.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# RFC 5321, 4.5.3.1.3 (a path of 256 with its brackets).
_LONGEST = 254
_NO_DOMAIN = "What stands behind the @ is not the name of a domain."
# RFC 2104: what SHA-256 works on at once.
_BLOCK = 64
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def canonical(email: str) -> str:
    """The form that must be unique: local part in lower case, domain as A-labels (RFC 5891).

    Raises UnsafeValue with the reason, a message of the catalogues, for what cannot be mailed: a local part outside
    ASCII needs SMTPUTF8 (RFC 6531), which an SMTP server may offer, but is not asked before there is mail for it.
    """
    return mailbox(email).lower()


def mailbox(email: str) -> str:
    """The address to write on the envelope: the local part as given, the domain as A-labels.

    Raises UnsafeValue as :func:`canonical` does.
    """
    local, at, domain = email.strip().rpartition("@")
    if not at or not local or not domain:
        raise UnsafeValue("An e-mail address has one @ with something on both sides.")
    if not local.isascii():
        raise UnsafeValue("Only letters from a to z can stand before the @: others cannot be mailed yet.")
    if not _LOCAL.fullmatch(local) or len(local) > 64:
        raise UnsafeValue("What stands before the @ is not the name of a mailbox.")
    address = f"{local}@{_domain(domain)}"
    if len(address) > _LONGEST:
        raise UnsafeValue("The address is longer than mail can carry.")
    return address


def address_hash(key: bytes, canonical_address: str) -> bytes:
    """What stays of an erased or suppressed address: 32 bytes that tell nothing without ``key``."""
    return hmac.digest(key, b"suppression\0" + canonical_address.encode(), hashlib.sha256)


def address_hashes(key: bytes) -> Callable[[str], bytes]:
    """:func:`address_hash` of many addresses with one key: prepared once (RFC 2104, section 4), a third of the time."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + b"suppression\0")
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def hashed(canonical_address: str) -> bytes:
        one, other = inner.copy(), outer.copy()
        one.update(canonical_address.encode())
        other.update(one.digest())
        return other.digest()

    return hashed


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> str:
    try:
        ascii_domain = idna.encode(domain.strip().rstrip("."), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise UnsafeValue(_NO_DOMAIN) from error
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UnsafeValue(_NO_DOMAIN)
    return ascii_domain

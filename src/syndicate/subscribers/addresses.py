"""E-mail addresses: what can be mailed, and when two are the same person."""

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import lru_cache

import idna

from syndicate.model import UnsafeValue
from syndicate.subscribers.macs import macs

# RFC 5321, 4.1.2: dot-string of atext. Quoted local parts are legal, unused, and a way to smuggle: refused.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# What nearly everybody has: canonical but for capitals before the @. No "--", which A-labels begin with.
_LABEL_OF_MOST = "[a-z0-9]++(?:-[a-z0-9]++)*+"
_ORDINARY = re.compile(rf"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+@{_LABEL_OF_MOST}(?:\.{_LABEL_OF_MOST})++")
# RFC 5321, 4.5.3.1.1, and 4.5.3.1.3 (a path of 256 with its brackets).
_LONGEST_LOCAL, _LONGEST = 64, 254
_NO_DOMAIN = "What stands behind the @ is not the name of a domain."
_SUPPRESSION = b"suppression\0"
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
    if len(email) <= _LONGEST_LOCAL and _ORDINARY.fullmatch(email):
        return email
    local, at, domain = email.strip().rpartition("@")
    if not at or not local or not domain:
        raise UnsafeValue("An e-mail address has one @ with something on both sides.")
    if not local.isascii():
        raise UnsafeValue("Only letters from a to z can stand before the @: others cannot be mailed yet.")
    if not _LOCAL.fullmatch(local) or len(local) > _LONGEST_LOCAL:
        raise UnsafeValue("What stands before the @ is not the name of a mailbox.")
    address = f"{local}@{_domain(domain)}"
    if len(address) > _LONGEST:
        raise UnsafeValue("The address is longer than mail can carry.")
    return address


def address_hash(key: bytes, canonical_address: str) -> bytes:
    """What stays of an erased or suppressed address: 32 bytes that tell nothing without ``key``."""
    return hmac.digest(key, _SUPPRESSION + canonical_address.encode(), hashlib.sha256)


def address_hashes(key: bytes) -> Callable[[str], bytes]:
    """:func:`address_hash` of many addresses with one key, in a third of the time."""
    hashed = macs(key, _SUPPRESSION)
    return lambda canonical_address: hashed(canonical_address.encode())


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

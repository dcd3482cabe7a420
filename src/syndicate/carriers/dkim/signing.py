"""Signing: one key, and the header field that it makes (RFC 6376, section 3.5)."""

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from syndicate.carriers.dkim.forms import LINE, Pieces, Prepared, prepare
from syndicate.model import CarrierError, UnsafeValue

Kind = Literal["rsa-sha256", "ed25519-sha256"]

_NAME = b"DKIM-Signature: "
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_LABELS = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST = 253
# What every verifier must be able to check (RFC 8301, section 3.2).
_SMALLEST, _LARGEST = 1024, 4096


class Signer:
    """One key of one domain, which threads may share. ``kind`` is told from the key.

    ``key_pem`` is an unencrypted private key in PEM (PKCS #1 or #8). Raises :class:`CarrierError` for a key that is
    none or that verifiers would not take, :class:`UnsafeValue` for a domain or selector that is no domain name;
    neither shows the key.
    """

    def __init__(self, domain: str, selector: str, key_pem: bytes) -> None:
        for what, value in (("domain", domain), ("selector", selector)):
            if not _LABELS.fullmatch(value) or len(value) > _LONGEST:
                raise UnsafeValue(f"DKIM {what} is no domain name of plain ASCII: {value[:80]!r}")
        self.domain, self.selector = domain.lower(), selector.lower()
        self.kind, self.signature = load(f"DKIM key {self.selector}._domainkey.{self.domain}", key_pem)
        self.key_pem = key_pem

    def __repr__(self) -> str:
        return f"Signer({self.selector}._domainkey.{self.domain}, {self.kind})"

    def sign(self, message: Pieces) -> bytes:
        """The DKIM-Signature of ``message``: folded header lines to put in front of it.

        Raises UnsafeValue for a message without From.
        """
        return sign(message, (self,))

    def start(self, prepared: Prepared) -> bytes:
        """The header field up to its signature (RFC 6376, section 3.5), folded and otherwise already relaxed."""
        return b"%bv=1; a=%b; c=relaxed/simple;\r\n d=%b; s=%b;\r\n h=%b;\r\n bh=%b;\r\n b=" % (
            _NAME,
            self.kind.encode(),
            self.domain.encode(),
            self.selector.encode(),
            prepared.names,
            prepared.body,
        )


def sign(message: Pieces, signers: Sequence[Signer]) -> bytes:
    """One DKIM-Signature of each signer, as header lines to put in front of ``message``. Raises UnsafeValue."""
    prepared = prepare(message)
    return b"".join(field(signer, prepared, signer.signature) for signer in signers)


def field(signer: Signer, prepared: Prepared, signature: Callable[[bytes], bytes]) -> bytes:
    """The whole header field; ``signature`` is of a SHA-256 (RFC 6376, section 3.7; RFC 8463, section 3).

    That is all of a message that needs to reach whoever holds the key.
    """
    start = signer.start(prepared)
    own = b"dkim-signature:" + start[len(_NAME) :].replace(b"\r\n ", b" ")
    text = b2a_base64(signature(hashlib.sha256(prepared.head + own).digest()), newline=False)
    return start + b"\r\n ".join(text[n : n + LINE] for n in range(0, len(text), LINE)) + b"\r\n"


def load(where: str, key_pem: bytes) -> tuple[Kind, Callable[[bytes], bytes]]:
    """The kind of a key, and what signs a SHA-256 with it. Raises CarrierError, naming ``where`` and never the key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils

    # No cause in any of these errors, for theirs may quote what they could not read.
    try:
        key = serialization.load_pem_private_key(key_pem, None)
    except TypeError:
        raise CarrierError(f"{where} is encrypted: write it again without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise CarrierError(f"{where} is no private key in PEM: make one with 'openssl genrsa 2048'") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519-sha256", key.sign
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CarrierError(f"{where} is neither RSA nor Ed25519: verifiers know no other kind")
    if not _SMALLEST <= key.key_size <= _LARGEST:
        raise CarrierError(
            f"{where} has {key.key_size} bits: verifiers want {_SMALLEST} to {_LARGEST}; take 2048"
        )
    digested = utils.Prehashed(hashes.SHA256())
    return "rsa-sha256", partial(key.sign, padding=padding.PKCS1v15(), algorithm=digested)

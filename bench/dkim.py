"""Signing a message, against what can be no quicker: the bare signature, and SHA-256 of the body; side by side."""

import hashlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from bench import edition, splice
from syndicate.carriers.dkim import Signer
from syndicate.digests import stencil

ROUNDS, RSA_TIMES, ED25519_TIMES = 25, 60, 300
PEOPLE = 4
"""So few that their messages stay in the processor's caches, as one does that was made a moment ago."""
DIGEST = b"\x5a" * 32

Given = TypeVar("Given")


def rsa_of_limit() -> dict[str, Any]:
    """Signed messages a second; the other side makes RSA-2048 signatures of a digest and nothing else."""
    made = _signer(rsa.generate_private_key(65537, 2048))
    ours, limit = _take_turns(RSA_TIMES, made.sign, lambda message: made.signature(DIGEST))
    return _figures(ours, limit, "bare RSA-2048 signatures on the same core")


def ed25519_of_limit() -> dict[str, Any]:
    """Signed messages a second; the other side makes Ed25519 signatures of a digest, and SHA-256 of the whole message.

    Ours need not hash again what all messages of an edition begin with, and may come close to it.
    """
    made = _signer(ed25519.Ed25519PrivateKey.generate())
    ours, limit = _take_turns(ED25519_TIMES, made.sign, lambda message: _least(made, message))
    return _figures(ours, limit, "an Ed25519 signature and SHA-256 of the body, on the same core")


def _least(made: Signer, message: bytes) -> bytes:
    hashlib.sha256(message).digest()
    return made.signature(DIGEST)


def _figures(ours: float, limit: float, what: str) -> dict[str, Any]:
    size = sum(map(len, _messages()[0])) / 1000
    return {
        "ratio": round(limit / ours, 3),
        "ours": round(1 / ours),
        "against": round(1 / limit),
        "unit": "messages a second on one core",
        "what": f"a DKIM-Signature of a message of {size:.0f} kB against {what}",
    }


def _signer(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> Signer:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Signer("news.newsroom.example.org", "bench", key.private_bytes(*form))


def _messages() -> list[tuple[bytes, ...]]:
    """In pieces, as the sender makes them out."""
    made = stencil(*edition.turkish())
    return [made.pieces(splice.recipient(n), edition.WHEN) for n in range(PEOPLE)]


def _take_turns(
    often: int, ours: Callable[[Sequence[bytes]], bytes], limit: Callable[[bytes], bytes]
) -> tuple[float, float]:
    """CPU seconds of one call of each, the median of the rounds; the limit is given each message in one piece."""
    messages = _messages()
    in_pieces, whole = cycle(messages), cycle([b"".join(pieces) for pieces in messages])
    taken = [(_timed(often, ours, in_pieces), _timed(often, limit, whole)) for _ in range(ROUNDS)]
    one, other = zip(*taken, strict=True)
    return statistics.median(one), statistics.median(other)


def _timed(often: int, task: Callable[[Given], bytes], messages: Iterator[Given]) -> float:
    began = time.process_time()
    for _ in range(often):
        task(next(messages))
    return (time.process_time() - began) / often

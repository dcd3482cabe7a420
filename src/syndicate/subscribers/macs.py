"""HMAC-SHA256 for many values that begin the same (RFC 2104, section 4: what comes of the key is made once)."""

import hashlib
from collections.abc import Callable

# RFC 2104, section 2: what SHA-256 works on at once.
_BLOCK = 64


def macs(key: bytes, beginning: bytes) -> Callable[[bytes], bytes]:
    """``hmac.digest(key, beginning + rest, "sha256")`` as a function of ``rest``; 32 bytes, in half the time.

    Threads may share it. ``hmac.digest`` lets go of the interpreter each time, after which every sender's thread waits
    for its turn to go on; copies of what was prepared do not.
    """
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + beginning).copy
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block)).copy

    def mac(rest: bytes) -> bytes:
        one, other = inner(), outer()
        one.update(rest)
        other.update(one.digest())
        return other.digest()

    return mac

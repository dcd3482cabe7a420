"""Passwords: argon2id with the parameters of RFC 9106's second recommendation (64 MiB, three passes)."""

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST, LONGEST = 12, 200

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
# Each takes 64 MiB: forty tries at once are no way to fill a small machine.
_few_at_once = threading.BoundedSemaphore(2)


def hashed(password: str) -> str:
    """As it is kept: parameters, salt and hash in one line."""
    with _few_at_once:
        return _hasher.hash(_plain(password))


def verify(kept: str, password: str) -> bool:
    """Whether ``password`` is the one; an empty ``kept`` (nobody of that name) costs as much time and is not."""
    nobody, given = _nobody(), _plain(password)
    try:
        with _few_at_once:
            is_right = _hasher.verify(kept or nobody, given)
    except (VerificationError, InvalidHashError):
        return False
    return is_right and bool(kept) and len(given) <= LONGEST


def is_outdated(kept: str) -> bool:
    """Whether it was made with weaker parameters than today's, and is to be made again at the next sign-in."""
    return _hasher.check_needs_rehash(kept)


def objection(password: str, email: str, name: str) -> str:
    """Why it will not do, as a message of the catalogue; empty when it will (NIST SP 800-63B: length, not recipes)."""
    if len(password) < SHORTEST:
        return "Use at least 12 characters."
    if len(password) > LONGEST:
        return "Use at most 200 characters."
    lowered = password.lower()
    known = [word for word in (email.partition("@")[0], *name.split()) if len(word) > 3]
    if any(word.lower() in lowered for word in known) or len(set(lowered)) < 5:
        return "This is too easy to guess."
    return ""


def _plain(password: str) -> str:
    """Keyboards write the same letter in several ways (NIST SP 800-63B-4, 3.1.1.2); no more than may be chosen."""
    return unicodedata.normalize("NFC", password)[: LONGEST + 1]


@cache
def _nobody() -> str:
    return hashed("nobody has this password")

"""Passwords: argon2id with the parameters of RFC 9106's second recommendation (64 MiB, three passes)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST, LONGEST = 12, 200

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hashed(password: str) -> str:
    """As it is kept: parameters, salt and hash in one line."""
    return _hasher.hash(password)


def verify(kept: str, password: str) -> bool:
    """Whether ``password`` is the one; an empty ``kept`` (nobody of that name) costs as much time and is not."""
    try:
        return _hasher.verify(kept or _nobody(), password[:LONGEST]) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


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


@cache
def _nobody() -> str:
    return hashed("nobody has this password")

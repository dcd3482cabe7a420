"""Sessions: a random secret in a cookie, its hash in the store, and when it ends."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from syndicate.model import Session

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)
"""How stale ``seen_at`` may be: a write for every page would be too many."""

STEP_UP = timedelta(minutes=10)
"""How long a password given again is good for what needs one (exports, staff)."""


def new_secret() -> str:
    """256 bits, for a cookie, a link or an API token."""
    return secrets.token_urlsafe(32)


def stored(secret: str) -> str:
    """What is kept of a secret (sha256 hex): it is random, so a plain hash is enough and can be looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def anti_forgery(key: bytes, session: str) -> str:
    """The token that every form of a session carries; it cannot be made without ``key``."""
    return hmac.digest(key, b"anti-forgery\0" + session.encode(), hashlib.sha256).hex()[:43]


def is_alive(session: Session, now: datetime) -> bool:
    return now - session.seen_at < IDLE and now - session.created_at < LONGEST


def is_stepped_up(session: Session, now: datetime) -> bool:
    return session.stepped_up_at is not None and now - session.stepped_up_at < STEP_UP

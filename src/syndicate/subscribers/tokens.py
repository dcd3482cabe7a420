"""Tokens: what a link in a mail proves, without asking the reader to sign in.

34 characters of base64url: subscriber (5 bytes), newsletter (4 bytes of a hash), and 16 bytes of an HMAC bound
to the purpose, so that a link to see preferences cannot be turned into another. Short, because a
List-Unsubscribe line of 75 characters or more is garbled by common mail software. They never expire: RFC 8058
links must work for as long as the mail exists.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from syndicate.model import UnsafeValue

_MAC = 16


@dataclass(frozen=True, slots=True)
class Token:
    """Whose link it is, and for which newsletter."""

    subscriber: int
    newsletter: str


class Tokens:
    """Makes and reads tokens with one secret ``key`` (bytes)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, purpose: str, subscriber: int, newsletter: str) -> str:
        body = subscriber.to_bytes(5, "big") + _short(newsletter)
        return _spelled(body + self._mac(purpose, body))

    def read(self, purpose: str, token: str, newsletters: Iterable[str]) -> Token:
        """Raises UnsafeValue for a token that is not ours, or was made for another purpose."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (ValueError, UnicodeEncodeError) as error:
            raise UnsafeValue("this link is not valid") from error
        body, mac = raw[:-_MAC], raw[-_MAC:]
        # The decoder passes over foreign characters and spare bits: only our own spelling is a token.
        ours = len(body) == 9 and _spelled(raw) == token
        if not ours or not hmac.compare_digest(mac, self._mac(purpose, body)):
            raise UnsafeValue("this link is not valid")
        newsletter = next((n for n in newsletters if _short(n) == body[5:]), "")
        if not newsletter:
            raise UnsafeValue("this link is for a newsletter that is no longer there")
        return Token(int.from_bytes(body[:5], "big"), newsletter)

    def _mac(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self._key, purpose.encode() + b"\0" + body, hashlib.sha256)[:_MAC]


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def message_id(key: bytes, newsletter: str, date: str, subscriber: int, domain: str) -> str:
    """A Message-ID that is the same whenever this issue is mailed to this person (RFC 5322, 3.6.4)."""
    name = f"message-id\0{newsletter}\0{date}\0{subscriber}".encode()
    return f"<{hmac.digest(key, name, hashlib.sha256).hex()[:32]}@{domain}>"


def _short(newsletter: str) -> bytes:
    return hashlib.sha256(newsletter.encode()).digest()[:4]

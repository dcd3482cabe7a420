"""Tokens: what a link in a mail proves, without asking the reader to sign in.

34 characters of base64url: subscriber (5 bytes), newsletter (4 bytes of a hash), and 16 bytes of an HMAC bound
to the purpose, so that a link to see preferences cannot be turned into another. Short, because a
List-Unsubscribe line of 75 characters or more is garbled by common mail software. They never expire: RFC 8058
links must work for as long as the mail exists.

A link to confirm has 28 characters: the sign-up's number (5 bytes) and as long an HMAC. It expires, which is written
in the sign-up.

A return path has one, too, of another make: servers may change the case of what stands before the @ (RFC 5321, 2.4,
forbids it, and some do), so it is 24 letters of base32: delivery (5 bytes) and 10 bytes of an HMAC.
"""

import base64
import hashlib
import hmac
import re
from binascii import b2a_base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from syndicate.model import UnsafeValue
from syndicate.subscribers.macs import macs

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_MAC = 16
_SHORT_MAC = 10
_LENGTH = 34
# The last one: what servers put in front (SRS0=…, prvs=…) may have a plus, too.
_RETURNED = re.compile(r"[+=]([a-z2-7]{24})(?=[@=])", re.IGNORECASE)
_LONGEST_LOCAL = 64


@dataclass(frozen=True, slots=True)
class Token:
    """Whose link it is, and for which newsletter."""

    subscriber: int
    newsletter: str


class Tokens:
    """Makes and reads tokens with one secret ``key`` (bytes)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._by_purpose: dict[str, Callable[[bytes], bytes]] = {}

    def make(self, purpose: str, subscriber: int, newsletter: str) -> str:
        body = subscriber.to_bytes(5, "big") + _short(newsletter)
        return _spelled(body + self._mac(purpose, body))

    def pairs(self, one: str, other: str, newsletter: str) -> Callable[[int], tuple[str, str]]:
        """:meth:`make` for two purposes and many subscribers: a function of the subscriber, in half the time."""
        whose, first, second = _short(newsletter), self._macs(one), self._macs(other)

        def pair(subscriber: int) -> tuple[str, str]:
            body = subscriber.to_bytes(5, "big") + whose
            # Spelled in one: two octets of nought fill up the last three of the first, and are cut off again.
            both = _spelled(b"".join((body, first(body)[:_MAC], b"\0\0", body, second(body)[:_MAC])))
            return both[:_LENGTH], both[-_LENGTH:]

        return pair

    def read(self, purpose: str, token: str, newsletters: Iterable[str]) -> Token:
        """Raises UnsafeValue for a token that is not ours, or was made for another purpose."""
        body = self._proven(purpose, token, 9)
        newsletter = next((n for n in newsletters if _short(n) == body[5:]), "")
        if not newsletter:
            raise UnsafeValue("this link is for a newsletter that is no longer there")
        return Token(int.from_bytes(body[:5], "big"), newsletter)

    def ticket(self, purpose: str, number: int) -> str:
        """A token for something that has a number and nothing else."""
        body = number.to_bytes(5, "big")
        return _spelled(body + self._mac(purpose, body))

    def number(self, purpose: str, ticket: str) -> int:
        """Raises UnsafeValue for a ticket that is not ours, or was made for another purpose."""
        body = self._proven(purpose, ticket, 5)
        return int.from_bytes(body, "big")

    def return_path(self, address: str, delivery: int) -> str:
        """``address`` with a token, so that what comes back to it names the delivery for sure (VERP).

        Raises UnsafeValue when what stands before the @ leaves no room for one (RFC 5321, 4.5.3.1.1).
        """
        local, _, domain = address.rpartition("@")
        body = delivery.to_bytes(5, "big")
        token = base64.b32encode(body + self._mac("return-path", body)[:_SHORT_MAC]).decode().lower()
        if len(made := f"{local}+{token}") > _LONGEST_LOCAL:
            raise UnsafeValue("the return path's name is too long: at most 39 characters before the @")
        return f"{made}@{domain}"

    def returned(self, address: str) -> int:
        """The delivery that an address of :meth:`return_path` names; 0 for one that is not ours, whoever wrote it."""
        for token in reversed(_RETURNED.findall(address[:512])):
            raw = base64.b32decode(token.upper())
            body, mac = raw[:-_SHORT_MAC], raw[-_SHORT_MAC:]
            if hmac.compare_digest(mac, self._mac("return-path", body)[:_SHORT_MAC]):
                return int.from_bytes(body, "big")
        return 0

    def _proven(self, purpose: str, token: str, size: int) -> bytes:
        """What a token says, in so many octets. Raises UnsafeValue."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (ValueError, UnicodeEncodeError) as error:
            raise UnsafeValue("this link is not valid") from error
        body, mac = raw[:-_MAC], raw[-_MAC:]
        # The decoder passes over foreign characters and spare bits: only our own spelling is a token.
        ours = len(body) == size and _spelled(raw) == token
        if not ours or not hmac.compare_digest(mac, self._mac(purpose, body)):
            raise UnsafeValue("this link is not valid")
        return body

    def _mac(self, purpose: str, body: bytes) -> bytes:
        return self._macs(purpose)(body)[:_MAC]

    def _macs(self, purpose: str) -> Callable[[bytes], bytes]:
        found = self._by_purpose.get(purpose)
        if found is None:
            found = self._by_purpose[purpose] = macs(self._key, purpose.encode() + b"\0")
        return found


def _spelled(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(_URL_SAFE).rstrip(b"=").decode()


def message_id(key: bytes, newsletter: str, date: str, subscriber: int, domain: str) -> str:
    """A Message-ID that is the same whenever this issue is mailed to this person (RFC 5322, 3.6.4)."""
    name = f"message-id\0{newsletter}\0{date}\0{subscriber}".encode()
    return f"<{hmac.digest(key, name, hashlib.sha256).hex()[:32]}@{domain}>"


@cache
def _short(newsletter: str) -> bytes:
    return hashlib.sha256(newsletter.encode()).digest()[:4]

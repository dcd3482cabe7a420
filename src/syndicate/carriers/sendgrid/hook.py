"""The event webhook: is it SendGrid that speaks, and what does it say in our words.

SendGrid, "Event Webhook security features": ECDSA over P-256 and SHA-256, base64 of DER, of the timestamp's text and
the raw body, in two headers. "Event Webhook reference": the events. The ``sendgrid`` package reads the key and does
the arithmetic; it takes any timestamp, any base64 and only text, so the guards are ours.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from syndicate.carriers.sendgrid.words import plain
from syndicate.model import ConfigError, Event, EventKind, UnsafeValue

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

TOLERANCE = timedelta(minutes=5)
"""How far a signature's time may be from ours, either way."""

LONGEST_KEY = 100
"""Characters of an ``sg_event_id`` ("Event Webhook reference"); a longer one is replaced by a hash of the event."""

KINDS = {
    "processed": EventKind.TAKEN,
    "deferred": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
    "bounce": EventKind.BOUNCED,
    "dropped": EventKind.DROPPED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
}
"""Events by SendGrid's names. Any other (of accounts, of joining a group again) is passed over."""

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def verify(public_key: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Return when SendGrid signed these very bytes within five minutes of ``now``.

    ``public_key`` is the verification key as the console shows it (base64, no PEM lines). Raises
    :class:`UnsafeValue` for a missing, wrong or old signature, and :class:`ConfigError` when the key is none.
    """
    # It imports all of SendGrid's client.
    from sendgrid.helpers.eventwebhook import (
        EventWebhook,
        EventWebhookHeader,
    )

    given = {name.lower(): value for name, value in headers.items()}
    signature = given.get(EventWebhookHeader.SIGNATURE.lower(), "")
    timestamp = given.get(EventWebhookHeader.TIMESTAMP.lower(), "")
    _refuse_unless(_is_canonical(signature), "the signature is missing or no base64")
    _refuse_unless(_is_near(timestamp, now), "the timestamp is missing or more than five minutes away")
    key = _key(public_key)
    _refuse_unless(
        EventWebhook().verify_signature(_text(body), signature, timestamp, key),
        "the signature does not match",
    )


def events(body: bytes) -> list[Event]:
    """What a verified body says, in its order; what cannot be understood is left out and stops no other.

    Raises :class:`UnsafeValue` when the body is no JSON at all.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnsafeValue("the body of the event webhook is no JSON") from error
    found = (_event(one) for one in (given if isinstance(given, list) else [given]))
    return [event for event in found if event]


def _event(given: Any) -> Event | None:
    if (
        not isinstance(given, dict)
        or not (kind := _kind(given))
        or not (at := moment(given.get("timestamp")))
    ):
        return None
    raw = json.dumps(given)
    return Event(
        carrier="sendgrid",
        key=_key_of(given, raw),
        kind=kind,
        at=at,
        delivery=_delivery(given.get("delivery")),
        message_id=_words(given.get("smtp-id")),
        recipient=_words(given.get("email")),
        detail=_detail(given),
        is_machine=given.get("sg_machine_open") is True,
        raw=raw,
    )


def _kind(given: dict[str, Any]) -> EventKind | None:
    """A bounce of type ``blocked`` says nothing against the address ("Event Webhook reference": bounce)."""
    name = given.get("event")
    if name == "bounce" and given.get("type") == "blocked":
        return EventKind.BLOCKED
    return KINDS.get(name) if isinstance(name, str) else None


def moment(given: object) -> datetime | None:
    """Unix seconds, as a number or a text, in UTC; None where it is no time."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        return datetime.fromtimestamp(float(given), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _key_of(given: dict[str, Any], raw: str) -> str:
    name = given.get("sg_event_id")
    if isinstance(name, str) and 0 < len(name) <= LONGEST_KEY and not _UNWRITABLE.search(name):
        return name
    return f"sha256:{hashlib.sha256(raw.encode()).hexdigest()}"


def _delivery(given: object) -> int:
    """``custom_args`` come back at the top level of the event, as texts."""
    return int(given) if isinstance(given, str) and _NUMBER.fullmatch(given) else 0


def _detail(given: dict[str, Any]) -> str:
    parts = (given.get(name) for name in ("type", "status", "reason", "response", "url"))
    return plain(" ".join(str(one) for one in parts if isinstance(one, str | int) and one))


def _words(given: object) -> str:
    return _UNWRITABLE.sub("", given)[:998] if isinstance(given, str) else ""


def _is_canonical(signature: str) -> bool:
    """Only one text is a signature's base64; a lax reader takes many, some of them with other bytes."""
    try:
        decoded = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    return bool(decoded) and base64.b64encode(decoded).decode() == signature


def _is_near(timestamp: str, now: datetime) -> bool:
    if not _TIMESTAMP.fullmatch(timestamp):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()


def _text(body: bytes) -> str:
    """The body as the package wants it; UTF-8 is read strictly, so that the same bytes are verified."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise UnsafeValue("the event webhook: the body is no UTF-8") from None


@lru_cache(maxsize=4)
def _key(public_key: str) -> "EllipticCurvePublicKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from sendgrid.helpers.eventwebhook import EventWebhook

    try:
        key = EventWebhook(public_key.strip() or "none").public_key
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ConfigError(
            "carriers.sendgrid.webhook_key is not the verification key of a signed event webhook"
        )
    return key


def _refuse_unless(holds: bool, reason: str) -> None:
    if not holds:
        raise UnsafeValue(f"the event webhook: {reason}")


class SendGridHook:
    """The calls of one account, by its verification key."""

    def __init__(self, public_key: str) -> None:
        self._public_key = public_key

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        verify(self._public_key, headers, body, now)

    def events(self, body: bytes) -> list[Event]:
        return events(body)

"""The stand-in's event webhook: signs what it sends, sends it again until it is taken, and misbehaves as told."""

import base64
import http.client
import json
import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
MOST_BYTES = 768_000
GIVEN_UP = 24 * 3600

UNKNOWN = {
    "event": "account_status_change",
    "type": "compliance_deactivate",
    "timestamp": 1,
    "sg_event_id": "unknown",
}

Signed = tuple[dict[str, str], bytes]


class Sender(Protocol):
    events: list[dict[str, Any]]

    def now(self) -> float: ...

    def advance(self, seconds: float) -> None: ...


class Webhook:
    """Sends to one address. ``public_key`` as the console shows it: base64 of DER, without PEM lines."""

    def __init__(self, fake: Sender, url: str) -> None:
        self.fake, self.url = fake, url
        self._key = ec.generate_private_key(ec.SECP256R1())
        spki = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(spki).decode()
        self.statuses: list[int] = []

    def signed(self, events: Sequence[dict[str, Any]], *, age: float = 0.0, good: bool = True) -> Signed:
        """Headers and body, which ends in CRLF as SendGrid's does."""
        body = ("[" + ",\r\n".join(json.dumps(one) for one in events) + "]\r\n").encode()
        timestamp = str(int(self.fake.now() - age))
        signature = self._key.sign(
            timestamp.encode() + body + (b"" if good else b"!"), ec.ECDSA(hashes.SHA256())
        )
        named = {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}
        return {"Content-Type": "application/json", **named}, body

    def send(
        self,
        *,
        times: int = 1,
        shuffle: int | None = None,
        delay: float = 0.0,
        age: float = 0.0,
        good: bool = True,
        unknown: bool = False,
        batch: int = 100,
    ) -> list[int]:
        """All events that wait: each ``times`` times, shuffled by that seed, ``delay`` seconds late.

        Each batch is sent again until it is answered with 2xx, or a day (by the stand-in's clock) is over. Returns
        every status. Bad signatures and old timestamps (``age``) stay so when they are sent again.
        """
        waiting, self.fake.events[:] = [*self.fake.events] * times, []
        if unknown:
            waiting.append(dict(UNKNOWN))
        if shuffle is not None:
            random.Random(shuffle).shuffle(waiting)
        self.fake.advance(delay)
        for events in _batches(waiting, batch):
            self._until_taken(lambda events=events: self.signed(events, age=age, good=good))
        return self.statuses

    def _until_taken(self, make: Callable[[], Signed]) -> None:
        waited, pause = 0.0, 30.0
        while waited <= GIVEN_UP:
            status = self._post(*make())
            self.statuses.append(status)
            if 200 <= status < 300:
                return
            self.fake.advance(pause)
            waited, pause = waited + pause, pause * 4

    def _post(self, headers: dict[str, str], body: bytes) -> int:
        """0 where nobody is there; redirects are not followed."""
        at = urlsplit(self.url)
        line = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
        try:
            line.request("POST", at.path, body, headers)
            return line.getresponse().status
        except OSError:
            return 0
        finally:
            line.close()


def script(recipient: str) -> list[tuple[dict[str, Any], str]]:
    """What becomes of a message by the name it is for, and the list that the address comes onto."""
    delivered: tuple[dict[str, Any], str] = ({"event": "delivered", "response": "250 OK"}, "")
    deferred = {"event": "deferred", "response": "400 try again later", "attempt": "1"}
    match recipient.split("@")[0].split("+")[0]:
        case "bounce":
            said = {
                "event": "bounce",
                "type": "bounce",
                "status": "5.1.1",
                "reason": f"550 no such user {recipient}",
            }
            return [(said, "bounces")]
        case "block":
            return [({"event": "bounce", "type": "blocked", "reason": "554 refused"}, "blocks")]
        case "defer":
            return [(deferred, ""), delivered]
        case "spam":
            return [delivered, ({"event": "spamreport"}, "spam_reports")]
        case "leave":
            return [delivered, ({"event": "unsubscribe"}, "unsubscribes")]
        case "open":
            return [delivered, ({"event": "open", "sg_machine_open": True}, "")]
        case "click":
            return [delivered, ({"event": "click", "url": "https://example.org/"}, "")]
    return [delivered]


def _batches(events: list[dict[str, Any]], count: int) -> list[list[dict[str, Any]]]:
    """By number, and never more than 768 kB."""
    made: list[list[dict[str, Any]]] = []
    size = MOST_BYTES
    for one in events:
        length = len(json.dumps(one)) + 3
        if size + length > MOST_BYTES or len(made[-1]) >= count:
            made.append([])
            size = 2
        made[-1].append(one)
        size += length
    return made

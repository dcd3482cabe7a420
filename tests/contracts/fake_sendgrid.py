"""A stand-in for SendGrid on a port of this machine: refuses what it publishes that it refuses, and fails as told.

It proves our code against published rules, not SendGrid. A key in ``Idempotency-Key`` deduplicates nothing, as
there.
"""

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.contracts.fake_sendgrid_http import Handler, Server
from tests.contracts.fake_sendgrid_mail import Mail, mail
from tests.contracts.fake_sendgrid_rules import refusals
from tests.contracts.fake_sendgrid_webhook import Webhook, script

FAULTS = {
    "close early": "the connection ends while the request comes in",
    "500 before": "a server's error, nothing taken",
    "accept, close": "taken, and no answer",
    "accept, hang": "taken, and an answer that never comes",
    "accept, 500": "taken, and a server's error for an answer",
    "accept, truncate": "taken, and an answer that breaks off",
    "accept, slow": "taken, and an answer that takes its time",
    "hang": "not taken, and no answer",
    "429": "not taken: too many requests",
}

Reply = tuple[int, Any]


class FakeSendGrid:
    """A context manager. ``faults`` are used up one a request to ``/v3/mail/send``; ``mails`` are what was taken.

    ``rate`` is (requests, seconds); ``key`` may do everything, ``weak_key`` nothing. ``advance`` moves its clock.
    ``events`` wait until :meth:`webhook` sends them.
    """

    def __init__(self, *, rate: tuple[int, int] = (600, 60), unicode_from: bool = False) -> None:
        self.key, self.weak_key = "SG.fake-key.0123456789abcdef", "SG.weak-key.0123456789abcdef"
        self.rate, self.unicode_from = rate, unicode_from
        self.largest, self.most_stopped = 30_000_000, 10
        self.faults: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.refused: list[list[dict[str, Any]]] = []
        self.incomplete = 0
        self.mails: list[Mail] = []
        self.events: list[dict[str, Any]] = []
        self.batches: set[str] = set()
        self.scheduled: dict[str, str] = {}
        self.suppressed: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
        }
        self.released, self.closed = threading.Event(), threading.Event()
        self.lock = threading.RLock()
        self._offset, self._window = 0.0, (0.0, 0)
        self._numbers = itertools.count(1)
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.fake = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FakeSendGrid":
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # -- time -------------------------------------------------------------------------------------------------

    def now(self) -> float:
        return time.time() + self._offset

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """And what is due is sent, or thrown away."""
        with self.lock:
            self._offset += seconds
            for one in self.mails:
                if one.state == "scheduled" and one.send_at <= self.now():
                    self._due(one)

    def _due(self, one: Mail) -> None:
        status = self.scheduled.get(one.batch, "")
        if status == "cancel" or (status == "pause" and one.send_at + 72 * 3600 < self.now()):
            one.state = "discarded"
        elif status != "pause":
            self._deliver(one)

    # -- what tests look at -----------------------------------------------------------------------------------

    @property
    def deliveries(self) -> Counter[tuple[str, str]]:
        """How often each (recipient, edition) was delivered."""
        with self.lock:
            done = [one for one in self.mails if one.state == "delivered"]
            return Counter((one.recipient, one.args.get("edition", "")) for one in done)

    def webhook(self, url: str) -> Webhook:
        """A sender of the events that wait; its public key is what a newsroom configures."""
        return Webhook(self, url)

    # -- /v3/mail/send ----------------------------------------------------------------------------------------

    def limit(self) -> tuple[bool, dict[str, str]]:
        """Whether one more request may come, and the headers that say how many."""
        most, seconds = self.rate
        began, used = self._window
        if self.now() >= began + seconds:
            began, used = self.now(), 0
        allowed, used = used < most, min(used + 1, most)
        self._window = (began, used)
        return allowed, {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(most - used),
            "X-RateLimit-Reset": str(int(began + seconds) + 1),
        }

    def check(self, raw: bytes) -> Reply | dict[str, Any]:
        """The request, or the answer that refuses it."""
        if len(raw) >= self.largest:
            return 413, _errors("The request is too large.")
        try:
            body = json.loads(raw)
        except ValueError:
            return 400, _errors("Bad Request")
        found = refusals(body, self.now(), self.batches, unicode_from=self.unicode_from)
        if found:
            self.refused.append(found)
            return 400, {"errors": found}
        checked: dict[str, Any] = body
        return checked

    def accept(self, body: dict[str, Any]) -> tuple[int, str]:
        """Status and X-Message-Id. In the sandbox nothing happens."""
        with self.lock:
            self.requests.append(body)
            if body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
                return 200, ""
            message_id = f"fake{next(self._numbers):018d}"
            for place, person in enumerate(body["personalizations"]):
                self._take(mail(body, person, f"{message_id}.{place}", self.now()))
            return 202, message_id

    def _take(self, one: Mail) -> None:
        self.mails.append(one)
        self._tell(one, {"event": "processed"})
        if one.send_at > self.now():
            one.state = "scheduled"
        else:
            self._deliver(one)

    def _deliver(self, one: Mail) -> None:
        for name, reason in (
            ("bounces", "Bounced Address"),
            ("invalid_emails", "Invalid"),
            ("spam_reports", "Spam Reporting Address"),
            ("unsubscribes", "Unsubscribed Address"),
        ):
            if any(entry["email"] == one.recipient for entry in self.suppressed[name]):
                one.state = "dropped"
                self._tell(one, {"event": "dropped", "reason": reason})
                return
        one.state = "delivered"
        for event, name in script(one.recipient):
            self._tell(one, event)
            if name:
                self.suppress(name, one.recipient)

    def suppress(self, name: str, email: str, created: int | None = None) -> None:
        entry = {
            "created": int(self.now()) if created is None else created,
            "email": email,
            "reason": "told so",
        }
        self.suppressed[name].append(entry)

    def _tell(self, one: Mail, event: Mapping[str, Any]) -> None:
        self.events.append(
            {
                **one.args,
                "email": one.recipient,
                "timestamp": int(self.now()),
                "smtp-id": one.smtp_id,
                "sg_event_id": f"event-{next(self._numbers)}",
                "sg_message_id": one.message_id,
                "category": one.categories,
                **event,
            }
        )

    # -- the rest of the API ----------------------------------------------------------------------------------

    def other(self, method: str, parts: list[str], query: Mapping[str, int], body: Any) -> Reply:
        """``/v3/{parts}``, without mail/send."""
        with self.lock:
            match method, parts:
                case "POST", ["mail", "batch"]:
                    batch = f"batch{next(self._numbers)}"
                    self.batches.add(batch)
                    return 201, {"batch_id": batch}
                case "GET", ["mail", "batch", batch]:
                    return (
                        (200, {"batch_id": batch})
                        if batch in self.batches
                        else (400, _errors("invalid batch id"))
                    )
                case _, ["user", "scheduled_sends", *rest]:
                    return self._scheduled(method, rest, body)
                case "GET", ["suppression", name] if name in self.suppressed:
                    return 200, self._page(name, query)
                case _, ["mail", "batch"] | ["suppression", _]:
                    return 405, _errors("method not allowed")
            return 404, _errors("not found")

    def _page(self, name: str, query: Mapping[str, int]) -> list[dict[str, Any]]:
        found = [one for one in self.suppressed[name] if one["created"] >= query.get("start_time", 0)]
        offset = query.get("offset", 0)
        return found[offset : offset + min(query.get("limit", 500), 500)]

    def _scheduled(self, method: str, rest: list[str], body: Any) -> Reply:
        held = [{"batch_id": batch, "status": status} for batch, status in self.scheduled.items()]
        match method, rest:
            case "GET", []:
                return 200, held
            case "GET", [batch]:
                return 200, [one for one in held if one["batch_id"] == batch]
            case "POST", []:
                return self._stop(body.get("batch_id"), body.get("status"), new=True)
            case "PATCH", [batch]:
                status, answer = self._stop(batch, body.get("status"), new=False)
                return (204, None) if status == 201 else (status, answer)
            case "DELETE", [batch]:
                return (204, None) if self.scheduled.pop(batch, "") else (404, _errors("not found"))
        return 405, _errors("method not allowed")

    def _stop(self, batch: Any, status: Any, *, new: bool) -> Reply:
        """Ten at one time, not in the last ten minutes, one POST a batch ("Cancel scheduled sends")."""
        due = [one.send_at for one in self.mails if one.batch == batch and one.state == "scheduled"]
        if batch not in self.batches or status not in ("cancel", "pause"):
            return 400, _errors("invalid batch id or status", "batch_id")
        if new == (batch in self.scheduled):
            return 400, _errors("the batch has a status already, or none", "batch_id")
        if new and len(self.scheduled) >= self.most_stopped:
            return 400, _errors("no more batches can be paused or cancelled", "batch_id")
        if due and min(due) - 600 < self.now():
            return 400, _errors("too late: within 10 minutes of send_at", "batch_id")
        self.scheduled[batch] = status
        return 201, {"batch_id": batch, "status": status}


def _errors(message: str, field: str | None = None) -> dict[str, Any]:
    return {"errors": [{"message": message, "field": field, "help": None}]}

"""Strict mode: a request that is scheduled can be called back while its answer is in doubt.

SendGrid, "Cancel scheduled sends": a batch can be cancelled until ten minutes before ``send_at``; the messages are
thrown away when ``send_at`` comes, so a cancellation that is deleted before would let them go out; ten batches at
most are cancelled at one time. That a cancellation also catches a request that arrives after it is how the text
reads, and not proven on a live account.
"""

import threading
from typing import TYPE_CHECKING

import orjson

from syndicate.carriers.sendgrid.account import SendGridAccount
from syndicate.carriers.sendgrid.body import Schedule
from syndicate.carriers.sendgrid.exchange import Answer, Lost

if TYPE_CHECKING:
    from syndicate.carriers.sendgrid.wire import Wire

LEAD = 15 * 60
"""Seconds from the request to ``send_at``, at least; cancelling ends ten minutes before it."""

MOST_CANCELLED = 10
AFTERWARDS = 10 * 60
"""Seconds after ``send_at`` until a cancellation is deleted: nothing of its batch is left then."""

TRIES = 2
PATH = "/v3/user/scheduled_sends"


class Batches:
    """The cancellations of one carrier, shared by its lanes."""

    def __init__(self, account: SendGridAccount) -> None:
        self._account = account
        self._cancelled: dict[str, int] = {}
        self._lock = threading.Lock()

    def begin(self, wire: "Wire") -> Schedule | Answer:
        """A new batch, or the answer that refused one. Raises :class:`Lost`; nothing is sent by this."""
        answer = wire.ask("POST", "/v3/mail/batch")
        batch = _field(answer.body, "batch_id")
        if answer.status != 201 or not batch:
            return answer
        # The answer may take as long as two time-outs; it must still be possible to cancel then.
        lead = LEAD + 2 * self._account.timeout
        return Schedule(batch, int(self._now() + lead) + 1)

    def cancel(self, wire: "Wire", schedule: Schedule) -> bool:
        """Whether it is certain now that nothing of the batch will be sent."""
        with self._lock:
            self._forget(wire)
            if len(self._cancelled) >= MOST_CANCELLED:
                return False
            done = any(_cancelled(wire, schedule.batch) for _ in range(TRIES))
            if done:
                self._cancelled[schedule.batch] = schedule.send_at
            return done

    def tidy(self, wire: "Wire") -> None:
        """Delete the cancellations whose messages SendGrid has thrown away."""
        with self._lock:
            self._forget(wire)

    def _forget(self, wire: "Wire") -> None:
        ripe = [batch for batch, send_at in self._cancelled.items() if self._now() > send_at + AFTERWARDS]
        for batch in ripe:
            if _status(wire, "DELETE", f"{PATH}/{batch}") in (204, 404):
                del self._cancelled[batch]

    def _now(self) -> float:
        return self._account.clock().timestamp()


def _cancelled(wire: "Wire", batch: str) -> bool:
    """Cancel, and where that gives no clear yes (a second try is answered with 400) look whether it is."""
    if _status(wire, "POST", PATH, {"batch_id": batch, "status": "cancel"}) == 201:
        return True
    try:
        answer = wire.ask("GET", f"{PATH}/{batch}")
    except Lost:
        return False
    return answer.status == 200 and _field(answer.body, "status") == "cancel"


def _status(wire: "Wire", method: str, path: str, value: object = None) -> int:
    """0 where there is no answer."""
    try:
        return wire.ask(method, path, value).status
    except Lost:
        return 0


def _field(body: bytes, name: str) -> str:
    """A text out of an object, or out of the only object of a list; else nothing."""
    try:
        given = orjson.loads(body)
    except ValueError:
        return ""
    one = given[0] if isinstance(given, list) and len(given) == 1 else given
    value = one.get(name) if isinstance(one, dict) else None
    return value if isinstance(value, str) else ""

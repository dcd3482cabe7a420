"""Where providers tell what became of mail: a call is verified, kept and answered; a thread reads it afterwards.

::

    POST /hooks/{carrier} -> flows.hear_back.receive -> 204     403 not theirs, 404 no such hook, 413 too large
                                      |
    a thread, within a second: flows.hear_back.hear

Whatever is not answered with 2xx is sent again by the provider (SendGrid: for a day), so a fault of ours loses nothing.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from litestar import Response

from syndicate.flows import hear_back
from syndicate.flows.house import House
from syndicate.model import NotFound, UnsafeValue
from syndicate.web.answers import answer

LARGEST_BODY = 2 * 1024 * 1024
"""Of a call, in bytes. SendGrid's have at most 768 kB ("Event Webhook overview")."""

_EVERY = 1.0
_LONGEST_PAUSE = 60.0
_log = logging.getLogger("syndicate.web")


class Hooks:
    """Takes calls and has them read. ``start`` and ``stop`` belong to the server's life; no hook, no thread."""

    def __init__(self, house: House, clock: Callable[[], datetime]) -> None:
        self.house, self.clock = house, clock
        self._wake = threading.Event()
        self._ends = False
        self._thread: threading.Thread | None = None

    def call(self, carrier: str, headers: Mapping[str, str], body: bytes) -> Response[bytes]:
        """The answer to a provider. The reason of a refusal is for its owner's log, not for whoever tried."""
        try:
            hear_back.receive(self.house.database, self.house.hooks, carrier, headers, body, self.clock())
        except NotFound:
            return _line(404)
        except UnsafeValue as error:
            _log.warning("a call to the hook of %s was refused: %s", carrier, error)
            return _line(403)
        self._wake.set()
        return answer(b"", "text/plain; charset=utf-8", 204)

    def start(self) -> None:
        """Begin to read, what was kept before included."""
        if self.house.hooks and self._thread is None:
            self._ends = False
            self._thread = threading.Thread(target=self._run, name="hear back", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End when the body that is being read is done."""
        self._ends = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _run(self) -> None:
        pause = _EVERY
        while not self._ends:
            self._wake.clear()
            pause = _EVERY if self._hear() else min(2 * pause, _LONGEST_PAUSE)
            self._wake.wait(pause)

    def _hear(self) -> bool:
        """False when it could not be done now. Another process may keep bodies, too: they are looked for every time."""
        try:
            report = hear_back.hear(self.house.database, self.house.hooks, self.house.key, self.clock())
        except Exception as error:  # the database is away, or held: the thread outlives it
            _log.warning("what providers said cannot be read now, and is tried again", exc_info=error)
            return False
        if report.aside:
            _log.warning(
                "%s bodies of providers could not be read, and are kept: %s", report.aside, report.fault
            )
        return True


def _line(status: int) -> Response[bytes]:
    return answer(f"{status}\n".encode(), "text/plain; charset=utf-8", status)

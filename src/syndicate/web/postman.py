"""The postman: a thread of the server that mails whoever signs up, at once, and what could not be handed over later.

Whoever asks has their answer by then: how long this takes, and what it does, tells nothing of whom we know.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from syndicate.flows.house import House
from syndicate.flows.post import deliver_post

EVERY = 30.0
"""Seconds between two looks at what was put off, or was asked of another process."""

_log = logging.getLogger("syndicate.web")


class Postman:
    """``start`` and ``stop`` belong to the server's life. Reads ``house.asked`` to be woken."""

    def __init__(self, house: House, clock: Callable[[], datetime]) -> None:
        self.house, self.clock = house, clock
        self._ends = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with what waits already."""
        if self._thread is None:
            self._ends = False
            self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End when what was taken is handed over."""
        self._ends = True
        self.house.asked.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _run(self) -> None:
        while not self._ends:
            self.house.asked.clear()
            self._deliver()
            self.house.asked.wait(EVERY)

    def _deliver(self) -> None:
        try:
            report = deliver_post(self.house, self.clock)
        except Exception as error:  # the database is away, or held: the thread outlives it
            _log.warning("sign-ups cannot be mailed now, and are tried again", exc_info=error)
            return
        for problem in report.problems:
            _log.warning("sign-ups cannot be mailed now, and are tried again: %s", problem)

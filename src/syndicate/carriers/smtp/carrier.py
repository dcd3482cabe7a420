"""The carrier: as many lanes as connections, each a conversation of its own, all of them at one switchboard."""

import functools
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from syndicate.carriers.desk import Desk
from syndicate.carriers.smtp.envelope import Inspection, Sign
from syndicate.carriers.smtp.lane import Lane
from syndicate.carriers.smtp.opening import Addresses, opened
from syndicate.carriers.smtp.server import SmtpServer
from syndicate.carriers.smtp.switchboard import Seat, Switchboard
from syndicate.carriers.smtp.wire import Wire
from syndicate.model import HandOver, Outcome

SIGNING = 4
"""Threads, where messages are signed: a signature is waited for, and others go on meanwhile."""


class Smtp:
    """Hands messages over to one server; ``sign`` makes header lines that go in front of each.

    ``carry`` is for ``lanes`` threads, which share the server's connections; it raises :class:`CarrierError` when the
    server cannot be reached or refuses us altogether, with everything it had taken and not tried given back.
    """

    name = "smtp"
    takes: Literal["messages"] = "messages"

    def __init__(self, server: SmtpServer, sign: Sign | None = None) -> None:
        self.server, self.sign = server, sign
        self._addresses = Addresses(server)
        self._lock, self._left = threading.Lock(), server.connections

    @property
    def lanes(self) -> int:
        return min(self.server.connections, SIGNING) if self.sign else 1

    def __enter__(self) -> "Smtp":
        return self

    def __exit__(self, *_: object) -> None:
        """Each lane closes its own connection."""

    def carry(self, desk: Desk[HandOver]) -> None:
        inspection = Inspection()

        async def run(seat: Seat) -> None:
            async def open_wire() -> Wire:
                return await opened(self.server, self._addresses, lambda: self._trust, seat)

            await Lane(self.server, desk, self.sign, open_wire, seat, inspection).run()

        with self._connections() as connections:
            if connections:
                Switchboard(desk, connections, self.server.timeout, run).run()

    def proof(self, delivery: int) -> Outcome | None:
        """SMTP cannot be asked afterwards: nothing is certain."""
        return None

    @contextmanager
    def _connections(self) -> Iterator[int]:
        """How many this thread may open; all threads together never open more than there may be."""
        with self._lock:
            share = min(self._left, -(-self.server.connections // self.lanes))
            self._left -= share
        try:
            yield share
        finally:
            with self._lock:
                self._left += share

    @functools.cached_property
    def _trust(self) -> ssl.SSLContext:
        """Whom we believe; read once, for it is a file of many certificates."""
        return ssl.create_default_context()

"""The carrier: as many lanes as connections, each a conversation of its own."""

import functools
import ssl
from typing import Literal

from syndicate.carriers.desk import Desk
from syndicate.carriers.smtp.envelope import Sign
from syndicate.carriers.smtp.lane import Lane
from syndicate.carriers.smtp.opening import opened
from syndicate.carriers.smtp.server import SmtpServer
from syndicate.model import HandOver, Outcome


class Smtp:
    """Hands messages over to one server; ``sign`` makes header lines that go in front of each.

    ``carry`` is one lane and runs in a thread of its own; it raises :class:`CarrierError` when the server cannot be
    reached or refuses us altogether, with everything it had taken and not tried given back.
    """

    name = "smtp"
    takes: Literal["messages"] = "messages"

    def __init__(self, server: SmtpServer, sign: Sign | None = None) -> None:
        self.server, self.sign = server, sign

    @property
    def lanes(self) -> int:
        return self.server.connections

    def __enter__(self) -> "Smtp":
        return self

    def __exit__(self, *_: object) -> None:
        """Each lane closes its own connection."""

    def carry(self, desk: Desk[HandOver]) -> None:
        Lane(self.server, desk, self.sign, lambda: opened(self.server, lambda: self._trust)).run()

    def proof(self, delivery: int) -> Outcome | None:
        """SMTP cannot be asked afterwards: nothing is certain."""
        return None

    @functools.cached_property
    def _trust(self) -> ssl.SSLContext:
        """Whom we believe; read once, for it is a file of many certificates."""
        return ssl.create_default_context()

"""The mailroom: what sending needs, put together once."""

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from syndicate.deliveries import Limits
from syndicate.model import Outcome, Site
from syndicate.store import Database
from syndicate.store.witness import Witness
from syndicate.subscribers import Tokens


class Carrier(Protocol):
    """What hands messages over; see ``carriers.desk`` for how it talks to the desk.

    ``carry`` runs until the desk has no more, in ``lanes`` threads at once.
    ``takes`` is ``messages`` (whole ones) or ``letters`` (and what to fill in). ``proof`` says what is certain
    about a hand-over whose sender died, None for nothing.
    """

    @property
    def name(self) -> str: ...
    @property
    def lanes(self) -> int: ...
    @property
    def takes(self) -> str: ...
    def carry(self, desk: Any) -> None: ...
    def proof(self, delivery: int) -> Outcome | None: ...


@dataclass(frozen=True, slots=True)
class Mailroom:
    """The ledger, the carrier, who the mail is from, what its links are made with, and how careful to be.

    ``lock`` is held while sending: only one sender runs at a place. ``key`` is what suppressed addresses are hashed
    with. ``return_path`` is where reports of failed mail go, with a token of the delivery in it when ``verp``.
    ``on_unsure`` is ``hold`` or ``resend``.
    """

    database: Database
    carrier: Carrier
    site: Site
    tokens: Tokens
    from_address: str
    lock: Path
    key: bytes = b""
    reply_to: str = ""
    unsubscribe_address: str = ""
    return_path: str = ""
    verp: bool = False
    attempts: int = 8
    on_unsure: str = "hold"
    limits: Limits = field(default_factory=Limits)

    @property
    def witness(self) -> Witness:
        return Witness(self.lock.with_name("send-witness.json"))

    @property
    def place(self) -> str:
        """Where we send from: whoever sent from here before and does not hold the lock any more is dead."""
        return f"{socket.gethostname()}:{self.lock.absolute()}"[:250]

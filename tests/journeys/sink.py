"""An SMTP server that takes what it is told to take and counts every message by its Message-ID."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

Answer = Callable[[str, int], str]


class Sink:
    """``answer`` gets the recipient and how often it was tried; what is no 250 is not taken."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.recipients: Counter[str] = Counter()
        self.tried: Counter[str] = Counter()
        self.return_paths: dict[str, str] = {}
        self.hold: Callable[[], None] = lambda: None
        self.answer: Answer = lambda recipient, attempt: "250 ok"
        self.lock = threading.Lock()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tried[address] += 1
        said = self.answer(address, self.tried[address])
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        found = message_from_bytes(envelope.content, policy=policy.default)
        self.taken[str(found["Message-ID"])] += 1
        self.recipients.update(envelope.rcpt_tos)
        self.return_paths.update(dict.fromkeys(envelope.rcpt_tos, envelope.mail_from or ""))
        self.hold()
        return "250 taken"


@contextmanager
def listening() -> Iterator[tuple[Sink, int]]:
    """On a free port of this machine, until the end of the block."""
    handler = Sink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()

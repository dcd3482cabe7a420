"""A real SMTP server (aiosmtpd) that answers as a test tells it to."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG_UP = "hang up"


class Replies:
    """What to say at each verb; what is not named is accepted. ``got`` holds the messages taken."""

    def __init__(self, replies: Mapping[str, str]) -> None:
        self.replies = replies
        self.got: list[bytes] = []
        self.recipients: list[str] = []
        self.parameters: list[list[str]] = []
        self.hellos: list[str] = []
        self.connections = 0
        self.pipelining = True

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.hellos.append(hostname)
        return [responses[0], "250-PIPELINING", *responses[1:]] if self.pipelining else responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" not in self.replies:
            envelope.mail_from = address
        self.parameters.append(options)
        return _say(server, self.replies.get("MAIL", "250 sender ok"))

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self.replies:
            envelope.rcpt_tos.append(address)
        return _say(server, self.replies.get("RCPT", "250 recipient ok"))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Comes after the final dot."""
        if "message" not in self.replies:
            self.got.append(envelope.content or b"")
            self.recipients += envelope.rcpt_tos
        return _say(server, self.replies.get("message", "250 taken"))


class Server(SMTP):
    """Speaks up at DATA, which aiosmtpd's handlers cannot."""

    async def smtp_DATA(self, arg: str) -> None:
        said = self.event_handler.replies.get("DATA")
        if said is None:
            await super().smtp_DATA(arg)
        elif said == HANG_UP:
            self.transport.abort()
        elif said == "354 then hang up":
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
        else:
            await self.push(said)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.connections += 1
        super().connection_made(transport)


def _say(server: SMTP, reply: str) -> str:
    if reply == HANG_UP:
        server.transport.abort()
    return reply


def only_ayse(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ayse", b"open sesame")
    # not "handled": the server is to say 535 itself
    return AuthResult(success=known, handled=False)


@contextmanager
def serve(
    replies: Mapping[str, str] = {}, *, pipelining: bool = True, **options: Any
) -> Iterator[tuple[int, Replies]]:
    """A server on a free port of this machine; it ends with the block."""
    handler, loop, port = Replies(replies), asyncio.new_event_loop(), 0
    handler.pipelining = pipelining
    ready, done = threading.Event(), asyncio.Event()

    async def run() -> None:
        nonlocal port
        listening = await asyncio.get_running_loop().create_server(
            lambda: Server(handler, loop=asyncio.get_running_loop(), hostname="mail.example.org", **options),
            "127.0.0.1",
            0,
        )
        port = listening.sockets[0].getsockname()[1]
        ready.set()
        await done.wait()
        listening.close()
        await asyncio.sleep(0)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait()
    try:
        yield port, handler
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()

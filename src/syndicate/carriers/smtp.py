"""SMTP by the standard library: one connection, one message at a time, every reply told apart (RFC 5321)."""

import smtplib
import ssl
from dataclasses import dataclass, field
from typing import Literal

from syndicate.model import CarrierError, DeliveryState, HandOver, Outcome

REUSE = 100
"""Messages a connection carries before a new one is made: many servers count."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to hand over. ``security``: ``starttls`` and ``tls`` verify the certificate. ``timeout`` in seconds."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 60.0


class Smtp:
    """A carrier over one connection; not shared between threads.

    Raises :class:`CarrierError` when the server cannot be reached or refuses us altogether.
    """

    name = "smtp"

    def __init__(self, server: SmtpServer) -> None:
        self.server = server
        self.connection: smtplib.SMTP | None = None
        self.carried = 0

    def __enter__(self) -> "Smtp":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def hand_over(self, item: HandOver) -> Outcome:
        """One message. What fails before the message is sent is certainly not taken; a reply lost after is a doubt."""
        connection = self._open()
        try:
            refused = self._envelope(connection, item)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._drop()
            return Outcome(
                DeliveryState.FAILED, f"connection lost before the message: {_name(error)}", retry=True
            )
        return refused or self._content(connection, item)

    def proof(self, delivery: int) -> Outcome | None:
        """SMTP cannot be asked afterwards: nothing is certain."""
        return None

    def _envelope(self, connection: smtplib.SMTP, item: HandOver) -> Outcome | None:
        for verb, reply in (("MAIL", connection.mail), ("RCPT", connection.rcpt)):
            code, text = reply(item.sender if verb == "MAIL" else item.recipient)
            if code // 100 != 2:
                self._reset(connection, code)
                return _refusal(verb, code, text)
        return None

    def _content(self, connection: smtplib.SMTP, item: HandOver) -> Outcome:
        try:
            code, text = connection.data(item.message)
        except smtplib.SMTPDataError as error:
            # The server declined the DATA command itself: nothing was sent.
            self._reset(connection, error.smtp_code)
            return _refusal("DATA", error.smtp_code, error.smtp_error)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._drop()
            return Outcome(DeliveryState.UNSURE, f"no reply after the message: {_name(error)}")
        self.carried += 1
        if code // 100 == 2:
            return Outcome(DeliveryState.ACCEPTED, _text(code, text))
        self._reset(connection, code)
        return _refusal("message", code, text)

    def _open(self) -> smtplib.SMTP:
        if self.connection is not None and self.carried < REUSE:
            return self.connection
        self._close()
        try:
            self.connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            place = f"{self.server.host}:{self.server.port}"
            raise CarrierError(f"{place}: no mail can be handed over: {_name(error)}") from error
        self.carried = 0
        return self.connection

    def _connect(self) -> smtplib.SMTP:
        server, context = self.server, ssl.create_default_context()
        if server.security == "tls":
            made: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=context
            )
        else:
            made = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        made.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            made.starttls(context=context)
            made.ehlo()
        if server.username:
            made.login(server.username, server.password)
        return made

    def _reset(self, connection: smtplib.SMTP, code: int) -> None:
        """421 means the server is closing (RFC 5321, 3.8); otherwise the conversation starts anew."""
        if code == 421:
            self._drop()
            return
        try:
            connection.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def _close(self) -> None:
        if self.connection is None:
            return
        try:
            self.connection.quit()
        except (smtplib.SMTPException, OSError):
            self.connection.close()
        self.connection = None


def _refusal(verb: str, code: int, text: bytes | str) -> Outcome:
    """4yz: not now, try again; 5yz: never (RFC 5321, 4.2.1)."""
    detail = f"{verb}: {_text(code, text)}"
    if code // 100 == 4:
        return Outcome(DeliveryState.FAILED, detail, retry=True)
    return Outcome(DeliveryState.REFUSED, detail)


def _text(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"[:300]


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]

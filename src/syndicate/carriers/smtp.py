"""SMTP by the standard library: one connection, one message at a time, every reply told apart (RFC 5321)."""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from typing import Literal

from syndicate.model import CarrierError, DeliveryState, HandOver, Outcome

REUSE = 100
"""Messages a connection carries before a new one is made: many servers count."""


_PLAIN = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_LEADING_DOT = re.compile(rb"(?m)^\.")


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
        """One message. What fails before its final dot left was certainly not taken; a reply lost after is a doubt."""
        if objection := _objection(item):
            return Outcome(DeliveryState.FAILED, objection)
        connection = self._open()
        try:
            refused = self._envelope(connection, item) or self._send(connection, item)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._drop()
            return Outcome(
                DeliveryState.FAILED, f"connection lost before the message: {_name(error)}", retry=True
            )
        return refused or self._verdict(connection)

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

    def _send(self, connection: smtplib.SMTP, item: HandOver) -> Outcome | None:
        """Not ``smtplib.data``: it cannot tell a connection lost before the final dot from one lost after.

        When sending fails, the last bytes, and with them the final dot, never left.
        """
        code, text = connection.docmd("DATA")
        if code != 354:
            self._reset(connection, code)
            return _refusal("DATA", code, text)
        connection.send(_stuffed(item.message))
        return None

    def _verdict(self, connection: smtplib.SMTP) -> Outcome:
        """What the server says after the final dot; whatever is neither yes nor no is a doubt."""
        try:
            code, text = connection.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Outcome(DeliveryState.UNSURE, f"no reply after the message: {_name(error)}")
        self.carried += 1
        if code // 100 == 2:
            return Outcome(DeliveryState.ACCEPTED, _text(code, text))
        self._reset(connection, code)
        if code // 100 not in (4, 5):
            return Outcome(DeliveryState.UNSURE, f"not an answer to a message: {_text(code, text)}")
        return _refusal("message", code, text)

    def _open(self) -> smtplib.SMTP:
        if self.connection is not None and self.carried < REUSE:
            return self.connection
        self._close()
        try:
            self.connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise CarrierError(f"{self._place}: no mail can be handed over: {_name(error)}") from error
        except ValueError:
            # No cause, for the error holds what could not be written, which may be the password.
            reason = "host, user name or password cannot be written in ASCII"
            raise CarrierError(f"{self._place}: {reason}") from None
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
        try:
            made.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                made.starttls(context=context)
                made.ehlo()
            if server.username:
                made.login(server.username, server.password)
        except BaseException:
            made.close()
            raise
        return made

    @property
    def _place(self) -> str:
        return f"{self.server.host}:{self.server.port}"

    def _reset(self, connection: smtplib.SMTP, code: int) -> None:
        """421 means the server is closing (RFC 5321, 3.8), no known code that it is lost; else we start anew."""
        if code == 421 or code // 100 not in (4, 5):
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
    """5yz: never; 4yz, or no answer that can be understood: not now, try again (RFC 5321, 4.2.1)."""
    detail = f"{verb}: {_text(code, text)}"
    if code // 100 == 5:
        return Outcome(DeliveryState.REFUSED, detail)
    return Outcome(DeliveryState.FAILED, detail, retry=True)


def _objection(item: HandOver) -> str:
    """Why this must not be put on a wire; smtplib would guess an address out of what is none."""
    if not (_PLAIN.fullmatch(item.sender) and _PLAIN.fullmatch(item.recipient)):
        return "the address cannot be written on an envelope"
    if not _has_crlf_only(item.message):
        return "the message has a bare CR or LF, which servers read differently"
    return ""


def _has_crlf_only(message: bytes) -> bool:
    """A bare LF or CR lets a second message be smuggled past servers that take it for a line end."""
    return message.count(b"\r\n") == message.count(b"\r") == message.count(b"\n")


def _stuffed(message: bytes) -> bytes:
    """With leading dots doubled and the final dot (RFC 5321, 4.5.2)."""
    end = b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"
    return _LEADING_DOT.sub(b"..", message) + end


def _text(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"[:300]


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]

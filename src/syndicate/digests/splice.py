"""Splice: the MIME of an edition compiled once; a person costs a join of prepared bytes.

Digest, Sender --stencil--> Stencil --message(Recipient, date)--> one person's message (bytes)

``email`` takes milliseconds for a message of this size, all but a thousandth of them for what is the same for
everybody. Why it is done this way, and what it costs: docs/decisions/splice.md.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from syndicate.digests import standing
from syndicate.digests.content import Digest, Recipient, Sender
from syndicate.digests.headers import mailbox, phrase, protocol, text
from syndicate.digests.parts import part
from syndicate.digests.people import display, safe, short, ways
from syndicate.model import UnsafeValue


def stencil(digest: Digest, sender: Sender) -> "Stencil":
    """``digest`` from ``sender`` with all done that can be done before it is known for whom.

    Raises UnsafeValue for a sender or a subject that could break a header, and for a slot that nobody fills.
    """
    return Stencil(digest, sender)


class Stencil:
    """An edition's message with holes where people differ. Threads may share it.

    No line of a message begins with a dot, so that none needs stuffing on its way (RFC 5321, section 4.5.2).
    """

    __slots__ = ("_dates", "_end", "_from", "_html", "_list", "_plain", "_subject")

    def __init__(self, digest: Digest, sender: Sender) -> None:
        self._dates, boundary = _Dates(), _boundary(digest)
        after = _after(digest, sender, boundary)
        self._plain = part(digest.text, is_html=False, boundary=boundary, before=after)
        self._html = part(digest.html, is_html=True, boundary=boundary)
        self._from = _from(sender).decode()
        self._subject = text("Subject", digest.subject).decode()
        self._list = protocol("List-Id", standing.list_id(sender)).decode()
        self._end = f"\r\n--{boundary}--\r\n".encode()

    def message(self, recipient: Recipient, date: datetime) -> bytes:
        """The message of one person in one piece; see :meth:`pieces`."""
        return b"".join(self.pieces(recipient, date))

    def pieces(self, recipient: Recipient, date: datetime) -> tuple[bytes, ...]:
        """The message of one person, ready for a carrier (RFC 5322, lines end in CRLF); most of it is shared.

        ``date`` is aware. Names are made visible and cannot break a header; raises UnsafeValue for an address,
        a URI or a Message-ID that could.
        """
        who, is_ordinary = safe(recipient)
        name = who.name if is_ordinary else short(who.name)
        head = (
            f"{self._dates.header(date)}{self._from}"
            f"To: {phrase(name)}<{who.email}>\r\n{self._subject}"
            f"Message-ID: {who.message_id}\r\n{self._list}List-Unsubscribe: {ways(who)}\r\n"
        )
        plain, html = self._plain.filled(who, is_ordinary), self._html.filled(who, is_ordinary)
        return (head.encode(), *plain, *html, self._end)


class _Dates:
    """Date headers; one in UTC is made once for all messages of its second. Threads may share it."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        never = datetime.min.replace(tzinfo=UTC)
        self._last = (never, never, "")

    def header(self, date: datetime) -> str:
        if date.tzinfo is not UTC:
            return _dated(date)
        since, until, made = self._last
        if not since <= date < until:
            made = _dated(date)
            second = date.replace(microsecond=0)
            self._last = (second, second + timedelta(seconds=1), made)
        return made


def _dated(date: datetime) -> str:
    if date.utcoffset() is None:
        raise UnsafeValue("the date of a message must be aware of its time zone")
    return protocol("Date", format_datetime(date)).decode()


def _from(sender: Sender) -> bytes:
    reply_to = mailbox("Reply-To", "", sender.reply_to) if sender.reply_to else b""
    return mailbox("From", display(sender.name), sender.email) + reply_to


def _after(digest: Digest, sender: Sender, boundary: str) -> bytes:
    """The rest of the head, from List-Unsubscribe on."""
    headers = (
        *standing.list_headers(sender),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
        ("Content-Language", digest.language),
    )
    return b"".join(protocol(name, value) for name, value in headers)


def _boundary(digest: Digest) -> str:
    """The same for the same edition; ``=_`` occurs in no encoded body (RFC 2045, section 6.7)."""
    whole = "\0".join((digest.subject, digest.text, digest.html))
    return f"=_{hashlib.sha256(whole.encode()).hexdigest()[:32]}"

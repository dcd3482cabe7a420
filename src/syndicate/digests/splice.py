"""Splice: the MIME of an edition compiled once; a person costs a join of prepared bytes.

Digest, Sender --stencil--> Stencil --message(Recipient, date)--> one person's message (bytes)

``email`` takes milliseconds for a message of this size, all but a thousandth of them for what is the same for
everybody. Why it is done this way, and what it costs: docs/decisions/splice.md.
"""

import hashlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import lru_cache

from syndicate.digests import standing
from syndicate.digests.content import Digest, Recipient, Sender
from syndicate.digests.headers import mailbox, phrase, protocol, text
from syndicate.digests.parts import Part, part
from syndicate.digests.people import display, person
from syndicate.model import UnsafeValue


def stencil(digest: Digest, sender: Sender) -> "Stencil":
    """``digest`` from ``sender`` with all done that can be done before it is known for whom.

    Raises UnsafeValue for a sender or a subject that could break a header, and for a slot that nobody fills.
    """
    return Stencil(digest, sender)


class Stencil:
    """An edition's message with holes where people differ. Never changes: threads may share it.

    No line of a message begins with a dot, so that none needs stuffing on its way (RFC 5321, section 4.5.2).
    """

    __slots__ = ("_after", "_between", "_end", "_from", "_html", "_list", "_plain", "_subject")

    def __init__(self, digest: Digest, sender: Sender) -> None:
        boundary = _boundary(digest)
        self._plain, self._html = part(digest.text, is_html=False), part(digest.html, is_html=True)
        self._from = _from(sender).decode()
        self._subject = text("Subject", digest.subject).decode()
        self._list = protocol("List-Id", standing.list_id(sender)).decode()
        self._after = _after(digest, sender, boundary) + _opening(boundary, self._plain, "plain")
        self._between = _opening(boundary, self._html, "html")
        self._end = f"\r\n--{boundary}--\r\n".encode()

    def message(self, recipient: Recipient, date: datetime) -> bytes:
        """The message of one person in one piece; see :meth:`pieces`."""
        return b"".join(self.pieces(recipient, date))

    def pieces(self, recipient: Recipient, date: datetime) -> tuple[bytes, ...]:
        """The message of one person, ready for a carrier (RFC 5322, lines end in CRLF); most of it is shared.

        ``date`` is aware. Names are made visible and cannot break a header; raises UnsafeValue for an address,
        a URI or a Message-ID that could.
        """
        who = person(recipient)
        head = (
            f"{_dated(int(date.timestamp()), date.utcoffset())}{self._from}"
            f"To: {phrase(who.name)}<{who.email}>\r\n{self._subject}"
            f"Message-ID: {who.message_id}\r\n{self._list}List-Unsubscribe: {who.unsubscribe}\r\n"
        )
        plain, html = self._plain.filled(who), self._html.filled(who)
        return (head.encode(), self._after, *plain, self._between, *html, self._end)


@lru_cache(maxsize=64)
def _dated(second: int, offset: timedelta | None) -> str:
    """The Date header, made once for all messages of a second; ``second`` counts from 1970, UTC."""
    if offset is None:
        raise UnsafeValue("the date of a message must be aware of its time zone")
    local = datetime.fromtimestamp(second, timezone(offset))
    return protocol("Date", format_datetime(local)).decode()


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


def _opening(boundary: str, part: Part, subtype: str) -> bytes:
    """From the end of what comes before to the first octet of a part's body."""
    return (
        f'\r\n--{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {part.encoding}\r\n\r\n"
    ).encode()


def _boundary(digest: Digest) -> str:
    """The same for the same edition; ``=_`` occurs in no encoded body (RFC 2045, section 6.7)."""
    whole = "\0".join((digest.subject, digest.text, digest.html))
    return f"=_{hashlib.sha256(whole.encode()).hexdigest()[:32]}"

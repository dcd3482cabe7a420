"""A digest made out to one person: slots filled, headers set, bytes with CRLF."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit

from syndicate.digests.columns import shorten
from syndicate.digests.content import Digest, Recipient, Sender
from syndicate.digests.headers import mailbox, protocol, text, uris
from syndicate.digests.slots import filled
from syndicate.digests.view import site_name
from syndicate.languages import slug, visible
from syndicate.model import Newsletter, Site, UnsafeValue

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_LIST_ID = re.compile(r"<[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+>")
_URI = re.compile(r"[!-;=?-~]+")
_LONGEST_URI = 900
_NAME_ROOM = 78


def address(digest: Digest, recipient: Recipient, sender: Sender, date: datetime) -> bytes:
    """The message of one recipient, ready for a carrier (RFC 5322, lines end in CRLF).

    ``date`` is aware. Names are made visible and cannot break a header; raises UnsafeValue for an address,
    a URI or a Message-ID that could.
    """
    values = _values(recipient)
    plain = _part(filled(digest.text, values), "plain")
    html = _part(filled(digest.html, {k: escape(v) for k, v in values.items()}), "html")
    line = f"--{_boundary(recipient)}".encode()
    head = b"".join(_headers(digest, recipient, sender, date))
    return b"".join((head, b"\r\n", line, b"\r\n", plain, line, b"\r\n", html, line, b"--\r\n"))


def sender(
    newsletter: Newsletter, site: Site, language: str, email: str, reply_to: str = "", archive_url: str = ""
) -> Sender:
    """The sender of a newsletter in one language: List-Id and Feedback-ID follow from what never changes.

    The List-Id (RFC 2919) lies under the site's ``id_authority``; the display name is the site's, always
    the same for a language.
    """
    domain = site.id_authority.partition(",")[0].lower()
    key, tag = slug(newsletter.key)[:60], language.lower()
    house = (slug(domain).replace("-", "") + "syndicate")[:15]
    return Sender(
        name=site_name(site, language),
        email=email,
        list_id=f"<{tag}.{key}.{domain}>",
        feedback_id=f"{key}:{tag}:digest-{tag}:{house}",
        reply_to=reply_to,
        archive_url=archive_url,
    )


def _headers(digest: Digest, recipient: Recipient, sender: Sender, date: datetime) -> Iterator[bytes]:
    if date.tzinfo is None:
        raise UnsafeValue("the date of a message must be aware of its time zone")
    yield protocol("Date", format_datetime(date))
    yield mailbox("From", _display(sender.name), sender.email)
    if sender.reply_to:
        yield mailbox("Reply-To", "", sender.reply_to)
    yield mailbox("To", _display(recipient.name), recipient.email)
    yield text("Subject", digest.subject)
    yield protocol("Message-ID", _checked("Message-ID", recipient.message_id, _MESSAGE_ID))
    yield protocol("List-Id", _checked("List-Id", sender.list_id, _LIST_ID))
    yield uris("List-Unsubscribe", _unsubscribe(recipient))
    yield protocol("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    if sender.archive_url:
        yield uris("List-Archive", [_uri(sender.archive_url)])
    yield protocol("Feedback-ID", sender.feedback_id)
    yield protocol("Precedence", "bulk")
    yield protocol("Auto-Submitted", "auto-generated")
    yield protocol("MIME-Version", "1.0")
    yield protocol("Content-Type", f'multipart/alternative; boundary="{_boundary(recipient)}"')
    yield protocol("Content-Language", digest.language)


def _unsubscribe(recipient: Recipient) -> list[str]:
    """The https address first (RFC 8058), then the mailto where there is one (RFC 2369)."""
    if urlsplit(recipient.unsubscribe_url).scheme not in ("https", "http"):
        raise UnsafeValue(f"unsubscribe address is no web address: {recipient.unsubscribe_url[:60]!r}")
    mailto = recipient.unsubscribe_mailto.removeprefix("mailto:")
    return [_uri(recipient.unsubscribe_url), *([_uri(f"mailto:{mailto}")] if mailto else [])]


def _values(recipient: Recipient) -> dict[str, str]:
    return {
        "name": visible(recipient.name),
        "email": recipient.email,
        "unsubscribe": recipient.unsubscribe_url,
        "preferences": _uri(recipient.preferences_url),
    }


def _display(name: str) -> str:
    """A name fit to stand before an address: visible, short, and no address itself."""
    shown = shorten(visible(name), _NAME_ROOM)
    return "" if "@" in shown else shown


def _uri(uri: str) -> str:
    if len(uri) > _LONGEST_URI or "," in uri:
        raise UnsafeValue(f"URI too long, or with a comma, for a list header: {uri[:60]!r}")
    return _checked("URI", uri, _URI)


def _checked(what: str, value: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(value):
        raise UnsafeValue(f"{what} is malformed: {value[:80]!r}")
    return value


def _boundary(recipient: Recipient) -> str:
    """A boundary from the Message-ID: the same bytes for the same message; ``=_`` occurs in no encoded body."""
    return "=_" + re.sub(r"[^A-Za-z0-9]", "", recipient.message_id)[:60]


def _part(text: str, subtype: str) -> bytes:
    """A text part in quoted-printable or base64, whichever is shorter, never 8-bit; ends before a boundary line.

    Written here and not by ``email``, whose generator takes ten times as long over a body this size.
    """
    octets = text.encode()
    quoted, based = b2a_qp(octets, istext=True), encodebytes(octets.replace(b"\n", b"\r\n"))
    encoding = "base64" if len(based) < len(quoted) else "quoted-printable"
    head = f'Content-Type: text/{subtype}; charset="utf-8"\nContent-Transfer-Encoding: {encoding}\n\n'
    return (head.encode() + (based if encoding == "base64" else quoted) + b"\n").replace(b"\n", b"\r\n")

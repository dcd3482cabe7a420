"""A digest made out to one person: slots filled, headers set, bytes with CRLF."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit

from syndicate.digests.columns import shorten
from syndicate.digests.content import Digest, Recipient, Sender
from syndicate.digests.policy import POLICY, one_line
from syndicate.digests.slots import filled
from syndicate.digests.view import site_name
from syndicate.languages import slug, visible
from syndicate.model import Newsletter, Site, UnsafeValue

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_URI = re.compile(r"[!-;=?-~]+")
_LONGEST_URI = 900
_NAME_ROOM = 78


def address(digest: Digest, recipient: Recipient, sender: Sender, date: datetime) -> bytes:
    """The message of one recipient, ready for a carrier (RFC 5322, lines end in CRLF).

    ``date`` is aware. Names are made visible and cannot break a header; raises UnsafeValue for an address,
    a URI or a Message-ID that could.
    """
    message = EmailMessage(policy=POLICY)
    for name, value in _headers(digest, recipient, sender, date):
        message[name] = one_line(name, value) if isinstance(value, str) else value
    values = _values(recipient)
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/alternative; boundary="{_boundary(recipient)}"'
    message.attach(_part(filled(digest.text, values), "plain"))
    message.attach(_part(filled(digest.html, {k: escape(v) for k, v in values.items()}), "html"))
    message["Content-Language"] = digest.language
    return message.as_bytes()


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


def _headers(
    digest: Digest, recipient: Recipient, sender: Sender, date: datetime
) -> list[tuple[str, object]]:
    if date.tzinfo is None:
        raise UnsafeValue("the date of a message must be aware of its time zone")
    optional = [("Reply-To", _mailbox("", sender.reply_to))] if sender.reply_to else []
    archive = [("List-Archive", f"<{_uri(sender.archive_url)}>")] if sender.archive_url else []
    return [
        ("Date", format_datetime(date)),
        ("From", _mailbox(sender.name, sender.email)),
        *optional,
        ("To", _mailbox(recipient.name, recipient.email)),
        ("Subject", digest.subject),
        ("Message-ID", _checked("Message-ID", recipient.message_id, _MESSAGE_ID)),
        ("List-Id", sender.list_id),
        ("List-Unsubscribe", _unsubscribe(recipient)),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        *archive,
        ("Feedback-ID", sender.feedback_id),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
    ]


def _unsubscribe(recipient: Recipient) -> str:
    """The https address first (RFC 8058), then the mailto where there is one (RFC 2369)."""
    if urlsplit(recipient.unsubscribe_url).scheme not in ("https", "http"):
        raise UnsafeValue(f"unsubscribe address is no web address: {recipient.unsubscribe_url[:60]!r}")
    uris = [recipient.unsubscribe_url]
    if recipient.unsubscribe_mailto:
        uris.append("mailto:" + recipient.unsubscribe_mailto.removeprefix("mailto:"))
    return ", ".join(f"<{_uri(uri)}>" for uri in uris)


def _values(recipient: Recipient) -> dict[str, str]:
    return {
        "name": visible(recipient.name),
        "email": recipient.email,
        "unsubscribe": recipient.unsubscribe_url,
        "preferences": _uri(recipient.preferences_url),
    }


def _mailbox(name: str, email: str) -> Address:
    _checked("address", email, _ADDRESS)
    shown = shorten(visible(name), _NAME_ROOM)
    try:
        return Address(display_name="" if "@" in shown else shown, addr_spec=email)
    except (ValueError, MessageError) as error:
        raise UnsafeValue(f"address is malformed: {email[:80]!r}") from error


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


def _part(text: str, subtype: str) -> EmailMessage:
    """A text part in quoted-printable or base64, whichever is shorter; never 8-bit."""
    octets = text.encode()
    quoted, based = b2a_qp(octets, istext=True), encodebytes(octets.replace(b"\n", b"\r\n"))
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "base64" if len(based) < len(quoted) else "quoted-printable"
    part.set_payload(min(quoted, based, key=len).decode("ascii"))
    return part

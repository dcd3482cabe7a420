"""What the stand-in for SendGrid makes of one personalization: a message, as its documents say it would be."""

import quopri
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from typing import Any


@dataclass
class Mail:
    """One accepted personalization. ``state``: accepted, scheduled, delivered, dropped, discarded."""

    recipient: str
    args: dict[str, str]
    eml: bytes
    message_id: str
    smtp_id: str
    batch: str = ""
    send_at: float = 0.0
    state: str = "accepted"
    categories: list[str] = field(default_factory=list)


def mail(body: dict[str, Any], person: dict[str, Any], message_id: str, now: float) -> Mail:
    smtp_id = _headers(body, person).get("Message-ID", f"<{message_id}@geopod-ismtpd>")
    return Mail(
        recipient=person["to"][0]["email"],
        args={**body.get("custom_args", {}), **person.get("custom_args", {})},
        eml=render(body, person, smtp_id, now),
        message_id=message_id,
        smtp_id=smtp_id,
        batch=body.get("batch_id", ""),
        send_at=float(body.get("send_at", 0)),
        categories=body.get("categories", []),
    )


def render(body: dict[str, Any], person: dict[str, Any], smtp_id: str, now: float) -> bytes:
    """The message, CRLF. Substitutions act on subject and content, byte by byte, and on no header."""
    subject = _filled(person.get("subject") or body["subject"], person)
    lines = {
        "From": _mailbox(body["from"]),
        "To": _mailbox(person["to"][0]),
        "Subject": Header(subject, "utf-8", header_name="Subject").encode()
        if not subject.isascii()
        else subject,
        "Date": format_datetime(datetime.fromtimestamp(now, UTC)),
        "Message-ID": smtp_id,
        "MIME-Version": "1.0",
        **({"Reply-To": _mailbox(body["reply_to"])} if "reply_to" in body else {}),
        **{name: value for name, value in _headers(body, person).items() if name != "Message-ID"},
        "Content-Type": 'multipart/alternative; boundary="=_fake"',
    }
    head = "".join(f"{name}: {value}\n" for name, value in lines.items())
    parts = "".join(f"--=_fake\n{_part(one, person)}\n" for one in body["content"])
    return f"{head}\n{parts}--=_fake--\n".replace("\n", "\r\n").encode()


def _headers(body: dict[str, Any], person: dict[str, Any]) -> dict[str, str]:
    return {**body.get("headers", {}), **person.get("headers", {})}


def _filled(text: str, person: dict[str, Any]) -> str:
    made = text.encode()
    for mark, value in person.get("substitutions", {}).items():
        made = made.replace(mark.encode(), value.encode())
    return made.decode()


def _part(content: dict[str, str], person: dict[str, Any]) -> str:
    text = _filled(content["value"], person).replace("\r\n", "\n")
    return (
        f'Content-Type: {content["type"]}; charset="utf-8"\nContent-Transfer-Encoding: quoted-printable\n\n'
        + quopri.encodestring(text.encode()).decode()
    )


def _mailbox(given: dict[str, str]) -> str:
    return formataddr((given.get("name", ""), given["email"]))

"""What comes back by mail: a message in, events out.

::

    message -> its parts (bounded) -> delivery status (RFC 3464) | complaint (RFC 5965) | qmail, Exim
            -> which message of ours it is about -> events

Anybody can write such a mail, so nothing here is believed by itself: an event names what only a real report can know,
the delivery that the return path proves, or our Message-ID. Whoever gets the events looks those up. A mail that is no
report (a reader's answer, an out-of-office note: RFC 3834) yields nothing, whatever it says.
"""

import base64
import hashlib
import quopri
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime

from syndicate.carriers.diagnosis import Diagnosis, diagnose
from syndicate.model import Event, EventKind

CARRIER = "reports"
"""The name under which events of reports are kept, whatever carrier had handed the message over."""

LARGEST = 256 * 1024
"""Bytes of a message that are read. A report comes first; what is cut off is the copy of what we sent."""

_LARGEST_HEADER = 2000
_LARGEST_DETAIL = 500
_LARGEST_RAW = 4000
_MOST_RECIPIENTS = 20
_MOST_BOUNDARIES = 32
_MOST_PARTS = 50
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,64}@[^\s<>,;:\"()]{1,255}")
_OURS = (
    "X-Original-To",
    "Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "To",
    "X-Failed-For",
)
_QMAIL = re.compile(r"\s{0,200}Hi\. This is the ")
_QMAIL_COPY = re.compile(r"(?m)^--- (?:Below this line is a copy of the message|Enclosed)")
_EXIM_COPY = re.compile(r"(?m)^-{4,8} This is a copy of (?:the|your) message")
_BLANK = re.compile(rb"(?:\r?\n){2,}")
_COMPLAINTS = {
    "abuse": EventKind.COMPLAINED,
    "fraud": EventKind.COMPLAINED,
    "opt-out": EventKind.UNSUBSCRIBED,
}


@dataclass(frozen=True, slots=True)
class _Told:
    """What a report says of one recipient, before it is known whose delivery it is."""

    recipient: str
    kind: EventKind
    detail: str
    raw: str


@dataclass(frozen=True, slots=True)
class _Original:
    """Of the message that is reported on; empty where the report does not say."""

    message_id: str = ""
    recipient: str = ""
    envelope: str = ""


class _Bounded(Compat32):
    """Cuts long headers: taking one apart costs the square of its length in some versions of Python."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LARGEST_HEADER]


def read(message: bytes, received: datetime, delivery_of: Callable[[str], int]) -> tuple[Event, ...]:
    """The events that a message tells of, none for what is no report; never raises, whatever the bytes.

    ``received`` (aware, UTC) is the time of an event that does not say its own. ``delivery_of`` says which delivery an
    address of ours was the return path of, 0 for none.
    """
    try:
        return tuple(_events(message[:LARGEST], received, delivery_of))
    except Exception:
        # Every fault of a mail is its sender's: what cannot be read is no report.
        return ()


def _events(message: bytes, received: datetime, delivery_of: Callable[[str], int]) -> Iterator[Event]:
    if message.lower().count(b"boundary") > _MOST_BOUNDARIES:
        return
    mail = message_from_bytes(message, policy=_Bounded())
    parts = [part for part, _ in zip(mail.walk(), range(_MOST_PARTS), strict=False)]
    told, original = (
        _status(parts) or _complaint(parts) or _qmail(parts) or _exim(mail, parts) or ((), _Original())
    )
    named = [value for name in _OURS for value in mail.get_all(name, [])]
    delivery = _delivery([*named, original.envelope], delivery_of)
    name = hashlib.sha256(message).hexdigest()[:40]
    for number, one in enumerate(told[:_MOST_RECIPIENTS]):
        yield Event(
            carrier=CARRIER,
            key=f"{name}:{number}",
            kind=one.kind,
            at=_moment(mail, received),
            delivery=delivery,
            message_id=original.message_id,
            # A report is of the last server's address; ours is the one that our own message was to.
            recipient="" if delivery else original.recipient or one.recipient,
            detail=one.detail[:_LARGEST_DETAIL],
            raw=one.raw[:_LARGEST_RAW],
        )


_Report = tuple[tuple[_Told, ...], _Original]


def _status(parts: list[Message]) -> _Report | None:
    """RFC 3464 (and RFC 6533, its form for addresses outside ASCII)."""
    kinds = ("message/delivery-status", "message/global-delivery-status")
    part = next((part for part in parts if part.get_content_type() in kinds), None)
    if part is None:
        return None
    # The first group is about the message, each further one about a recipient (RFC 3464, 2.1).
    told = [one for fields in _groups(part) if "action" in fields for one in [_recipient(fields)]]
    return tuple(told), _returned(parts)


def _recipient(fields: dict[str, str]) -> _Told:
    found = diagnose(fields["action"], fields.get("status", ""), fields.get("diagnostic-code", ""))
    address = fields.get("original-recipient") or fields.get("final-recipient", "")
    return _told(address.rpartition(";")[2], found, "\n".join(f"{k}: {v}" for k, v in fields.items()))


def _complaint(parts: list[Message]) -> _Report | None:
    """RFC 5965. "not-spam" takes a complaint back that we never acted on by itself; other types are about no reader."""
    part = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    if part is None:
        return None
    fields = {name: value for group in _groups(part) for name, value in group.items()}
    original = _returned(parts)
    kind = _COMPLAINTS.get(fields.get("feedback-type", "").strip().lower())
    if kind is None:
        return (), original
    original = replace(original, envelope=original.envelope or fields.get("original-mail-from", ""))
    raw = "\n".join(f"{name}: {value}" for name, value in fields.items())
    who = _address(fields.get("original-rcpt-to", ""))
    return (_Told(who, kind, f"feedback report: {fields['feedback-type']}", raw),), original


def _qmail(parts: list[Message]) -> _Report | None:
    """The qmail-send Bounce Message Format (cr.yp.to/proto/qsbmf.txt): paragraphs, until one begins with "-"."""
    text = _text(parts[0])
    if not _QMAIL.match(text):
        return None
    report, original = _split(text, _QMAIL_COPY)
    paragraphs = [one.strip() for one in report.replace("\r\n", "\n").split("\n\n")]
    told = [_failed(one) for one in paragraphs if one.startswith("<") and ">:" in one]
    return tuple(told), original


def _exim(mail: Message, parts: list[Message]) -> _Report | None:
    """Exim before 4.82, and who copies it: the addresses stand in a header, each again in the text with its reason."""
    addresses = _ADDRESS.findall(_line(mail.get("X-Failed-Recipients", "")))
    if not addresses:
        return None
    report, original = _split(_text(parts[0]), _EXIM_COPY)
    reasons = report.partition("The following address")[2]
    return tuple(_failed(f"<{one}>: {reasons.partition(one)[2]}") for one in addresses), original


def _failed(paragraph: str) -> _Told:
    recipient, _, words = paragraph.removeprefix("<").partition(">:")
    return _told(recipient, diagnose("failed", "5.0.0", words), paragraph)


def _told(recipient: str, found: Diagnosis, raw: str) -> _Told:
    return _Told(_address(recipient), found.kind, found.detail, raw)


def _groups(part: Message) -> list[dict[str, str]]:
    """Blocks of fields. The library takes them apart in one way or another, and does not see that some are encoded."""
    payload = part.get_payload()
    parsed = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
    raw = b"\n\n".join(one.as_bytes() for one in parsed[:_MOST_PARTS])
    encoding = _line(part.get("Content-Transfer-Encoding", "")).lower()
    if encoding in ("base64", "quoted-printable"):
        raw = base64.b64decode(raw) if encoding == "base64" else quopri.decodestring(raw)
    blocks = [one for one in _BLANK.split(raw) if one][:_MOST_PARTS]
    fields = [message_from_bytes(one, policy=_Bounded()) for one in blocks]
    return [{name.lower(): _line(value) for name, value in block.items()} for block in fields]


def _returned(parts: list[Message]) -> _Original:
    """From the copy of our message, whole or its headers only (RFC 3464, 2; RFC 6522, 3)."""
    for part in parts[1:]:
        if part.get_content_type() in ("text/rfc822-headers", "message/global-headers"):
            return _original(_headers(_text(part)))
    whole = ("message/rfc822", "message/global")
    for outer in parts[1:]:
        inner = outer.get_payload() if outer.get_content_type() in whole else None
        if isinstance(inner, list) and inner and isinstance(inner[0], Message):
            return _original(inner[0])
    return _Original()


def _original(headers: Message) -> _Original:
    to = [
        address for _, address in getaddresses([str(value) for value in headers.get_all("To", [])]) if address
    ]
    return _Original(
        message_id=_line(headers.get("Message-ID", "")).strip(),
        recipient=_address(to[0]) if len(to) == 1 else "",
        envelope=_line(headers.get("Return-Path", "")),
    )


def _split(text: str, copy: re.Pattern[str]) -> tuple[str, _Original]:
    """The report, and the copy of our message that follows it in the same text."""
    found = copy.search(text)
    if not found:
        return text, _Original()
    below = text[found.end() :].partition("\n")[2].lstrip()
    return text[: found.start()], _original(_headers(below))


def _headers(text: str) -> Message:
    return message_from_bytes(text.encode("utf-8", "replace"), policy=_Bounded())


def _text(part: Message) -> str:
    while part.is_multipart():
        inner = part.get_payload()
        if not isinstance(inner, list) or not isinstance(inner[0], Message):
            return ""
        part = inner[0]
    raw = part.get_payload(decode=True)
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _delivery(values: list[str], delivery_of: Callable[[str], int]) -> int:
    addresses = [address for value in values for address in _ADDRESS.findall(_line(value))[:_MOST_RECIPIENTS]]
    return next((found for address in addresses if (found := delivery_of(address))), 0)


def _address(text: str) -> str:
    found = _ADDRESS.search(text)
    return found[0].strip("'.") if found else ""


def _line(value: object) -> str:
    """One line of what a header holds, unfolded; bytes that are no text become U+FFFD."""
    return " ".join(str(value).encode("utf-8", "replace").decode("utf-8", "replace").split())


def _moment(mail: Message, received: datetime) -> datetime:
    """When the report was written; not in the future, and not where nobody can have been."""
    try:
        written = parsedate_to_datetime(_line(mail.get("Date", "")))
        at = written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return received
    return min(at, received) if at.year >= 2000 else received

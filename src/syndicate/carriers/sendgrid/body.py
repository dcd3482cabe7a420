"""The body of one request to ``/v3/mail/send``: plain dictionaries, one pass, every published limit kept.

Limits: Twilio SendGrid, "Mail Send: limitations" and "Mail Send: errors". What cannot be sent to one reader is found
here, before anything leaves, so that it never costs its neighbours a request.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from syndicate.carriers.sendgrid.account import SendGridAccount
from syndicate.model import Letter, Personal

LARGEST_BODY = 30_000_000
"""Bytes; "less than 30MB", taken as the smaller of its two meanings."""

MOST_SUBSTITUTION_BYTES = 10_000
LONGEST_ADDRESS = 320

RESERVED_HEADERS = frozenset(
    ("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to")
) | {"from", "subject", "reply-to", "cc", "bcc"}
"""Refused in ``headers``. Message-ID is not among them, so ours is sent along."""

_LOCAL = r"[!#-'*+\-/-9=?A-Z^-~]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}(?:\.{_LOCAL})*@{_LABEL}(?:\.{_LABEL})*")
_NOT_IN_A_NAME = re.compile(r"[;,\x00-\x1f\x7f]+")
_HEADER_NAME = re.compile(r"[!-9;-~]+")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Strict mode: the batch a request belongs to, and when it is to be sent (Unix seconds)."""

    batch: str
    send_at: int


def build(
    account: SendGridAccount,
    items: Sequence[Personal],
    schedule: Schedule | None = None,
    from_name: str | None = None,
) -> bytes:
    """The request for readers of one letter, compact JSON. ``from_name`` replaces the letter's.

    Raises :class:`TypeError` where a text cannot be written in UTF-8 (a lone surrogate).
    """
    people = orjson.dumps([_personalization(item) for item in items], default=dict)
    rest = orjson.dumps(_shared(account, items[0].letter, schedule, from_name))
    return b'{"personalizations":' + people + b"," + rest[1:]


def objection(item: Personal) -> str:
    """Why SendGrid would refuse this one message, or nothing. Says no address."""
    if len(item.recipient) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(item.recipient):
        return "the address is none that SendGrid takes"
    if "" in item.values:
        return "a mark is empty"
    if _substitution_bytes(item) > MOST_SUBSTITUTION_BYTES:
        return f"what is put in for this reader is more than {MOST_SUBSTITUTION_BYTES} bytes"
    return header_objection(item.headers.items())


def header_objection(headers: Iterable[tuple[str, str]]) -> str:
    """Why these header lines would be refused, or nothing: reserved, not ASCII, or with a line end."""
    for name, value in headers:
        if reason := _name_objection(name):
            return reason
        if "\n" in value or "\r" in value or "\0" in value:
            return "a header has a line end in it"
    return ""


@lru_cache(maxsize=256)
def _name_objection(name: str) -> str:
    if name.lower() in RESERVED_HEADERS:
        return f"the header {name} is SendGrid's own"
    return "" if _HEADER_NAME.fullmatch(name) else "a header's name is none (RFC 5322, 2.2)"


def without_repeats(items: Sequence[Personal]) -> list[list[Personal]]:
    """In as few groups as can be, none with one address twice: SendGrid refuses the whole request for it."""
    groups: list[list[Personal]] = []
    seen: dict[str, int] = {}
    for item in items:
        address = item.recipient.lower()
        turn = seen[address] = seen.get(address, -1) + 1
        if turn == len(groups):
            groups.append([])
        groups[turn].append(item)
    return groups


def _personalization(item: Personal) -> dict[str, object]:
    to = {"email": item.recipient}
    if item.name and (name := _NOT_IN_A_NAME.sub(" ", item.name).strip()):
        to["name"] = name
    return {
        "to": [to],
        "headers": item.headers,
        "substitutions": item.values,
        "custom_args": _named(item.delivery),
    }


def _named(number: int) -> dict[str, str]:
    """What comes back with every event. What is no delivery has a negative number, and a name that none is read by."""
    return {"delivery": str(number)} if number > 0 else {"signup": str(-number)}


def _tracking(account: SendGridAccount) -> dict[str, dict[str, bool]]:
    """All said, for what is not said is as the account has it. Links of the text part stay as they are."""
    return {
        "click_tracking": {"enable": account.clicks, "enable_text": False},
        "open_tracking": {"enable": account.opens},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }


def _shared(
    account: SendGridAccount, letter: Letter, schedule: Schedule | None, from_name: str | None
) -> dict[str, object]:
    sender = {"email": letter.from_address, "name": letter.from_name if from_name is None else from_name}
    made: dict[str, object] = {
        "from": {key: value for key, value in sender.items() if value},
        "subject": letter.subject,
        "content": [
            {"type": kind, "value": text}
            for kind, text in (("text/plain", letter.text), ("text/html", letter.html))
            if text
        ],
        "tracking_settings": _tracking(account),
    }
    if letter.edition > 0:
        made["custom_args"] = {"edition": str(letter.edition)}
    if letter.headers:
        made["headers"] = dict(letter.headers)
    if letter.reply_to:
        made["reply_to"] = {"email": letter.reply_to}
    return made | _asked(account, schedule)


def _asked(account: SendGridAccount, schedule: Schedule | None) -> dict[str, object]:
    made: dict[str, object] = {}
    if account.categories:
        made["categories"] = list(account.categories)
    if account.sandbox:
        made["mail_settings"] = {"sandbox_mode": {"enable": True}}
    if schedule:
        made |= {"batch_id": schedule.batch, "send_at": schedule.send_at}
    return made


def _substitution_bytes(item: Personal) -> int:
    """Exact where it matters; where four bytes to a character would fit, no more than a bound."""
    text = "".join([*item.values, *item.values.values()])
    if 4 * len(text) <= MOST_SUBSTITUTION_BYTES:
        return 4 * len(text)
    return len(text.encode("utf-8", "replace"))

"""What a mail server's words mean for an address: reply codes (RFC 5321, 4.2) and status codes (RFC 3463)."""

import re
from dataclasses import dataclass

from syndicate.model import EventKind

# Not a part of an address of the Internet ("host mx[5.9.1.2] said").
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_REPLY = re.compile(r"(?<![\d.])([245]\d\d)(?=[ -])")
_LONGEST = 2000

# RFC 3463, 3.2 and 3.3, and RFC 7505: no such mailbox, no such system, no address, moved, disabled, takes no mail.
# Not 5.1.7 and 5.1.8, which are about the sender's address.
_DEAD = frozenset({"1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.4"})
# What says nothing of an address (mailbox full, too large, policy, content), in words where the code is of no class.
_NOT_THE_ADDRESS = re.compile(
    r"spam|unsolicited|block|black.?list|deny.?list|listed|polic|reputation|abuse|quota|full|too (?:large|big|many)"
    r"|dmarc|spf|dkim|limit|virus|relay|denied|authenti"
)
# Exchange Online's directory lookup of an unknown recipient, under a code of routing (5.4.1).
_UNKNOWN_AT_EXCHANGE = "recipient address rejected: access denied"
_ACTIONS = {
    "delayed": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
    "relayed": EventKind.TAKEN,
    "expanded": EventKind.TAKEN,
}
# Replies that are about the message or the box, not about whether there is one (RFC 5321, 4.2.2).
_ABOUT_THE_MESSAGE = ("552", "554")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``detail`` is one line: status and the server's words."""

    kind: EventKind
    detail: str


def diagnose(action: str, status: str, words: str) -> Diagnosis:
    """From the fields Action, Status and Diagnostic-Code of RFC 3464 (2.3.3, 2.3.4, 2.3.6), any of them doubtful.

    ``BOUNCED`` (the address will be suppressed) only where it is certain that the address is at fault; a failure that
    is not is ``BLOCKED``.
    """
    said = " ".join(words[:_LONGEST].split())
    code = _code(status, said)
    kind = _ACTIONS.get(action.strip().split(" ")[0].lower()) or _failed(code, said.casefold())
    return Diagnosis(kind, f"{code} {said}".strip())


def is_dead(reply: str) -> bool:
    """Whether a server's refusal of a recipient ("550 5.1.1 unknown", "RCPT: 550 …") says that there is none such."""
    said = " ".join(reply[:_LONGEST].split())
    number = _REPLY.search(said)
    if number is None or not number[1].startswith("5"):
        return False
    return _failed(_code("", said) or "5.0.0", said.casefold()) is EventKind.BOUNCED


def _code(status: str, said: str) -> str:
    """The class, subject and detail; from the server's own words where the reporter's are of no subject (x.0.0)."""
    given, found = _STATUS.search(status), _STATUS.search(said)
    if given and (given[2], given[3]) != ("0", "0"):
        return given[0]
    best = found or given
    return best[0] if best else ""


def _failed(code: str, said: str) -> EventKind:
    if not code.startswith("5."):
        return EventKind.BLOCKED
    subject = code[2:]
    is_vague = subject == "0.0" and not _NOT_THE_ADDRESS.search(said) and not _is_about_the_message(said)
    is_dead_at_exchange = subject == "4.1" and _UNKNOWN_AT_EXCHANGE in said
    return EventKind.BOUNCED if subject in _DEAD or is_vague or is_dead_at_exchange else EventKind.BLOCKED


def _is_about_the_message(said: str) -> bool:
    reply = _REPLY.search(said)
    return reply is not None and (reply[1].startswith("4") or reply[1] in _ABOUT_THE_MESSAGE)

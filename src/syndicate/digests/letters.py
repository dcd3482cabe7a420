"""Letters: an edition for a carrier that fills in by itself what differs from person to person.

Digest, Sender --letter--> Marked (a Letter) --personal(Recipient)--> Personal

The slots become marks: a few letters and digits, which neither HTML nor JSON nor an address has to change.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import count

from syndicate.digests import headers, standing
from syndicate.digests.content import Digest, Recipient, Sender
from syndicate.digests.people import display, safe, short, values, ways
from syndicate.digests.slots import MARKS, NAMES, cut_at_slots
from syndicate.model import Letter, Personal


@dataclass(frozen=True, slots=True)
class Marked(Letter):
    """A letter that knows its marks: mark to slot, for each part. All begin with ``stem``, which nothing else holds."""

    stem: str
    in_text: Mapping[str, str]
    in_html: Mapping[str, str]


def letter(edition: int, digest: Digest, sender: Sender) -> Marked:
    """``digest`` from ``sender``, the same for everybody; ``headers`` are those that everybody's message has.

    Raises UnsafeValue for a sender or a subject that could break a header, and for a slot that nobody fills.
    """
    stem = _stem(digest)
    text, in_text = _marked(digest.text, f"{stem}t")
    html, in_html = _marked(digest.html, f"{stem}h")
    from_name = display(sender.name)
    headers.mailbox("From", from_name, sender.email)
    headers.text("Subject", digest.subject)
    return Marked(
        edition=edition,
        language=digest.language,
        from_name=from_name,
        from_address=sender.email,
        reply_to=headers.checked_address("Reply-To", sender.reply_to) if sender.reply_to else "",
        subject=digest.subject,
        text=text,
        html=html,
        headers=dict(_standing(digest, sender)),
        stem=stem,
        in_text=in_text,
        in_html=in_html,
    )


def personal(letter: Marked, delivery: int, recipient: Recipient) -> Personal:
    """What ``letter`` says to one person. Raises UnsafeValue for what could break a header."""
    who, is_ordinary = safe(recipient)
    # No name makes a mark of its own, as none opens a slot.
    said = values(who)
    said["name"] = said["name"].replace(letter.stem, " ")
    spelled = said if is_ordinary else {name: escape(value) for name, value in said.items()}
    filling = {mark: said[name] for mark, name in letter.in_text.items()}
    filling |= {mark: spelled[name] for mark, name in letter.in_html.items()}
    return Personal(
        delivery=delivery,
        letter=letter,
        recipient=who.email,
        name=short(who.name),
        values=filling,
        headers={"Message-ID": who.message_id, "List-Unsubscribe": ways(who).replace("\r\n", "")},
    )


def _standing(digest: Digest, sender: Sender) -> Iterator[tuple[str, str]]:
    every = (
        ("List-Id", standing.list_id(sender)),
        *standing.list_headers(sender),
        ("Content-Language", digest.language),
    )
    for name, value in every:
        headers.protocol(name, value)
        yield name, value


def _marked(text: str, stem: str) -> tuple[str, Mapping[str, str]]:
    """``text`` with marks for slots, and the slot of each mark; marks are of one length, so none begins another."""
    _, names = cut_at_slots(text)
    marks = {name: f"{stem}{NAMES.index(name)}" for name in NAMES if name in names}
    for name, mark in marks.items():
        text = text.replace(MARKS[name], mark)
    return text, {mark: name for name, mark in marks.items()}


def _stem(digest: Digest) -> str:
    """What no part holds. It begins with its only ``z``, so none can come about where a mark meets its neighbours."""
    whole = "\0".join((digest.subject, digest.text, digest.html))
    stems = (f"z{hashlib.sha256(f'{n}{whole}'.encode()).hexdigest()[:10]}" for n in count())
    return next(stem for stem in stems if stem not in whole)

"""The mail to whoever signed up on the web: one button, one person, nothing else.

Confirmation --confirmation--> Note --+--note_pieces--> a message (bytes)
                                      +--note_letter--> what a carrier that takes letters wants
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime
from pathlib import Path

from syndicate.digests.columns import shorten
from syndicate.digests.content import Recipient
from syndicate.digests.entries import script
from syndicate.digests.headers import checked_address, mailbox, protocol, text
from syndicate.digests.links import picture_url, safe_url
from syndicate.digests.mail import squeezed
from syndicate.digests.markup import to_html
from syndicate.digests.parts import part
from syndicate.digests.people import MESSAGE_ID, checked, display
from syndicate.digests.subject import LONGEST
from syndicate.digests.templates import render
from syndicate.digests.view import lines_of, newsletter_name, site_name
from syndicate.languages import catalogue, direction, format_date, interface
from syndicate.model import Letter, Newsletter, Personal, Site, UnsafeValue

MJML, TEXT = "mail/confirm.mjml.j2", "mail/confirm.txt.j2"
_NOBODY = Recipient("", "", "", "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """``url`` confirms and works up to and on the day ``until``; without one they have it all already, and ``url``
    leads to their preferences. ``language`` is the page's.
    """

    site: Site
    newsletters: tuple[Newsletter, ...]
    language: str
    url: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A mail for one person; ``html`` and ``text`` (lines end in LF) hold no slots. ``from_name`` may be empty."""

    from_name: str
    subject: str
    html: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a note is from and for; addresses of plain ASCII, ``message_id`` is ``<left@right>``."""

    number: int
    from_address: str
    reply_to: str
    to: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What the templates see."""

    is_known: bool
    newsletters: tuple[str, ...]
    url: str
    until: str
    title: str
    site_name: str
    site_url: str
    logo: str
    postal: tuple[str, ...]
    postal_language: str
    postal_direction: str
    language: str
    direction: str
    script: str


def confirmation(content: Confirmation, templates: Sequence[Path]) -> Note:
    """The mail, in the nearest language that has a catalogue. ``templates`` are folders, a newsroom's own first.

    Raises TemplateError.
    """
    seen = _view(content)
    words = catalogue(seen.language)
    subject = (
        words.gettext("{site}: you are subscribed already", site=seen.site_name)
        if seen.is_known
        else words.gettext("{site}: please confirm your subscription", site=seen.site_name)
    )
    html = to_html(render(templates, (MJML,), seen.language, {"mail": seen}), MJML, seen.title)
    plain = squeezed(render(templates, (TEXT,), seen.language, {"mail": seen}))
    return Note(display(seen.site_name), shorten(subject, LONGEST), html, plain, seen.language)


def note_pieces(note: Note, envelope: Envelope, at: datetime) -> tuple[bytes, ...]:
    """The message, ready for a carrier (RFC 5322; ASCII, lines end in CRLF and none begins with a dot).

    ``at`` is aware. Raises UnsafeValue for what could break a header.
    """
    if at.tzinfo is None:
        raise UnsafeValue("the date of a message must be aware of its time zone")
    boundary = f"=_{hashlib.sha256((note.text + note.html).encode()).hexdigest()[:32]}"
    return (
        *_head(note, envelope, at),
        protocol("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
        *part(note.text, is_html=False, boundary=boundary).filled(_NOBODY, True),
        *part(note.html, is_html=True, boundary=boundary).filled(_NOBODY, True),
        f"\r\n--{boundary}--\r\n".encode(),
    )


def note_letter(note: Note, envelope: Envelope) -> Personal:
    """The same for a carrier that takes letters: one that only one person gets. Raises UnsafeValue."""
    mailbox("From", note.from_name, envelope.from_address)
    text("Subject", note.subject)
    letter = Letter(
        edition=envelope.number,
        language=note.language,
        from_name=note.from_name,
        from_address=envelope.from_address,
        reply_to=checked_address("Reply-To", envelope.reply_to) if envelope.reply_to else "",
        subject=note.subject,
        text=note.text,
        html=note.html,
        headers=dict(_standing(note)),
    )
    return Personal(
        delivery=envelope.number,
        letter=letter,
        recipient=checked_address("To", envelope.to),
        name="",
        values={},
        headers={"Message-ID": checked("Message-ID", envelope.message_id, MESSAGE_ID)},
    )


def _view(content: Confirmation) -> _View:
    site, language = content.site, interface(content.language)
    words = catalogue(language)
    is_known = content.until is None
    return _View(
        is_known=is_known,
        newsletters=tuple(newsletter_name(site, one, language) for one in content.newsletters),
        url=content.url,
        until=format_date(content.until, language) if content.until else "",
        title=words.gettext("You are subscribed already")
        if is_known
        else words.gettext("Please confirm your subscription"),
        site_name=site_name(site, language),
        site_url=safe_url(site.url),
        logo=picture_url(site.logo),
        postal=lines_of(site.postal_address),
        postal_language=site.postal_language,
        postal_direction=direction(site.postal_language),
        language=language,
        direction=direction(language),
        script=script(language),
    )


def _head(note: Note, envelope: Envelope, at: datetime) -> Iterator[bytes]:
    yield protocol("Date", format_datetime(at))
    yield mailbox("From", note.from_name, envelope.from_address)
    if envelope.reply_to:
        yield mailbox("Reply-To", "", envelope.reply_to)
    yield mailbox("To", "", envelope.to)
    yield text("Subject", note.subject)
    yield protocol("Message-ID", checked("Message-ID", envelope.message_id, MESSAGE_ID))
    yield from (protocol(name, value) for name, value in _standing(note))
    yield protocol("MIME-Version", "1.0")


def _standing(note: Note) -> Iterator[tuple[str, str]]:
    """Nobody's holiday answers to it (RFC 3834, section 5)."""
    yield "Auto-Submitted", "auto-generated"
    yield "Content-Language", note.language

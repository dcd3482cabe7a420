"""Digests: an edition becomes a mail and a web page. Values in, bytes out; no clock, no network, no database.

EditionContent --compose--> Digest --stencil--> Stencil --message--> one person's message (bytes)
     |                        |
     |                        +--letter--> Letter --personal--> what a carrier fills in by itself
     |
     +--archive_page--> the same edition as a web page        ArchiveListing --archive_index--> list of issues

Confirmation --confirmation--> Note --note_pieces, note_letter--> the mail to whoever signed up
"""

from syndicate.digests.archive import archive_index, archive_page
from syndicate.digests.confirmation import (
    Confirmation,
    Envelope,
    Note,
    confirmation,
    note_letter,
    note_pieces,
)
from syndicate.digests.content import (
    ArchivedIssue,
    ArchiveListing,
    Digest,
    EditionArticle,
    EditionContent,
    Recipient,
    Sender,
    Sibling,
)
from syndicate.digests.letters import Marked, letter, personal
from syndicate.digests.mail import compose
from syndicate.digests.splice import Stencil, stencil
from syndicate.digests.standing import sender

__all__ = [
    "ArchiveListing",
    "ArchivedIssue",
    "Confirmation",
    "Digest",
    "EditionArticle",
    "EditionContent",
    "Envelope",
    "Marked",
    "Note",
    "Recipient",
    "Sender",
    "Sibling",
    "Stencil",
    "archive_index",
    "archive_page",
    "compose",
    "confirmation",
    "letter",
    "note_letter",
    "note_pieces",
    "personal",
    "sender",
    "stencil",
]

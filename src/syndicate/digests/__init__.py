"""Digests: an edition becomes a mail and a web page. Values in, bytes out; no clock, no network, no database.

EditionContent --compose--> Digest --address--> one person's message (bytes)
     |
     +--archive_page--> the same edition as a web page        ArchiveListing --archive_index--> list of issues
"""

from syndicate.digests.address import address, sender
from syndicate.digests.archive import archive_index, archive_page
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
from syndicate.digests.mail import compose

__all__ = [
    "ArchiveListing",
    "ArchivedIssue",
    "Digest",
    "EditionArticle",
    "EditionContent",
    "Recipient",
    "Sender",
    "Sibling",
    "address",
    "archive_index",
    "archive_page",
    "compose",
    "sender",
]

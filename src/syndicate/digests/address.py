"""A digest made out to one person at once, where it is not worth keeping the stencil."""

from datetime import datetime

from syndicate.digests.content import Digest, Recipient, Sender
from syndicate.digests.splice import stencil


def address(digest: Digest, recipient: Recipient, sender: Sender, date: datetime) -> bytes:
    """The message of one recipient; see :class:`syndicate.digests.splice.Stencil`."""
    return stencil(digest, sender).message(recipient, date)

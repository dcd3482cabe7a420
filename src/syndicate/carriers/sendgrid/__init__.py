"""SendGrid, API v3: hands letters over, verifies and translates what comes back, reads who is suppressed there.

Read in this order::

    account -> body (one request) -> lane -> wire (all but its last byte, mark, the last byte) -> answers
                                       batches (strict mode: what is in doubt can be called back)
    hook (signed events that SendGrid posts to us), suppressions (its lists, pulled)

Why httpx here and the ``sendgrid`` package only in ``hook``: ``docs/decisions/sendgrid.md``.
"""

from syndicate.carriers.sendgrid.account import SendGridAccount
from syndicate.carriers.sendgrid.carrier import SendGrid

__all__ = ["SendGrid", "SendGridAccount"]

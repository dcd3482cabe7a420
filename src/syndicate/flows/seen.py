"""Seen: what somebody had before them when they pressed a button.

A form carries the mark of what its page showed. Pressed twice, sent again after a broken connection, or left open in a
tab while somebody else acted: then the mark is not the newest any more, and nothing is done a second time.
"""

from syndicate.model import SyndicateError
from syndicate.store import Connection, approvals, audit

OUTDATED = "Something changed since you opened this page. Look at it as it is now."


class Outdated(SyndicateError):
    """What was asked for was asked of an older state."""


def subject_of(number: int) -> str:
    """What the audit log calls an issue."""
    return f"issue {number}"


def mark(connection: Connection, number: int) -> str:
    """Changes with whatever is done to an issue, and with each change of its draft."""
    drafted = approvals.drafted(connection, number)
    return f"{audit.last(connection, subject_of(number))}.{drafted.revision if drafted else 0}"


def check(connection: Connection, number: int, seen: str | None) -> None:
    """None is what programs and the command line send: they act on what is. Raises Outdated."""
    if seen is not None and seen != mark(connection, number):
        raise Outdated(OUTDATED)

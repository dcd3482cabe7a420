"""Bounces: the mailbox that reports come back to is read, and each message is done with when what it says is kept."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from syndicate.carriers import reports
from syndicate.carriers.mailbox import Returned
from syndicate.flows.hear_back import HearReport, hear_report
from syndicate.model import StoreError
from syndicate.store import Database
from syndicate.subscribers import Tokens

NO_REPORT = "no report"
NOT_OURS = "not about a mail of ours"
NOT_KEPT = "not kept, to be read again"


class Mailbox(Protocol):
    """Messages that nobody has dealt with, each until it is said to be ``done``."""

    def __iter__(self) -> Iterator[Returned]: ...
    def done(self, message: Returned, *, is_report: bool) -> None: ...


@dataclass(slots=True)
class BounceReport:
    """``fates`` counts messages by what they told: a kind of event, :data:`NO_REPORT`, :data:`NOT_OURS`…"""

    fates: Counter[str] = field(default_factory=Counter)
    heard: HearReport = field(default_factory=HearReport)


def bounces(database: Database, tokens: Tokens, key: bytes, mailbox: Mailbox, now: datetime) -> BounceReport:
    """Read every message of ``mailbox`` that is not done. One that cannot be kept stays there and stops no other.

    Raises StoreError when the database is away, and CarrierError when the mailbox is.
    """
    report = BounceReport()
    for message in mailbox:
        told = reports.read(message.content, now, tokens.returned)
        try:
            placed = hear_report(database, key, told, report.heard, now)
        except StoreError:
            raise
        except Exception:
            report.fates[NOT_KEPT] += 1
            continue
        mailbox.done(message, is_report=bool(told))
        known = [event.kind.value for event, line in placed if line is not None]
        report.fates[known[0] if known else NOT_OURS if told else NO_REPORT] += 1
    return report

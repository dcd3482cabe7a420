"""What is shown of accounts: sessions and tokens of one, and what everybody did."""

from dataclasses import dataclass

from syndicate.flows.house import House
from syndicate.model import Session
from syndicate.store import audit
from syndicate.store import staff as store
from syndicate.store.audit import Entry
from syndicate.store.staff import ApiToken

LINES = 50


@dataclass(frozen=True, slots=True)
class Account:
    """What a member sees of their own account."""

    sessions: list[Session]
    tokens: list[ApiToken]


def account(house: House, number: int) -> Account:
    with house.database.read() as connection:
        return Account(store.sessions(connection, number), store.tokens(connection, number))


def audit_log(house: House, before: int = 0, subject: str = "") -> list[Entry]:
    """:data:`LINES` of it, newest first, those older than the line ``before``; of one subject where given."""
    with house.database.read() as connection:
        return audit.entries(connection, before=before, subject=subject, limit=LINES)

"""In doubt: the mails of an issue that may have gone out or not; ``control.settle`` ends the doubt."""

from dataclasses import dataclass

from syndicate.flows.house import House
from syndicate.flows.seen import mark
from syndicate.model import Issue, IssueState
from syndicate.store import doubts, issues
from syndicate.store.deliveries import Line

MOST = 50
"""Mails on a page."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """``people`` is how many there are in all; ``onward`` the delivery after which the next page begins, 0: none."""

    issue: Issue
    lines: tuple[Line, ...]
    people: int
    onward: int
    mark: str

    @property
    def may_be_sent(self) -> bool:
        """Whether what is in doubt can be sent again."""
        return self.issue.state is not IssueState.CANCELLED


def in_doubt(house: House, number: int, after: int, most: int = MOST) -> Doubtful:
    """Those numbered above ``after``. Raises NotFound."""
    with house.database.read() as connection:
        found = doubts.page(connection, number, after, most + 1)
        return Doubtful(
            issues.get(connection, number),
            tuple(found[:most]),
            doubts.count(connection, number),
            found[most - 1].id if len(found) > most > 0 else 0,
            mark(connection, number),
        )

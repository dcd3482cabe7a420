"""Status: what there is, in numbers, what waits for somebody, and what is wrong now."""

from dataclasses import dataclass, field

from syndicate.flows.house import House
from syndicate.flows.ping import silent_hubs
from syndicate.model import Issue, IssueState, Problem
from syndicate.store import deliveries, issues, pages, sources
from syndicate.store import totals as store_totals
from syndicate.store.witness import count

_WAITS = {
    IssueState.PLANNED: "waits for: syndicate issue approve {id}",
    IssueState.APPROVED: "waits to be sent: syndicate run",
    IssueState.SENDING: "is being sent, waits for mail that was put off, or was interrupted: syndicate run",
    IssueState.PAUSED: "is paused, until: syndicate issue resume {id}",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """``per_language`` counts what was handed over, by language of the edition; ``feeds`` counts documents' folders.

    ``states`` counts the deliveries of each state, those skipped from the start included.
    """

    articles: int
    stories: int
    feeds: int
    editions: int
    deliveries: int
    problems: int
    subscribers: dict[str, int] = field(default_factory=dict)
    per_language: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)


def totals(house: House) -> Totals:
    with house.database.read() as connection:
        counted = store_totals.count(connection)
        return Totals(
            articles=counted["articles"],
            stories=counted["stories"],
            feeds=pages.count_feeds(connection),
            editions=counted["editions"],
            deliveries=counted["deliveries"],
            problems=counted["problems"],
            subscribers=store_totals.subscribers(connection),
            per_language=store_totals.accepted_per_language(connection),
            states=store_totals.deliveries(connection),
        )


def problems(house: House) -> list[tuple[str, Problem]]:
    """(source, problem) of all that is wrong now, worst first."""
    with house.database.read() as connection:
        found = sources.problems(connection)
    return [*(("hubs", problem) for problem in silent_hubs(house)), *found]


def waiting(house: House) -> list[str]:
    """A sentence on each issue that is not done, oldest first: what it waits for, or that it was missed and its stories
    wait for the next; and on all that is in doubt."""
    with house.database.read() as connection:
        found = issues.in_state(connection, *_WAITS)
        missed = [one for key in house.newsletters for one in issues.folded(connection, key)]
        doubts = deliveries.unsure(connection)
        held = house.witness.objection(count(connection))
    return [
        *([f"all sending is held: {held}; see: syndicate restored"] if held else []),
        *(
            f"issue {i.id}, {i.newsletter} {i.name}, {_WAITS[i.state].format(id=i.id)}{_why(i)}"
            for i in found
        ),
        *(f"issue {i.id}, {i.newsletter} {i.name}, {i.note}" for i in missed),
        *(
            f"issue {number}: {people} mails may have gone out or not: syndicate issue settle {number}"
            for number, people in doubts.items()
        ),
    ]


def _why(issue: Issue) -> str:
    return f" ({issue.note})" if issue.note else ""

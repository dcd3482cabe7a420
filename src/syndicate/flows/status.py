"""Status: what there is, in numbers, and what is wrong now."""

from dataclasses import dataclass, field

from syndicate.flows.house import House
from syndicate.model import Problem
from syndicate.store import pages, sources
from syndicate.store import totals as store_totals


@dataclass(frozen=True, slots=True)
class Totals:
    """``per_language`` counts what was handed over, by language of the edition; ``feeds`` counts documents' folders."""

    articles: int
    stories: int
    feeds: int
    editions: int
    deliveries: int
    problems: int
    subscribers: dict[str, int] = field(default_factory=dict)
    per_language: dict[str, int] = field(default_factory=dict)


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
        )


def problems(house: House) -> list[tuple[str, Problem]]:
    """(source, problem) of all that is wrong now, worst first."""
    with house.database.read() as connection:
        return sources.problems(connection)

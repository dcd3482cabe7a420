"""Gauges: how much waits, is in doubt or wrong, and since when, for whoever watches a newsroom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.flows.house import House
from syndicate.store import gauges, pings

RECENT = timedelta(days=30)
"""Sign-ups asked for longer ago wait for nothing: a link to confirm is over by then."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One gauge: ``values`` by the value of ``label`` (one, named "", where there is none)."""

    name: str
    what: str
    values: Mapping[str, float]
    label: str = ""


def read(house: House, now: datetime) -> list[Reading]:
    """Everything at one moment. Raises StoreError when the database is away."""
    with house.database.read() as connection:
        number, oldest = pings.waiting(connection)
        unread, aside = gauges.bodies(connection)
        return [
            _one("deliveries_planned", "Deliveries owed and not handed over.", gauges.planned(connection)),
            _one("deliveries_unsure", "Deliveries in doubt.", gauges.unsure(connection)),
            Reading("issues", "Issues by state.", gauges.issues(connection), "state"),
            Reading(
                "problems", "What is wrong with what sources hold.", gauges.problems(connection), "source"
            ),
            Reading(
                "signups", "Recent sign-ups by state.", gauges.signups(connection, now, now - RECENT), "state"
            ),
            _one("pings_waiting", "Pings that hubs have not taken.", number),
            _one("pings_oldest_seconds", "How long the oldest waits.", _seconds(oldest, now)),
            _one("webhook_bodies_waiting", "What providers said and was not read yet.", unread),
            _one("webhook_bodies_aside", "What providers said and could not be read.", aside),
            Reading(
                "lease_seconds_left",
                "How long a lease of the clock still holds; below zero: nobody has it.",
                {name: (until - now).total_seconds() for name, until in gauges.leases(connection).items()},
                "lease",
            ),
            Reading(
                "duty_seconds_since",
                "How long ago the clock last did it well.",
                {name: _seconds(at, now) for name, at in gauges.duties(connection).items()},
                "duty",
            ),
        ]


def _one(name: str, what: str, value: float) -> Reading:
    return Reading(name, what, {"": value})


def _seconds(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0.0

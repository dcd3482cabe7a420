"""Nightly: once a day, the list of addresses that a provider would not mail is taken over, whoever filled it."""

from datetime import datetime, timedelta

from syndicate.flows.hear_back import pull_suppressions
from syndicate.flows.house import House
from syndicate.store import events

OVERLAP = timedelta(days=2)
"""Asked for again each time: what is known already changes nothing, and no clock is trusted to the second."""


def pull(house: House, carrier: str, now: datetime) -> int:
    """How many people are suppressed or unsubscribed by it; 0 when it was asked today, or keeps no list.

    Raises CarrierError when it cannot be asked; then it is asked again at the next run.
    """
    if house.suppressions is None:
        return 0
    with house.database.read() as connection:
        last = events.last_pull(connection, carrier)
    if last >= now.date().isoformat():
        return 0
    since = datetime.fromisoformat(f"{last}T00:00:00+00:00") - OVERLAP if last else None
    report = pull_suppressions(house.database, house.key, house.suppressions(since), now)
    with house.database.begin() as connection:
        events.note_pull(connection, carrier, report.again + sum(report.events.values()), now)
    return report.suppressed + report.unsubscribed

"""One clock, as ``syndicate clock`` runs it, at the pace of a test; to be started under libfaketime.

    python -m tests.reliability.clock_process CONFIG begin|leads|together [LEASE, in seconds]

``begin`` reads sources and readers once, before there is a clock. ``together``: it leads whatever others do, as if
leases did not exist. Then nothing but the tables keeps two clocks from doing the same twice.
"""

import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from syndicate.app import open_house
from syndicate.cli.ending import Interrupted, _prepare
from syndicate.clock import Clock, Rhythm
from syndicate.flows import duties
from syndicate.flows.duties import Told
from syndicate.flows.house import House
from syndicate.flows.run import ingest_all
from syndicate.model import Subscriber, SubscriberStatus, Subscription
from syndicate.store import subscribers

READERS = 2

PACE = Rhythm(
    ingest=timedelta(days=300), listen=timedelta(days=300), net=timedelta(seconds=30),
    beat=timedelta(seconds=0.05), patience=timedelta(seconds=9),
)  # fmt: skip


def _sleep(seconds: float) -> None:
    """libfaketime cannot leave the steady clock alone and know ``time.sleep`` at once."""
    threading.Event().wait(seconds)


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _begin(house: House) -> None:
    moment = datetime.now(UTC)
    with house.database.begin() as connection:
        for n in range(READERS):
            subscribers.save(connection, _reader(n, house), moment)
    ingest_all(house, moment)


def _reader(n: int, house: House) -> Subscriber:
    return Subscriber(
        email=f"reader{n}@example.com", canonical=f"reader{n}@example.com", languages=("en",),
        status=SubscriberStatus.ACTIVE, subscriptions=tuple(map(Subscription, house.newsletters)),
    )  # fmt: skip


def main(config: str, manner: str, lease: str = "10") -> None:
    time.sleep = _sleep
    _prepare()
    if manner == "together":
        duties.CLOCK = f"clock {os.getpid()}"
    # Also one that is told to end before it has begun ends without a word.
    with suppress(Interrupted):
        house = open_house(Path(config))
        if manner == "begin":
            _begin(house)
            return
        Clock(house, replace(PACE, lease=timedelta(seconds=float(lease))), _tell).run()


if __name__ == "__main__":
    main(*sys.argv[1:])

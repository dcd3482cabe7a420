"""Orphans: what a sender left that died. What its carrier proves is settled, the rest is a doubt for a person."""

from collections.abc import Callable
from datetime import datetime

from syndicate.deliveries import orphaned
from syndicate.flows.send.keeper import LEASE
from syndicate.flows.send.mailroom import Mailroom
from syndicate.store import orphans


def settle_orphans(mailroom: Mailroom, issue: int, holder: str, clock: Callable[[], datetime]) -> None:
    """We hold the lock of this place, so whoever sent from here before is dead; elsewhere, whose lease ran out.

    Each claim is made ours first: a sender that was only asleep can record nothing when it wakes up.
    """
    with mailroom.database.read() as connection:
        numbers = orphans.abandoned(connection, issue, mailroom.place, clock())
    for number in numbers:
        with mailroom.database.begin() as connection:
            left = orphans.seize(connection, number, holder, clock() + LEASE)
        if left is None:
            continue
        is_ours = left.carrier == mailroom.carrier.name
        doubts = {
            one: orphaned(mailroom.carrier.proof(one) if is_ours else None, mailroom.on_unsure)
            for one in left.marked
        }
        with mailroom.database.begin() as connection:
            orphans.resolve(connection, left, doubts, holder, clock())

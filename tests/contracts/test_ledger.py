"""The ledger: planned once, claimed once, consent asked last, settled once; on every store."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, edition, person, planned_issue

from syndicate.model import Outcome, SkipReason, SubscriberStatus
from syndicate.model.delivery import DeliveryState
from syndicate.store import Connection, Database, deliveries, issues, subscribers, totals
from syndicate.store.deliveries import Claimed, Planned


def claim(database: Database, issue: int) -> Claimed | None:
    with database.begin() as connection:
        return deliveries.claim(connection, issue, "weekly", "outbox", NOW)


def settle(database: Database, delivery: int, state: DeliveryState, detail: str = "") -> bool:
    with database.begin() as connection:
        return deliveries.settle(connection, delivery, Outcome(state, detail), NOW + HOUR)


def test_one_person_is_owed_one_message_of_an_issue(database: Database) -> None:
    number, ids = planned_issue(database, 2)
    with pytest.raises(IntegrityError), database.begin() as connection:
        deliveries.plan(connection, number, [Planned(ids[0], None, "", "again")], NOW)


def test_who_is_skipped_from_the_start_is_in_the_ledger_with_the_reason(database: Database) -> None:
    with database.begin() as connection:
        issue = add_issue(connection)
        lines = [Planned(7, None, "", SkipReason.NO_LANGUAGE), Planned(8, None, "", SkipReason.HAD_ALL)]
        assert deliveries.plan(connection, issue, lines, NOW) == 2
        assert deliveries.counts(connection, issue) == {(None, "skipped"): 2}
        skipped = {(reason, n) for _, reason, n in deliveries.outcomes(connection, issue) if reason}
        assert skipped == {(SkipReason.NO_LANGUAGE, 1), (SkipReason.HAD_ALL, 1)}
        assert deliveries.of_subscriber(connection, 7) == [(issue, "skipped", SkipReason.NO_LANGUAGE, NOW)]
        assert deliveries.claim(connection, issue, "weekly", "outbox", NOW) is None


def test_many_are_planned_and_each_is_claimed_once(database: Database) -> None:
    number, ids = planned_issue(database, 30)
    claimed = []
    while one := claim(database, number):
        claimed.append(one)
    assert [one.subscriber for one in claimed] == ids
    assert (claimed[0].email, claimed[0].name) == ("p0@Example.org", "P0")
    with database.read() as connection:
        assert sorted(deliveries.orphans(connection, number)) == [
            (c.id, "outbox", c.message_id) for c in claimed
        ]


def test_two_threads_at_once_claim_each_exactly_once(database: Database) -> None:
    number, ids = planned_issue(database, 40)
    taken: list[int] = []

    def work() -> None:
        own = Database(database.engine.url.render_as_string(hide_password=False))
        while one := claim(own, number):
            taken.append(one.subscriber)
        own.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(taken) == sorted(ids)


WORKER = """
import sys
from datetime import UTC, datetime
from syndicate.store import Database, deliveries
database, issue = Database(sys.argv[1]), int(sys.argv[2])
while True:
    with database.begin() as connection:
        one = deliveries.claim(connection, issue, "weekly", "outbox", datetime.now(UTC))
    if one is None:
        break
    print(one.subscriber, flush=True)
"""


def test_two_processes_at_once_claim_each_exactly_once(database: Database) -> None:
    number, ids = planned_issue(database, 60)
    url = database.engine.url.render_as_string(hide_password=False)
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, url, str(number)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    taken = [int(line) for one in workers for line in one.communicate(timeout=60)[0].split()]
    assert [one.returncode for one in workers] == [0, 0]
    assert sorted(taken) == sorted(ids)


Change = Callable[[Connection, int], object]


def _status(status: SubscriberStatus) -> Change:
    return lambda connection, _: subscribers.save(connection, person("p0", status=status), NOW)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c, i: subscribers.unsubscribe(c, i, "weekly", "one-click", NOW), SkipReason.UNSUBSCRIBED),
        (_status(SubscriberStatus.UNSUBSCRIBED), SkipReason.UNSUBSCRIBED),
        (_status(SubscriberStatus.PENDING), SkipReason.UNSUBSCRIBED),
        (_status(SubscriberStatus.SUPPRESSED), SkipReason.SUPPRESSED),
        (lambda c, i: subscribers.erase(c, i), SkipReason.ERASED),
    ],
    ids=["one newsletter", "left", "not confirmed", "suppressed", "erased"],
)
def test_consent_is_asked_in_the_claim(database: Database, change: Change, reason: str) -> None:
    number, ids = planned_issue(database, 2)
    with database.begin() as connection:
        change(connection, ids[0])
    taken = claim(database, number)
    assert taken
    assert taken.subscriber == ids[1]
    with database.read() as connection:
        assert deliveries.of_subscriber(connection, ids[0]) == [(number, "skipped", reason, NOW)]
        assert [(why, n) for _, why, n in deliveries.outcomes(connection, number) if why] == [(reason, 1)]
    assert claim(database, number) is None


def test_a_newer_address_is_the_one_that_is_mailed(database: Database) -> None:
    number, _ = planned_issue(database, 1)
    with database.begin() as connection:
        subscribers.save(connection, person("p0", email="P0@example.org"), NOW)
    taken = claim(database, number)
    assert taken
    assert taken.email == "P0@example.org"


def test_what_is_settled_is_settled(database: Database) -> None:
    number, _ = planned_issue(database, 1)
    taken = claim(database, number)
    assert taken
    assert settle(database, taken.id, DeliveryState.ACCEPTED, "250 ok")
    assert not settle(database, taken.id, DeliveryState.FAILED, "late news")
    with database.read() as connection:
        assert deliveries.of_subscriber(connection, taken.subscriber) == [
            (number, "accepted", "250 ok", NOW + HOUR)
        ]
        assert totals.accepted_per_language(connection) == {"tr": 1}


def test_a_doubt_may_be_settled_later_and_what_was_not_taken_is_owed_again(database: Database) -> None:
    number, _ = planned_issue(database, 2)
    first, second = claim(database, number), claim(database, number)
    assert first
    assert second
    assert settle(database, first.id, DeliveryState.UNSURE)
    assert settle(database, first.id, DeliveryState.ACCEPTED)
    assert settle(database, second.id, DeliveryState.PLANNED)
    again = claim(database, number)
    assert again
    assert again.id == second.id
    with database.read() as connection:
        assert deliveries.of_subscriber(connection, second.subscriber)[0][3] is None


def test_what_was_never_claimed_cannot_be_settled(database: Database) -> None:
    number, _ = planned_issue(database, 1)
    with database.begin() as connection:
        (identity,) = [row.id for row in connection.execute(deliveries.delivery.select())]
    assert not settle(database, identity, DeliveryState.ACCEPTED)
    assert claim(database, number) is not None


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (DeliveryState.ACCEPTED, True),
        (DeliveryState.UNSURE, True),
        (DeliveryState.PLANNED, True),
        (DeliveryState.REFUSED, False),
        (DeliveryState.FAILED, False),
    ],
)
def test_a_story_was_had_when_it_went_out_or_may_have(
    database: Database, state: DeliveryState, counts: bool
) -> None:
    number, ids = planned_issue(database, 1)
    taken = claim(database, number)
    assert taken
    settle(database, taken.id, state)
    with database.read() as connection:
        had = deliveries.had(connection, ["story-a", "story-b", "story-c"])
    assert had == ({ids[0]: frozenset({"story-a", "story-b"})} if counts else {})


def test_had_asks_for_many_stories_at_once(database: Database) -> None:
    _, ids = planned_issue(database, 1)
    with database.read() as connection:
        had = deliveries.had(connection, [f"story-{n}" for n in range(1500)] + ["story-a"])
    assert had == {ids[0]: frozenset({"story-a"})}


def test_cancelling_settles_what_is_not_handed_over(database: Database) -> None:
    number, ids = planned_issue(database, 3)
    taken = claim(database, number)
    assert taken
    with database.begin() as connection:
        assert deliveries.cancel(connection, number, NOW) == 2
        assert deliveries.cancel(connection, number, NOW) == 0
        assert set(deliveries.had(connection, ["story-a"])) == {taken.subscriber}
    assert claim(database, number) is None
    assert settle(database, taken.id, DeliveryState.ACCEPTED)
    assert len(ids) == 3


def test_two_newsletters_are_two_ledgers(database: Database) -> None:
    number, ids = planned_issue(database, 1)
    with database.begin() as connection:
        other = add_issue(connection, "daily")
        made = issues.add_edition(connection, other, edition("c"), DIGEST)
        deliveries.plan(connection, other, [Planned(ids[0], made, "<2@e.org>")], NOW)
        assert deliveries.claim(connection, other, "daily", "outbox", NOW) is None, "not a subscriber of it"
    assert claim(database, number) is not None

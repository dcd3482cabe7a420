"""Claims: taken once, marked before anything can take effect, called back when somebody leaves, fenced when lost."""

import itertools
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.samples import HOUR, NOW, add_issue, edition, person, planned_issue

from syndicate.model import DeliveryState, Outcome, SkipReason, SubscriberStatus
from syndicate.store import (
    Connection,
    Database,
    chunks,
    claims,
    deliveries,
    issues,
    marks,
    orphans,
    subscribers,
)
from syndicate.store.claims import Claim, Claimed
from syndicate.store.deliveries import Planned
from syndicate.store.marks import Mark

LEASE = timedelta(minutes=1)
OURS, THEIRS = "here:/lock#1", "here:/lock#2"
DIGEST = {"subject": "s", "html": "h"}


def take(database: Database, issue: int, most: int = 100, after: int = 0, **more: object) -> Claim | None:
    given: dict[str, object] = {"now": NOW, "until": NOW + LEASE, "after": after, "most": most}
    with database.begin() as connection:
        return claims.take(connection, issue, "weekly", "smtp", OURS, **(given | more))  # type: ignore[arg-type]


def taken(database: Database, issue: int, most: int = 100) -> Claim:
    found = take(database, issue, most)
    assert found is not None
    return found


def record(database: Database, number: int, marked: bytes, took: bytes = b"\0", revision: int = 0) -> bool:
    with database.begin() as connection:
        return marks.record(connection, Mark(number, revision, marked, took, NOW + LEASE))


def states(database: Database, issue: int) -> dict[str, int]:
    with database.read() as connection:
        return {state: n for (_, state), n in deliveries.counts(connection, issue).items()}


def all_of(database: Database, issue: int, most: int = 100) -> list[Claimed]:
    found, after = [], 0
    while claim := take(database, issue, most, after):
        found += claim.lines
        after = claim.last
    return found


def test_each_is_claimed_once_with_the_address_as_it_is_now(database: Database) -> None:
    issue, ids = planned_issue(database, 30)
    with database.begin() as connection:
        subscribers.save(connection, person("p0", email="P0@example.org"), NOW)
    lines = all_of(database, issue, most=7)
    assert [line.subscriber for line in lines] == ids
    assert (lines[0].email, lines[0].name, lines[0].attempts) == ("P0@example.org", "P0", 0)
    assert lines[0].message_id == f"<{ids[0]}@example.org>"
    assert take(database, issue) is None
    assert states(database, issue) == {"claimed": 30}


def test_no_number_is_ever_given_twice(database: Database) -> None:
    issue, _ = planned_issue(database, 3)
    first = taken(database, issue, most=1)
    with database.begin() as connection:
        claims.release(connection, first.number, [line.id for line in first.lines])
        claims.close(connection, first.number, [], NOW)
    assert taken(database, issue).number > first.number
    assert states(database, issue) == {"claimed": 3}


def test_what_was_put_off_is_not_claimed_before_it_is_due(database: Database) -> None:
    issue, _ = planned_issue(database, 2)
    claim = taken(database, issue)
    put_off = Outcome(DeliveryState.PLANNED, "RCPT: 451 later", retry=True)
    with database.begin() as connection:
        assert claims.settle(connection, claim.number, claim.lines[0].id, put_off, NOW, due=NOW + HOUR)
        assert not claims.settle(connection, claim.number, claim.lines[0].id, put_off, NOW, due=NOW)
        assert deliveries.next_due(connection, issue) == (1, NOW + HOUR)
    assert take(database, issue) is None
    again = take(database, issue, now=NOW + HOUR)
    assert again
    assert [(line.id, line.attempts) for line in again.lines] == [(claim.lines[0].id, 1)]


@pytest.mark.parametrize("workers", [2, 4])
def test_threads_at_once_claim_each_exactly_once(database: Database, workers: int) -> None:
    issue, ids = planned_issue(database, 60)
    found: list[int] = []

    def work() -> None:
        own = Database(database.engine.url.render_as_string(hide_password=False))
        found.extend(line.subscriber for line in all_of(own, issue, most=3))
        own.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    # Who passes over what another holds may reach the end before it is put down: look once more.
    found.extend(line.subscriber for line in all_of(database, issue))
    assert sorted(found) == sorted(ids)


WORKER = """
import sys
from datetime import UTC, datetime, timedelta
from syndicate.store import Database, claims
database, issue = Database(sys.argv[1]), int(sys.argv[2])
after = 0
while True:
    now = datetime.now(UTC)
    with database.begin() as connection:
        found = claims.take(connection, issue, "weekly", "smtp", sys.argv[3], after=after, most=5, now=now,
                            until=now + timedelta(minutes=1))
    if found is None:
        break
    after = found.last
    print(*(line.subscriber for line in found.lines), flush=True)
"""


def test_processes_at_once_claim_each_exactly_once(database: Database) -> None:
    issue, ids = planned_issue(database, 200)
    url = database.engine.url.render_as_string(hide_password=False)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, str(issue), f"w{n}"], stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]
    found = [int(word) for one in workers for word in one.communicate(timeout=60)[0].split()]
    assert [one.returncode for one in workers] == [0] * 3
    found += [line.subscriber for line in all_of(database, issue)]
    assert sorted(found) == sorted(ids)


# -- consent ---------------------------------------------------------------------------------------------------

Change = Callable[[Connection, int], object]


def _status(status: SubscriberStatus) -> Change:
    return lambda connection, _: subscribers.save(connection, person("p0", status=status), NOW)


CHANGES: list[tuple[Change, str]] = [
    (lambda c, i: subscribers.unsubscribe(c, i, "weekly", "one-click", NOW), SkipReason.UNSUBSCRIBED),
    (_status(SubscriberStatus.UNSUBSCRIBED), SkipReason.UNSUBSCRIBED),
    (_status(SubscriberStatus.PENDING), SkipReason.UNSUBSCRIBED),
    (_status(SubscriberStatus.SUPPRESSED), SkipReason.SUPPRESSED),
    (lambda c, i: subscribers.suppress_person(c, i, b"h" * 32, "bounced", NOW), SkipReason.SUPPRESSED),
    (lambda c, i: subscribers.erase(c, i), SkipReason.ERASED),
]
NAMES = ["one newsletter", "left", "not confirmed", "suppressed by list", "suppressed", "erased"]


@pytest.mark.parametrize(("change", "reason"), CHANGES, ids=NAMES)
def test_consent_is_asked_in_the_claim(database: Database, change: Change, reason: str) -> None:
    issue, ids = planned_issue(database, 2)
    with database.begin() as connection:
        change(connection, ids[0])
    claim = taken(database, issue)
    assert [line.subscriber for line in claim.lines] == [ids[1]]
    with database.read() as connection:
        assert deliveries.of_subscriber(connection, ids[0]) == [(issue, "skipped", reason, NOW)]
        assert [(why, n) for _, why, n in deliveries.outcomes(connection, issue) if why] == [(reason, 1)]


@pytest.mark.parametrize(("change", "reason"), CHANGES, ids=NAMES)
def test_who_leaves_after_the_claim_and_before_the_mark_is_called_back(
    database: Database, change: Change, reason: str
) -> None:
    issue, ids = planned_issue(database, 3)
    claim = taken(database, issue)
    assert record(database, claim.number, b"\x04")
    with database.begin() as connection:
        change(connection, ids[0])
    assert not record(database, claim.number, b"\x05"), "the mark is refused"
    with database.read() as connection:
        found = claims.held(connection, claim.number, OURS)
    assert found == (1, frozenset(line.id for line in claim.lines[1:]))
    assert record(database, claim.number, b"\x06", revision=1), "the others go on"
    assert take(database, issue) is not None, "and consent is asked again"
    with database.read() as connection:
        assert deliveries.of_subscriber(connection, ids[0])[0][1:3] == ("skipped", reason)


def test_who_leaves_after_the_mark_may_have_it_already(database: Database) -> None:
    issue, ids = planned_issue(database, 2)
    claim = taken(database, issue)
    assert record(database, claim.number, b"\x01")
    with database.begin() as connection:
        subscribers.unsubscribe(connection, ids[0], "weekly", "one-click", NOW)
    assert record(database, claim.number, b"\x01", b"\x01"), "nothing was called back"


def test_a_newer_address_is_the_one_that_is_mailed(database: Database) -> None:
    issue, _ids = planned_issue(database, 1)
    claim = taken(database, issue)
    with database.begin() as connection:
        subscribers.save(connection, person("p0", email="P0@example.org"), NOW)
    assert not record(database, claim.number, b"\x01")
    again = taken(database, issue)
    assert [line.email for line in again.lines] == ["P0@example.org"]


def test_leaving_and_claiming_at_once_never_mails_who_left(database: Database) -> None:
    """Law 6 against the clock: whoever has left before the mark is committed is not handed over."""
    issue, ids = planned_issue(database, 80)
    url = database.engine.url.render_as_string(hide_password=False)
    left: set[int] = set()
    marked: set[int] = set()

    def leave() -> None:
        own = Database(url)
        for identity in ids[::2]:
            with own.begin() as connection:
                subscribers.unsubscribe(connection, identity, "weekly", "one-click", NOW)
            left.add(identity)
        own.close()

    leaver = threading.Thread(target=leave)
    leaver.start()
    after = 0
    while claim := take(database, issue, 4, after):
        after, revision, ours = claim.last, 0, {line.id for line in claim.lines}
        for n, line in enumerate(claim.lines):
            gone_before = line.subscriber in left
            while line.id in ours and not record(database, claim.number, bytes([1 << n]), revision=revision):
                with database.read() as connection:
                    held = claims.held(connection, claim.number, OURS)
                assert held
                revision, ours = held
            if line.id in ours:
                assert not gone_before
                marked.add(line.subscriber)
    leaver.join()
    assert set(ids[1::2]) <= marked, "nobody else is kept from it"


# -- staff -----------------------------------------------------------------------------------------------------


def test_a_pause_calls_back_what_is_not_marked_and_refuses_the_next_mark(database: Database) -> None:
    issue, _ = planned_issue(database, 4)
    claim = taken(database, issue)
    assert record(database, claim.number, b"\x01")
    with database.begin() as connection:
        assert claims.recall(connection, issue=issue) == 3
    assert states(database, issue) == {"claimed": 1, "planned": 3}
    assert not record(database, claim.number, b"\x03")
    assert record(database, claim.number, b"\x01", b"\x01", revision=1)


def test_cancelling_leaves_only_what_may_be_out(database: Database) -> None:
    issue, _ = planned_issue(database, 4)
    claim = taken(database, issue, most=3)
    assert record(database, claim.number, b"\x02")
    with database.begin() as connection:
        assert deliveries.cancel(connection, issue, NOW) == 3
        assert deliveries.cancel(connection, issue, NOW) == 0
        claims.close(connection, claim.number, [(claim.lines[1].id, "250 ok", NOW)], NOW)
    assert states(database, issue) == {"accepted": 1, "cancelled": 3}


# -- ends ------------------------------------------------------------------------------------------------------


def test_what_the_carrier_took_is_written_when_the_claim_is_closed(database: Database) -> None:
    issue, ids = planned_issue(database, 3)
    claim = taken(database, issue)
    first, second, third = claim.lines
    refused = Outcome(DeliveryState.REFUSED, "RCPT: 550 5.7.1 no")
    with database.begin() as connection:
        assert claims.settle(connection, claim.number, second.id, refused, NOW)
        said = [(first.id, "250 queued as ABC", NOW), (third.id, "250 queued as DEF", NOW + HOUR)]
        claims.close(connection, claim.number, said, NOW + HOUR)
        claims.close(connection, claim.number, said, NOW + HOUR)
    with database.read() as connection:
        assert deliveries.of_subscriber(connection, ids[0]) == [(issue, "accepted", "250 queued as ABC", NOW)]
        assert deliveries.of_subscriber(connection, ids[1]) == [(issue, "refused", "RCPT: 550 5.7.1 no", NOW)]
        assert sorted(deliveries.outcomes(connection, issue)) == [
            ("accepted", "", 2),
            ("refused", "RCPT: 550 5.7.1 no", 1),
        ]
        assert claims.open_for(connection, issue) == 0
        assert claims.volumes(connection, "smtp") == {NOW.date().isoformat(): 2}
        assert [line.handed_at for line in deliveries.lines(connection, issue, DeliveryState.ACCEPTED)] == [
            NOW,
            NOW + HOUR,
        ]


WORDS = ['250 "queued" as \\ABC', "250 ş 中 🙂 {1,2}", "", "NULL", "250 'x'; -- %s ?", "2026-01-01"]


def test_what_a_carrier_says_is_kept_to_the_letter_wherever_it_stands(database: Database) -> None:
    issue, _ = planned_issue(database, 4 * len(WORDS))
    claim = taken(database, issue)
    some = claim.lines[::4]
    moments = [NOW + timedelta(microseconds=n) for n in range(len(WORDS))]
    with database.begin() as connection:
        said = [(line.id, words, at) for line, words, at in zip(some, WORDS, moments, strict=True)]
        claims.close(connection, claim.number, said[::-1], NOW)
    with database.read() as connection:
        found = list(deliveries.lines(connection, issue, DeliveryState.ACCEPTED))
    assert [(line.id, line.reason, line.handed_at) for line in found] == said
    assert all(line.settled_at == line.handed_at for line in found)
    assert states(database, issue) == {"accepted": len(WORDS), "claimed": 3 * len(WORDS)}


def _left(database: Database, issue: int) -> list[int]:
    with database.read() as connection:
        return orphans.abandoned(connection, issue, "here:/lock", NOW)


def test_a_dead_sender_s_claim_is_told_apart_and_settled(database: Database) -> None:
    issue, _ = planned_issue(database, 4)
    claim = taken(database, issue)
    took, marked, unmarked, refused = (line.id for line in claim.lines)
    with database.begin() as connection:
        claims.settle(connection, claim.number, refused, Outcome(DeliveryState.FAILED, "bad"), NOW)
        assert marks.record(connection, Mark(claim.number, 0, b"\x0b", b"\x01", NOW + LEASE))
    assert _left(database, issue) == [claim.number]
    with database.begin() as connection:
        left = orphans.seize(connection, claim.number, THEIRS, NOW + LEASE)
    assert left
    assert (left.taken, left.marked, left.untouched) == ((took,), (marked,), (unmarked,))
    with database.begin() as connection:
        doubt = Outcome(DeliveryState.UNSURE, "in doubt")
        assert orphans.resolve(connection, left, {marked: doubt}, THEIRS, NOW)
        assert not orphans.resolve(connection, left, {marked: doubt}, THEIRS, NOW)
        assert orphans.seize(connection, claim.number, THEIRS, NOW) is None
    assert states(database, issue) == {"accepted": 1, "unsure": 1, "planned": 1, "failed": 1}


def test_a_sender_that_wakes_up_can_mark_nothing_and_prove_what_it_knows(database: Database) -> None:
    issue, _ = planned_issue(database, 3)
    claim = taken(database, issue)
    first, second, _third = (line.id for line in claim.lines)
    assert record(database, claim.number, b"\x01")
    with database.begin() as connection:
        left = orphans.seize(connection, claim.number, THEIRS, NOW + LEASE)
    assert left
    assert not record(database, claim.number, b"\x03")
    with database.read() as connection:
        assert claims.held(connection, claim.number, OURS) is None
    with database.begin() as connection:
        orphans.resolve(connection, left, {first: Outcome(DeliveryState.UNSURE)}, THEIRS, NOW)
    assert states(database, issue) == {"unsure": 1, "planned": 2}
    with database.begin() as connection:
        claims.close(connection, claim.number, [(first, "250 ok", NOW), (second, "250 never", NOW)], NOW)
    assert states(database, issue) == {"accepted": 1, "planned": 2}, (
        "a proof settles a doubt, and nothing else"
    )


def test_elsewhere_only_a_lease_that_ran_out_is_taken_over(database: Database) -> None:
    issue, _ = planned_issue(database, 2)
    claim = taken(database, issue)
    with database.read() as connection:
        assert orphans.abandoned(connection, issue, "there:/lock", NOW + LEASE) == []
        late = NOW + LEASE + timedelta(seconds=1)
        assert orphans.abandoned(connection, issue, "there:/lock", late) == [claim.number]


@given(ids=st.lists(st.integers(1, 5000), unique=True, min_size=1, max_size=200).map(sorted))
def test_ids_are_kept_as_ranges(ids: list[int]) -> None:
    ranges = chunks.ranges(ids)
    assert chunks.numbers(ranges) == ids
    assert all(one[1] < two[0] - 1 for one, two in itertools.pairwise(ranges))


def test_two_newsletters_are_two_ledgers(database: Database) -> None:
    number, ids = planned_issue(database, 1)
    with database.begin() as connection:
        other = add_issue(connection, "daily")
        made = issues.add_edition(connection, other, edition("c"), DIGEST)
        deliveries.plan(connection, other, [Planned(ids[0], made, "<2@e.org>")], NOW)
        found = claims.take(
            connection, other, "daily", "smtp", OURS, after=0, most=9, now=NOW, until=NOW + LEASE
        )
        assert found
        assert found.lines == (), "not a subscriber of it"
    assert taken(database, number).lines

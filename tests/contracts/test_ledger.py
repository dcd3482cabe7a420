"""The ledger: planned once, counted by fate, settled by staff, and what is missing owed again; on every store."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, edition, planned_issue

from syndicate.model import DeliveryState, IssueState, Outcome, SkipReason
from syndicate.store import Database, claims, deliveries, issues, marks, totals
from syndicate.store.claims import Claim
from syndicate.store.deliveries import Planned
from syndicate.store.marks import Mark


def claim(database: Database, issue: int, most: int = 100) -> Claim:
    with database.begin() as connection:
        found = claims.take(
            connection, issue, "weekly", "outbox", "here#1", after=0, most=most, now=NOW, until=NOW + HOUR
        )
    assert found
    return found


def settle(database: Database, made: Claim, *states: DeliveryState) -> None:
    """The first deliveries of a claim end in these states, in order."""
    with database.begin() as connection:
        accepted = []
        for line, state in zip(made.lines, states, strict=False):
            if state is DeliveryState.ACCEPTED:
                accepted.append((line.id, "250 ok", NOW))
            else:
                claims.settle(connection, made.number, line.id, Outcome(state, f"it is {state}"), NOW)
        claims.close(connection, made.number, accepted, NOW)


def fates(database: Database, issue: int) -> dict[str, int]:
    with database.read() as connection:
        return {state: n for (_, state), n in deliveries.counts(connection, issue).items()}


def test_nobody_is_owed_another_issue_s_edition(database: Database) -> None:
    number, ids = planned_issue(database, 1)
    with database.begin() as connection:
        other = add_issue(connection, "daily")
        made = issues.add_edition(connection, other, edition("c"), DIGEST)
    lines = [Planned(ids[0] + 1, None, "", "left"), Planned(ids[0] + 2, made, "<2@e.org>")]
    with pytest.raises(ValueError, match="none of this issue"), database.begin() as connection:
        deliveries.plan(connection, number, lines, NOW)
    assert fates(database, number) == {"planned": 1}, "and nothing of it is written"


def test_lines_are_entered_in_order_to_the_letter(database: Database) -> None:
    number, ids = planned_issue(database, 1)
    first = ids[0] + 1
    with database.begin() as connection:
        made = issues.add_edition(connection, number, edition("c", language="en"), DIGEST)
        lines = [
            Planned(first, made, '<"a\\b"\t{1}@e.org>'),
            Planned(first + 1, None, "", "it's \\N ş 中"),
            Planned(first + 2, made, "<3@e.org>", due=NOW + HOUR),
        ]
        assert deliveries.plan(connection, number, lines, NOW) == 3
    with database.read() as connection:
        found = list(deliveries.lines(connection, number))[1:]
    assert [Planned(one.subscriber, made if one.language else None, one.message_id, one.reason, one.due_at)
            for one in found] == lines  # fmt: skip
    assert [(one.state, one.settled_at) for one in found] == [
        ("planned", None),
        ("skipped", NOW),
        ("planned", None),
    ]
    assert [one.id for one in found] == sorted(one.id for one in found)


def test_one_person_is_owed_one_message_of_an_issue(database: Database) -> None:
    number, ids = planned_issue(database, 2)
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(
            deliveries.delivery.insert().values(
                issue=number, subscriber=ids[0], state="planned", reason="", carrier="", message_id=""
            )
        )
    with pytest.raises(Exception, match=r"(?i)unique"), database.begin() as connection:
        deliveries.plan(connection, number, [Planned(ids[0], None, "", "again")], NOW)
    assert fates(database, number) == {"planned": 2}


def test_who_is_skipped_from_the_start_is_in_the_ledger_with_the_reason(database: Database) -> None:
    with database.begin() as connection:
        issue = add_issue(connection)
        lines = [Planned(7, None, "", SkipReason.NO_LANGUAGE), Planned(8, None, "", SkipReason.HAD_ALL)]
        assert deliveries.plan(connection, issue, lines, NOW) == 2
        assert deliveries.counts(connection, issue) == {(None, "skipped"): 2}
        skipped = {(reason, n) for _, reason, n in deliveries.outcomes(connection, issue) if reason}
        assert skipped == {(SkipReason.NO_LANGUAGE, 1), (SkipReason.HAD_ALL, 1)}
        assert deliveries.of_subscriber(connection, 7) == [(issue, "skipped", SkipReason.NO_LANGUAGE, NOW)]
        assert deliveries.next_due(connection, issue) == (0, None)


def test_a_long_list_is_planned_as_it_comes(database: Database) -> None:
    number = 12_345
    with database.begin() as connection:
        issue = add_issue(connection)
        made = issues.add_edition(connection, issue, edition("a"), DIGEST)
        lines = (Planned(n, made, f"<{n}@example.org>") for n in range(1, number + 1))
        assert deliveries.plan(connection, issue, lines, NOW) == number
    assert fates(database, issue) == {"planned": number}
    with database.read() as connection:
        assert [line.id for line in deliveries.lines(connection, issue)] == list(range(1, number + 1))
        assert deliveries.of_subscriber(connection, number) == [(issue, "planned", "", None)]


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (DeliveryState.ACCEPTED, True),
        (DeliveryState.UNSURE, True),
        (DeliveryState.PLANNED, True),
        (DeliveryState.BOUNCED, True),
        (DeliveryState.REFUSED, False),
        (DeliveryState.FAILED, False),
    ],
)
def test_a_story_was_had_when_it_went_out_or_may_have(
    database: Database, state: DeliveryState, counts: bool
) -> None:
    number, ids = planned_issue(database, 1)
    settle(database, claim(database, number), state)
    with database.read() as connection:
        had = deliveries.had(connection, ["story-a", "story-b", "story-c"])
    assert had == ({ids[0]: frozenset({"story-a", "story-b"})} if counts else {})


def test_had_asks_for_many_stories_at_once(database: Database) -> None:
    _, ids = planned_issue(database, 1)
    with database.read() as connection:
        had = deliveries.had(connection, [f"story-{n}" for n in range(1500)] + ["story-a"])
    assert had == {ids[0]: frozenset({"story-a"})}


def test_what_is_cancelled_was_not_had(database: Database) -> None:
    number, ids = planned_issue(database, 3)
    made = claim(database, number, most=1)
    with database.begin() as connection:
        marks.record(connection, Mark(made.number, 0, b"\x01", b"\x00", NOW))
        assert deliveries.cancel(connection, number, NOW) == 2
        assert set(deliveries.had(connection, ["story-a"])) == {ids[0]}


def test_every_fate_is_counted_and_named(database: Database) -> None:
    number, _ = planned_issue(database, 5)
    ends = (DeliveryState.ACCEPTED, DeliveryState.REFUSED, DeliveryState.FAILED, DeliveryState.UNSURE)
    settle(database, claim(database, number), *ends)
    assert fates(database, number) == dict.fromkeys(ends, 1) | {"claimed": 1}
    with database.read() as connection:
        assert sorted(deliveries.outcomes(connection, number)) == [
            ("accepted", "", 1),
            ("claimed", "", 1),
            ("failed", "it is failed", 1),
            ("refused", "it is refused", 1),
            ("unsure", "it is unsure", 1),
        ]
        named = list(deliveries.lines(connection, number, DeliveryState.FAILED, DeliveryState.UNSURE))
        assert [(n.email, n.language, n.state, n.attempts) for n in named] == [
            ("p2@Example.org", "tr", "failed", 1),
            ("p3@Example.org", "tr", "unsure", 1),
        ]
        assert totals.accepted_per_language(connection) == {"tr": 1}
        assert deliveries.unsure(connection) == {number: 1}


@pytest.mark.parametrize(
    ("to", "settled_at"),
    [(DeliveryState.ACCEPTED, NOW + HOUR), (DeliveryState.PLANNED, None), (DeliveryState.FAILED, NOW + HOUR)],
)
def test_staff_settle_what_is_in_doubt_and_nothing_else(
    database: Database, to: DeliveryState, settled_at: datetime | None
) -> None:
    number, ids = planned_issue(database, 3)
    settle(
        database, claim(database, number), DeliveryState.UNSURE, DeliveryState.UNSURE, DeliveryState.REFUSED
    )
    with database.begin() as connection:
        first = deliveries.find(connection, number, ids[0])
        assert first
        refused = deliveries.find(connection, number, ids[2])
        assert refused
        assert deliveries.settle_unsure(connection, number, to, "staff", NOW + HOUR, [first, refused]) == 1
        assert deliveries.of_subscriber(connection, ids[0]) == [(number, to, "staff", settled_at)]
        assert deliveries.of_subscriber(connection, ids[2])[0][1] == "refused"
        assert deliveries.settle_unsure(connection, number, to, "staff", NOW + HOUR) == 1
        assert deliveries.settle_unsure(connection, number, to, "staff", NOW + HOUR) == 0


def test_what_is_missing_is_owed_again_unless_a_later_issue_told_it(database: Database) -> None:
    number, ids = planned_issue(database, 5)
    settle(
        database, claim(database, number),
        DeliveryState.FAILED, DeliveryState.REFUSED, DeliveryState.ACCEPTED, DeliveryState.UNSURE, DeliveryState.FAILED,
    )  # fmt: skip
    with database.begin() as connection:
        later = add_issue(connection, slot=NOW + timedelta(days=7))
        made = issues.add_edition(connection, later, edition("b", "c"), DIGEST)
        deliveries.plan(connection, later, [Planned(ids[4], made, "<later@e.org>")], NOW)
        assert deliveries.owe_missing(connection, number) == {"owed again": 2, SkipReason.HAD_ALL: 1}
        assert deliveries.owe_missing(connection, number) == {"owed again": 0, SkipReason.HAD_ALL: 1}
        assert issues.get(connection, number).state is IssueState.APPROVED
    assert fates(database, number) == {"planned": 2, "accepted": 1, "unsure": 1, "failed": 1}
    again = claim(database, number)
    assert [(line.subscriber, line.attempts) for line in again.lines] == [(ids[0], 0), (ids[1], 0)]

"""Issues and editions, on every store."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, edition, person, planned_issue

from syndicate.model import Edition, EditionItem, IssueState, NotFound, Outcome, Placement
from syndicate.model.delivery import DeliveryState
from syndicate.store import Database, claims, deliveries, issues, subscribers, totals


def test_a_slot_has_one_issue(database: Database) -> None:
    with database.begin() as connection:
        add_issue(connection)
        add_issue(connection, "daily")
    with pytest.raises(IntegrityError), database.begin() as connection:
        add_issue(connection)
    with database.read() as connection:
        assert len(issues.every(connection)) == 2


def test_an_issue_comes_back_and_is_found_by_its_date(database: Database) -> None:
    choices = {"tr": [["s", "in", "tag:a", "tr", "“x”"]]}
    with database.begin() as connection:
        number = add_issue(connection, since=NOW - HOUR, choices=choices, state=IssueState.CANCELLED)
        found = issues.get(connection, number)
        assert found == issues.find(connection, "weekly", "2026-06-01")
        assert (found.slot, found.since, found.cutoff, found.state) == (
            NOW,
            NOW - HOUR,
            NOW,
            IssueState.CANCELLED,
        )
        assert issues.choices(connection, number) == choices
        assert issues.find(connection, "weekly", "2026-06-02") is None
        with pytest.raises(NotFound):
            issues.get(connection, number + 1)


def test_editions_come_back_main_ones_first(database: Database) -> None:
    items = (
        EditionItem("s1", "tag:1", "tr", Placement.LEAD),
        EditionItem("s2", "tag:2", "en", Placement.ITEM, is_fallback=True),
        EditionItem("s3", "tag:3", "tr", Placement.WEB),
    )
    rest = Edition("en", ("en", "tr"), items[1:], is_main=False)
    main = Edition("tr", ("tr",), items, is_main=True)
    with database.begin() as connection:
        number = add_issue(connection)
        ids = [issues.add_edition(connection, number, one, DIGEST) for one in (rest, main)]
        found = issues.editions(connection, number)
    assert [one.edition for one in found] == [replace(main, id=ids[1]), replace(rest, id=ids[0])]
    assert found[0].digest == DIGEST


def test_a_state_moves_only_from_where_it_is_expected(database: Database) -> None:
    with database.begin() as connection:
        number = add_issue(connection, state=IssueState.PLANNED)
        assert not issues.move(connection, number, IssueState.SENT, IssueState.SENDING)
        assert issues.move(connection, number, IssueState.APPROVED, IssueState.PLANNED, IssueState.PAUSED)
        assert not issues.move(connection, number, IssueState.APPROVED, IssueState.PLANNED)
        assert [i.id for i in issues.in_state(connection, IssueState.APPROVED)] == [number]


def test_windows_follow_main_editions_that_were_not_cancelled(database: Database) -> None:
    with database.begin() as connection:
        for hours, language, is_main, state in (
            (0, "tr", True, IssueState.SENT),
            (1, "tr", False, IssueState.SENT),
            (2, "tr", True, IssueState.CANCELLED),
            (3, "en", True, IssueState.EMPTY),
        ):
            number = add_issue(connection, slot=NOW + hours * HOUR, state=state, cutoff=NOW + hours * HOUR)
            issues.add_edition(connection, number, edition("a", language=language, is_main=is_main), DIGEST)
        assert issues.last_cutoffs(connection, "weekly") == {"tr": NOW, "en": NOW + 3 * HOUR}
        assert issues.last_cutoffs(connection, "daily") == {}
        assert [(issue.slot, one.edition.is_main) for issue, one in issues.archived(connection)] == [
            (NOW, True)
        ]


def test_a_plan_is_taken_back_only_while_nothing_left(database: Database) -> None:
    number, _ = planned_issue(database, 3)
    with database.begin() as connection:
        assert issues.delete_unsent(connection, number)
        with pytest.raises(NotFound):
            issues.get(connection, number)
        assert totals.count(connection)["editions"] == 0
        assert deliveries.counts(connection, number) == {}
        assert len(list(subscribers.every(connection))) == 3


@pytest.mark.parametrize(
    "state", [IssueState.SENDING, IssueState.SENT, IssueState.CANCELLED, IssueState.PAUSED]
)
def test_what_was_begun_is_not_taken_back(database: Database, state: IssueState) -> None:
    number, _ = planned_issue(database, 1)
    with database.begin() as connection:
        issues.move(connection, number, state, IssueState.APPROVED)
        assert not issues.delete_unsent(connection, number)


def test_one_hand_over_keeps_the_plan(database: Database) -> None:
    number, _ = planned_issue(database, 2)
    with database.begin() as connection:
        claimed = claims.take(
            connection, number, "weekly", "outbox", "here#1", after=0, most=9, now=NOW, until=NOW
        )
        assert claimed
        assert not issues.delete_unsent(connection, number)
        for line in claimed.lines:
            claims.settle(connection, claimed.number, line.id, Outcome(DeliveryState.PLANNED), NOW)
        assert not issues.delete_unsent(connection, number)


def test_taking_back_another_issue_leaves_this_one(database: Database) -> None:
    number, _ = planned_issue(database, 2)
    with database.begin() as connection:
        other = add_issue(connection, "daily")
        issues.add_edition(connection, other, edition("c"), DIGEST)
        assert issues.delete_unsent(connection, other)
        assert sum(deliveries.counts(connection, number).values()) == 2
        assert subscribers.save(connection, person("x"), NOW)

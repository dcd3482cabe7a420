"""Issues and editions, on every store."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, edition, person, planned_issue

from syndicate.model import (
    DeliveryState,
    Edition,
    EditionItem,
    IssueState,
    NotFound,
    Outcome,
    Placement,
    SubscriberStatus,
    Subscription,
)
from syndicate.store import Database, claims, deliveries, issues, readers, subscribers, totals
from syndicate.store.deliveries import Planned
from syndicate.store.lists import Chosen, people


def test_a_slot_and_a_name_have_one_issue(database: Database) -> None:
    with database.begin() as connection:
        first = add_issue(connection)
        assert add_issue(connection, "daily")
        assert add_issue(connection, name="2026-06-01-0800") is None, "the slot is taken"
        assert add_issue(connection, slot=NOW + HOUR) is None, "the name is taken"
        other = add_issue(connection, slot=NOW + HOUR, name="2026-06-01-0900", note="held")
    with database.read() as connection:
        assert len(issues.every(connection)) == 3
        assert issues.get(connection, other).note == "held"
        assert issues.find(connection, "weekly", "2026-06-01-0900").id == other
        assert issues.find(connection, "weekly", "never", NOW).id == first
        assert issues.find(connection, "weekly", "never", NOW - HOUR) is None


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
        assert issues.state_of(connection, number) is IssueState.CANCELLED
        with pytest.raises(NotFound):
            issues.state_of(connection, number + 1)


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
        for hours, language, is_main, state, cadence in (
            (0, "tr", True, IssueState.SENT, ""),
            (1, "tr", False, IssueState.SENT, ""),
            (2, "tr", True, IssueState.CANCELLED, ""),
            (3, "en", True, IssueState.EMPTY, ""),
            (4, "tr", True, IssueState.EMPTY, "weekly"),
        ):
            moment = NOW + hours * HOUR
            number = add_issue(connection, slot=moment, name=f"n{hours}", state=state, cutoff=moment)
            one = edition("a", language=language, is_main=is_main)
            issues.add_edition(connection, number, replace(one, cadence=cadence), DIGEST)
        assert issues.last_cutoffs(connection, "weekly") == {
            ("", "tr"): NOW,
            ("", "en"): NOW + 3 * HOUR,
            ("weekly", "tr"): NOW + 4 * HOUR,
        }
        assert issues.last_cutoffs(connection, "daily") == {}
        assert issues.last_of_cadences(connection, "weekly") == {
            "": (4, NOW + 3 * HOUR),
            "weekly": (5, NOW + 4 * HOUR),
        }
        told = {("", "tr"): {"story-a"}, ("", "en"): {"story-a"}, ("weekly", "tr"): {"story-a"}}
        assert issues.told(connection, "weekly", ["story-a", "b"], only_main=True) == told
        assert issues.told(connection, "daily", ["story-a"], only_main=False) == {}
        assert [(issue.slot, one.edition.is_main) for issue, one in issues.archived(connection)] == [
            (NOW, True)
        ]


def test_what_was_planned_or_cancelled_since_changes_how_things_stand(database: Database) -> None:
    with database.begin() as connection:
        number = add_issue(connection)
        before = issues.standing(connection, "weekly")
        add_issue(connection, "daily", state=IssueState.FOLDED)
        assert issues.standing(connection, "weekly") == before, "a folded slot told nobody anything"
        issues.add_edition(connection, number, edition("a"), DIGEST)
        after = issues.standing(connection, "weekly")
        assert after != before
        issues.move(connection, number, IssueState.CANCELLED, IssueState.APPROVED)
        assert issues.standing(connection, "weekly") != after


def test_the_newest_issue_and_what_was_folded_after_it(database: Database) -> None:
    with database.begin() as connection:
        for hours, state in enumerate(
            (IssueState.FOLDED, IssueState.EMPTY, IssueState.FOLDED, IssueState.FOLDED)
        ):
            add_issue(connection, slot=NOW + hours * HOUR, name=f"n{hours}", state=state)
        assert issues.newest(connection, "weekly").name == "n3"
        assert issues.newest(connection, "weekly", IssueState.FOLDED).name == "n1"
        assert [one.name for one in issues.folded(connection, "weekly")] == ["n2", "n3"]
        assert issues.newest(connection, "daily") is None
        assert issues.folded(connection, "daily") == []


def test_a_delivery_is_due_when_it_was_planned_for(database: Database) -> None:
    with database.begin() as connection:
        ids = [subscribers.save(connection, person(f"p{n}"), NOW) for n in range(3)]
        number = add_issue(connection)
        made = issues.add_edition(connection, number, edition("a"), DIGEST)
        due = (None, NOW + HOUR, NOW + 2 * HOUR)
        lines = [Planned(one, made, f"<{one}@e>", due=moment) for one, moment in zip(ids, due, strict=True)]
        deliveries.plan(connection, number, lines, NOW)
        assert [one.due_at for one in deliveries.lines(connection, number)] == list(due)
        assert deliveries.next_due(connection, number) == (3, None)
        claimed = [
            claims.take(connection, number, "weekly", "outbox", "here#1", after=0, most=9, now=at, until=at)
            for at in (NOW, NOW + timedelta(minutes=59), NOW + HOUR)
        ]
    assert [len(one.lines) if one else 0 for one in claimed] == [1, 0, 1]
    with database.read() as connection:
        assert deliveries.next_due(connection, number) == (1, NOW + 2 * HOUR)


def test_readers_are_seen_by_zone_and_by_what_they_read(database: Database) -> None:
    with database.begin() as connection:
        for name, zone, values in (
            ("a", "Asia/Tokyo", {}),
            ("b", "Asia/Tokyo", {"subscriptions": (Subscription("weekly", "monthly"),)}),
            ("c", "Europe/Berlin", {"languages": ("de",)}),
            ("d", "Pacific/Apia", {"subscriptions": (Subscription("daily"),)}),
            ("e", "America/Lima", {"status": SubscriberStatus.UNSUBSCRIBED}),
        ):
            subscribers.save(connection, person(name, timezone=zone, **values), NOW)
        assert readers.zones(connection, "weekly") == ("Asia/Tokyo", "Europe/Berlin")
        assert readers.zones(connection, "never") == ()
        assert readers.per_zone(connection, "weekly") == {
            ("Asia/Tokyo", ""): 1,
            ("Asia/Tokyo", "monthly"): 1,
            ("Europe/Berlin", ""): 1,
        }
        assert readers.groups(connection, "weekly") == {
            (("tr", "en"), ""): 1,
            (("tr", "en"), "monthly"): 1,
            (("de",), ""): 1,
        }


def test_who_changed_their_cadence_is_found_by_the_last_issue_they_were_in(database: Database) -> None:
    with database.begin() as connection:
        numbers = [
            add_issue(connection, slot=NOW + n * HOUR, name=f"n{n}", cutoff=NOW + n * HOUR, state=state)
            for n, state in enumerate([IssueState.SENT] * 3 + [IssueState.CANCELLED, IssueState.SENT])
        ]
        ids = {}
        for name, cadence, lines in (
            ("stays", "", (0, 1, 2, 4)),
            ("came", "", (0,)),
            ("to and fro", "", (0, 2, 3)),
            ("long ago", "unknown", ()),
            ("monthly", "monthly", (0,)),
        ):
            who = person(name.replace(" ", ""), subscriptions=(Subscription("weekly", cadence),))
            ids[name] = subscribers.save(connection, who, NOW)
            for n in lines:
                deliveries.plan(connection, numbers[n], [Planned(ids[name], None, "", "nothing")], NOW)

        def found(cadence: str, since: int) -> dict[int, datetime]:
            return readers.passed_over(
                connection, "weekly", numbers[4], cadence, ("monthly",), NOW + since * HOUR
            )

        assert found("", 0) == {ids["came"]: NOW, ids["to and fro"]: NOW + 2 * HOUR}
        assert found("", 1) == {ids["to and fro"]: NOW + 2 * HOUR}
        assert found("monthly", 0) == {ids["monthly"]: NOW}


def test_a_plan_is_taken_back_only_while_nothing_left(database: Database) -> None:
    number, _ = planned_issue(database, 3)
    with database.begin() as connection:
        assert issues.delete_unsent(connection, number)
        with pytest.raises(NotFound):
            issues.get(connection, number)
        assert totals.count(connection)["editions"] == 0
        assert deliveries.counts(connection, number) == {}
        assert len(list(people(connection, Chosen()))) == 3


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

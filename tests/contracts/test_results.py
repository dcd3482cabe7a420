"""What became of an issue, on every store: counted with its feedback, found without reading what arrived, settled."""

import csv
import io
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event as hooks
from sqlalchemy import text, update
from tests.contracts.samples import HOUR, NOW, add_issue, planned_issue
from tests.contracts.test_approve import ONE, house

from syndicate.flows import control
from syndicate.flows.control import Ruling
from syndicate.flows.house import House
from syndicate.flows.missed import Asked, as_list, key, missed
from syndicate.flows.seen import Outdated, mark
from syndicate.flows.sum_up import sum_up
from syndicate.flows.tally import recount, recount_moving
from syndicate.model import DeliveryState, Event, EventKind, IssueState, SyndicateError
from syndicate.store import audit, deliveries, events, feedback, issues, places, subscribers, tallies
from syndicate.store.tables import delivery, issue

__all__ = ["house"]
S = DeliveryState
LATER = NOW + HOUR


def sent(
    house: House, *states: DeliveryState, issue_state: IssueState = IssueState.SENT
) -> tuple[int, list[int]]:
    """An issue of which each delivery is in one of ``states``; it and its people."""
    number, ids = planned_issue(house.database, len(states))
    with house.database.begin() as connection:
        connection.execute(update(issue).where(issue.c.id == number).values(state=issue_state))
        for who, state in zip(ids, states, strict=True):
            handed = None if state in (S.PLANNED, S.SKIPPED, S.CANCELLED) else NOW
            values = {
                "state": state,
                "reason": f"said {who}@example.org {state}",
                "handed_at": handed,
                "carrier": "smtp",
            }
            where = (delivery.c.issue == number, delivery.c.subscriber == who)
            connection.execute(update(delivery).where(*where).values(values))
    return number, ids


def numbers(house: House, number: int) -> list[int]:
    with house.database.read() as connection:
        return [line.id for line in deliveries.lines(connection, number)]


def told(house: House, number: int) -> list[str]:
    with house.database.read() as connection:
        return [one.action for one in audit.entries(connection, subject=f"issue {number}")]


def test_every_fate_is_summed_up_with_what_readers_did(house: House) -> None:
    states = (
        S.ACCEPTED,
        S.ACCEPTED,
        S.ACCEPTED,
        S.BOUNCED,
        S.FAILED,
        S.REFUSED,
        S.UNSURE,
        S.SKIPPED,
        S.PLANNED,
    )
    number, ids = sent(house, *states)
    lines = numbers(house, number)
    with house.database.begin() as connection:
        for one, kind in ((lines[0], EventKind.DELIVERED), (lines[1], EventKind.COMPLAINED)):
            events.add(connection, [(Event("smtp", f"k{one}", kind, NOW, delivery=one), one)], NOW)
        connection.execute(update(delivery).where(delivery.c.id == lines[0]).values(delivered_at=NOW))
        subscribers.unsubscribe(connection, ids[2], "weekly", "one-click", LATER)
        subscribers.unsubscribe(connection, ids[0], "weekly", "staff", LATER)
    found = sum_up(house, number, LATER)
    whole = found.whole
    assert (whole.owed, whole.sent, whole.delivered, whole.bounced) == (9, 4, 1, 1)
    assert (whole.complained, whole.left) == (1, 1), "what staff did is not the reader's doing"
    assert (whole.opened, whole.fetched, whole.clicked) == (0, 0, 0)
    assert (whole.failed, whole.unsure, whole.skipped, whole.waiting) == (2, 1, 1, 1)
    assert [one.name for one in found.languages] == ["tr"]
    assert [(one.name, one.owed, one.delivered) for one in found.domains] == [("example.org", 9, 1)]
    assert all("@" not in reason for _, reason, _ in found.reasons)
    assert (found.unsure, found.missing, found.may_send_again) == (1, 2, True)


def test_machines_that_open_a_mail_are_kept_apart_and_everybody_is_counted_once(house: House) -> None:
    number, _ = sent(house, S.ACCEPTED, S.ACCEPTED, S.ACCEPTED)
    one, two, _three = numbers(house, number)
    told = (
        (one, EventKind.OPENED, False), (one, EventKind.OPENED, False), (one, EventKind.OPENED, True),
        (one, EventKind.CLICKED, False), (two, EventKind.OPENED, True),
    )  # fmt: skip
    with house.database.begin() as connection:
        for n, (line, kind, is_machine) in enumerate(told):
            heard = Event("sendgrid", f"k{n}", kind, NOW, delivery=line, is_machine=is_machine)
            events.add(connection, [(heard, line)], NOW)
    whole = sum_up(house, number, LATER).whole
    assert (whole.opened, whole.fetched, whole.clicked) == (1, 2, 1)
    assert (whole.owed, whole.sent, whole.complained) == (3, 3, 0)


def test_who_leaves_is_counted_for_the_last_issue_they_got(house: House) -> None:
    first, ids = sent(house, S.ACCEPTED)
    with house.database.begin() as connection:
        second = add_issue(connection, slot=NOW + 24 * HOUR, state=IssueState.SENT)
        made = {"issue": second, "subscriber": ids[0], "state": S.ACCEPTED, "reason": "", "carrier": "smtp"}
        editions = list(issues.languages(connection, first))
        more = {"message_id": "<2>", "edition": editions[0], "handed_at": LATER}
        connection.execute(delivery.insert().values(made | more))
        subscribers.unsubscribe(connection, ids[0], "weekly", "one-click", LATER + HOUR)
    with house.database.read() as connection:
        assert feedback.counts(connection, first) == {}
        assert list(feedback.counts(connection, second).values()) == [1]


def test_what_was_sent_lately_is_counted_again_and_what_is_older_is_not(house: House) -> None:
    number, _ = sent(house, S.ACCEPTED)
    recount(house.database, number, NOW)
    assert recount_moving(house.database, NOW + timedelta(minutes=9)) == []
    assert recount_moving(house.database, NOW + timedelta(minutes=11)) == [number]
    assert recount_moving(house.database, NOW + timedelta(days=8)) == []


_fates = st.lists(st.sampled_from([S.ACCEPTED] * 5 + list(S)), min_size=1, max_size=40)


@settings(max_examples=8, deadline=None)
@given(
    states=_fates, fate=st.sampled_from(("", "failed", "bounced", "skipped", "waiting")), short=st.booleans()
)
def test_pages_and_list_name_everybody_who_missed_it_once(
    house: House, monkeypatch: pytest.MonkeyPatch, states: list[DeliveryState], fate: str, short: bool
) -> None:
    with house.database.begin() as connection:
        for table in ("tally", "delivery", "edition_item", "edition", "issue"):
            connection.execute(text(f"DELETE FROM {table}"))
    number, _ = sent(house, *states)
    asked = Asked(fate)
    wanted = [one for one, state in zip(numbers(house, number), states, strict=True) if state in asked.states]
    with monkeypatch.context() as patch:
        patch.setattr("syndicate.flows.missed.MOST", 3)
        patch.setattr("syndicate.flows.missed.LOOKED_AT", 2 if short else 1_000)
        patch.setattr(places, "STRETCH", 4)
        patch.setattr(places, "MOST", 2)
        found, after = [], 0
        while True:
            page = missed(house, number, asked, after, NOW)
            found += [line.id for line in page.lines]
            assert len(page.lines) <= 3
            after = page.onward
            if not after:
                break
        listed = b"".join(as_list(house, number, asked, ONE, lambda: NOW)).decode()
    assert found == wanted
    assert page.people == len(wanted)
    assert len(list(csv.reader(io.StringIO(listed)))) == len(wanted) + 1
    assert told(house, number)[:2] == ["issue.exported", "issue.export"]


def test_a_reason_narrows_it_down_whatever_address_it_names(house: House) -> None:
    number, _ = sent(house, S.FAILED, S.FAILED, S.BOUNCED)
    page = missed(house, number, Asked(reason=key("said somebody@else.example failed")), 0, NOW)
    assert [line.state for line in page.lines] == ["failed", "failed"]
    assert page.people == 2


@given(
    at=st.lists(st.integers(0, 300), unique=True, max_size=60).map(sorted),
    most=st.integers(1, 9),
)
def test_places_joined_cover_the_same_in_order(at: list[int], most: int) -> None:
    made = places.joined([(n, n) for n in at], most)
    assert len(made) <= most
    assert all(any(first <= n <= last for first, last in made) for n in at)
    assert made == tuple(sorted(made))
    assert all(one[1] < two[0] for one, two in pairwise(made))


def test_five_in_a_long_ledger_are_found_without_reading_it(house: House) -> None:
    many, few = 6_000, 3
    number, _ = sent(house, S.ACCEPTED)
    with house.database.begin() as connection:
        made = next(iter(issues.languages(connection, number)))
        lines = [deliveries.Planned(1_000 + n, made, f"<{n}>") for n in range(many)]
        deliveries.plan(connection, number, lines, NOW)
        rest = [one.id for one in deliveries.lines(connection, number)]
        connection.execute(update(delivery).where(delivery.c.issue == number).values(state=S.ACCEPTED))
        connection.execute(
            update(delivery).where(delivery.c.id.in_(rest[5_000 : 5_000 + few])).values(state=S.FAILED)
        )
    counted = recount(house.database, number, NOW)
    assert len(counted.places["failed"]) == 1
    asked: list[tuple[str, Any]] = []
    with house.database.read() as connection:
        hooks.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        assert len(list(places.lines(connection, number, counted.places, [S.FAILED]))) == few
    assert len(asked) == 1
    with house.database.read() as connection:
        explain = "EXPLAIN " + ("QUERY PLAN " if connection.dialect.name == "sqlite" else "")
        plan = str(connection.exec_driver_sql(explain + asked[0][0], asked[0][1]).all())
    assert "rowid>? AND rowid<?" in plan or "pk_delivery" in plan or "delivery_pkey" in plan, plan


def test_the_missing_are_owed_it_once_however_often_it_is_asked_for(house: House) -> None:
    number, _ = sent(house, S.ACCEPTED, S.FAILED, S.REFUSED, S.BOUNCED, S.UNSURE)
    with house.database.read() as connection:
        seen = mark(connection, number)
    assert control.owe_missing(house, number, ONE, NOW, seen) == {
        "owed again": 2,
        "had every story already": 0,
    }
    with pytest.raises(Outdated):
        control.owe_missing(house, number, ONE, NOW, seen)
    control.owe_missing(house, number, ONE, NOW)
    assert told(house, number) == ["issue.send-missing"]
    assert sum_up(house, number, NOW).whole.waiting == 2
    with house.database.read() as connection:
        assert issues.get(connection, number).state is IssueState.APPROVED


@pytest.mark.parametrize(
    ("ruling", "state", "then"),
    [
        (Ruling.DELIVERED, S.ACCEPTED, IssueState.SENT),
        (Ruling.RESEND, S.PLANNED, IssueState.APPROVED),
        (Ruling.GIVE_UP, S.FAILED, IssueState.SENT),
    ],
)
def test_doubts_are_settled_one_by_one_or_all_and_only_once(
    house: House, ruling: Ruling, state: DeliveryState, then: IssueState
) -> None:
    number, _ = sent(house, S.UNSURE, S.UNSURE, S.UNSURE, S.FAILED)
    first, *_, failed = numbers(house, number)
    with house.database.read() as connection:
        seen = mark(connection, number)
    assert control.settle(house, number, ruling, [], ONE, NOW, seen) == 0
    assert control.settle(house, number, ruling, [first, failed], ONE, NOW, seen) == 1
    with pytest.raises(Outdated):
        control.settle(house, number, ruling, None, ONE, NOW, seen)
    assert control.settle(house, number, ruling, None, ONE, NOW) == 2
    assert control.settle(house, number, ruling, None, ONE, NOW) == 0
    assert told(house, number) == [f"issue.settle {ruling}"] * 2
    with house.database.read() as connection:
        assert issues.get(connection, number).state is then
        assert tallies.get(connection, number) is None
        assert {line.state for line in deliveries.lines(connection, number)} == {state, S.FAILED}


def test_what_was_cancelled_is_not_sent_again(house: House) -> None:
    number, _ = sent(house, S.UNSURE, S.FAILED, issue_state=IssueState.CANCELLED)
    with pytest.raises(SyndicateError, match="was cancelled"):
        control.settle(house, number, Ruling.RESEND, None, ONE, NOW)
    with pytest.raises(SyndicateError, match="cancelled"):
        control.owe_missing(house, number, ONE, NOW)
    assert control.settle(house, number, Ruling.GIVE_UP, None, ONE, NOW) == 1


def test_a_report_of_many_reads_nothing_of_the_ledger_but_what_is_in_doubt(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, _ = sent(house, S.ACCEPTED, S.UNSURE, S.FAILED)
    recount(house.database, number, NOW)
    monkeypatch.setattr("syndicate.flows.tally.FEW", 0)
    asked: list[str] = []
    engine = house.database.engine
    hooks.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert sum_up(house, number, LATER).whole.owed == 3
    assert [one for one in asked if "delivery" in one and "= 'unsure'" not in one] == []
    assert len(asked) < 15

"""Approve, take back, pause, resume, cancel, in any order, on every store: nothing leaves early, nobody gets it twice,
and everybody who was planned for is in one state."""

import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, article, edition, person, save

from syndicate.app import open_house
from syndicate.flows import approve as flow
from syndicate.flows import control
from syndicate.flows.approve import Wish
from syndicate.flows.house import House
from syndicate.flows.seen import Outdated, mark
from syndicate.flows.tally import recount
from syndicate.model import COMMAND_LINE, Actor, Draft, Issue, IssueState, Role, SyndicateError
from syndicate.store import (
    Database,
    approvals,
    articles,
    audit,
    claims,
    deliveries,
    issues,
    subscribers,
    tallies,
)
from syndicate.store.deliveries import Planned
from syndicate.store.tables import draft

PEOPLE = 5
UNDO = timedelta(minutes=5)
ONE, TWO = Actor(1, "One", Role.SENDER), Actor(2, "Two", Role.SENDER)
CONFIG = """
[site]
name = { en = "The Gazette" }
url = "https://gazette.example.org"
public_url = "https://news.gazette.example.org"
id_authority = "gazette.example.org,2026"
languages = ["en"]
postal_address = "The Gazette, 1 Main Street, 34000 Istanbul"
[mail]
from_address = "letters@news.gazette.example.org"
[newsletters.weekly]
title = { en = "Weekly" }
approval = true
[newsletters.pair]
title = { en = "Pair" }
approval = true
approvals = 2
"""


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    made = open_house(tmp_path / "config.toml")
    made.database.close()
    return replace(made, database=database)


_slots = itertools.count(1)


def planned(house: House, newsletter: str = "weekly", slot: datetime | None = None) -> int:
    """An issue of its own that waits, with ``PEOPLE`` in it."""
    moment = slot or NOW - HOUR * next(_slots)
    with house.database.begin() as connection:
        ids = [subscribers.save(connection, person(f"p{n}"), NOW) for n in range(PEOPLE)]
        values = {"state": IssueState.PLANNED, "name": f"n{next(_slots)}"}
        issue = add_issue(connection, newsletter, moment, **values)
        made = issues.add_edition(connection, issue, edition("a", "b"), DIGEST)
        lines = [Planned(one, made, f"<{issue}.{one}@example.org>") for one in ids]
        deliveries.plan(connection, issue, lines, NOW)
    recount(house.database, issue, NOW)
    return issue


def state(house: House, number: int) -> IssueState:
    with house.database.read() as connection:
        return issues.get(connection, number).state


@dataclass
class Desk:
    """Somebody at each button, a sender, and the clock; ``sent`` are deliveries as they went, with when."""

    house: House
    number: int
    now: datetime = NOW
    sent: list[int] = field(default_factory=list)

    def press(self, verb: Callable[..., object], *more: object) -> None:
        """Refused or not."""
        with suppress(SyndicateError):
            verb(self.house, self.number, ONE, self.now, *more)

    def send(self, most: int) -> None:
        """What a sender does, a few at a time."""
        with self.house.database.begin() as connection:
            before = issues.get(connection, self.number)
            begun = issues.begin(connection, self.number, self.now)
            if not begun:
                return
            assert before.state in (IssueState.APPROVED, IssueState.SENDING)
            assert before.not_before is not None
            assert before.not_before <= self.now
            found = claims.take(
                connection, self.number, "weekly", "outbox", "here#1",
                after=0, most=most, now=self.now, until=self.now + HOUR,
            )  # fmt: skip
            if found and found.lines:
                taken = [(line.id, "250 ok", self.now) for line in found.lines]
                claims.close(connection, found.number, taken, self.now)
                self.sent += [line.id for line in found.lines]
            if not deliveries.planned(connection, self.number):
                issues.move(connection, self.number, IssueState.SENT, IssueState.SENDING)

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def hold(self) -> None:
        assert len(self.sent) == len(set(self.sent)), "nobody twice"
        with self.house.database.read() as connection:
            counts = deliveries.counts(connection, self.number)
            issue = issues.get(connection, self.number)
        assert sum(counts.values()) == PEOPLE
        assert sum(n for (_, one), n in counts.items() if one == "accepted") == len(self.sent)
        if issue.state is IssueState.PLANNED:
            assert (issue.not_before, self.sent) == (None, [])


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("press"), st.sampled_from(("approve", "take_back", "let_go"))),
        st.tuples(st.just("press"), st.sampled_from(("pause", "resume", "cancel"))),
        st.tuples(st.just("send"), st.integers(1, 3)),
        st.tuples(st.just("wait"), st.sampled_from((1, 4, 6))),
    ),
    min_size=4,
    max_size=16,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=_steps)
def test_in_any_order_nothing_leaves_early_and_nobody_gets_it_twice(
    house: House, steps: list[tuple[str, object]]
) -> None:
    desk = Desk(house, planned(house))
    for what, how in steps:
        if what == "press":
            desk.press(getattr(flow, str(how), None) or getattr(control, str(how)))
        else:
            getattr(desk, what)(how)
        desk.hold()


def test_until_its_time_it_can_be_taken_back_and_is_as_it_was(house: House) -> None:
    number = planned(house)
    with house.database.read() as connection:
        before = issues.get(connection, number)
    made = flow.approve(house, number, ONE, NOW)
    assert (made.state, made.not_before) == (IssueState.APPROVED, NOW + UNDO)
    assert flow.take_back(house, number, TWO, NOW + UNDO / 2) == before
    with house.database.read() as connection:
        assert approvals.of(connection, number) == []
        told = [one.action for one in audit.entries(connection, subject=f"issue {number}")]
    assert told == ["issue.take-back", "issue.approve"]
    flow.approve(house, number, ONE, NOW)
    with pytest.raises(SyndicateError, match="taken back any more"):
        flow.take_back(house, number, ONE, NOW + UNDO)


def test_it_waits_for_its_slot_or_for_the_time_that_was_chosen(house: House) -> None:
    early = planned(house, slot=NOW + timedelta(days=1))
    assert flow.approve(house, early, ONE, NOW).not_before == NOW + timedelta(days=1)
    chosen = Wish(leave=NOW + 3 * HOUR)
    assert flow.approve(house, planned(house), ONE, NOW, chosen).not_before == NOW + 3 * HOUR
    assert flow.local_moment(house, early, "2026-06-01T09:00") == datetime.fromisoformat("2026-06-01T09:00Z")


def test_asked_again_it_is_approved_once(house: House) -> None:
    number = planned(house)
    first = flow.approve(house, number, ONE, NOW)
    assert flow.approve(house, number, ONE, NOW + HOUR) == first
    with house.database.read() as connection:
        assert len(audit.entries(connection, subject=f"issue {number}")) == 1


def test_a_button_of_an_old_page_does_nothing(house: House) -> None:
    number = planned(house)
    with house.database.read() as connection:
        seen = mark(connection, number)
    flow.approve(house, number, ONE, NOW, Wish(seen=seen))
    flow.take_back(house, number, TWO, NOW)
    with pytest.raises(Outdated):
        flow.approve(house, number, ONE, NOW, Wish(seen=seen))
    with pytest.raises(Outdated):
        control.cancel(house, number, ONE, NOW, seen)
    assert state(house, number) is IssueState.PLANNED


def test_the_number_that_is_typed_must_be_the_number_of_people(house: House) -> None:
    number = planned(house)
    with pytest.raises(SyndicateError, match="not the number of people"):
        flow.approve(house, number, ONE, NOW, Wish(people=PEOPLE + 1))
    assert flow.approve(house, number, ONE, NOW, Wish(people=PEOPLE)).state is IssueState.APPROVED


def test_two_people_and_not_one_twice(house: House) -> None:
    number = planned(house, "pair")
    assert flow.approve(house, number, ONE, NOW).state is IssueState.PLANNED
    assert flow.approve(house, number, ONE, NOW).state is IssueState.PLANNED
    assert flow.outlook(house, number, NOW).needed == 1
    with house.database.begin() as connection:
        row = {"issue": number, "revision": 2, "staff": 2, "saved_at": NOW + HOUR, "content": asdict(Draft())}
        connection.execute(draft.insert().values(before=[], applied=2, **row))
    assert flow.outlook(house, number, NOW + HOUR).needed == 2, "what they approved was changed"
    assert flow.approve(house, number, TWO, NOW + HOUR).state is IssueState.PLANNED
    assert flow.approve(house, number, ONE, NOW + HOUR).state is IssueState.APPROVED


def test_two_at_the_same_moment_are_two(house: House) -> None:
    number = planned(house, "pair")
    ready = threading.Barrier(2)

    def press(who: Actor) -> None:
        ready.wait()
        flow.approve(house, number, who, NOW)

    threads = [threading.Thread(target=press, args=(who,)) for who in (ONE, TWO)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert state(house, number) is IssueState.APPROVED


def test_a_tally_says_what_there_is_and_when_it_does_not_any_more(house: House) -> None:
    number = planned(house)
    flow.approve(house, number, COMMAND_LINE, NOW, Wish(undo=timedelta(0)))
    desk = Desk(house, number)
    desk.send(2)
    counted = recount(house.database, number, NOW + HOUR)
    assert {(state, n) for _, state, _, n in counted.lines} == {("accepted", 2), ("planned", 3)}
    assert set(counted.domains) == {("example.org", "accepted", 2), ("example.org", "planned", 3)}
    assert counted.carriers == (("outbox", "accepted", 2),)
    assert (counted.owed, counted.left, counted.before) == (PEOPLE, 3, (NOW, PEOPLE))
    with house.database.read() as connection:
        assert tallies.get(connection, number) == counted
    control.cancel(house, number, ONE, NOW)
    with house.database.begin() as connection:
        assert number in tallies.to_count(connection)
        tallies.write(connection, number, replace(counted, at=NOW))
        held = tallies.get(connection, number)
    assert held
    assert (held.at, held.is_stale) == (NOW + HOUR, True), "an older count does not win"


def test_a_story_that_was_withdrawn_after_approval_keeps_its_issue_back(house: House) -> None:
    save(house.database, article("a", id="tag:a"), article("b", id="tag:b", sequence=2))
    told, other = planned(house), planned(house, "pair")
    flow.approve(house, told, ONE, NOW)
    assert flow.keep_back(house.database, [_issue(house, told)]) == {}
    with house.database.begin() as connection:
        articles.withdraw(connection, ["tag:b"], NOW)
    due = [_issue(house, told), _issue(house, other)]
    assert flow.keep_back(house.database, due) == {told: "withdrawn since it was approved: Title of b"}
    assert (state(house, told), state(house, other)) == (IssueState.PLANNED, IssueState.PLANNED)
    assert "Title of b" in _issue(house, told).note
    with house.database.begin() as connection:
        assert not issues.begin(connection, told, NOW + HOUR)
        assert not approvals.of(connection, told)


def _issue(house: House, number: int) -> Issue:
    with house.database.read() as connection:
        return issues.get(connection, number)

"""Many connections in one thread: each has one message in doubt at most, and one that is stuck stops nobody."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.desk import MemoryDesk
from tests.contracts.smtp_robot import HANG_UP, Crowd, Robot
from tests.contracts.test_smtp_fates import Scripts, _each_has_one_fate, _is_true, script

from syndicate.carriers.smtp import Smtp, SmtpServer, lane
from syndicate.model import CarrierError, DeliveryState, HandOver, Outcome

TAKEN = Outcome(DeliveryState.ACCEPTED, "250 taken")
TIMEOUT = 20.0


def items(count: int) -> list[HandOver]:
    body = b"Subject: x\r\n\r\n.hi\r\n"
    return [HandOver(n, f"s{n}@example.org", f"r{n}@example.org", (body,)) for n in range(count)]


def carry(desk: MemoryDesk, crowd: Crowd, **values: object) -> None:
    given: dict[str, object] = {
        "security": "none",
        "timeout": TIMEOUT,
        "hello": "me",
        "connections": 3,
    } | values
    with crowd.listening() as port:
        Smtp(SmtpServer("127.0.0.1", port, **given)).carry(desk)  # type: ignore[arg-type]


@given(
    scripts=st.dictionaries(st.integers(0, 6), script),
    called_back=st.sets(st.integers(0, 6), max_size=2),
    offers=st.sampled_from([("PIPELINING",), ()]),
    connections=st.integers(2, 5),
    limit=st.integers(1, 5),
)
def test_every_message_has_one_fate_on_whichever_connection(
    scripts: Scripts, called_back: set[int], offers: tuple[str, ...], connections: int, limit: int
) -> None:
    crowd = Crowd(lambda: Robot(scripts, offers=offers))
    desk = MemoryDesk(items(7), called_back)
    carry(desk, crowd, connections=connections, messages_per_connection=limit)
    _each_has_one_fate(desk)
    assert set(crowd.whole) <= set(desk.marked)
    assert max(Counter(crowd.whole).values(), default=0) <= 1
    _in_doubt_at_most(desk, connections)
    for number, outcome in desk.outcomes.items():
        _is_true(outcome, crowd.said.get(number))


def _in_doubt_at_most(desk: MemoryDesk, connections: int) -> None:
    doubt: set[int] = set()
    for word, number in desk.log:
        if word == "mark" and number not in desk.called_back:
            doubt.add(number)
        elif word == "settle":
            doubt.discard(number)
        assert len(doubt) <= connections


def test_no_more_connections_are_opened_than_there_is_work_for_or_are_allowed() -> None:
    for count, connections in ((2, 2), (9, 3)):
        crowd, desk = Crowd(Robot), MemoryDesk(items(count))
        carry(desk, crowd)
        assert len(crowd.robots) == connections
        assert desk.outcomes == dict.fromkeys(range(count), TAKEN)


def test_marks_of_those_who_wait_are_asked_for_together() -> None:
    desk, together = MemoryDesk(items(30)), list[int]()

    def takes_its_time(deliveries: Sequence[int]) -> None:
        together.append(len(deliveries))
        time.sleep(0.01)

    desk.on_mark = takes_its_time
    carry(desk, Crowd(Robot), connections=10)
    assert sum(together) == 30
    assert max(together) > 1


class Stuck(Robot):
    """Says nothing to its first message until it is let go."""

    let_go = threading.Event()

    def _message(self, connection, lines):  # type: ignore[no-untyped-def]
        if self.number == 0:
            self.let_go.wait(TIMEOUT)
        super()._message(connection, lines)


def test_a_connection_that_is_stuck_stops_nobody() -> None:
    desk = MemoryDesk(items(12))
    Stuck.let_go.clear()
    settle = desk.settle

    def then_let_go(delivery: int, outcome: Outcome) -> None:
        settle(delivery, outcome)
        # The stuck one, and the one whose envelope is behind its dot, are all that is left.
        if len(desk.outcomes) == 10:
            Stuck.let_go.set()

    desk.settle = then_let_go  # type: ignore[method-assign]
    carry(desk, Crowd(Stuck))
    assert desk.outcomes == dict.fromkeys(range(12), TAKEN)
    assert [number for word, number in desk.log if word == "settle"][-2] == 0


def test_a_server_that_allows_fewer_connections_gets_everything_on_those() -> None:
    """Who may not come in gives back what it had; the rest do it, and staff are told."""
    greetings = iter(["220 robot"] + ["421 4.7.0 too many connections"] * 2)
    crowd, desk = Crowd(lambda: Robot(greeting=next(greetings))), MemoryDesk(items(9))
    give_back = desk.give_back

    def and_again(delivery: int) -> None:
        give_back(delivery)
        desk.items.append(items(9)[delivery])

    desk.give_back = and_again  # type: ignore[method-assign]
    with pytest.raises(CarrierError, match="too many connections"):
        carry(desk, crowd)
    assert desk.outcomes == dict.fromkeys(range(9), TAKEN)
    assert len(desk.given_back) == 2


@pytest.mark.parametrize("greeting", ["554 5.7.1 go away", "421 4.3.2 not now"])
def test_a_server_that_lets_nobody_in_is_not_asked_again_for_each_connection(greeting: str) -> None:
    """Eight refused logins of one sender are what locks an account; eight time-outs are eight minutes."""
    crowd, desk = Crowd(lambda: Robot(greeting=greeting)), MemoryDesk(items(1))
    give_back = desk.give_back

    def and_again(delivery: int) -> None:
        give_back(delivery)
        desk.items += items(1)

    desk.give_back = and_again  # type: ignore[method-assign]
    with pytest.raises(CarrierError, match="no mail can be handed over"):
        carry(desk, crowd, connections=8)
    assert (len(crowd.robots), desk.given_back) == (1, [0])


def test_one_that_breaks_us_leaves_nothing_of_the_others_behind() -> None:
    desk = MemoryDesk(items(9))
    settle = desk.settle

    def breaks(delivery: int, outcome: Outcome) -> None:
        settle(delivery, outcome)
        if delivery == 4:
            raise ZeroDivisionError

    desk.settle = breaks  # type: ignore[method-assign]
    crowd = Crowd(Robot)
    with pytest.raises(ZeroDivisionError):
        carry(desk, crowd)
    assert desk.taken == {}
    fates = Counter([*desk.outcomes, *desk.given_back])
    assert max(fates.values()) == 1
    accepted = {number for number, one in desk.outcomes.items() if one.state is DeliveryState.ACCEPTED}
    unsure = {number for number, one in desk.outcomes.items() if one.state is DeliveryState.UNSURE}
    assert accepted <= set(crowd.whole) <= accepted | unsure
    assert len(unsure) <= 2


def test_a_server_that_speaks_before_the_dot_is_heard_while_others_are_waited_for() -> None:
    class Hasty(Robot):
        def _message(self, connection, lines):  # type: ignore[no-untyped-def]
            if self.number == 0:
                self._say(connection, "552 5.3.4 too large")
            super()._message(connection, lines)

    desk = MemoryDesk(items(6))
    desk.on_mark = lambda deliveries: time.sleep(0.1)
    crowd = Crowd(Hasty)
    carry(desk, crowd)
    assert desk.outcomes[0] == Outcome(DeliveryState.REFUSED, "message: 552 5.3.4 too large")
    assert [desk.outcomes[n] for n in range(1, 6)] == [TAKEN] * 5
    assert 0 not in crowd.whole


def test_a_connection_that_broke_is_opened_again_while_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane, "PAUSES", (0.0, 0.0, 0.0))
    crowd, desk = (
        Crowd(lambda: Robot({number: {"MAIL": HANG_UP} for number in (1, 4)})),
        MemoryDesk(items(20)),
    )
    carry(desk, crowd)
    assert {number for number, one in desk.outcomes.items() if one.retry} == {1, 4}
    assert sum(one == TAKEN for one in desk.outcomes.values()) == 18


def test_a_name_server_is_asked_once_for_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: asked.append(a) or real(*a, **k))
    carry(MemoryDesk(items(20)), Crowd(Robot), messages_per_connection=2)
    assert len(asked) <= 2

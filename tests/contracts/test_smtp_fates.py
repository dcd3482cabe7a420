"""Whatever a server answers, each message has one fate, it is the right one, and at most one is ever in doubt."""

from collections import Counter
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.desk import MemoryDesk
from tests.contracts.smtp_robot import GOOD, HANG_UP, IN_THE_MIDDLE, Robot, listening

from syndicate.carriers.smtp import Smtp, SmtpServer
from syndicate.model import DeliveryState, HandOver, Outcome

Scripts = Mapping[int, Mapping[str, str]]

REFUSALS = [
    "450 4.2.0 busy",
    "550 5.1.1 no",
    "421 closing",
    "503 out of step",
    "what?",
    HANG_UP,
    "250-a\r\n251 b",
]
AT_DOT = [*REFUSALS, "354 go on", "250-two\r\n250 lines"]


def replies(verb: str, others: list[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(GOOD[verb]), st.sampled_from(others))


script = st.fixed_dictionaries(
    {},
    optional={
        "MAIL": replies("MAIL", REFUSALS),
        "RCPT": replies("RCPT", REFUSALS),
        "DATA": replies("DATA", [*REFUSALS, "250 ok"]),
        "body": st.just(IN_THE_MIDDLE),
        "dot": replies("dot", AT_DOT),
    },
)


@given(
    scripts=st.dictionaries(st.integers(0, 6), script),
    called_back=st.sets(st.integers(0, 6), max_size=2),
    offers=st.sampled_from([("PIPELINING",), ()]),
    piece=st.sampled_from([0, 1, 5]),
    limit=st.integers(1, 5),
)
def test_every_message_has_one_fate(
    scripts: Scripts, called_back: set[int], offers: tuple[str, ...], piece: int, limit: int
) -> None:
    robot = Robot(scripts, offers=offers, piece=piece)
    desk = MemoryDesk([_item(number) for number in range(7)], called_back)
    with listening(robot) as port:
        server = SmtpServer(
            "127.0.0.1", port, "none", timeout=20, hello="me", connections=1, messages_per_connection=limit
        )
        Smtp(server).carry(desk)
    _each_has_one_fate(desk)
    _no_dot_without_a_mark(desk, robot)
    _one_in_doubt(desk)
    for number, outcome in desk.outcomes.items():
        _is_true(outcome, robot.said.get(number))


def _item(number: int) -> HandOver:
    return HandOver(number, f"s{number}@example.org", "reader@example.org", (b"Subject: x\r\n\r\n.hi\r\n",))


def _each_has_one_fate(desk: MemoryDesk) -> None:
    called = {number for word, number in desk.log if word == "mark"} & desk.called_back
    fates = Counter([*desk.outcomes, *desk.given_back, *called])
    assert fates == Counter(range(7))
    assert (desk.taken, desk.items) == ({}, [])


def _no_dot_without_a_mark(desk: MemoryDesk, robot: Robot) -> None:
    """Nor two for one message."""
    assert set(robot.whole) <= set(desk.marked)
    assert max(Counter(robot.whole).values(), default=0) <= 1


def _one_in_doubt(desk: MemoryDesk) -> None:
    """What was marked is settled before the next is, in the one lane there is."""
    doubt: list[int] = []
    for word, number in desk.log:
        if word == "mark":
            assert doubt == []
            doubt = [number] if number not in desk.called_back else []
        elif word == "settle" and number in doubt:
            doubt = []


def _is_true(outcome: Outcome, said: str | None) -> None:
    """What we say of one, against what the server said to its dot (None: it never heard one)."""
    match outcome.state:
        case DeliveryState.ACCEPTED:
            assert said is not None
            assert said.startswith(("250 ", "250-two"))
        case DeliveryState.REFUSED:
            assert said is None or said.startswith("5")
        case DeliveryState.FAILED:
            assert outcome.retry
            assert said is None or said.startswith("4")
        case _:
            assert outcome.state is DeliveryState.UNSURE
            assert said is None or said.startswith(("what", "354", "250-a", HANG_UP, "250"))

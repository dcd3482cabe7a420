"""How long others are waited for: not at all for a server that is far and idle, and long for one that is busy."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from syndicate.carriers.smtp.patience import FEW, LONGEST, MANY, Patience

COST = 0.0005
seconds = st.floats(0, 100)


def after(answers: Iterable[float], cost: float = COST) -> Patience:
    patience = Patience()
    for one in answers:
        patience.answered(one)
    for _ in range(100):
        patience.committed(cost)
    return patience


def test_a_server_that_is_far_and_idle_is_not_kept_waiting() -> None:
    patience = after([0.020 + 0.0003 * (n % 7) for n in range(MANY)])
    assert patience.wait <= COST
    assert patience.nap == 0


def test_what_stands_in_a_busy_servers_queue_may_as_well_wait_here() -> None:
    patience = after([0.001] * FEW + [0.004 + 0.0003 * (n % 7) for n in range(MANY // 2)])
    assert 0.010 <= patience.wait <= 0.012
    assert 0 < patience.nap < patience.wait / 4


def test_what_was_long_ago_is_forgotten() -> None:
    assert after([0.001] * FEW + [0.020] * 2 * MANY).wait <= COST


def test_a_commit_that_costs_much_is_not_made_all_the_time() -> None:
    assert after([0.020] * FEW, cost=0.004).wait > 0.0039


@given(st.lists(seconds), st.lists(seconds, min_size=1))
def test_nobody_is_waited_for_for_long(answers: list[float], costs: list[float]) -> None:
    patience = Patience()
    for one in answers:
        patience.answered(one)
    for cost in costs:
        patience.committed(cost)
        assert 0 <= patience.wait <= LONGEST
        assert patience.nap >= 0

"""What a carrier's answer means for the ledger, and how fast a carrier may be used."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.deliveries import Limits, Pace, after, allowance, orphaned
from syndicate.deliveries.retry import LONGEST, PAUSES
from syndicate.model import DeliveryState, Outcome

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
LATER = Outcome(DeliveryState.FAILED, "RCPT: 451 later", retry=True)


@pytest.mark.parametrize("state", [DeliveryState.ACCEPTED, DeliveryState.REFUSED, DeliveryState.UNSURE])
def test_what_is_settled_or_in_doubt_is_never_tried_again(state: DeliveryState) -> None:
    outcome = Outcome(state, "as it was said")
    for attempt in range(1, 9):
        decided = after(outcome, attempt, 8, NOW)
        assert (decided.outcome, decided.due) == (outcome, None)


def test_what_was_certainly_not_taken_is_owed_again_for_a_while() -> None:
    decided = [after(LATER, attempt, 8, NOW) for attempt in range(1, 9)]
    assert [d.outcome.state for d in decided] == [DeliveryState.PLANNED] * 7 + [DeliveryState.FAILED]
    assert [d.due - NOW for d in decided[:-1] if d.due] == list(PAUSES)
    last = decided[-1]
    assert last.outcome.detail == "given up after 8 attempts: RCPT: 451 later"
    assert (last.due, last.outcome.retry) == (None, False)
    assert after(LATER, 1, 1, NOW).outcome.detail.startswith("given up after 1 attempt:")


@given(attempt=st.integers(1, 30), seconds=st.integers(0, 10**9))
def test_what_the_other_side_asks_for_is_waited_for_within_reason(attempt: int, seconds: int) -> None:
    outcome = Outcome(
        DeliveryState.FAILED, "429", retry=True, wait=min(timedelta.max, timedelta(seconds=seconds))
    )
    decided = after(outcome, attempt, 31, NOW)
    assert decided.due
    assert min(timedelta(seconds=seconds), LONGEST) <= decided.due - NOW
    assert decided.due - NOW <= max(LONGEST, PAUSES[-1])


def test_a_doubt_is_sent_again_only_where_somebody_chose_so() -> None:
    doubt = Outcome(DeliveryState.UNSURE, "no reply after the message")
    assert after(doubt, 1, 8, NOW, "hold").outcome == doubt
    decided = after(doubt, 1, 8, NOW, "resend")
    assert (decided.outcome.state, decided.due) == (DeliveryState.PLANNED, NOW + PAUSES[0])
    assert "in doubt" in decided.outcome.detail
    assert after(doubt, 8, 8, NOW, "resend").outcome.state is DeliveryState.FAILED


def test_an_orphan_is_what_the_carrier_proves_or_a_doubt() -> None:
    proven = Outcome(DeliveryState.ACCEPTED)
    assert orphaned(proven) == orphaned(proven, "resend") == proven
    assert orphaned(None).state is DeliveryState.UNSURE
    assert orphaned(None, "resend").state is DeliveryState.PLANNED


@pytest.mark.parametrize(
    ("said", "is_dead"),
    [
        ("RCPT: 550 5.1.1 <x> no such user", True),
        ("RCPT: 550 5.1.10 null MX", True),
        ("RCPT: 550 5.1.2 no such domain", True),
        ("RCPT: 550 5.1.8 bad sender's address", False),
        ("RCPT: 550 5.7.1 you are on a list", False),
        ("RCPT: 550 no", False),
        ("MAIL: 550 5.1.1 odd", False),
        ("message: 554 5.1.1 odd, too", False),
        ("RCPT: 550 5.1.111 no", False),
    ],
)
def test_an_address_is_dead_when_its_own_server_says_so(said: str, is_dead: bool) -> None:
    assert after(Outcome(DeliveryState.REFUSED, said), 1, 8, NOW).is_dead is is_dead


# -- pace ------------------------------------------------------------------------------------------------------


def sent(pace: Pace, domains: list[str], seconds: float, step: float = 0.01) -> list[tuple[float, str]]:
    """Everybody tries all the time: what goes out when."""
    out, now = [], 1000.0
    while now < 1000.0 + seconds:
        for domain in domains:
            if pace.pause(now) <= 0 and pace.wait(domain, now) <= 0:
                pace.spend(domain, now)
                out.append((now - 1000.0, domain))
        now += step
    return out


def test_without_limits_nothing_waits() -> None:
    assert len(sent(Pace(Limits()), ["a.org"], 1.0)) >= 100


@given(rate=st.floats(0.5, 90), number=st.integers(1, 5))
def test_a_rate_is_kept_whoever_the_mail_is_for(rate: float, number: int) -> None:
    out = sent(Pace(Limits(per_second=rate)), [f"d{n}.org" for n in range(number)], 10.0)
    assert rate * 10 * 0.9 - 2 <= len(out) <= rate * 10 + rate * 0.1 + 2


@given(rate=st.floats(0.5, 50), other=st.floats(0.5, 50))
def test_each_domain_has_its_own_rate(rate: float, other: float) -> None:
    limits = Limits(per_second_domain=rate, domains={"slow.org": other})
    out = sent(Pace(limits), ["a.org", "b.org", "slow.org"], 10.0)
    for domain, expected in (("a.org", rate), ("b.org", rate), ("slow.org", other)):
        number = sum(1 for _, one in out if one == domain)
        assert expected * 10 * 0.9 - 2 <= number <= expected * 10 + expected * 0.1 + 2


def test_a_domain_that_puts_mail_off_is_left_in_peace_and_comes_back() -> None:
    pace, now, waits = Pace(Limits()), 50.0, []
    for _ in range(10):
        pace.refused("full.org", now)
        waits.append(pace.wait("full.org", now))
        now += waits[-1]
    assert waits == sorted(waits)
    assert waits[0] <= 1.0
    assert waits[-1] == 60.0
    assert pace.wait("other.org", now) == pace.pause(now) == 0.0
    for _ in range(60):
        pace.taken("full.org")
    pace.spend("full.org", now)
    assert pace.wait("full.org", now) == 0.0


def test_when_three_domains_put_mail_off_it_is_us() -> None:
    pace = Pace(Limits())
    pace.refused("a.org", 0.0)
    pace.refused("b.org", 0.0)
    assert pace.pause(0.0) == 0.0
    pace.refused("c.org", 0.0)
    assert pace.pause(0.0) > 0.0


def test_a_carrier_that_wants_nothing_gets_nothing_for_so_long() -> None:
    pace = Pace(Limits())
    pace.stop(30.0, 100.0)
    assert pace.pause(100.0) == pytest.approx(30.0)
    assert pace.pause(129.9) > 0
    assert pace.pause(130.2) == 0.0


def test_a_million_domains_leave_nothing_behind() -> None:
    pace = Pace(Limits(per_second=1000.0))
    for n in range(1000):
        pace.spend(f"d{n}.org", float(n))
        pace.taken(f"d{n}.org")
    assert not pace._domains


# -- warm-up ---------------------------------------------------------------------------------------------------


def test_a_new_address_warms_up_by_the_days_on_which_it_was_used() -> None:
    limits = Limits(warm_up=50, growth=2.0)
    day = date(2026, 11, 1)
    assert allowance(limits, {}, day) == 50
    assert allowance(limits, {"2026-11-01": 50}, day) == 0
    assert allowance(limits, {"2026-11-01": 20}, day) == 30
    assert allowance(limits, {"2026-11-01": 20}, day + timedelta(days=1)) == 100
    assert allowance(limits, {"2026-11-01": 20}, day + timedelta(days=9)) == 100, (
        "days without mail do not count"
    )
    assert allowance(Limits(), {"2026-11-01": 10**9}, day) is None


@given(volumes=st.dictionaries(st.dates().map(date.isoformat), st.integers(0, 10**7), max_size=400))
def test_an_allowance_is_never_less_than_nothing(volumes: dict[str, int]) -> None:
    left = allowance(Limits(warm_up=50, growth=10.0), volumes, date(2026, 11, 1))
    assert left is not None
    assert 0 <= left <= 10**9

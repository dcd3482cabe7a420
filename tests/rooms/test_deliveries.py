"""What a carrier's answer means for the ledger."""

import pytest

from syndicate.deliveries import RETRIES, after, orphaned
from syndicate.model import DeliveryState, Outcome


@pytest.mark.parametrize("state", [DeliveryState.ACCEPTED, DeliveryState.REFUSED, DeliveryState.UNSURE])
def test_what_is_settled_or_in_doubt_is_never_tried_again(state: DeliveryState) -> None:
    outcome = Outcome(state, "as it was said")
    assert [after(outcome, attempt) for attempt in range(1, RETRIES + 2)] == [outcome] * (RETRIES + 1)


def test_what_was_certainly_not_taken_is_owed_again_for_a_while() -> None:
    outcome = Outcome(DeliveryState.FAILED, "451 later", retry=True)
    states = [after(outcome, attempt).state for attempt in range(1, RETRIES + 1)]
    assert states == [DeliveryState.PLANNED] * (RETRIES - 1) + [DeliveryState.FAILED]
    last = after(outcome, RETRIES)
    assert "451 later" in last.detail
    assert not last.retry


def test_an_orphan_is_what_the_carrier_proves_or_a_doubt() -> None:
    proven = Outcome(DeliveryState.ACCEPTED)
    assert orphaned(proven) == proven
    assert orphaned(None).state is DeliveryState.UNSURE

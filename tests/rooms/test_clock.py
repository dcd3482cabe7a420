"""When duties are due, and whether the clock on the wall was set."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.clock.rhythm import Every, Watch

NOW = datetime(2026, 11, 27, 7, 59, 50, tzinfo=UTC)
PAUSE = timedelta(seconds=30)
spans = st.timedeltas(timedelta(days=-3), timedelta(days=3))


def test_it_is_due_at_the_slot_and_at_the_latest_after_the_pause() -> None:
    slot = NOW + timedelta(seconds=10)
    assert Every(PAUSE, lambda now: slot).get_next_fire_time(None, NOW) == slot
    assert Every(PAUSE, lambda now: NOW + timedelta(days=1)).get_next_fire_time(None, NOW) == NOW + PAUSE
    assert Every(PAUSE, lambda now: None).get_next_fire_time(None, NOW) == NOW + PAUSE
    assert Every(PAUSE).get_next_fire_time(None, NOW) == NOW + PAUSE


@given(spans, spans)
def test_it_is_always_due_again_and_never_for_what_was_missed(before: timedelta, sooner: timedelta) -> None:
    due = Every(PAUSE, lambda now: NOW + sooner).get_next_fire_time(NOW + before, NOW)
    assert NOW < due <= NOW + PAUSE


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(0), timedelta(days=-2)])
def test_a_clock_that_was_set_is_noticed_once(jump: timedelta) -> None:
    watch = Watch(NOW, 100.0)
    assert watch.jumped(NOW + timedelta(seconds=5) + jump, 105.0) == jump
    assert watch.jumped(NOW + timedelta(seconds=10) + jump, 110.0) == timedelta(0)


def test_a_machine_that_slept_is_noticed() -> None:
    """Its steady clock stood still meanwhile, and the one on the wall did not."""
    assert Watch(NOW, 100.0).jumped(NOW + timedelta(hours=8), 100.5) == timedelta(hours=8, seconds=-0.5)

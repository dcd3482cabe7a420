"""Whose approval counts, and when an issue leaves."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndicate.editions import counting, leaves, needed

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
moments = st.integers(-5000, 5000).map(lambda minutes: NOW + timedelta(minutes=minutes))
members = st.dictionaries(st.integers(0, 5), moments)


@given(members, st.none() | moments)
def test_only_those_given_since_the_last_change_count(
    given: dict[int, datetime], changed: datetime | None
) -> None:
    counted = counting(given, changed)
    assert counted == {who for who, at in given.items() if changed is None or not at < changed}
    assert needed(1, counted) == (0 if counted else 1)
    assert needed(2, counted) == max(0, 2 - len(counted))


@given(moments, st.none() | moments, st.integers(0, 60))
def test_it_never_leaves_before_it_can_be_taken_back_no_more(
    slot: datetime, chosen: datetime | None, minutes: int
) -> None:
    undo = timedelta(minutes=minutes)
    moment = leaves(NOW, slot, undo, chosen)
    assert moment >= NOW + undo
    assert moment in (NOW + undo, slot if chosen is None else chosen)
    assert moment >= (slot if chosen is None else chosen)

"""Which files hubs are told of, and how long a silent hub is tried."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.feeds.pings import FEWEST, LONGEST_PAUSE, PATIENCE, is_topic, tried_again

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("feeds/en/rss.xml", True),
        ("feeds/all/tag/water/feed.json", True),
        ("feeds/en/author/a-b/atom.xml", True),
        ("feeds/en/archive/0001/atom.xml", False),
        ("feeds/feeds.opml", False),
        ("feeds/en/index.html", False),
        ("feeds/feeds.css", False),
        ("en/archive/weekly/2026-06-01/index.html", False),
    ],
)
def test_topics_are_subscription_documents(path: str, expected: bool) -> None:
    assert is_topic(path) is expected


@given(st.integers(1, 10_000), st.timedeltas(timedelta(0), timedelta(days=30)), st.floats(0, 1))
def test_a_hub_is_tried_again_within_the_hour_and_given_up_never_before_three_days(
    attempt: int, age: timedelta, chance: float
) -> None:
    due = tried_again(attempt, NOW - age, NOW, chance)
    if due is None:
        assert age >= PATIENCE
        assert attempt >= FEWEST
    else:
        assert timedelta(seconds=15) <= due - NOW <= LONGEST_PAUSE
        assert age < PATIENCE or attempt < FEWEST


@given(st.integers(1, 30), st.floats(0, 1))
def test_pauses_grow_and_chance_only_shortens_them(attempt: int, chance: float) -> None:
    whole, shorter = tried_again(attempt, NOW, NOW, 0), tried_again(attempt, NOW, NOW, chance)
    later = tried_again(attempt + 1, NOW, NOW, 0)
    assert whole is not None
    assert shorter is not None
    assert later is not None
    assert (whole - NOW) / 2 <= shorter - NOW <= whole - NOW <= later - NOW


def test_a_hub_that_is_away_for_three_days_is_tried_some_eighty_times() -> None:
    now, attempts = NOW, 0
    while now is not None:
        attempts += 1
        last, now = now, tried_again(attempts, NOW, now, 0)  # type: ignore[assignment]
    assert last - NOW >= PATIENCE
    assert 70 <= attempts <= 90

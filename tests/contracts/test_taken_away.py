"""What each promise of delivery rests on, taken away: the test that keeps the promise must turn red, on every store.

The mark, the doubts of the dead and their proofs are taken away in ``tests/journeys/test_killed.py``.
"""

from itertools import count

import pytest
from tests.contracts import test_claims, test_events

from syndicate.store import Database, claims, events, marks


def _red(*given: object, test: object) -> None:
    with pytest.raises(AssertionError):
        test(*given)  # type: ignore[operator]


def test_without_the_fence(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark that does not ask whether the claim is still as it was seen."""
    fenceless = {
        name: words.replace("AND revision =", "OR revision =") for name, words in marks._RECORD.items()
    }
    monkeypatch.setattr(marks, "_RECORD", fenceless)
    _red(database, test=test_claims.test_a_sender_that_wakes_up_can_mark_nothing_and_prove_what_it_knows)


def test_without_asking_for_consent(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "objection", lambda *_, **__: "")
    _red(database, *test_claims.CHANGES[0], test=test_claims.test_consent_is_asked_in_the_claim)


def test_without_calling_back_who_leaves(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "recall", lambda *_, **__: 0)
    _red(
        database,
        *test_claims.CHANGES[0],
        test=test_claims.test_who_leaves_after_the_claim_and_before_the_mark_is_called_back,
    )


def test_without_telling_events_apart(
    database: Database, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each telling of an event is taken for another one."""
    tellings = count()
    monkeypatch.setattr(events, "_key", lambda one: f"{next(tellings)}")
    monkeypatch.setattr(test_events, "PERMUTATIONS", {backend: 20})
    _red(database, backend, test=test_events.test_any_order_and_any_number_of_times_is_the_same_as_once)

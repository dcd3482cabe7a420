"""What events mean: a function of their set, whatever the order, and more of them never take anything back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.deliveries import Heard, heard
from syndicate.deliveries.events import BOUNCED, COMPLAINED, PROVEN
from syndicate.model import DeliveryState, Event, EventKind

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
S, K = DeliveryState, EventKind
_WORDS = ["", "5.1.1 gone", "Bounced Address", "5.0.0 Spam Reporting Address", "Unsubscribed Address", "Invalid",
          "Invalid SMTPAPI header"]  # fmt: skip
_ORDER = [S.PLANNED, S.ACCEPTED, S.BOUNCED]


def event(kind: EventKind, minute: int = 0, detail: str = "") -> Event:
    return Event(
        "sendgrid", f"{kind}-{minute}-{detail}", kind, START + timedelta(minutes=minute), detail=detail
    )


EVENTS = st.lists(
    st.builds(event, st.sampled_from(K), st.integers(0, 9), st.sampled_from(_WORDS)), max_size=8
)
STATES = st.sampled_from(S)


@given(STATES, EVENTS, st.data())
def test_order_duplicates_and_parts_do_not_matter(state: S, events: list[Event], data: st.DataObject) -> None:
    at_once = heard(state, "why", events)
    shuffled = data.draw(st.permutations(events + events[:3]))
    assert heard(state, "why", shuffled) == at_once
    cut = data.draw(st.integers(0, len(shuffled)))
    first = heard(state, "why", shuffled[:cut])
    assert heard(first.state, first.reason, shuffled) == at_once


@given(STATES, EVENTS, EVENTS)
def test_more_events_take_nothing_back(state: S, some: list[Event], more: list[Event]) -> None:
    before, after = heard(state, "why", some), heard(state, "why", some + more)
    assert _rank(before) <= _rank(after)
    assert not before.suppress or after.suppress
    assert not before.unsubscribe or after.unsubscribe
    if before.delivered_at:
        assert after.delivered_at
        assert after.delivered_at <= before.delivered_at


def _rank(one: Heard) -> int:
    return _ORDER.index(one.state) if one.state in _ORDER else 0


@given(STATES)
def test_nothing_heard_changes_nothing(state: S) -> None:
    assert heard(state, "why", []) == Heard(state, "why", None, "", False)


@pytest.mark.parametrize("kind", [K.TAKEN, K.DEFERRED, K.DELIVERED, K.OPENED, K.CLICKED, K.COMPLAINED])
@pytest.mark.parametrize("state", [S.PLANNED, S.CLAIMED, S.UNSURE])
def test_an_early_event_makes_a_lost_answer_good(kind: EventKind, state: S) -> None:
    found = heard(state, "a doubt", [event(kind)])
    assert (found.state, found.reason) == (S.ACCEPTED, PROVEN)


@pytest.mark.parametrize("state", [S.CANCELLED, S.SKIPPED, S.FAILED, S.REFUSED])
def test_what_went_out_all_the_same_says_so(state: S) -> None:
    found = heard(state, "staff", [event(K.DELIVERED)])
    assert (found.state, found.reason) == (S.ACCEPTED, f"it went out although it was {state}: staff")


@pytest.mark.parametrize("state", [S.CANCELLED, S.SKIPPED])
def test_what_was_called_back_and_dropped_stays_so(state: S) -> None:
    assert heard(state, "staff", [event(K.DROPPED, detail="Bounced Address")]).state is state
    assert heard(state, "staff", [event(K.DROPPED), event(K.TAKEN)]).state is S.BOUNCED


def test_a_bounce_after_the_delivery_is_a_bounce() -> None:
    found = heard(S.ACCEPTED, "250 ok", [event(K.BOUNCED, 5, "5.1.1 gone"), event(K.DELIVERED, 1)])
    assert found == Heard(S.BOUNCED, "bounced: 5.1.1 gone", START + timedelta(minutes=1), BOUNCED, False)


@pytest.mark.parametrize(
    ("kind", "detail", "suppress", "leaves"),
    [
        (K.BOUNCED, "5.1.1", BOUNCED, False),
        (K.BLOCKED, "5.7.1", "", False),
        (K.DROPPED, "", "", False),
        (K.DROPPED, "Bounced Address", BOUNCED, False),
        (K.DROPPED, "Invalid", BOUNCED, False),
        (K.DROPPED, "5.0.0 Spam Reporting Address", COMPLAINED, False),
        (K.DROPPED, "Unsubscribed Address", "", True),
        (K.DROPPED, "Invalid SMTPAPI header", "", False),
        (K.DROPPED, "Recipient List over Package Quota", "", False),
        (K.COMPLAINED, "", COMPLAINED, False),
        (K.UNSUBSCRIBED, "", "", True),
        (K.DEFERRED, "4.2.2 full", "", False),
        (K.OPENED, "", "", False),
    ],
)
def test_who_is_not_to_be_mailed_again(kind: EventKind, detail: str, suppress: str, leaves: bool) -> None:
    found = heard(S.ACCEPTED, "", [event(kind, detail=detail)])
    assert (found.suppress, found.unsubscribe) == (suppress, leaves)
    returned = kind in (K.BOUNCED, K.BLOCKED, K.DROPPED)
    assert found.state is (S.BOUNCED if returned else S.ACCEPTED)


def test_a_complaint_outweighs_a_bounce() -> None:
    assert heard(S.ACCEPTED, "", [event(K.BOUNCED), event(K.COMPLAINED)]).suppress == COMPLAINED

"""What staff may do about a person, what they mean by what they type, and why an issue came or did not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.deliveries.why import Why, why
from syndicate.model import DeliveryState, Subscriber, SubscriberStatus, Subscription, UnsafeValue
from syndicate.subscribers.looking import Sought, sought
from syndicate.subscribers.tending import Amended, amended, may_lift, tags

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def held(status: SubscriberStatus = SubscriberStatus.ACTIVE, *newsletters: str) -> Subscriber:
    return Subscriber(
        email="a@example.org",
        canonical="a@example.org",
        languages=("en",),
        status=status,
        subscriptions=tuple(Subscription(key) for key in newsletters),
        id=7,
    )


@given(
    st.sampled_from(SubscriberStatus),
    st.sets(st.sampled_from("abc")),
    st.sets(st.sampled_from("abc")),
    st.text(),
)
def test_nobody_joins_without_consent_and_nobody_barred_joins_at_all(
    status: SubscriberStatus, had: set[str], wanted: set[str], consent: str
) -> None:
    person = held(status, *sorted(had))
    asked = Amended("", ("en",), "UTC", dict.fromkeys(wanted, ""), consent)
    is_new = bool(wanted - had)
    try:
        value = amended(person, asked)
    except UnsafeValue:
        assert is_new
        return
    assert not is_new or status in (SubscriberStatus.ACTIVE, SubscriberStatus.UNSUBSCRIBED)
    assert not is_new or consent.strip()
    assert value.status is (SubscriberStatus.ACTIVE if is_new else status)
    assert {one.newsletter for one in value.subscriptions} == wanted


@pytest.mark.parametrize("reason", ["complained", "unsubscribed", "erased", "", "something new"])
def test_only_what_is_no_word_of_the_owner_is_lifted(reason: str) -> None:
    with pytest.raises(UnsafeValue):
        may_lift(reason, "because")


def test_a_lift_needs_a_reason() -> None:
    assert may_lift("bounced", " the mailbox\nwas full ") == "the mailbox was full"
    with pytest.raises(UnsafeValue):
        may_lift("bounced", " \u200b ")


def test_tags_are_kept_once_and_small() -> None:
    assert tags(["Press ", "press", "", "  VIP  guest"]) == ("press", "vip guest")
    with pytest.raises(UnsafeValue):
        tags(["x" * 81])
    with pytest.raises(UnsafeValue):
        tags([str(n) for n in range(51)])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Sought()),
        ("@Example.ORG", Sought(domain="example.org")),
        ("@bücher.example", Sought(domain="xn--bcher-kva.example")),
        ("Ayse@Example.org", Sought("ayse@example.org", is_whole=True)),
        ("ayse@exa", Sought("ayse@exa")),
    ],
)
def test_what_is_typed_is_understood(typed: str, meant: Sought) -> None:
    assert sought(typed) == meant


def test_a_name_is_looked_for_however_its_capitals_are_typed() -> None:
    for typed in ("öz", "Öz", "ÖZ"):
        assert "Öz" in sought(typed).names
    assert "İbrahim" in sought("ibrahim").names
    assert sought("Smith") == sought("SMITH") or "smith" in sought("SMITH").names


@given(st.text(max_size=300))
def test_anything_may_be_typed(typed: str) -> None:
    found = sought(typed)
    assert len(found.names) <= 6


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        ([], Why.NEVER),
        ([(NOW + HOUR, "subscribed")], Why.JOINED_LATER),
        ([(NOW - HOUR, "subscribed")], Why.UNKNOWN),
        ([(NOW - 2 * HOUR, "subscribed"), (NOW - HOUR, "unsubscribed")], Why.HAD_LEFT),
        ([(NOW - HOUR, "subscribed"), (NOW + HOUR, "unsubscribed")], Why.UNKNOWN),
    ],
)
def test_why_there_is_no_line(history: list[tuple[datetime, str]], reason: Why) -> None:
    assert why(None, history, NOW).reason == reason
    assert why(None, history, None).reason == Why.NOT_PLANNED


def test_the_ledger_has_the_last_word() -> None:
    answer = why((DeliveryState.BOUNCED, "550 full", NOW), [], NOW)
    assert (answer.state, answer.reason, answer.at) == ("bounced", "550 full", NOW)

"""What may be asked for on the web, how often, and what is done about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.languages import SHIPPED, catalogue
from syndicate.model import Newsletter, Signup, Subscriber, SubscriberStatus, Subscription, UnsafeValue, Wish
from syndicate.subscribers import Tokens, canonical, message_id
from syndicate.subscribers.signups import (
    ATTEMPTS,
    LIFTED,
    Known,
    Mail,
    SignupRules,
    Taken,
    admitted,
    confirmed,
    decide,
    network,
    returned,
    wish,
)

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
STATUSES = list(SubscriberStatus)
REASONS = ["", "erased", "bounced", "unsubscribed", "complained", "list"]


def letter(key: str, **more: Any) -> Newsletter:
    values: dict[str, Any] = {"key": key, "title": {"en": key}, "languages": ("en", "tr"), "cadence": "daily"}
    return Newsletter(**(values | {"at": "08:00", "timezone": "UTC"} | more))


LETTERS = {
    "daily": letter("daily", cadences=("weekly", "monthly")),
    "energy": letter("energy"),
    "staff": letter("staff", is_open=False),
}
ASKED = Wish(("tr", "en"), ("daily",), "Ayşe", "", "Europe/Istanbul")


def signup(**more: Any) -> Signup:
    values: dict[str, Any] = {
        "id": 7,
        "email": "Ayse@example.org",
        "canonical": "ayse@example.org",
        "network": "192.0.2.0/24",
        "language": "tr",
        "wish": ASKED,
        "words": "I want it.",
        "origin": "/tr/subscribe from 192.0.2.0/24",
        "at": NOW,
        "due_at": NOW,
        "expires_at": NOW + 7 * DAY,
    }
    return Signup(**(values | more))


def person(status: SubscriberStatus = SubscriberStatus.ACTIVE, *has: str, **more: Any) -> Subscriber:
    values: dict[str, Any] = {
        "id": 3,
        "email": "ayse@Example.org",
        "canonical": "ayse@example.org",
        "languages": ("ru",),
        "name": "A. Yılmaz",
        "timezone": "Asia/Almaty",
        "status": status,
        "subscriptions": tuple(Subscription(key) for key in has),
    }
    return Subscriber(**(values | more))


@given(st.ip_addresses(v=4))
def test_a_network_of_ipv4_is_24_bits_also_when_mapped(address: Any) -> None:
    assert address in ip_network(network(str(address)))
    assert ip_network(network(str(address))).prefixlen == 24
    assert network(f"::ffff:{address}") == network(str(address))


@given(st.ip_addresses(v=6))
def test_a_network_of_ipv6_is_48_bits(address: Any) -> None:
    if address.ipv4_mapped is None:
        assert ip_network(network(str(address))).prefixlen == 48
        assert address in ip_network(network(str(address)))
    assert network(f"fe80::1%{address.packed.hex()[:8]}") == "fe80::/48"


@given(st.text(max_size=40))
def test_whatever_is_no_address_counts_together(text: str) -> None:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        assert network(text) == "unknown"


@given(st.integers(0, 30), st.integers(0, 600))
def test_limits_are_of_one_network_and_of_all(of_network: int, in_all: int) -> None:
    answer = admitted(SignupRules(per_network=20, in_all=500), of_network, in_all)
    assert (answer is Taken.NETWORK_LIMIT) == (of_network >= 20)
    assert (answer is Taken.TAKEN) == (of_network < 20 and in_all < 500)


def test_a_wish_is_put_in_order() -> None:
    given_in = Wish(("TR", "en", "tr"), ("energy", "daily", "energy"), " A\r\nB\u202e ", "weekly", "")
    made = wish(given_in, ("tr", "en"), LETTERS)
    assert made == Wish(("tr", "en"), ("daily", "energy"), "A B", "weekly", "UTC")


@pytest.mark.parametrize(
    "changes",
    [
        {"languages": ()},
        {"languages": ("",)},
        {"languages": ("de",)},
        {"languages": ("not a tag!",)},
        {"newsletters": ()},
        {"newsletters": ("nothing",)},
        {"newsletters": ("daily", "staff")},
        {"cadence": "daily"},
        {"newsletters": ("energy",), "cadence": "weekly"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
    ],
)
def test_what_is_not_offered_is_refused_in_the_words_of_every_language(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsafeValue) as refused:
        wish(replace(ASKED, **changes), ("tr", "en"), LETTERS)
    assert_translated(str(refused.value))


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ayse",
        "@example.org",
        "ünal@example.org",
        "a b@example.org",
        "a@nowhere",
        f"{'a' * 64}@{'b.' * 120}org",
    ],
)
def test_what_cannot_be_mailed_is_refused_in_the_words_of_every_language(email: str) -> None:
    with pytest.raises(UnsafeValue) as refused:
        canonical(email)
    assert_translated(str(refused.value))


def assert_translated(message: str) -> None:
    for language in SHIPPED:
        assert (catalogue(language).gettext(message) == message) == (language == "en"), (language, message)


@given(
    st.sampled_from(REASONS),
    st.sampled_from(STATUSES),
    st.booleans(),
    st.integers(-30, 30),
    st.integers(0, 9),
)
def test_nobody_is_mailed_who_complained_or_was_mailed_today(
    suppressed: str, status: SubscriberStatus, is_mailed: bool, days: int, attempts: int
) -> None:
    asked = signup(expires_at=NOW + days * DAY, attempts=attempts)
    known = Known(person(status, "daily"), suppressed, is_mailed)
    step = decide(asked, known, NOW)
    may = suppressed in LIFTED or (not suppressed and status is not SubscriberStatus.SUPPRESSED)
    assert (step.mail is not None) == (may and not is_mailed and days > 0 and attempts < ATTEMPTS)
    assert bool(step.reason) == (step.mail is None)


@given(
    st.sampled_from(STATUSES),
    st.sets(st.sampled_from(list(LETTERS))),
    st.sets(st.sampled_from(list(LETTERS)), min_size=1),
)
def test_only_who_has_all_of_it_is_told_so(status: SubscriberStatus, has: set[str], asks: set[str]) -> None:
    asked = signup(wish=replace(ASKED, newsletters=tuple(sorted(asks))))
    step = decide(asked, Known(person(status, *sorted(has)), "bounced", is_mailed=False), NOW)
    is_all = status is SubscriberStatus.ACTIVE and asks <= has
    assert step.mail is (Mail.ALREADY if is_all else Mail.CONFIRM)


def test_a_stranger_is_asked_to_confirm() -> None:
    assert decide(signup(), Known(None, "", is_mailed=False), NOW).mail is Mail.CONFIRM
    assert (
        decide(signup(), Known(None, "complained", is_mailed=False), NOW).reason
        == "not to be mailed: complained"
    )


@given(
    st.sampled_from(STATUSES),
    st.dictionaries(st.sampled_from(["daily", "energy"]), st.sampled_from(["", "monthly"])),
    st.sets(st.sampled_from(["daily", "energy", "no longer"]), min_size=1),
    st.sampled_from(["", "weekly"]),
)
def test_what_was_there_stays_and_what_was_asked_is_added(
    status: SubscriberStatus, has: dict[str, str], asks: set[str], cadence: str
) -> None:
    held = person(status, subscriptions=tuple(Subscription(*one) for one in sorted(has.items())))
    asked = signup(wish=replace(ASKED, newsletters=tuple(sorted(asks)), cadence=cadence))
    made = confirmed(asked, held, LETTERS, NOW)
    assert (made.id, made.email, made.canonical) == (held.id, held.email, held.canonical)
    assert (made.languages, made.timezone, made.name) == (ASKED.languages, ASKED.timezone, ASKED.name)
    assert (made.status, made.consent_at) == (SubscriberStatus.ACTIVE, NOW)
    stays = has if status in (SubscriberStatus.ACTIVE, SubscriberStatus.SUPPRESSED) else {}
    expected = dict(stays)
    for key in asks & LETTERS.keys():
        chosen = cadence if key == "daily" else ""
        expected[key] = chosen or stays.get(key, "")
    assert {one.newsletter: one.cadence for one in made.subscriptions} == expected
    again = confirmed(asked, made, LETTERS, NOW)
    assert again == made


def test_a_name_is_not_lost_to_somebody_who_gave_none() -> None:
    asked = signup(wish=replace(ASKED, name=""))
    assert confirmed(asked, person(), LETTERS, NOW).name == "A. Yılmaz"
    assert confirmed(asked, None, LETTERS, NOW).name == ""


def test_who_chooses_by_a_link_of_their_own_is_back_unless_suppressed() -> None:
    assert returned(SubscriberStatus.UNSUBSCRIBED, ["daily"]) is SubscriberStatus.ACTIVE
    assert returned(SubscriberStatus.UNSUBSCRIBED, []) is SubscriberStatus.UNSUBSCRIBED
    assert returned(SubscriberStatus.SUPPRESSED, ["daily"]) is SubscriberStatus.SUPPRESSED


@given(st.integers(0, 2**40 - 1), st.integers(0, 27), st.integers(1, 63))
def test_a_ticket_is_good_for_its_purpose_and_its_number_only(number: int, at: int, by: int) -> None:
    tokens = Tokens(b"k" * 32)
    ticket = tokens.ticket("confirm", number)
    assert len(ticket) == 28
    assert tokens.number("confirm", ticket) == number
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = letters[(letters.index(ticket[at]) + by) % 64]
    for wrong, purpose in (
        (ticket, "preferences"),
        (ticket[:at] + other + ticket[at + 1 :], "confirm"),
        (ticket[:-1], "confirm"),
    ):
        with pytest.raises(UnsafeValue):
            tokens.number(purpose, wrong)
    with pytest.raises(UnsafeValue):
        Tokens(b"j" * 32).number("confirm", ticket)


def test_tokens_of_one_kind_are_none_of_the_other() -> None:
    tokens = Tokens(b"k" * 32)
    with pytest.raises(UnsafeValue):
        tokens.number("preferences", tokens.make("preferences", 7, "daily"))
    with pytest.raises(UnsafeValue):
        tokens.read("confirm", tokens.ticket("confirm", 7), ["daily"])


def test_the_message_id_of_a_sign_up_is_no_issues() -> None:
    assert message_id(b"k", "", "confirm", 7, "e.org") == message_id(b"k", "", "confirm", 7, "e.org")
    assert message_id(b"k", "", "confirm", 7, "e.org") != message_id(b"k", "", "confirm", 8, "e.org")

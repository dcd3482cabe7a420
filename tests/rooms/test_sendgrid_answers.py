"""Requests within the published limits, and what every answer to one means: without a server."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.fake_sendgrid_rules import refusals
from tests.contracts.sendgrid_samples import letter, personal

from syndicate.carriers.sendgrid import SendGridAccount
from syndicate.carriers.sendgrid.answers import culprits, names_the_letter, outcome, pause
from syndicate.carriers.sendgrid.body import Schedule, build, objection, without_repeats
from syndicate.carriers.sendgrid.exchange import Answer
from syndicate.carriers.sendgrid.words import LONGEST, plain
from syndicate.model import DeliveryState, Outcome

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ACCOUNT = SendGridAccount(url="https://api.sendgrid.com", key="SG.secret", clock=lambda: NOW)
SANDBOX = replace(ACCOUNT, sandbox=True)
DATE = "Thu, 26 Nov 2026 12:00:10 GMT"


def answer(status: int, left: bool = True, errors: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, b"" if errors is None else json.dumps({"errors": errors}).encode(), left)


# -- requests -------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=40)
PEOPLE = st.builds(
    lambda number, email, name, values, headers: personal(
        number, email, name=name, values=values, headers=headers
    ),
    st.integers(1, 10**12),
    st.emails() | TEXTS,
    TEXTS,
    st.dictionaries(TEXTS, TEXTS | st.text(min_size=3000, max_size=4000), max_size=3),
    st.dictionaries(TEXTS | st.sampled_from(["To", "X-A", "reply-to", "Message-ID"]), TEXTS, max_size=3),
)


@given(st.lists(PEOPLE, max_size=8))
def test_what_we_do_not_refuse_nor_does_sendgrid(items: list[Any]) -> None:
    for group in without_repeats([item for item in items if not objection(item)]):
        body = json.loads(build(ACCOUNT, group))
        assert refusals(body, NOW.timestamp(), set()) == []
        assert [one["custom_args"]["delivery"] for one in body["personalizations"]] == [
            str(one.delivery) for one in group
        ]


@given(st.lists(st.sampled_from(["a@x.org", "A@x.org", "b@x.org", "c@x.org"]), max_size=12))
def test_groups_hold_everyone_once_and_no_address_twice(addresses: list[str]) -> None:
    items = [personal(number, address) for number, address in enumerate(addresses)]
    groups = without_repeats(items)
    assert sorted(one.delivery for group in groups for one in group) == list(range(len(items)))
    for group in groups:
        assert len({one.recipient.lower() for one in group}) == len(group)
    most = max((sum(one.lower() == other.lower() for other in addresses) for one in addresses), default=0)
    assert len(groups) == most


def test_a_request_says_what_is_asked_and_nothing_else() -> None:
    asked = SendGridAccount(url="https://x.org", key="k", categories=("a",), sandbox=True)
    bare = letter(reply_to="", html="", headers={}, from_name="")
    body = json.loads(
        build(asked, [personal(1, of=bare, name="")], Schedule("b1", int(NOW.timestamp()) + 900))
    )
    assert body["from"] == {"email": "letters@news.example.org"}
    assert body["personalizations"][0]["to"] == [{"email": "reader1@example.net"}]
    assert [one["type"] for one in body["content"]] == ["text/plain"]
    assert (body["batch_id"], body["categories"]) == ("b1", ["a"])
    assert body["mail_settings"] == {"sandbox_mode": {"enable": True}}
    assert not {"headers", "reply_to"} & body.keys()
    assert refusals(body, NOW.timestamp(), {"b1"}) == []


def test_values_need_not_be_a_dict() -> None:
    item = personal(1)
    frozen = replace(item, values=MappingProxyType(item.values), headers=MappingProxyType(item.headers))
    assert build(ACCOUNT, [frozen]) == build(ACCOUNT, [item])


# -- answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 204, 301, 303, 408, 500, 502, 503, 504, 520])
def test_what_says_neither_yes_nor_no_is_a_doubt_once_all_left(status: int) -> None:
    assert outcome(answer(status), ACCOUNT).state is DeliveryState.UNSURE
    assert not outcome(answer(status), ACCOUNT).retry


@pytest.mark.parametrize("status", [301, 400, 401, 408, 429, 500, 503])
def test_before_the_last_byte_everything_is_certain(status: int) -> None:
    got = outcome(answer(status, left=False), ACCOUNT)
    assert (got.state, got.retry) == (DeliveryState.FAILED, True)


def test_yes_is_202_and_in_the_sandbox_200() -> None:
    assert outcome(answer(202, x_message_id="abc"), ACCOUNT) == Outcome(DeliveryState.ACCEPTED, "202 abc")
    assert outcome(answer(202), SANDBOX) == Outcome(DeliveryState.ACCEPTED, "202")
    assert outcome(answer(200), SANDBOX).state is DeliveryState.ACCEPTED
    assert outcome(answer(200), ACCOUNT).state is DeliveryState.UNSURE
    assert outcome(answer(202, left=False), ACCOUNT).state is DeliveryState.UNSURE


def test_no_is_every_other_4yz() -> None:
    for status in set(range(400, 500)) - {408}:
        got = outcome(answer(status), ACCOUNT)
        assert (got.state, got.retry) == (DeliveryState.FAILED, True)


RESET = str(int((NOW + timedelta(seconds=70)).timestamp()))


@pytest.mark.parametrize(
    ("given_answer", "seconds"),
    [
        (answer(202), None),
        (answer(202, x_ratelimit_remaining="1", x_ratelimit_reset=RESET), None),
        (answer(202, x_ratelimit_remaining="0", x_ratelimit_reset=RESET), 70),
        (answer(202, x_ratelimit_remaining="0", x_ratelimit_reset=RESET, date=DATE), 60),
        (answer(429, x_ratelimit_reset=RESET), 70),
        (answer(429, x_ratelimit_reset="1"), 1),
        (answer(429, x_ratelimit_reset="999999999999"), 3600),
        (answer(429, x_ratelimit_reset="soon"), 60),
        (answer(429), 60),
        (answer(429, retry_after="5", x_ratelimit_reset=RESET), 5),
        (answer(429, retry_after="Thu, 26 Nov 2026 12:00:30 GMT", date=DATE), 20),
        (answer(429, retry_after="never"), 60),
    ],
)
def test_how_long_nothing_more_is_wanted(given_answer: Answer, seconds: float | None) -> None:
    assert pause(given_answer, NOW) == seconds


def test_who_is_at_fault_is_read_from_the_field() -> None:
    errors = [
        {"field": "personalizations.3.to.0.email", "message": "not an address: a@example.net SG.secret"},
        {"field": "personalizations[1].custom_args", "message": "x"},
        {"field": "personalizations.3.headers", "message": "second"},
        {"field": "personalizations.9.to", "message": "there is no such place"},
        {"field": "personalizations", "message": "x"},
        {"field": None, "message": "x"},
        "x",
    ]
    found = culprits(answer(400, errors=errors), "SG.secret", 5)
    assert found == {3: "400 not an address: (address) (key)", 1: "400 x"}


@pytest.mark.parametrize(
    ("fields", "shared"),
    [
        (["subject"], True),
        (["from.email", "content"], True),
        (["subject", None], False),
        (["personalizations"], False),
        ([""], False),
        ([], False),
    ],
)
def test_a_complaint_about_the_letter_is_nobodys(fields: list[str | None], shared: bool) -> None:
    given_answer = answer(400, errors=[{"field": field, "message": "x"} for field in fields])
    assert names_the_letter(given_answer) is shared


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda one: json.dumps(one).encode())
)
def test_no_body_is_too_strange(body: bytes) -> None:
    given_answer = Answer(400, {}, body)
    assert culprits(given_answer, "k", 3) == {}
    assert not names_the_letter(given_answer)


# -- words ----------------------------------------------------------------------------------------------------


@given(st.text(max_size=500), st.emails())
def test_nothing_that_is_told_holds_an_address_or_a_line_end(text: str, email: str) -> None:
    told = plain(f"{text} 550 <{email}> {text} SG.secret", "SG.secret")
    assert len(told) <= LONGEST
    assert email not in told
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", told)
    told.encode()

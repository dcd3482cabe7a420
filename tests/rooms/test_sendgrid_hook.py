"""The event webhook: nobody but SendGrid is believed, and whatever it says is understood or passed over."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.fake_sendgrid_webhook import SIGNATURE, TIMESTAMP, Webhook

from syndicate.carriers.sendgrid.hook import LONGEST_KEY, events, verify
from syndicate.model import ConfigError, EventKind, UnsafeValue

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Clock:
    """What a webhook needs of the stand-in."""

    events: list[dict[str, Any]] = []  # noqa: RUF012

    def now(self) -> float:
        return NOW.timestamp()

    def advance(self, seconds: float) -> None:
        """Time stands still here."""


HOOK = Webhook(Clock(), "http://127.0.0.1/")
HEADERS, BODY = HOOK.signed([{"event": "delivered", "email": "ayşe@example.net", "sg_event_id": "a"}])


def refused(
    headers: dict[str, str], body: bytes = BODY, now: datetime = NOW, key: str = HOOK.public_key
) -> bool:
    try:
        verify(key, headers, body, now)
    except UnsafeValue:
        return True
    return False


# -- verify ---------------------------------------------------------------------------------------------------


def test_what_sendgrid_signed_is_taken_whatever_the_case_of_its_headers() -> None:
    assert not refused(HEADERS)
    assert not refused({name.lower(): value for name, value in HEADERS.items()})


@given(place=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_every_flipped_bit_of_the_body_is_refused(place: int, bit: int) -> None:
    assert refused(HEADERS, BODY[:place] + bytes([BODY[place] ^ 1 << bit]) + BODY[place + 1 :])


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
def test_every_flipped_bit_of_a_header_is_refused(name: str) -> None:
    given_value = HEADERS[name]
    for place in range(len(given_value)):
        for bit in range(8):
            changed = given_value[:place] + chr(ord(given_value[place]) ^ 1 << bit) + given_value[place + 1 :]
            assert refused(HEADERS | {name: changed}), changed


@pytest.mark.parametrize(
    "body", [BODY.rstrip(), BODY + b"\n", b"", BODY[:-1], json.dumps(json.loads(BODY)).encode()]
)
def test_only_the_very_bytes_are_what_was_signed(body: bytes) -> None:
    assert refused(HEADERS, body)


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
@pytest.mark.parametrize("value", [None, "", " ", "é", "a" * 5000, "\ud800", "=", "AAAA", "-1", "1e9", "١٢٣"])
def test_a_header_that_is_missing_or_none_is_refused(name: str, value: str | None) -> None:
    rest = {key: given_value for key, given_value in HEADERS.items() if key != name}
    assert refused(rest if value is None else rest | {name: value})


@given(st.text(max_size=200))
def test_no_signature_is_made_up(text: str) -> None:
    assert refused(HEADERS | {SIGNATURE: text})


@pytest.mark.parametrize(
    ("seconds", "fresh"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)]
)
def test_five_minutes_are_the_most(seconds: int, fresh: bool) -> None:
    assert refused(HEADERS, now=NOW + timedelta(seconds=seconds)) is not fresh


def test_an_old_signature_is_refused_though_it_is_right() -> None:
    headers, body = HOOK.signed([], age=3600)
    assert refused(headers, body)
    assert not refused(headers, body, now=NOW - timedelta(hours=1))


def test_another_key_and_a_bad_signature_are_refused() -> None:
    assert refused(HEADERS, key=Webhook(Clock(), "").public_key)
    assert refused(*HOOK.signed([], good=False))


@pytest.mark.parametrize("key", ["", "none", "!", HOOK.public_key[:-8], "\n"])
def test_a_key_that_is_none_names_its_setting(key: str) -> None:
    with pytest.raises(ConfigError, match=r"carriers\.sendgrid\.webhook_key"):
        verify(key, HEADERS, BODY, NOW)


# -- events ---------------------------------------------------------------------------------------------------


def event(**changes: Any) -> dict[str, Any]:
    given_values = {
        "event": "delivered",
        "email": "reader@example.net",
        "timestamp": 1764158400,
        "sg_event_id": "ZGVsaXZlcmVk",
        "smtp-id": "<7.weekly@news.example.org>",
        "delivery": "12",
    }
    return given_values | changes


def read(*given_values: Any) -> list[Any]:
    return events(json.dumps(list(given_values)).encode())


KINDS = [
    ({"event": "processed"}, EventKind.TAKEN),
    ({"event": "deferred"}, EventKind.DEFERRED),
    ({"event": "delivered"}, EventKind.DELIVERED),
    ({"event": "bounce", "type": "bounce"}, EventKind.BOUNCED),
    ({"event": "bounce", "type": "blocked"}, EventKind.BLOCKED),
    ({"event": "dropped", "reason": "Bounced Address"}, EventKind.DROPPED),
    ({"event": "spamreport"}, EventKind.COMPLAINED),
    ({"event": "unsubscribe"}, EventKind.UNSUBSCRIBED),
    ({"event": "group_unsubscribe"}, EventKind.UNSUBSCRIBED),
    ({"event": "open"}, EventKind.OPENED),
    ({"event": "click"}, EventKind.CLICKED),
]


@pytest.mark.parametrize(("given_values", "kind"), KINDS)
def test_every_event_has_a_kind(given_values: dict[str, str], kind: EventKind) -> None:
    assert [one.kind for one in read(event(**given_values))] == [kind]


@pytest.mark.parametrize("name", ["group_resubscribe", "account_status_change", "", None, 3, ["open"]])
def test_other_events_are_passed_over(name: Any) -> None:
    assert [one.key for one in read(event(event=name), event(sg_event_id="next"))] == ["next"]


def test_an_event_is_read_in_full() -> None:
    (one,) = read(
        event(event="bounce", type="bounce", status="5.1.1", reason="550 <reader@example.net> unknown")
    )
    assert (one.carrier, one.key, one.delivery) == ("sendgrid", "ZGVsaXZlcmVk", 12)
    assert (one.message_id, one.recipient) == ("<7.weekly@news.example.org>", "reader@example.net")
    assert one.at == datetime(2025, 11, 26, 12, tzinfo=UTC)
    assert one.detail == "bounce 5.1.1 550 (address) unknown"
    assert json.loads(one.raw)["status"] == "5.1.1"
    assert not one.is_machine


def test_a_machine_that_opens_is_told_apart() -> None:
    machine, person = read(
        event(event="open", sg_machine_open=True), event(event="open", sg_machine_open=False)
    )
    assert (machine.is_machine, person.is_machine) == (True, False)


@pytest.mark.parametrize("key", [None, "", "a" * (LONGEST_KEY + 1), 7, "a\x00b"])
def test_an_event_without_a_usable_id_is_known_by_its_hash(key: Any) -> None:
    first, same, other = read(
        event(sg_event_id=key), event(sg_event_id=key), event(sg_event_id=key, delivery="13")
    )
    assert first.key == same.key != other.key
    assert len(first.key) <= LONGEST_KEY


@pytest.mark.parametrize("delivery", [None, "", 12, "x", "-1", "1" * 19, "١٢", {"a": 1}])
def test_a_delivery_that_is_no_number_is_none(delivery: Any) -> None:
    assert [one.delivery for one in read(event(delivery=delivery))] == [0]


@pytest.mark.parametrize("broken", [None, 3, "x", [], {}, event(timestamp=None), event(timestamp="soon")])
def test_a_broken_event_stops_no_other(broken: Any) -> None:
    assert [one.key for one in read(broken, event(sg_event_id="next"))] == ["next"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe[", b"[" * 200_000])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(UnsafeValue):
        events(body)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "event",
    "email",
    "timestamp",
    "sg_event_id",
    "delivery",
    "smtp-id",
    "type",
    "reason",
    "sg_machine_open",
)
ALMOST = st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=9).map(lambda changes: event() | changes)


@given(ANYTHING | st.lists(ALMOST, max_size=5))
def test_no_json_is_too_strange(value: Any) -> None:
    for one in events(json.dumps(value).encode()):
        assert 0 < len(one.key) <= LONGEST_KEY
        assert one.at.tzinfo is UTC
        for text in (one.key, one.detail, one.recipient, one.message_id, one.raw):
            assert "\x00" not in text
            text.encode()
        assert json.dumps(json.loads(one.raw)) == one.raw

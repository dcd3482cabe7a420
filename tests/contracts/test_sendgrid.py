"""SendGrid: what is handed over arrives once, as it was written, and what is said of it is certain or says not."""

import contextlib
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.contracts.desk import MemoryDesk
from tests.contracts.fake_sendgrid import FAULTS, FakeSendGrid
from tests.contracts.sendgrid_samples import (
    account,
    again,
    carried,
    is_final,
    letter,
    people,
    personal,
    states,
)

from syndicate.carriers.sendgrid import SendGrid, SendGridAccount, body
from syndicate.carriers.sendgrid.wire import _is_closed
from syndicate.model import CarrierError, Outcome
from syndicate.model.delivery import DeliveryState


@pytest.fixture
def fake() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as running:
        yield running


# -- handed over ----------------------------------------------------------------------------------------------


def test_everybody_gets_theirs_in_as_few_requests_as_can_be(fake: FakeSendGrid) -> None:
    desk = carried(fake, people(25), personalizations=10)
    assert set(states(desk).values()) == {"accepted"}
    assert [len(one["personalizations"]) for one in fake.requests] == [10, 10, 5]
    assert len(fake.deliveries) == 25
    assert set(fake.deliveries.values()) == {1}
    assert re.fullmatch(r"202 fake\d+", desk.outcomes[1].detail)
    assert fake.refused == []


def test_each_is_marked_between_take_and_settle(fake: FakeSendGrid) -> None:
    desk = carried(fake, people(4), personalizations=2)
    for number in range(1, 5):
        assert [what for what, one in desk.log if one == number] == ["take", "mark", "settle"]


def test_nothing_has_arrived_when_it_is_marked(fake: FakeSendGrid) -> None:
    desk, seen = MemoryDesk(people(3)), []
    desk.on_mark = lambda _: (time.sleep(0.05), seen.append(len(fake.requests)))
    with SendGrid(account(fake)) as carrier:
        carrier.carry(desk)
    assert seen == [0]
    assert len(fake.mails) == 3


def test_opens_and_clicks_are_told_only_where_that_is_switched_on(fake: FakeSendGrid) -> None:
    with SendGrid(replace(account(fake), opens=True, clicks=True)) as carrier:
        carrier.carry(MemoryDesk(people(1)))
    tracking = fake.requests[0]["tracking_settings"]
    assert tracking["open_tracking"] == {"enable": True}
    assert tracking["click_tracking"] == {"enable": True, "enable_text": False}
    assert tracking["subscription_tracking"] == {"enable": False}


def test_what_arrives_is_the_letter_filled_in(fake: FakeSendGrid) -> None:
    carried(fake, [personal(1, name='Ayşe; "Ay", D.'), personal(2)])
    request, (first, second) = fake.requests[0], fake.mails
    assert request["tracking_settings"]["click_tracking"] == {"enable": False, "enable_text": False}
    assert request["tracking_settings"]["open_tracking"] == {"enable": False}
    assert request["tracking_settings"]["subscription_tracking"] == {"enable": False}
    assert first.args == {"edition": "7", "delivery": "1"}
    assert b"List-Unsubscribe: <https://news.example.org/u/token1>\r\n" in first.eml
    assert b"Message-ID: <2.weekly@news.example.org>\r\n" in second.eml
    assert b"Hello Reader 2," in second.eml
    assert b"[%" not in first.eml
    assert "categories" not in request
    assert "mail_settings" not in request


def test_categories_are_sent_along(fake: FakeSendGrid) -> None:
    carried(fake, people(1), categories=("weekly", "en"))
    assert fake.requests[0]["categories"] == ["weekly", "en"]


def test_one_address_twice_goes_in_two_requests(fake: FakeSendGrid) -> None:
    items = [personal(1, "a@example.net"), personal(2, "A@Example.net"), personal(3, "b@example.net")]
    desk = carried(fake, items)
    assert set(states(desk).values()) == {"accepted"}
    assert [len(one["personalizations"]) for one in fake.requests] == [2, 1]
    assert fake.refused == []


def test_two_lanes_share_the_work(fake: FakeSendGrid) -> None:
    desk = MemoryDesk(people(60))
    with SendGrid(account(fake, personalizations=5)) as carrier:
        lanes = [threading.Thread(target=carrier.carry, args=(desk,)) for _ in range(carrier.lanes)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    assert set(states(desk).values()) == {"accepted"}
    assert set(fake.deliveries.values()) == {1}
    assert len(fake.deliveries) == 60


def test_the_sandbox_says_that_nothing_was_sent(fake: FakeSendGrid) -> None:
    desk = carried(fake, people(2), sandbox=True)
    assert desk.outcomes[1] == Outcome(DeliveryState.ACCEPTED, "sandbox: checked, not sent")
    assert fake.mails == []


def test_a_carrier_knows_nothing_afterwards(fake: FakeSendGrid) -> None:
    carrier = SendGrid(account(fake, connections=3))
    assert (carrier.name, carrier.takes, carrier.lanes, carrier.proof(1)) == ("sendgrid", "letters", 3, None)


# -- called back ----------------------------------------------------------------------------------------------


def test_who_was_called_back_is_not_mailed_and_the_others_are(fake: FakeSendGrid) -> None:
    desk = carried(fake, people(10), called_back=[3, 7])
    assert sorted(one.recipient for one in fake.mails) == sorted(
        f"reader{n}@example.net" for n in range(1, 11) if n not in (3, 7)
    )
    assert states(desk) == {n: "accepted" for n in range(1, 11) if n not in (3, 7)}
    assert desk.marked == [n for n in range(1, 11) if n not in (3, 7)]


def test_when_all_were_called_back_nothing_leaves(fake: FakeSendGrid) -> None:
    desk = carried(fake, people(3), called_back=[1, 2, 3])
    assert desk.outcomes == {}
    assert fake.requests == []


# -- refused --------------------------------------------------------------------------------------------------

BAD = {
    "no address": {"recipient": "nobody"},
    "a space in it": {"recipient": "a b@example.net"},
    "not ASCII": {"recipient": "ayşe@example.net"},
    "too long an address": {"recipient": f"{'a' * 320}@example.net"},
    "too much to put in": {"values": {"[%name%]": "ş" * 5001}},
    "a header of SendGrid's": {"headers": {"Reply-To": "a@example.net"}},
    "a line end in a header": {"headers": {"X-A": "a\r\nBcc: b@example.net"}},
    "not to be written": {"values": {"[%name%]": "\ud800"}},
    "an empty mark": {"values": {"": "x"}},
}


@pytest.mark.parametrize("wrong", BAD)
def test_one_that_cannot_be_sent_fails_and_no_other(fake: FakeSendGrid, wrong: str) -> None:
    items = [personal(1), personal(2, **BAD[wrong]), personal(3)]
    desk = carried(fake, items)
    assert states(desk) == {1: "accepted", 2: "failed", 3: "accepted"}
    assert is_final(desk.outcomes[2])
    assert "@" not in desk.outcomes[2].detail
    assert fake.refused == []


@pytest.mark.parametrize("headers", [{"From": "a"}, {"X A": "a"}, {"X-A": "a\nb"}, {"Ü": "a"}])
def test_a_letter_with_a_header_that_is_refused_is_not_sent(
    fake: FakeSendGrid, headers: dict[str, str]
) -> None:
    desk = carried(fake, people(2, of=letter(headers=headers)))
    assert all(is_final(one) for one in desk.outcomes.values())
    assert desk.marked == []
    assert fake.refused == []


def test_ten_thousand_bytes_are_not_too_much(fake: FakeSendGrid) -> None:
    value = "ş" * ((10_000 - len("[%name%]")) // 2)
    assert states(carried(fake, [personal(1, values={"[%name%]": value})])) == {1: "accepted"}


def test_who_the_api_names_fails_and_the_others_go(fake: FakeSendGrid) -> None:
    # Ours takes a domain without a dot, the stand-in does not, and says where.
    items = [personal(n, f"reader{n}@localhost" if n in (3, 8) else "") for n in range(1, 11)]
    desk = carried(fake, items)
    assert {n for n, one in desk.outcomes.items() if is_final(one)} == {3, 8}
    assert list(states(desk).values()).count("accepted") == 8
    assert len(fake.refused) == 1
    assert desk.outcomes[3].detail == "400 Does not contain a valid address: (address)"


@pytest.mark.parametrize("status", [400, 413])
def test_where_the_api_names_nobody_the_request_is_halved(fake: FakeSendGrid, status: int) -> None:
    plain = fake.check

    def check(raw: bytes):
        return (
            (status, {"errors": [{"message": "Bad Request", "field": None}]})
            if b"token13" in raw
            else plain(raw)
        )

    fake.check = check
    desk = carried(fake, people(16))
    assert {n for n, one in desk.outcomes.items() if is_final(one)} == {13}
    assert desk.outcomes[13].detail == f"{status} Bad Request"
    assert set(fake.deliveries.values()) == {1}
    assert len(fake.deliveries) == 15
    assert desk.marked == list(range(1, 17))


def test_a_letter_that_is_refused_fails_at_once(fake: FakeSendGrid) -> None:
    desk = carried(fake, people(50, of=letter(subject="")))
    assert all(is_final(one) for one in desk.outcomes.values())
    assert len(desk.outcomes) == 50
    assert len(fake.refused) == 1


def test_a_name_in_unicode_is_sent_and_spelled_where_it_is_refused(fake: FakeSendGrid) -> None:
    desk = carried(fake, people(5, of=letter(from_name="Новости")), personalizations=2)
    assert set(states(desk).values()) == {"accepted"}
    assert {one["from"]["name"] for one in fake.requests} == {"Novosti"}
    assert len(fake.refused) == 1
    with FakeSendGrid(unicode_from=True) as lenient:
        carried(lenient, people(1, of=letter(from_name="Новости")))
        assert lenient.requests[0]["from"]["name"] == "Новости"


def test_a_request_as_large_as_is_refused_is_halved(
    fake: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert body.LARGEST_BODY == fake.largest == 30_000_000
    size = len(body.build(account(fake), people(4)))
    for largest, requests in ((size + 1, [4]), (size, [2, 2])):
        monkeypatch.setattr(body, "LARGEST_BODY", largest)
        fake.largest, fake.requests = largest, []
        assert set(states(carried(fake, people(4))).values()) == {"accepted"}
        assert [len(one["personalizations"]) for one in fake.requests] == requests
    assert fake.refused == []
    monkeypatch.setattr(body, "LARGEST_BODY", 500)
    alone = carried(fake, people(2))
    assert all(is_final(one) for one in alone.outcomes.values())
    assert alone.marked == []


@pytest.mark.parametrize(("key", "status"), [("SG.wrong-key", 401), ("weak", 403)])
def test_a_key_that_is_refused_stops_the_lane_and_is_not_told(
    fake: FakeSendGrid, key: str, status: int
) -> None:
    key = fake.weak_key if key == "weak" else key
    items = [personal(1, "a@example.net"), personal(2, "a@example.net"), personal(3)]
    desk = MemoryDesk([*items, *[personal(n) for n in range(4, 9)]])
    with (
        SendGrid(account(fake, key=key, personalizations=3)) as carrier,
        pytest.raises(CarrierError) as caught,
    ):
        carrier.carry(desk)
    assert str(status) in str(caught.value)
    assert "SYNDICATE_SENDGRID_KEY" in str(caught.value)
    assert key not in str(caught.value)
    assert key not in repr(carrier.account)
    assert desk.taken == {}
    assert desk.given_back == [2]
    assert {n: one.retry for n, one in desk.outcomes.items()} == {1: True, 3: True}
    assert len(desk.items) == 5
    assert fake.mails == []


def test_an_address_that_is_not_sendgrids_stops_the_lane(fake: FakeSendGrid) -> None:
    desk = MemoryDesk(people(2))
    carrier = SendGrid(account(fake, url=f"{fake.url}/elsewhere"))
    with pytest.raises(CarrierError, match=r"carriers\.sendgrid\.url"):
        carrier.carry(desk)
    assert all(one.retry for one in desk.outcomes.values())
    assert desk.taken == {}


def test_nobody_there_stops_the_lane_and_all_is_owed_as_before() -> None:
    with FakeSendGrid() as gone:
        settings = account(gone)
    desk = MemoryDesk(people(3))
    with SendGrid(settings) as carrier, pytest.raises(CarrierError, match=r"carriers\.sendgrid\.url"):
        carrier.carry(desk)
    assert sorted(desk.given_back) == [1, 2, 3]
    assert desk.outcomes == {}
    assert desk.marked == []


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"categories": tuple("abcdefghijk")}, "categories"),
        ({"categories": ("a", "a")}, "categories"),
        ({"categories": ("a" * 256,)}, "categories"),
        ({"personalizations": 1001}, "personalizations"),
        ({"personalizations": 0}, "personalizations"),
        ({"connections": 0}, "connections"),
        ({"key": ""}, "SYNDICATE_SENDGRID_KEY"),
        ({"key": "SG.a\r\nX: y"}, "SYNDICATE_SENDGRID_KEY"),
    ],
)
def test_settings_that_sendgrid_refuses_are_named(changes: dict[str, object], setting: str) -> None:
    given: dict[str, object] = {"url": "https://api.sendgrid.com", "key": "SG.secret"}
    with pytest.raises(CarrierError, match=setting) as caught:
        SendGridAccount(**(given | changes))  # type: ignore[arg-type]
    assert "SG." not in str(caught.value)


# -- how fast -------------------------------------------------------------------------------------------------


def test_too_many_requests_is_a_wait_until_the_reset(fake: FakeSendGrid) -> None:
    fake.rate = (2, 40)
    desk = carried(fake, people(3), personalizations=1)
    assert states(desk) == {1: "accepted", 2: "accepted", 3: "failed"}
    assert desk.outcomes[3].retry
    assert desk.outcomes[3].wait is not None
    assert 30 < desk.outcomes[3].wait.total_seconds() <= 42
    # Once because the second answer said that none remain, once because the third was refused.
    assert [30 < seconds <= 42 for seconds in desk.slowed] == [True, True]
    fake.advance(42)
    assert states(again(fake, people(3), desk)) == {3: "accepted"}
    assert set(fake.deliveries.values()) == {1}


# -- faults ---------------------------------------------------------------------------------------------------

AFTER = {
    "close early": "failed",
    "500 before": "unsure",
    "accept, close": "unsure",
    "accept, hang": "unsure",
    "accept, 500": "unsure",
    "accept, truncate": "unsure",
    "accept, slow": "accepted",
    "hang": "unsure",
    "429": "failed",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_never_mails_twice_and_says_what_is_certain(fake: FakeSendGrid, fault: str) -> None:
    fake.faults = [fault]
    desk, items = MemoryDesk(people(6)), people(6)
    if fault == "close early":
        desk.on_mark = lambda _: fake.closed.wait(5)
    with SendGrid(account(fake, personalizations=3, timeout=2.5)) as carrier:
        carrier.carry(desk)
    assert states(desk) == dict.fromkeys((1, 2, 3), AFTER[fault]) | dict.fromkeys((4, 5, 6), "accepted")
    assert all(one.retry == (AFTER[fault] == "failed") for n, one in desk.outcomes.items() if n < 4)
    again(fake, items, desk)
    assert max(fake.deliveries.values()) == 1
    taken = fault.startswith("accept") or AFTER[fault] == "failed"
    assert len(fake.deliveries) == (6 if taken else 3)


def test_a_connection_lost_before_the_last_byte_is_certain(fake: FakeSendGrid) -> None:
    fake.faults = ["close early"]
    desk = MemoryDesk(people(2))
    desk.on_mark = lambda _: fake.closed.wait(5)
    with SendGrid(account(fake)) as carrier:
        carrier.carry(desk)
    assert all(one.detail.startswith("not sent: ") for one in desk.outcomes.values())
    assert fake.requests == []


def test_what_breaks_at_the_desk_leaves_nothing_at_sendgrid(fake: FakeSendGrid) -> None:
    desk = MemoryDesk(people(2))

    def broken(_: object) -> None:
        raise RuntimeError("the disk is full")

    desk.on_mark = broken
    with SendGrid(account(fake)) as carrier, pytest.raises(RuntimeError, match="the disk is full"):
        carrier.carry(desk)
    assert fake.requests == []
    assert desk.outcomes == {}


# -- logs -----------------------------------------------------------------------------------------------------


def test_no_log_holds_the_key_or_an_address(fake: FakeSendGrid, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fake.faults = ["accept, 500"]
    bad = [personal(1), personal(2, "reader@localhost"), personal(3)]
    desk = carried(fake, [*people(1), *bad], personalizations=1, strict=True)
    with pytest.raises(CarrierError):
        carried(fake, people(1), key=fake.weak_key)
    assert len(caplog.records) > 10
    told = caplog.text + str([record.__dict__ for record in caplog.records]) + str(desk.outcomes)
    assert fake.key not in told
    assert fake.weak_key not in told
    assert not re.search(r"[\w.]+@[\w.]+", told)


# -- the stand-in itself --------------------------------------------------------------------------------------


def test_the_stand_in_deduplicates_nothing(fake: FakeSendGrid) -> None:
    carried(fake, people(1))
    headers = {"Authorization": f"Bearer {fake.key}", "Idempotency-Key": "same"}
    for _ in range(2):
        assert (
            httpx.post(f"{fake.url}/v3/mail/send", json=fake.requests[0], headers=headers).status_code == 202
        )
    assert fake.deliveries.most_common(1)[0][1] == 3


def test_the_stand_in_takes_no_half_request(fake: FakeSendGrid) -> None:
    carried(fake, people(3), called_back=[2])
    deadline = time.monotonic() + 5
    while fake.incomplete == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert fake.incomplete == 1
    assert len(fake.requests) == 1


# -- the wire -------------------------------------------------------------------------------------------------


def test_a_connection_that_was_closed_is_noticed() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    with ours, theirs:
        assert not _is_closed(ours)
        theirs.sendall(b"an answer that waits")
        assert not _is_closed(ours)
        assert ours.recv(99) == b"an answer that waits"
        theirs.close()
        assert _is_closed(ours)


def test_a_closed_connection_is_noticed_below_tls(tmp_path: Path) -> None:
    """And tickets, which a server sends unasked, are no sign of it."""
    there = _server_side(tmp_path)
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    here.check_hostname, here.verify_mode = False, ssl.CERT_NONE
    plain, theirs = socket.socketpair()
    done = threading.Event()

    def serve() -> None:
        with there.wrap_socket(theirs, server_side=True) as line:
            line.recv(1)
            done.wait()

    thread = threading.Thread(target=serve)
    thread.start()
    with here.wrap_socket(plain) as ours:
        ours.settimeout(5)
        ours.sendall(b"x")
        assert not _is_closed(ours)
        done.set()
        thread.join()
        with contextlib.suppress(ssl.SSLError, OSError):
            ours.recv(1)
        assert _is_closed(ours)


def _server_side(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, datetime(2020, 1, 1), datetime(2120, 1, 1)
    )
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    pem += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context

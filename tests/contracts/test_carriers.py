"""Carriers: what they hand over arrives as it is, and what they say of it is certain or says that it is not."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.contracts.desk import MemoryDesk
from tests.contracts.smtp_server import HANG_UP, only_ayse, serve

from syndicate.carriers import Outbox
from syndicate.carriers.smtp import Smtp, SmtpServer
from syndicate.model import CarrierError, HandOver, Outcome
from syndicate.model.delivery import DeliveryState

MESSAGE = b"Subject: hello\r\n\r\n.hidden\r\n..\r\n.\r\nRegards\r\n\xd8\xa7\r\n"


def item(message: bytes = MESSAGE, recipient: str = "reader@example.org", number: int = 1) -> HandOver:
    return HandOver(number, "letters@example.org", recipient, (message[:7], message[7:]))


def server(port: int, **values: object) -> SmtpServer:
    given: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "timeout": 20.0,
        "connections": 1,
    }
    return SmtpServer(**(given | values))  # type: ignore[arg-type]


def carried(carrier: Smtp | Outbox, *items: HandOver, called_back: Sequence[int] = ()) -> MemoryDesk:
    desk = MemoryDesk(items, called_back)
    with carrier:
        carrier.carry(desk)
    return desk


def handed(replies: dict[str, str], message: HandOver | None = None) -> Outcome:
    with serve(replies) as (port, _):
        return carried(Smtp(server(port)), message or item(number=1)).outcomes[1]


# -- outbox ---------------------------------------------------------------------------------------------------


def test_the_outbox_holds_whole_messages_under_their_numbers(tmp_path: Path) -> None:
    desk = carried(Outbox(tmp_path / "deep" / "out"), item(number=12), item(number=3))
    assert desk.outcomes == dict.fromkeys((12, 3), Outcome(DeliveryState.ACCEPTED))
    assert {p.name: p.read_bytes() for p in (tmp_path / "deep" / "out").iterdir()} == {
        "0000003.eml": MESSAGE,
        "0000012.eml": MESSAGE,
    }


def test_nothing_has_its_name_in_the_outbox_before_its_mark(tmp_path: Path) -> None:
    desk = MemoryDesk([item(number=1), item(number=2)], called_back=[2])
    seen: list[list[str]] = []
    desk.on_mark = lambda _: seen.append(sorted(path.name for path in tmp_path.iterdir()))
    Outbox(tmp_path).carry(desk)
    assert seen == [["0000001.part"], ["0000001.eml", "0000002.part"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0000001.eml"]
    assert (list(desk.outcomes), desk.marked) == ([1], [1])


def test_a_reader_of_the_outbox_never_sees_a_part(tmp_path: Path) -> None:
    big, other = MESSAGE * 20000, MESSAGE.replace(b"hello", b"HELLO") * 20000
    seen: set[bytes] = set()
    carried(Outbox(tmp_path), item(big))
    items = [item(message) for message in (other, big) * 4]
    writer = threading.Thread(target=lambda: [carried(Outbox(tmp_path), one) for one in items])
    writer.start()
    while writer.is_alive():
        seen.add((tmp_path / "0000001.eml").read_bytes())
    writer.join()
    assert seen <= {big, other}


def test_the_outbox_can_prove_what_was_handed_over(tmp_path: Path) -> None:
    carried(outbox := Outbox(tmp_path), item(number=1))
    (tmp_path / "0000002.part").write_bytes(MESSAGE[:9])
    assert outbox.proof(1) == Outcome(DeliveryState.ACCEPTED)
    assert outbox.proof(2) == Outcome(DeliveryState.PLANNED, "", retry=True)


def test_an_outbox_that_cannot_be_written_to_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CarrierError, match="file"):
        Outbox(tmp_path / "file" / "out").__enter__()
    desk = MemoryDesk([item(number=1), item(number=2)])
    with pytest.raises(CarrierError, match="never made"):
        Outbox(tmp_path / "never made").carry(desk)
    assert (desk.given_back, desk.marked, desk.taken) == ([1], [], {})


def test_a_file_that_gets_no_name_was_not_handed_over(tmp_path: Path) -> None:
    (tmp_path / "0000001.eml").mkdir()
    desk = MemoryDesk([item(number=1)])
    with pytest.raises(CarrierError, match=r"0000001\.eml"):
        Outbox(tmp_path).carry(desk)
    assert desk.outcomes == {1: Outcome(DeliveryState.FAILED, "the file got no name", retry=True)}


def test_a_ledger_that_cannot_be_written_leaves_the_outbox_as_it_was(tmp_path: Path) -> None:
    desk = MemoryDesk([item(number=1)])
    desk.on_mark = _no_ledger
    with pytest.raises(ZeroDivisionError):
        Outbox(tmp_path).carry(desk)
    assert (desk.given_back, list(tmp_path.iterdir())) == ([1], [])


def _no_ledger(deliveries: Sequence[int]) -> None:
    raise ZeroDivisionError


# -- smtp -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_message_arrives_byte_for_byte(pipelining: bool) -> None:
    messages = [MESSAGE, MESSAGE + b"no end of line", b".", b"..\r\n", b"\r\n.\r\n", b"plain\r\n"]
    with serve(pipelining=pipelining) as (port, handler):
        carrier = Smtp(server(port))
        desk = carried(carrier, *(item(one, number=number) for number, one in enumerate(messages)))
        assert carrier.proof(1) is None
    assert set(desk.outcomes.values()) == {Outcome(DeliveryState.ACCEPTED, "250 taken")}
    assert handler.got == [one if one.endswith(b"\r\n") else one + b"\r\n" for one in messages]
    assert handler.recipients == ["reader@example.org"] * len(messages)
    assert handler.connections == 1


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_connection_is_changed_before_a_server_would_count_it_out(pipelining: bool) -> None:
    with serve(pipelining=pipelining) as (port, handler):
        items = [item(number=number) for number in range(7)]
        desk = carried(Smtp(server(port, messages_per_connection=3)), *items)
    assert {one.state for one in desk.outcomes.values()} == {DeliveryState.ACCEPTED}
    assert (len(handler.got), handler.connections) == (7, 3)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "message"])
def test_no_for_now_is_tried_again_and_no_for_ever_is_not(verb: str) -> None:
    for_now, for_ever = handed({verb: "451 later please"}), handed({verb: "550 5.1.1 never"})
    assert for_now == Outcome(DeliveryState.FAILED, f"{verb}: 451 later please", retry=True)
    assert for_ever == Outcome(DeliveryState.REFUSED, f"{verb}: 550 5.1.1 never")


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "message"])
@pytest.mark.parametrize("reply", ["450 busy", "550 no", "421 closing"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_after_a_refusal_the_next_one_goes_out(verb: str, reply: str, pipelining: bool) -> None:
    with serve({verb: reply}, pipelining=pipelining) as (port, handler):
        desk = MemoryDesk([item(number=1)])
        more = item(number=2)
        settle = desk.settle

        def then_the_next(delivery: int, outcome: Outcome) -> None:
            settle(delivery, outcome)
            handler.replies = {}
            desk.items += [more] if delivery == 1 else []

        desk.settle = then_the_next  # type: ignore[method-assign]
        Smtp(server(port)).carry(desk)
    assert desk.outcomes[1].state is not DeliveryState.ACCEPTED
    assert desk.outcomes[1].retry == (not reply.startswith("550"))
    assert desk.outcomes[2].state is DeliveryState.ACCEPTED
    assert handler.got == [MESSAGE]
    assert handler.connections == (2 if reply.startswith("421") else 1)


@pytest.mark.parametrize(
    "replies", [{"MAIL": HANG_UP}, {"RCPT": HANG_UP}, {"DATA": HANG_UP}], ids=["MAIL", "RCPT", "DATA"]
)
def test_a_connection_lost_before_the_final_dot_is_certain(replies: dict[str, str]) -> None:
    outcome = handed(replies)
    assert (outcome.state, outcome.retry) == (DeliveryState.FAILED, True)
    assert outcome.detail.startswith("connection lost before the message")


def test_a_connection_lost_in_the_middle_of_a_message_is_certain() -> None:
    """The message is larger than what the two systems hold for each other, so its end never left."""
    outcome = handed({"DATA": "354 then hang up"}, item(MESSAGE + b"x" * 70 + b"\r\n" * 15_000_000))
    assert (outcome.state, outcome.retry) == (DeliveryState.FAILED, True)


def test_a_connection_lost_after_the_final_dot_is_a_doubt() -> None:
    outcome = handed({"message": HANG_UP})
    assert (outcome.state, outcome.retry) == (DeliveryState.UNSURE, False)
    assert outcome.detail.startswith("no reply after the message")


def test_an_answer_that_is_none_is_a_doubt_after_the_message_and_none_before() -> None:
    after, before = handed({"message": "what?"}), handed({"RCPT": "what?"})
    assert (after.state, after.retry) == (DeliveryState.UNSURE, False)
    assert (before.state, before.retry) == (DeliveryState.FAILED, True)


def test_addresses_that_a_server_repeats_are_not_kept() -> None:
    outcome = handed({"RCPT": "550 5.1.1 <reader@example.org>: no such user, ask postmaster@example.org"})
    assert outcome.detail == "RCPT: 550 5.1.1 <(address)>: no such user, ask (address)"


@pytest.mark.parametrize(
    "message",
    [b"a\nb\r\n", b"a\rb\r\n", b"\na\r\n", b"a\r", b"a\r\n.\n\r\nMAIL FROM:<evil@example.com>\r\n", b"\n\r"],
)
def test_bare_line_ends_are_not_handed_over(message: bytes) -> None:
    """RFC 5321, 2.3.8; what one server takes for an end of line another does not (SMTP smuggling)."""
    with serve() as (port, handler):
        outcome = carried(Smtp(server(port)), item(message)).outcomes[1]
        assert (outcome.state, outcome.retry) == (DeliveryState.FAILED, False)
    assert (handler.got, handler.connections) == ([], 0)


@pytest.mark.parametrize(
    "recipient", ["a@example.org\r\nRCPT TO:<b@example.org>", "a b@example.org", "ü@exämple.org"]
)
def test_an_address_that_cannot_be_written_goes_nowhere(recipient: str) -> None:
    with serve(enable_SMTPUTF8=True) as (port, handler):
        desk = carried(Smtp(server(port)), item(recipient=recipient), item(number=2))
        assert (desk.outcomes[1].state, desk.outcomes[1].retry) == (DeliveryState.FAILED, False)
        assert desk.outcomes[2].state is DeliveryState.ACCEPTED
    assert handler.recipients == ["reader@example.org"]


def test_an_address_in_another_script_goes_where_it_is_understood() -> None:
    """RFC 6531; the message is 8-bit, so BODY=8BITMIME goes with it, and both servers know SIZE (RFC 1870)."""
    items = [item(recipient="ayşe@example.org"), item(b"x\r\n", number=2)]
    with serve(enable_SMTPUTF8=True) as (port, handler):
        assert carried(Smtp(server(port)), *items).outcomes[1].state is DeliveryState.ACCEPTED
    assert handler.recipients == ["ayşe@example.org", "reader@example.org"]
    assert handler.parameters == [[f"SIZE={len(MESSAGE)}", "BODY=8BITMIME", "SMTPUTF8"], ["SIZE=3"]]
    with serve() as (port, handler):
        desk = carried(Smtp(server(port)), *items)
    assert desk.outcomes[1].state is DeliveryState.FAILED
    assert not desk.outcomes[1].retry
    assert "SMTPUTF8" in desk.outcomes[1].detail
    assert handler.recipients == ["reader@example.org"]


def test_a_signature_goes_in_front_of_each_message() -> None:
    seen: list[bytes] = []

    def sign(message: Sequence[bytes]) -> bytes:
        seen.append(b"".join(message))
        return b"DKIM-Signature: v=1\r\n"

    with serve() as (port, handler):
        carried(Smtp(server(port), sign), item(), item(b"x", number=2))
    assert seen == [MESSAGE, b"x"]
    assert handler.got == [b"DKIM-Signature: v=1\r\n" + MESSAGE, b"DKIM-Signature: v=1\r\nx\r\n"]


def test_a_signer_that_breaks_leaves_its_message_owed() -> None:
    desk = MemoryDesk([item()])
    with serve() as (port, handler), pytest.raises(ZeroDivisionError):
        Smtp(server(port), lambda _: b"x" * (1 // 0)).carry(desk)
    assert (desk.given_back, desk.marked, handler.got) == ([1], [], [])


def test_a_lane_greets_with_the_name_it_was_given() -> None:
    with serve() as (port, handler):
        carried(Smtp(server(port, hello="letters.example.org")), item())
    assert handler.hellos == ["letters.example.org"]


def test_a_server_that_is_away_stops_the_send_before_anything_left(unused_port: int) -> None:
    desk = MemoryDesk([item(number=1), item(number=2)])
    with pytest.raises(CarrierError, match=rf"127\.0\.0\.1:{unused_port}: no mail can be handed over"):
        Smtp(server(unused_port)).carry(desk)
    assert (desk.given_back, desk.taken, desk.marked) == ([1], {}, [])


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but its maker vouches for, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", made, "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


def _context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_an_unknown_certificate_is_refused_and_nothing_said_to_it(certificate: tuple[Path, Path]) -> None:
    desk = MemoryDesk([item()])
    with serve(tls_context=_context(certificate), require_starttls=True) as (port, handler):
        carrier = Smtp(server(port, security="starttls", username="ayse", password="open sesame"))
        with pytest.raises(CarrierError, match="CERTIFICATE_VERIFY_FAILED") as raised:
            carrier.carry(desk)
    assert "open sesame" not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert (handler.got, desk.given_back) == ([], [1])


def test_a_server_without_starttls_is_not_spoken_to_in_the_clear() -> None:
    with serve() as (port, handler), pytest.raises(CarrierError, match="STARTTLS"):
        carried(Smtp(server(port, security="starttls")), item())
    assert handler.got == []


@pytest.mark.parametrize("auth", ["auto", "plain", "login"])
def test_a_certificate_that_is_known_carries_the_message(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, auth: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    options = {
        "tls_context": _context(certificate), "require_starttls": True,
        "authenticator": only_ayse, "auth_required": True,
    }  # fmt: skip
    with serve(**options) as (port, handler):
        who = server(port, security="starttls", username="ayse", password="open sesame", auth=auth)
        desk = carried(Smtp(who), item(MESSAGE * 3000), item(number=2))
    assert {one.state for one in desk.outcomes.values()} == {DeliveryState.ACCEPTED}
    assert handler.got == [MESSAGE * 3000, MESSAGE]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_wrong_credentials_stop_the_send_and_are_not_repeated() -> None:
    with serve(authenticator=only_ayse, auth_require_tls=False, auth_required=True) as (port, handler):
        right = server(port, username="ayse", password="open sesame")
        wrong = server(port, username="ayse", password="hush-hush")
        foreign = server(port, username="ayse", password="hush-hüsh")
        unwritable = server(port, username="ayse", password="hush-\ud800")
        assert carried(Smtp(right), item()).outcomes[1].state is DeliveryState.ACCEPTED
        for one in (wrong, foreign, unwritable):
            assert "hush" not in repr(one)
            with pytest.raises(CarrierError) as raised:
                carried(Smtp(one), item())
            assert "hush" not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert len(handler.got) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_server_that_wants_a_login_is_not_taken_for_one_that_refuses_a_reader() -> None:
    desk = MemoryDesk([item(number=1), item(number=2)])
    options = {"authenticator": only_ayse, "auth_require_tls": False, "auth_required": True}
    with serve(**options) as (port, _), pytest.raises(CarrierError, match="MAIL: 530"):
        Smtp(server(port)).carry(desk)
    assert (desk.given_back, desk.outcomes) == ([1], {})

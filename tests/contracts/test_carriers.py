"""Carriers: what they hand over arrives as it is, and what they say of it is certain or says that it is not."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.contracts.smtp_server import HANG_UP, only_ayse, serve

from syndicate.carriers import Outbox, Smtp, SmtpServer
from syndicate.carriers.smtp import REUSE
from syndicate.model import CarrierError, HandOver, Outcome
from syndicate.model.delivery import DeliveryState

MESSAGE = b"Subject: hello\r\n\r\n.hidden\r\n..\r\n.\r\nRegards\r\n\xd8\xa7\r\n"


def item(message: bytes = MESSAGE, recipient: str = "reader@example.org", number: int = 1) -> HandOver:
    return HandOver(number, "letters@example.org", recipient, message)


def server(port: int, **values: object) -> SmtpServer:
    given: dict[str, object] = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 10.0}
    return SmtpServer(**(given | values))  # type: ignore[arg-type]


def handed(replies: dict[str, str], message: HandOver | None = None) -> Outcome:
    with serve(replies) as (port, _), Smtp(server(port)) as carrier:
        return carrier.hand_over(message or item())


# -- outbox ---------------------------------------------------------------------------------------------------


def test_the_outbox_holds_whole_messages_under_their_numbers(tmp_path: Path) -> None:
    with Outbox(tmp_path / "deep" / "out") as outbox:
        assert outbox.hand_over(item(number=12)) == Outcome(DeliveryState.ACCEPTED)
        assert outbox.hand_over(item(number=3)) == Outcome(DeliveryState.ACCEPTED)
    assert {p.name: p.read_bytes() for p in (tmp_path / "deep" / "out").iterdir()} == {
        "0000003.eml": MESSAGE,
        "0000012.eml": MESSAGE,
    }


def test_a_reader_of_the_outbox_never_sees_a_part(tmp_path: Path) -> None:
    big, other = MESSAGE * 20000, MESSAGE.replace(b"hello", b"HELLO") * 20000
    seen: set[bytes] = set()
    with Outbox(tmp_path) as outbox:
        outbox.hand_over(item(big))
        writer = threading.Thread(target=lambda: [outbox.hand_over(item(m)) for m in (other, big) * 4])
        writer.start()
        while writer.is_alive():
            seen.add((tmp_path / "0000001.eml").read_bytes())
        writer.join()
    assert seen <= {big, other}


def test_the_outbox_can_prove_what_was_handed_over(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        outbox.hand_over(item(number=1))
        (tmp_path / "0000002.part").write_bytes(MESSAGE[:9])
        assert outbox.proof(1) == Outcome(DeliveryState.ACCEPTED)
        assert outbox.proof(2) == Outcome(DeliveryState.PLANNED, "", retry=True)


def test_an_outbox_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CarrierError, match="file"):
        Outbox(tmp_path / "file" / "out").__enter__()
    outbox = Outbox(tmp_path / "never made")
    with pytest.raises(CarrierError, match="never made"):
        outbox.hand_over(item())


# -- smtp -----------------------------------------------------------------------------------------------------


def test_a_message_arrives_byte_for_byte() -> None:
    with serve() as (port, handler), Smtp(server(port)) as carrier:
        assert carrier.hand_over(item()) == Outcome(DeliveryState.ACCEPTED, "250 taken")
        assert carrier.hand_over(item(MESSAGE + b"no end of line")).state is DeliveryState.ACCEPTED
        assert carrier.proof(1) is None
    assert handler.got == [MESSAGE, MESSAGE + b"no end of line\r\n"]
    assert handler.recipients == ["reader@example.org"] * 2
    assert handler.connections == 1


def test_a_connection_is_changed_before_a_server_would_count_it_out() -> None:
    with serve() as (port, handler), Smtp(server(port)) as carrier:
        for number in range(REUSE + 1):
            assert carrier.hand_over(item(number=number)).state is DeliveryState.ACCEPTED
    assert (len(handler.got), handler.connections) == (REUSE + 1, 2)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "message"])
def test_no_for_now_is_tried_again_and_no_for_ever_is_not(verb: str) -> None:
    for_now, for_ever = handed({verb: "451 later please"}), handed({verb: "550 5.1.1 never"})
    assert for_now == Outcome(DeliveryState.FAILED, f"{verb}: 451 later please", retry=True)
    assert for_ever == Outcome(DeliveryState.REFUSED, f"{verb}: 550 5.1.1 never")


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "message"])
@pytest.mark.parametrize("reply", ["450 busy", "550 no", "421 closing"])
def test_after_a_refusal_the_next_one_goes_out(verb: str, reply: str) -> None:
    with serve({verb: reply}) as (port, handler), Smtp(server(port)) as carrier:
        assert carrier.hand_over(item()).state is not DeliveryState.ACCEPTED
        handler.replies = {}
        assert carrier.hand_over(item(number=2)).state is DeliveryState.ACCEPTED
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
    outcome = handed({"DATA": "354 then hang up"}, item(MESSAGE + b"x" * 70 + b"\r\n" * 20_000_000))
    assert (outcome.state, outcome.retry) == (DeliveryState.FAILED, True)


def test_a_connection_lost_after_the_final_dot_is_a_doubt() -> None:
    outcome = handed({"message": HANG_UP})
    assert (outcome.state, outcome.retry) == (DeliveryState.UNSURE, False)
    assert outcome.detail.startswith("no reply after the message")


def test_an_answer_that_is_none_is_a_doubt_after_the_message_and_none_before() -> None:
    after, before = handed({"message": "what?"}), handed({"RCPT": "what?"})
    assert (after.state, after.retry) == (DeliveryState.UNSURE, False)
    assert (before.state, before.retry) == (DeliveryState.FAILED, True)


def test_a_server_that_says_nothing_after_the_message_is_a_doubt() -> None:
    with _mute_after_data() as port, Smtp(server(port, timeout=0.5)) as carrier:
        outcome = carrier.hand_over(item())
    assert (outcome.state, outcome.retry) == (DeliveryState.UNSURE, False)


@contextmanager
def _mute_after_data() -> Iterator[int]:
    """A server that reads a whole message and then is silent for as long as the client stays."""

    def talk() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 hello\r\n")
            for reply in (b"250 hello", b"250 ok", b"250 ok", b"354 go on"):
                lines.readline()
                connection.sendall(reply + b"\r\n")
            while lines.readline():
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=talk)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    "message", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\n\r\nMAIL FROM:<evil@example.com>\r\n"]
)
def test_bare_line_ends_are_not_handed_over(message: bytes) -> None:
    """RFC 5321, 2.3.8; what one server takes for an end of line another does not (SMTP smuggling)."""
    with serve() as (port, handler), Smtp(server(port)) as carrier:
        outcome = carrier.hand_over(item(message))
        assert (outcome.state, outcome.retry) == (DeliveryState.FAILED, False)
    assert (handler.got, handler.connections) == ([], 0)


@pytest.mark.parametrize("recipient", ["a@example.org\r\nRCPT TO:<b@example.org>", "ü@example.org"])
def test_an_address_that_cannot_be_written_goes_nowhere(recipient: str) -> None:
    with serve() as (port, handler), Smtp(server(port)) as carrier:
        outcome = carrier.hand_over(item(recipient=recipient))
        assert (outcome.state, outcome.retry) == (DeliveryState.FAILED, False)
        assert carrier.hand_over(item(number=2)).state is DeliveryState.ACCEPTED
    assert handler.recipients == ["reader@example.org"]


def test_a_server_that_is_away_stops_the_send_before_anything_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CarrierError, match=rf"127\.0\.0\.1:{port}: no mail can be handed over"):
        Smtp(server(port)).hand_over(item())


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
    with serve(tls_context=_context(certificate), require_starttls=True) as (port, handler):
        carrier = Smtp(server(port, security="starttls", username="ayse", password="open sesame"))
        with pytest.raises(CarrierError, match="CERTIFICATE_VERIFY_FAILED") as raised:
            carrier.hand_over(item())
    assert "open sesame" not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert handler.got == []


def test_a_server_without_starttls_is_not_spoken_to_in_the_clear() -> None:
    with serve() as (port, handler), pytest.raises(CarrierError, match="STARTTLS"):
        Smtp(server(port, security="starttls")).hand_over(item())
    assert handler.got == []


def test_a_certificate_that_is_known_carries_the_message(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    options = {
        "tls_context": _context(certificate), "require_starttls": True,
        "authenticator": only_ayse, "auth_required": True,
    }  # fmt: skip
    with serve(**options) as (port, handler):
        who = server(port, security="starttls", username="ayse", password="open sesame")
        with Smtp(who) as carrier:
            assert carrier.hand_over(item()).state is DeliveryState.ACCEPTED
    assert handler.got == [MESSAGE]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_wrong_credentials_stop_the_send_and_are_not_repeated() -> None:
    with serve(authenticator=only_ayse, auth_require_tls=False, auth_required=True) as (port, handler):
        right = server(port, username="ayse", password="open sesame")
        wrong = server(port, username="ayse", password="hush-hush")
        foreign = server(port, username="ayse", password="hush-hüsh")
        with Smtp(right) as carrier:
            assert carrier.hand_over(item()).state is DeliveryState.ACCEPTED
        for one in (wrong, foreign):
            assert "hush" not in repr(one)
            with pytest.raises(CarrierError) as raised:
                Smtp(one).hand_over(item())
            assert "hush" not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert len(handler.got) == 1

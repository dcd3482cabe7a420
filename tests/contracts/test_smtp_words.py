"""The conversation with an SMTP server, byte for byte, with servers that are slow, terse, garrulous or wrong."""

import base64
import socket
import ssl
import struct
import threading
from collections.abc import Mapping

import pytest
from tests.contracts.desk import MemoryDesk
from tests.contracts.smtp_robot import HANG_UP, IN_THE_MIDDLE, Robot, listening

from syndicate.carriers.smtp import Smtp, SmtpServer, lane
from syndicate.model import CarrierError, DeliveryState, HandOver, Outcome

HELLO = b"EHLO me.example.org\r\n"
TAKEN = Outcome(DeliveryState.ACCEPTED, "250 taken")


def items(count: int) -> list[HandOver]:
    body = b"Subject: %d\r\n\r\n.dot\r\n"
    return [HandOver(n, f"s{n}@example.org", f"r{n}@example.org", (body % n,)) for n in range(count)]


def asked(number: int) -> bytes:
    return b"MAIL FROM:<s%d@example.org>\r\nRCPT TO:<r%d@example.org>\r\nDATA\r\n" % (number, number)


def sent(number: int) -> bytes:
    return b"Subject: %d\r\n\r\n..dot\r\n" % number


def carry(desk: MemoryDesk, *robots: Robot, **values: object) -> None:
    given: dict[str, object] = {
        "security": "none",
        "timeout": 20.0,
        "hello": "me.example.org",
        "connections": 1,
    } | values
    with listening(*robots) as port:
        Smtp(SmtpServer("127.0.0.1", port, **given)).carry(desk)  # type: ignore[arg-type]


def outcomes(robot: Robot, count: int = 2, **values: object) -> Mapping[int, Outcome]:
    desk = MemoryDesk(items(count))
    carry(desk, robot, **values)
    return desk.outcomes


# -- what is said -----------------------------------------------------------------------------------------------


def test_the_next_envelope_is_behind_the_dot() -> None:
    robot = Robot()
    desk = MemoryDesk(items(3))
    carry(desk, robot)
    said = b"".join(asked(n) + sent(n) + b".\r\n" for n in range(3))
    assert robot.heard == [HELLO + said + b"QUIT\r\n"]
    assert desk.log == [
        ("take", 0), ("take", 1), ("mark", 0), ("settle", 0),
        ("take", 2), ("mark", 1), ("settle", 1),
        ("mark", 2), ("settle", 2),
    ]  # fmt: skip
    assert set(desk.outcomes.values()) == {TAKEN}


def test_a_server_without_pipelining_is_waited_for() -> None:
    robot = Robot(offers=())
    desk = MemoryDesk(items(2))
    carry(desk, robot)
    assert robot.heard == [HELLO + b"".join(asked(n) + sent(n) + b".\r\n" for n in range(2)) + b"QUIT\r\n"]
    assert [word for word, _ in desk.log if word != "take"] == ["mark", "settle"] * 2


def test_nothing_but_the_dot_is_sent_after_the_mark_and_nothing_of_it_before() -> None:
    robot = Robot()
    desk = MemoryDesk(items(1))
    desk.on_mark = lambda _: before.append(robot.whole.copy())
    before: list[list[int]] = []
    carry(desk, robot)
    assert (before, robot.whole) == ([[]], [0])


@pytest.mark.parametrize(
    "robot", [Robot(piece=1), Robot(piece=7), Robot(end="\n"), Robot(greeting="220-a\r\n220 b")]
)
def test_replies_may_come_in_any_pieces(robot: Robot) -> None:
    assert outcomes(robot, 3) == dict.fromkeys(range(3), TAKEN)
    assert len(robot.heard) == 1


@pytest.mark.parametrize("piece", [0, 1])
def test_a_reply_may_have_many_lines(piece: int) -> None:
    script = {
        "MAIL": "250-sender\r\n250-is\r\n250 ok",
        "RCPT": "250-one\r\n250",
        "dot": "250-2.0.0 taken\r\n250 2.0.0 as 1",
    }
    found = outcomes(Robot({0: script}, piece=piece))
    assert found == {0: Outcome(DeliveryState.ACCEPTED, "250 2.0.0 taken 2.0.0 as 1"), 1: TAKEN}


def test_an_old_server_that_knows_no_ehlo_is_spoken_to_simply() -> None:
    class Old(Robot):
        def _scripted(self, verb: str) -> str:
            return super()._scripted(verb)

        def _command(self, connection, lines, line):  # type: ignore[no-untyped-def]
            if line.startswith(b"EHLO"):
                self._say(connection, "502 what?")
            else:
                super()._command(connection, lines, line)

    robot = Old()
    assert outcomes(robot, 1) == {0: TAKEN}
    assert robot.heard[0].startswith(HELLO + b"HELO me.example.org\r\nMAIL")


# -- refusals -----------------------------------------------------------------------------------------------------


def test_a_refused_reader_does_not_hold_up_the_others() -> None:
    """The lone dot of RFC 2920, 3.1 is not needed where DATA is refused; RSET goes with the next envelope."""
    robot = Robot({0: {"RCPT": "550 5.1.1 unknown"}})
    assert outcomes(robot) == {0: Outcome(DeliveryState.REFUSED, "RCPT: 550 5.1.1 unknown"), 1: TAKEN}
    assert robot.heard == [HELLO + asked(0) + b"RSET\r\n" + asked(1) + sent(1) + b".\r\nQUIT\r\n"]


def test_a_message_to_nobody_is_ended_by_a_lone_dot() -> None:
    robot = Robot({0: {"RCPT": "550 unknown", "DATA": "354 go on"}})
    assert outcomes(robot) == {0: Outcome(DeliveryState.REFUSED, "RCPT: 550 unknown"), 1: TAKEN}
    assert (robot.alone, robot.whole, len(robot.heard)) == (1, [1], 1)
    assert asked(0) + b".\r\n" in robot.heard[0]


def test_a_message_from_nobody_to_somebody_gets_no_dot() -> None:
    robot = Robot({0: {"MAIL": "550 not you", "RCPT": "250 ok", "DATA": "354 go on"}})
    assert outcomes(robot) == {0: Outcome(DeliveryState.REFUSED, "MAIL: 550 not you"), 1: TAKEN}
    assert (robot.alone, robot.whole, len(robot.heard)) == (0, [1], 2)


def test_the_envelope_behind_a_refused_message_is_not_lost() -> None:
    robot = Robot({0: {"dot": "554 5.7.1 spam"}, 1: {"dot": "451 later"}, 2: {"RCPT": "450 busy"}})
    found = outcomes(robot, 4)
    assert found == {
        0: Outcome(DeliveryState.REFUSED, "message: 554 5.7.1 spam"),
        1: Outcome(DeliveryState.FAILED, "message: 451 later", retry=True),
        2: Outcome(DeliveryState.FAILED, "RCPT: 450 busy", retry=True),
        3: TAKEN,
    }
    assert len(robot.heard) == 1


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("offers", [("PIPELINING",), ()])
def test_a_server_that_closes_is_left_and_the_next_goes_another_way(
    verb: str, offers: tuple[str, ...]
) -> None:
    robot = Robot({0: {verb: "421 4.3.2 closing"}}, offers=offers)
    assert outcomes(robot) == {
        0: Outcome(DeliveryState.FAILED, f"{verb}: 421 4.3.2 closing", retry=True),
        1: TAKEN,
    }
    assert len(robot.heard) == 2


def test_closing_at_the_dot_gives_back_the_one_behind_it() -> None:
    desk, robot = MemoryDesk(items(3)), Robot({0: {"dot": "421 closing"}})
    carry(desk, robot)
    assert desk.outcomes == {
        0: Outcome(DeliveryState.FAILED, "message: 421 closing", retry=True),
        2: TAKEN,
    }
    assert desk.given_back == [1]


def test_a_server_that_is_out_of_step_is_not_believed() -> None:
    """503 to MAIL is about the sequence, never about a reader; it must not end a delivery for ever."""
    robot = Robot({0: {"MAIL": "503 nested MAIL"}, 1: {"DATA": "250 ok"}, 2: {"RCPT": "354 go"}})
    found = outcomes(robot, 4)
    assert [(one.state, one.retry) for _, one in sorted(found.items())] == [
        *[(DeliveryState.FAILED, True)] * 3,
        (DeliveryState.ACCEPTED, False),
    ]
    assert len(robot.heard) == 4


@pytest.mark.parametrize("reply", ["what?", "25", "999 x", "250-a\r\n251 b", "x" * 9000, "250-a\r\n" * 300])
@pytest.mark.parametrize("verb", ["RCPT", "dot"])
def test_what_is_no_reply_is_a_doubt_after_the_dot_only(verb: str, reply: str) -> None:
    found = outcomes(Robot({0: {verb: reply}}), 1)[0]
    certain = (DeliveryState.FAILED, True)
    assert (found.state, found.retry) == (certain if verb == "RCPT" else (DeliveryState.UNSURE, False))
    assert len(found.detail) < 400


# -- losses -------------------------------------------------------------------------------------------------------


def test_the_answer_to_the_dot_is_lost() -> None:
    desk, robot = MemoryDesk(items(3)), Robot({0: {"dot": HANG_UP}})
    carry(desk, robot)
    assert desk.outcomes[0].state is DeliveryState.UNSURE
    assert desk.outcomes[2] == TAKEN
    assert (desk.given_back, desk.marked) == ([1], [0, 2])


def test_a_connection_that_breaks_in_a_message_is_certain() -> None:
    body = b"x" * 70 + b"\r\n"
    big = HandOver(0, "s0@example.org", "r0@example.org", (body * 200_000,))
    desk, robot = MemoryDesk([big, items(2)[1]]), Robot({0: {"body": IN_THE_MIDDLE}})
    carry(desk, robot)
    assert (desk.outcomes[0].state, desk.outcomes[0].retry) == (DeliveryState.FAILED, True)
    assert desk.outcomes[1] == TAKEN
    assert desk.marked == [1]


def test_what_a_server_says_before_the_end_is_heard() -> None:
    """It refuses a message that it has not read; the dot is held back, so this is certain."""

    class Hasty(Robot):
        def _message(self, connection, lines):  # type: ignore[no-untyped-def]
            if self.number == 0:
                self._say(connection, "552 5.3.4 too large", "421 closing")
            super()._message(connection, lines)

    desk, robot = MemoryDesk(items(2)), Hasty()
    told: list[int] = []
    # by now the answer has come, for the message came before the mark
    desk.on_mark = lambda which: told.extend(which) or _until(lambda: b"..dot" in robot.heard[0])
    carry(desk, robot)
    assert desk.outcomes == {0: Outcome(DeliveryState.REFUSED, "message: 552 5.3.4 too large"), 1: TAKEN}
    assert robot.whole == [1]


def _until(is_true: object) -> None:
    import time

    for _ in range(500):
        if is_true():  # type: ignore[operator]
            break
        time.sleep(0.01)
    time.sleep(0.05)


def test_a_dot_that_the_system_would_not_even_take_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection was reset before: of a dot that was never taken nothing can have arrived."""
    gone = threading.Event()

    class Resets(Robot):
        def _message(self, connection, lines):  # type: ignore[no-untyped-def]
            if self.number == 0:
                while self._line(lines) != b"..dot\r\n":
                    pass
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Closed when the last file on it is.
                lines.close()
                connection.close()
                gone.set()
                raise OSError
            super()._message(connection, lines)

    monkeypatch.setattr(lane, "A_WHILE", 60.0)
    desk = MemoryDesk(items(2))
    desk.on_mark = lambda which: gone.wait(10) and _until(lambda: True)
    carry(desk, Resets())
    assert desk.outcomes[0].detail.startswith("connection lost before the message")
    assert (desk.outcomes[0].retry, desk.given_back) == (True, [1])


def test_called_back_at_the_last_moment_hangs_up_without_the_dot() -> None:
    desk, robot = MemoryDesk(items(3), called_back=[1]), Robot()
    carry(desk, robot)
    assert (robot.whole, desk.outcomes) == ([0, 2], {0: TAKEN, 2: TAKEN})
    assert robot.heard[0].endswith(asked(1) + sent(1))
    assert robot.heard[1] == HELLO + asked(2) + sent(2) + b".\r\nQUIT\r\n"


def test_a_ledger_that_cannot_be_written_sends_nothing_more() -> None:
    desk, robot = MemoryDesk(items(2)), Robot()

    def breaks(deliveries: object) -> None:
        raise ZeroDivisionError

    desk.on_mark = breaks
    with pytest.raises(ZeroDivisionError):
        carry(desk, robot)
    assert (desk.given_back, desk.taken, robot.whole) == ([0, 1], {}, [])


def test_a_server_that_left_while_there_was_nothing_to_send_costs_nobody_an_attempt() -> None:
    desk, robot = MemoryDesk(items(1)), Robot()
    settle = desk.settle

    class Leaves(Robot):
        def _say(self, connection, *said):  # type: ignore[no-untyped-def]
            super()._say(connection, *said)
            if said == ("250 taken",):
                super()._say(connection, "421 idle")

    def and_later(delivery: int, outcome: Outcome) -> None:
        settle(delivery, outcome)
        if delivery == 0:
            _until(lambda: True)
            desk.items.append(items(2)[1])

    desk.settle = and_later  # type: ignore[method-assign]
    carry(desk, Leaves(), robot)
    assert desk.outcomes == {0: TAKEN, 1: TAKEN}


def test_connections_that_keep_breaking_make_everybody_wait() -> None:
    desk = MemoryDesk(items(4))
    carry(desk, Robot({number: {"MAIL": HANG_UP} for number in range(3)}))
    assert desk.slowed == [4.0, 8.0]
    assert desk.outcomes[3] == TAKEN


def test_a_server_that_comes_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PAUSES", (0.0, 0.0, 0.0))
    away = Robot(greeting="421 not now")
    desk = MemoryDesk(items(2))
    carry(desk, Robot({0: {"MAIL": "421 closing"}}), away, away, away, Robot())
    assert desk.outcomes[1] == TAKEN
    desk = MemoryDesk(items(3))
    with pytest.raises(CarrierError, match="not now"):
        carry(desk, Robot({0: {"MAIL": "421 closing"}}), away)
    assert (desk.given_back, list(desk.outcomes), desk.taken) == ([1], [0], {})


@pytest.mark.parametrize("greeting", ["554 no", "421 later", "hello", "220-x\r\n221 y", HANG_UP])
def test_a_server_that_does_not_greet_stops_the_send(greeting: str) -> None:
    desk = MemoryDesk(items(1))
    with pytest.raises(CarrierError, match=r"127\.0\.0\.1:\d+: no mail can be handed over"):
        carry(desk, Robot(greeting=greeting))
    assert desk.given_back == [0]


def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    class Mute(Robot):
        def _say(self, connection, *said):  # type: ignore[no-untyped-def]
            if said != ("250 taken",):
                super()._say(connection, *said)

    assert outcomes(Mute(), 1, timeout=0.5)[0].state is DeliveryState.UNSURE


# -- opening ------------------------------------------------------------------------------------------------------


class Knows(Robot):
    """Says ``lines`` one after the other to what comes after EHLO, until they are used up."""

    def __init__(self, lines: list[str], **values: object) -> None:
        super().__init__(**values)  # type: ignore[arg-type]
        self.lines = lines

    def _command(self, connection, lines, line):  # type: ignore[no-untyped-def]
        if line.startswith(b"EHLO") or not self.lines:
            super()._command(connection, lines, line)
        else:
            self._say(connection, self.lines.pop(0))


def test_words_in_front_of_tls_are_not_taken_for_words_under_it() -> None:
    """CVE-2011-0411: somebody on the way adds an answer in the clear, to be read after the handshake."""
    robot = Knows(["220 go\r\n250 AUTH PLAIN"], offers=("STARTTLS", "PIPELINING"))
    desk = MemoryDesk(items(1))
    with pytest.raises(CarrierError, match="in the clear"):
        carry(desk, robot, security="starttls", username="ayse", password="open sesame")
    assert robot.heard == [HELLO + b"STARTTLS\r\n"]


def test_tls_that_is_refused_is_not_done_without() -> None:
    for reply, said in (("454 not now", "454"), ("501 no", "501")):
        robot = Knows([reply], offers=("STARTTLS",))
        with pytest.raises(CarrierError, match=said):
            carry(MemoryDesk(items(1)), robot, security="starttls")
        assert robot.heard == [HELLO + b"STARTTLS\r\n"]


def test_tls_that_is_none_is_an_error_with_a_name() -> None:
    for security in ("tls", "starttls"):
        robot = Knows(["220 go", "and now for something different"], offers=("STARTTLS",))
        with pytest.raises(CarrierError, match="no mail can be handed over") as raised:
            carry(MemoryDesk(items(1)), robot, security=security)
        assert isinstance(raised.value.__cause__, ssl.SSLError | OSError)


def test_login_in_two_answers() -> None:
    robot = Knows(
        ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 ok"], offers=("AUTH=LOGIN CRAM-MD5", "PIPELINING")
    )
    assert outcomes(robot, 1, username="ayşe", password="sésame") == {0: TAKEN}
    user, password = (base64.b64encode(one.encode()) for one in ("ayşe", "sésame"))
    assert robot.heard[0].startswith(HELLO + b"AUTH LOGIN\r\n" + user + b"\r\n" + password + b"\r\nMAIL")


def test_a_token_is_carried_as_its_bearer() -> None:
    robot = Knows(["235 ok"], offers=("AUTH PLAIN XOAUTH2",))
    assert outcomes(robot, 1, username="ayse@example.org", password="t0ken", auth="xoauth2") == {0: TAKEN}
    said = robot.heard[0].split(b"\r\n")[1]
    assert said.startswith(b"AUTH XOAUTH2 ")
    assert base64.b64decode(said.split()[2]) == b"user=ayse@example.org\x01auth=Bearer t0ken\x01\x01"


def test_a_token_that_is_refused_is_asked_why_and_nothing_secret_is_said() -> None:
    """Google answers 334 with the error in base64, and 535 after an empty line."""
    said = base64.b64encode(b"user=ayse@example.org\x01auth=Bearer t0ken\x01\x01").decode()
    robot = Knows(
        ["334 eyJzdGF0dXMiOiI0MDAifQ==", f"535 5.7.8 no, {said} of ayse@example.org"],
        offers=("AUTH XOAUTH2",),
    )
    with pytest.raises(CarrierError, match=r"535 5\.7\.8 no, … of \(address\)"):
        outcomes(robot, 1, username="ayse@example.org", password="t0ken", auth="xoauth2")
    assert robot.heard[0].split(b"\r\n")[2:] == [b"", b""]


def test_a_login_that_asks_on_and_on_is_given_up() -> None:
    robot = Knows(["334 a", "334 b", "334 c", "501 cancelled"], offers=("AUTH LOGIN",))
    with pytest.raises(CarrierError, match="login was refused"):
        outcomes(robot, 1, username="ayse", password="x")
    assert robot.heard[0].endswith(b"\r\n*\r\n")


def test_a_server_that_knows_no_login_of_ours_gets_no_password() -> None:
    robot = Robot(offers=("AUTH GSSAPI",))
    with pytest.raises(CarrierError, match="PLAIN or LOGIN"):
        outcomes(robot, 1, username="ayse", password="x")
    assert robot.heard == [HELLO]

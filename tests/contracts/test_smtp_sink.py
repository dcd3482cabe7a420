"""Against Postfix's smtp-sink, a server that this project did not write, with the faults that it knows."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contracts.desk import MemoryDesk

from syndicate.carriers.smtp import Smtp, SmtpServer
from syndicate.model import CarrierError, DeliveryState, HandOver

SINK = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(SINK is None, reason="smtp-sink is not installed (Debian's package postfix)")

BODY = b"Subject: letter\r\n\r\n" + (b".line\r\n" + b"x" * 70 + b"\r\n") * 60


@contextmanager
def sink(*options: str) -> Iterator[SmtpServer]:
    """A sink on a free port; ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["-u", "root"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [str(SINK), *user, *options, f"127.0.0.1:{port}", "100"], stderr=subprocess.DEVNULL
    )
    try:
        _await(port)
        yield SmtpServer(
            "127.0.0.1", port, "none", timeout=20, hello="me.example.org", messages_per_connection=25
        )
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    for _ in range(400):
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the sink does not listen")


def items(count: int) -> list[HandOver]:
    return [
        HandOver(n, "letters@example.org", f"r{n}@example.org", (b"X-N: %d\r\n" % n + BODY,))
        for n in range(count)
    ]


def carried(server: SmtpServer, count: int) -> MemoryDesk:
    desk = MemoryDesk(items(count))
    Smtp(server).carry(desk)
    return desk


@pytest.mark.parametrize("options", [(), ("-p",), ("-E",), ("-e",), ("-P",), ("-8", "-a")], ids=str)
def test_whatever_a_server_offers_all_are_taken(options: tuple[str, ...]) -> None:
    with sink(*options) as server:
        desk = carried(server, 60)
    assert {one.state for one in desk.outcomes.values()} == {DeliveryState.ACCEPTED}
    assert len(desk.outcomes) == 60


def test_many_lanes_carry_each_message_once(tmp_path: Path) -> None:
    lanes, count = 8, 300
    with sink("-d", f"{tmp_path}/mail.") as server:
        desk, carrier = MemoryDesk(items(count)), Smtp(server)
        threads = [threading.Thread(target=carrier.carry, args=(desk,)) for _ in range(lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = [path.read_bytes() for path in tmp_path.iterdir()]
    numbers = [int(one.partition(b"X-N: ")[2].partition(b"\n")[0]) for one in found]
    assert sorted(numbers) == list(range(count))
    assert all(one.count(b"\n.line") == 60 and b"\n..line" not in one for one in found)
    assert {one.state for one in desk.outcomes.values()} == {DeliveryState.ACCEPTED}


@pytest.mark.parametrize(
    ("option", "verb", "state", "retry"),
    [
        ("-f", "MAIL", DeliveryState.REFUSED, False),
        ("-f", "RCPT", DeliveryState.REFUSED, False),
        ("-f", "DATA", DeliveryState.REFUSED, False),
        ("-f", ".", DeliveryState.REFUSED, False),
        ("-r", "RCPT", DeliveryState.FAILED, True),
        ("-r", ".", DeliveryState.FAILED, True),
        ("-q", "MAIL", DeliveryState.FAILED, True),
        ("-q", "DATA", DeliveryState.FAILED, True),
        ("-q", ".", DeliveryState.UNSURE, False),
        ("-Q", "RCPT", DeliveryState.FAILED, True),
        ("-Q", ".", DeliveryState.FAILED, True),
    ],
)
def test_each_fault_is_told_apart(option: str, verb: str, state: DeliveryState, retry: bool) -> None:
    with sink(option, verb) as server:
        desk = carried(server, 3)
    assert {(one.state, one.retry) for one in desk.outcomes.values()} == {(state, retry)}
    assert len(desk.outcomes) + len(desk.given_back) == 3


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO"])
def test_a_server_that_does_not_open_stops_the_send(verb: str) -> None:
    with sink("-q", verb) as server, pytest.raises(CarrierError, match="no mail can be handed over"):
        carried(server, 3)


def test_a_server_that_dawdles_is_waited_for_until_the_timeout_and_no_longer() -> None:
    with sink("-W", "DATA:1") as server:
        patient, hasty = carried(server, 2), carried(replace(server, timeout=0.3), 2)
    assert {one.state for one in patient.outcomes.values()} == {DeliveryState.ACCEPTED}
    assert {(one.state, one.retry) for one in hasty.outcomes.values()} == {(DeliveryState.FAILED, True)}
    with sink("-W", ".:1") as server:
        assert carried(replace(server, timeout=0.3), 1).outcomes[0].state is DeliveryState.UNSURE

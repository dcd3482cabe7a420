"""PostgreSQL dies in mid-send; a sender sleeps past its lease and another does its work: nobody is mailed twice."""

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from tests.postgres_server import create, pg_ctl, programs, server

from .conftest import Newsroom
from .sink import Sink, listening
from .test_control import CONNECTIONS, filled, report, start, wait_until

READERS = 120
Make = Callable[..., Newsroom]


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    with listening() as found:
        yield found


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the newsroom's database, on a durable server of this test's own."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed here")
    with server(found, is_durable=True) as url:
        address = create(url, "journey")
        monkeypatch.setenv("SYNDICATE_DATABASE_URL", address)
        try:
            yield address
        finally:
            # Whoever was started again is no child of the one that the block ends.
            pg_ctl(address, "-m", "immediate", "stop")


def slowly() -> None:
    time.sleep(0.01)


def test_a_server_that_is_restarted_at_once_in_mid_send_costs_nobody_anything(
    newsroom: Make, sink: tuple[Sink, int], own_server: str
) -> None:
    handler, port = sink
    room = filled(newsroom, port, READERS)
    handler.hold = slowly
    sender = start(room)
    for done in (READERS // 4, READERS // 2):
        wait_until(lambda: len(handler.taken) > done)  # noqa: B023
        pg_ctl(own_server, "-m", "immediate", "restart")
    _, said = sender.communicate(timeout=60)
    assert sender.returncode == 0, said
    assert report(room)["states"] == {"accepted": READERS}
    assert set(handler.taken.values()) == {1}


def test_a_server_that_is_away_for_a_moment_is_waited_for(
    newsroom: Make, sink: tuple[Sink, int], own_server: str
) -> None:
    handler, port = sink
    room = filled(newsroom, port, READERS)
    handler.hold = slowly
    sender = start(room)
    wait_until(lambda: len(handler.taken) > READERS // 4)
    pg_ctl(own_server, "-m", "immediate", "stop")
    at_the_fault = len(handler.taken)
    time.sleep(1)
    assert len(handler.taken) <= at_the_fault + CONNECTIONS, "it sent on without a record"
    pg_ctl(own_server, "start")
    _, said = sender.communicate(timeout=60)
    assert sender.returncode == 0, said
    assert report(room)["states"] == {"accepted": READERS}
    assert set(handler.taken.values()) == {1}


def test_a_sender_that_slept_past_its_lease_mails_nobody_whom_the_other_one_mailed(
    newsroom: Make, sink: tuple[Sink, int], postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, port = sink
    monkeypatch.setenv("SYNDICATE_DATABASE_URL", create(postgres_server, f"lease_{uuid.uuid4().hex}"))
    here = filled(newsroom, port, READERS)
    elsewhere = Newsroom(here.root.with_name("elsewhere"))
    shutil.copytree(here.root, elsewhere.root)
    handler.hold = slowly
    sleeper = start(here)
    with asleep(sleeper, lambda: len(handler.taken) > READERS // 4):
        before = len(handler.taken)
        # Its lease of a minute is over, by the clock of the other machine.
        elsewhere.run_at(datetime.now(UTC) + timedelta(minutes=5))
        assert len(handler.taken) > before
    sleeper.communicate(timeout=60)
    states = report(here)["states"]
    assert set(handler.taken.values()) == {1}, "somebody was mailed twice"
    unsure = states.pop("unsure", 0)
    assert states == {"accepted": READERS - unsure}
    assert unsure <= CONNECTIONS
    assert READERS - unsure <= len(handler.taken) <= READERS


@contextmanager
def asleep(process: "subprocess.Popen[str]", when: Callable[[], bool]) -> Iterator[None]:
    """Stopped in the middle of its work, and woken at the end of the block."""
    wait_until(when)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)

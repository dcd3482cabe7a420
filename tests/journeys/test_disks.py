"""A disk that fails, is full or is written to in part when the sender dies: nothing leaves that is not recorded."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest

from .conftest import Newsroom
from .sink import Sink, listening
from .test_control import CONNECTIONS, filled, report, start, wait_until

READERS = 100
PROMISED = 20
"""Seconds: ten, and as many for a machine that does other things."""
Make = Callable[..., Newsroom]
SEND = (str(Path(sys.executable).with_name("syndicate")), "issue", "send", "1")
STRACE = shutil.which("strace")


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    with listening() as found:
        yield found


def slowly() -> None:
    """So that a sender is in the middle of its work for a second or two."""
    time.sleep(0.01)


def everybody_once(room: Newsroom, handler: Sink, kills: int = 0) -> None:
    """In doubt is at most one for each connection of each sender that died."""
    assert set(handler.taken.values()) == {1}, "somebody was mailed twice"
    states = report(room)["states"]
    unsure = states.pop("unsure", 0)
    assert states == {"accepted": READERS - unsure}
    assert unsure <= kills * CONNECTIONS
    assert READERS - unsure <= len(handler.taken) <= READERS


# -- system calls that fail, by strace --------------------------------------------------------------------------


def strace(*words: str) -> list[str]:
    """Skips where nobody may be traced."""
    if STRACE is None:
        pytest.skip("strace is not installed (Debian's package strace)")
    if subprocess.run([STRACE, "-qq", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    return [STRACE, "-f", *words]


@contextmanager
def failing(sender: "subprocess.Popen[str]", call: str, error: str) -> Iterator[None]:
    """Until the end of the block, this system call of a sender that is at work fails."""
    what = ("-e", f"trace={call}", "-e", f"inject={call}:error={error}")
    words = strace("-o", os.devnull, *what, "-p", str(sender.pid))
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as tracing:
        assert tracing.stderr is not None
        if "attached" not in (said := tracing.stderr.readline()):
            pytest.skip(f"strace may not attach here: {said}")
        try:
            yield
        finally:
            tracing.terminate()


def stands_still(handler: Sink) -> bool:
    before = len(handler.taken)
    time.sleep(0.5)
    return len(handler.taken) == before


def test_a_disk_that_fails_for_a_while_is_waited_for(newsroom: Make, sink: tuple[Sink, int]) -> None:
    handler, port = sink
    room = filled(newsroom, port, READERS)
    handler.hold = slowly
    sender = start(room)
    wait_until(lambda: len(handler.taken) > 10)
    with failing(sender, "fdatasync", "EIO"):
        wait_until(lambda: stands_still(handler))
        assert len(handler.taken) < READERS, "it sent on without a record"
    _, said = sender.communicate(timeout=60)
    assert sender.returncode == 0, said
    everybody_once(room, handler)


def test_a_disk_that_fails_for_good_does_not_hold_up_a_sigterm(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = filled(newsroom, port, READERS)
    handler.hold = slowly
    sender = start(room)
    wait_until(lambda: len(handler.taken) > 10)
    with failing(sender, "fdatasync", "EIO"):
        wait_until(lambda: stands_still(handler))
        at_the_fault = len(handler.taken)
        sender.send_signal(signal.SIGTERM)
        _, said = sender.communicate(timeout=PROMISED)
    assert (sender.returncode, len(handler.taken)) == (1, at_the_fault), said
    room.command("issue", "send", "1")
    everybody_once(room, handler, kills=1)


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "sendto"])
def test_killed_at_a_write_again_and_again_it_comes_to_its_end(
    newsroom: Make, sink: tuple[Sink, int], call: str
) -> None:
    handler, port = sink
    room = filled(newsroom, port, READERS)
    deaths = 0
    for when in (12, 33):
        what = ("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}")
        words = strace("-qq", "-o", os.devnull, *what, *SEND)
        died = subprocess.run(words, cwd=room.root, capture_output=True, timeout=60, check=False)
        deaths += died.returncode != 0
    assert deaths
    room.command("issue", "send", "1")
    everybody_once(room, handler, deaths)


# -- a disk that is full ----------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """8 MB in ``folder``. Skips where nobody may mount."""
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """No byte is left on the disk of ``folder`` until the end of the block."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    yield
    ballast.unlink()


@contextmanager
def not_a_byte_longer(sender: "subprocess.Popen[str]", log: Path) -> Iterator[None]:
    """No file of a process may grow past what the database's log is now: a full disk, for whoever may not mount."""
    before = resource.prlimit(sender.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(sender.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
    yield
    if sender.poll() is None:
        resource.prlimit(sender.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("how", ["a small disk", "a limit"])
def test_with_a_full_disk_nothing_leaves_and_with_room_again_it_goes_on(
    newsroom: Make, sink: tuple[Sink, int], tmp_path: Path, how: str
) -> None:
    handler, port = sink
    (tmp_path / "newsroom").mkdir()
    with small_disk(tmp_path / "newsroom") if how == "a small disk" else nullcontext():
        room = filled(newsroom, port, READERS)
        handler.hold = slowly
        sender = start(room)
        wait_until(lambda: len(handler.taken) > 10)
        log = room.root / "var/syndicate.db-wal"
        with full(room.root) if how == "a small disk" else not_a_byte_longer(sender, log):
            wait_until(lambda: stands_still(handler))
            assert len(handler.taken) < READERS, "it sent on without a record"
        _, said = sender.communicate(timeout=60)
        assert sender.returncode == 0, said
        everybody_once(room, handler)

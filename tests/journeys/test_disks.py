"""A disk that fails, is full or is written to in part when the sender dies: nothing leaves that is not recorded."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Newsroom
from .sink import Sink, listening
from .test_control import CONNECTIONS, filled, report, wait_until

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


def injected(room: Newsroom, *what: str) -> "subprocess.Popen[str]":
    """A sender of which some system calls end as ``what`` says. Skips where nobody may be traced."""
    if STRACE is None:
        pytest.skip("strace is not installed (Debian's package strace)")
    if subprocess.run([STRACE, "-qq", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    calls = ",".join(one.partition(":")[0] for one in what)
    words = [STRACE, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"]
    words += [word for one in what for word in ("-e", f"inject={one}")]
    return subprocess.Popen(
        [*words, *SEND], cwd=room.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_disk_that_fails_for_a_while_is_waited_for(newsroom: Make, sink: tuple[Sink, int]) -> None:
    handler, port = sink
    room = filled(newsroom, port, READERS)
    handler.hold = slowly
    sender = injected(room, "fdatasync:error=EIO:when=15..18")
    _, said = sender.communicate(timeout=60)
    assert sender.returncode == 0, said
    everybody_once(room, handler)


def test_a_disk_that_fails_for_good_is_left_within_ten_seconds_of_a_sigterm(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    handler, port = sink
    room = filled(newsroom, port, READERS)
    handler.hold = slowly
    sender = injected(room, "fdatasync:error=EIO:when=20+")
    wait_until(lambda: len(handler.taken) > 5)
    wait_until(lambda: _stands_still(handler))
    at_the_fault = len(handler.taken)
    os.kill(_traced(sender), signal.SIGTERM)
    _, said = sender.communicate(timeout=PROMISED)
    assert (sender.returncode, len(handler.taken)) == (1, at_the_fault), said
    handler.hold = lambda: None
    room.command("issue", "send", "1")
    everybody_once(room, handler, kills=1)


def _traced(strace: "subprocess.Popen[str]") -> int:
    """The process that it started: strace itself keeps signals."""
    children = Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text(encoding="ascii")
    return int(children.split()[0])


def _stands_still(handler: Sink) -> bool:
    before = len(handler.taken)
    time.sleep(0.5)
    return len(handler.taken) == before


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "sendto"])
def test_killed_at_a_write_again_and_again_it_comes_to_its_end(
    newsroom: Make, sink: tuple[Sink, int], call: str
) -> None:
    handler, port = sink
    room = filled(newsroom, port, READERS)
    deaths = 0
    for when in (12, 33):
        sender = injected(room, f"{call}:signal=SIGKILL:when={when}")
        sender.communicate(timeout=60)
        deaths += sender.returncode != 0
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


def test_with_a_full_disk_nothing_leaves_and_with_room_again_it_goes_on(
    newsroom: Make, sink: tuple[Sink, int], tmp_path: Path
) -> None:
    handler, port = sink
    (tmp_path / "newsroom").mkdir()
    with small_disk(tmp_path / "newsroom"):
        room = filled(newsroom, port, READERS)
        handler.hold = slowly
        sender = subprocess.Popen(SEND, cwd=room.root, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: len(handler.taken) > 20)
        ballast = room.root / "ballast"
        _fill(ballast)
        wait_until(lambda: _stands_still(handler))
        at_the_fault = len(handler.taken)
        assert at_the_fault < READERS, "it sent on without a record"
        assert sender.poll() is None
        ballast.unlink()
        _, said = sender.communicate(timeout=60)
        assert sender.returncode == 0, said
        everybody_once(room, handler)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def test_where_no_file_may_grow_nobody_is_mailed_without_a_record(
    newsroom: Make, sink: tuple[Sink, int]
) -> None:
    """The same for whoever may not mount: files end where the database's log is now."""
    handler, port = sink
    room = filled(newsroom, port, READERS)
    handler.hold = slowly

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    sizes = [path.stat().st_size for path in (room.root / "var").glob("syndicate.db*")]
    most = max(sizes) + 65_536
    sender = subprocess.Popen(SEND, cwd=room.root, stderr=subprocess.PIPE, text=True, preexec_fn=limit)
    wait_until(lambda: sender.poll() is not None or _stands_still(handler))
    before = len(handler.taken)
    if sender.poll() is None:
        sender.send_signal(signal.SIGTERM)
    _, said = sender.communicate(timeout=PROMISED)
    assert (sender.returncode, len(handler.taken)) == (1, before), said
    room.command("issue", "send", "1")
    everybody_once(room, handler, kills=1)

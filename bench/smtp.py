"""Handing over by SMTP: ours against smtplib in threads and aiosmtplib, to Postfix's smtp-sink, side by side.

Each arm is a process of its own on one core, the sink (and the proxy that makes a distance) is on another; the arms
take turns, and every figure is a median of rounds. All send the same edition. Ours is the whole sender
(``bench.ledger``): it claims, makes each message out, commits a mark before each final dot and an outcome after it,
synchronously, to SQLite. The others keep no ledger, and send messages that were made beforehand; listmonk's way
(``bench/listmonk``) makes each out with its templates, as it does in service.
"""

import asyncio
import email
import email.policy
import functools
import json
import os
import resource
import shutil
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import edition, ledger
from syndicate.digests import Recipient, stencil

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
NEAR, FAR = 32, 16
COUNT, FAR_COUNT = 10_000, 3200
WAY = 10_000
"""Microseconds each way: a round trip of 20 ms."""

GATHER = 0.001
"""Seconds."""

SENDER, RECIPIENT = "letters@example.org", "reader@example.org"
UNIT = "messages a second"


# -- the figures -----------------------------------------------------------------------------------------------


def vs_smtplib() -> dict[str, Any]:
    return _against("smtplib", f"{NEAR} connections on this machine, against smtplib in {NEAR} threads")


def small_vs_smtplib() -> dict[str, Any]:
    """With one story, so that the sink, which looks at every byte, is not what is measured."""
    with sink() as port:
        rounds = _rounds(("ours", "smtplib"), port, NEAR, COUNT, stories=1)
    ours, theirs = (COUNT / _median(rounds[arm], "seconds") for arm in ("ours", "smtplib"))
    return _result(
        ours, theirs, UNIT, f"{NEAR} connections on this machine, against smtplib in {NEAR} threads", 1
    )


def vs_aiosmtplib() -> dict[str, Any]:
    return _against("aiosmtplib", f"{NEAR} connections on this machine, against {NEAR} of aiosmtplib")


def cpu_vs_smtplib() -> dict[str, Any]:
    """CPU of the sending process for each message, everything that ours does beside it included."""
    with sink() as port:
        rounds = _rounds(("ours", "smtplib"), port, NEAR, COUNT)
    ours, theirs = (_median(rounds[arm], "cpu") / COUNT * 1e6 for arm in ("ours", "smtplib"))
    what = f"{NEAR} connections on this machine, ours with its ledger, against smtplib in {NEAR} threads"
    return _result(ours, theirs, "CPU microseconds a message", what)


def of_source() -> dict[str, Any]:
    """Against Postfix's own generator of load, in C, without messages of its own or a ledger: what the sink takes."""
    with sink() as port:
        rounds = _rounds(("ours", "smtp-source"), port, NEAR, COUNT)
    ours, theirs = (COUNT / _median(rounds[arm], "seconds") for arm in ("ours", "smtp-source"))
    return _result(ours, theirs, UNIT, f"{NEAR} connections on this machine, against Postfix's smtp-source")


def delay_vs_smtplib() -> dict[str, Any]:
    with sink() as behind, _distance(behind) as port:
        rounds = _rounds(("ours", "smtplib"), port, FAR, FAR_COUNT)
    ours, theirs = (FAR_COUNT / _median(rounds[arm], "seconds") for arm in ("ours", "smtplib"))
    return _result(ours, theirs, UNIT, f"{FAR} connections, 20 ms away, against smtplib in {FAR} threads")


def delay_of_rtt() -> dict[str, Any]:
    """Messages a second on a connection, of the 50 that one round trip a message would allow."""
    with sink() as behind, _distance(behind) as port:
        rounds = _rounds(("ours",), port, FAR, FAR_COUNT)
    ours = FAR_COUNT / _median(rounds["ours"], "seconds") / FAR
    limit = 1e6 / (2 * WAY)
    return _result(
        ours, limit, f"{UNIT} on each of {FAR} connections", "20 ms away, of one round trip a message"
    )


def vs_listmonk() -> dict[str, Any]:
    """Against listmonk's own way: its templates, made out one after the other, and its pool of connections, in Go."""
    _listmonk()
    with sink() as port:
        rounds = _rounds(("ours", "listmonk"), port, NEAR, COUNT)
    ours, theirs = (COUNT / _median(rounds[arm], "seconds") for arm in ("ours", "listmonk"))
    what = f"{NEAR} connections on this machine, against listmonk's path with as many"
    return _result(ours, theirs, UNIT, what) | _cpu(rounds, COUNT)


def delay_vs_listmonk() -> dict[str, Any]:
    _listmonk()
    with sink() as behind, _distance(behind) as port:
        rounds = _rounds(("ours", "listmonk"), port, FAR, FAR_COUNT)
    ours, theirs = (FAR_COUNT / _median(rounds[arm], "seconds") for arm in ("ours", "listmonk"))
    what = f"{FAR} connections, 20 ms away, against listmonk's path with as many"
    return _result(ours, theirs, UNIT, what) | _cpu(rounds, FAR_COUNT)


def _cpu(rounds: dict[str, list[dict[str, float]]], count: int) -> dict[str, Any]:
    """CPU microseconds a message of each arm."""
    return {"cpu": {arm: round(_median(found, "cpu") / count * 1e6) for arm, found in rounds.items()}}


def _against(other: str, what: str) -> dict[str, Any]:
    with sink() as port:
        rounds = _rounds(("ours", other), port, NEAR, COUNT)
    ours, theirs = (COUNT / _median(rounds[arm], "seconds") for arm in ("ours", other))
    return _result(ours, theirs, UNIT, what)


def _result(
    ours: float, against: float, unit: str, what: str, stories: int = edition.STORIES
) -> dict[str, Any]:
    what = f"{len(message(0, stories)) / 1000:.0f} kB messages to smtp-sink, {what}"
    ratio = round(ours / against, 3)
    return {"ratio": ratio, "ours": round(ours, 1), "against": round(against, 1), "unit": unit, "what": what}


def _median(rounds: Sequence[dict[str, float]], figure: str) -> float:
    return statistics.median(one[figure] for one in rounds)


# -- the machinery ---------------------------------------------------------------------------------------------


def _rounds(
    arms: Sequence[str], port: int, connections: int, count: int, stories: int = edition.STORIES
) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in arms}
    for _ in range(ROUNDS):
        for arm in arms:
            found[arm].append(_round(arm, port, connections, count, stories))
    return found


def _round(
    arm: str, port: int, connections: int, count: int, stories: int = edition.STORIES
) -> dict[str, float]:
    if arm == "ours":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            ledger.plan(url, count, stories)
            return ledger.sending(url, port, connections)
    if arm == "smtp-source":
        return _source(port, connections, count)
    if arm == "listmonk":
        return _pool(port, connections, count, stories)
    words = [sys.executable, "-m", "bench.smtp", arm, str(port), str(connections), str(count), str(stories)]
    said = subprocess.run([*on_core(0), *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(said.stdout))


def _source(port: int, connections: int, count: int) -> dict[str, float]:
    words = [
        "/usr/sbin/smtp-source", "-s", str(connections), "-m", str(count), "-l", str(len(message(0))),
        "-f", SENDER, "-t", RECIPIENT, f"127.0.0.1:{port}",
    ]  # fmt: skip
    began = time.perf_counter()
    subprocess.run([*on_core(0), *words], check=True, capture_output=True)
    return {"seconds": time.perf_counter() - began}


@functools.cache
def _listmonk() -> tempfile.TemporaryDirectory[str]:
    """The folder of the program of ``bench/listmonk``, built once.

    Raises RuntimeError where Go or listmonk's pool is not to be had.
    """
    if shutil.which("go") is None:
        raise RuntimeError("listmonk's path cannot be built: Go is not installed (Debian's package golang)")
    folder = tempfile.TemporaryDirectory()
    words = ["go", "build", "-o", folder.name, "."]
    made = subprocess.run(words, cwd=ROOT / "bench" / "listmonk", capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"listmonk's path cannot be built: {' '.join(made.stderr.split())[:300]}")
    return folder


def _pool(port: int, connections: int, count: int, stories: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        letters = [Path(folder) / name for name in ("letter.html", "letter.txt")]
        for path, text in zip(letters, _templates(stories), strict=True):
            path.write_text(text, encoding="utf-8")
        words = [f"{_listmonk().name}/listmonk", str(port), str(connections), str(count), *map(str, letters)]
        said = subprocess.run([*on_core(0), *words], check=True, capture_output=True, text=True)
    return dict(json.loads(said.stdout))


def _templates(stories: int) -> tuple[str, str]:
    """HTML and text of the same edition, with the places that are different for each person as Go writes them.

    Go's html/template leaves comments out, those for Outlook among them: listmonk's messages are a tenth smaller.
    """
    made = email.message_from_bytes(message(0, stories), policy=email.policy.default)
    found = []
    for kind in ("html", "plain"):
        part = made.get_body((kind,))
        if part is None:
            raise RuntimeError(f"the edition has no {kind} part")
        text = part.get_content().replace(f"{edition.BASE}/u/{'x' * 34}", "{{ .URL }}")
        found.append(text.replace(f"{edition.BASE}/p/{'x' * 34}", "{{ .URL }}?manage=true"))
    return found[0], found[1]


def on_core(number: int) -> list[str]:
    able = shutil.which("taskset") and (os.cpu_count() or 1) > 1
    return ["taskset", "-c", str(number)] if able else []


@contextmanager
def sink() -> Iterator[int]:
    """Raises RuntimeError when Postfix's smtp-sink is not installed."""
    found = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise RuntimeError("smtp-sink is not installed (Debian's package postfix)")
    port = _free()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with _running([*on_core(1), found, *user, f"127.0.0.1:{port}", "1000"], port):
        yield port


@contextmanager
def _distance(sink: int) -> Iterator[int]:
    """A proxy 10 ms away; made with the C compiler, for this kernel may not know netem."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "delay"
        subprocess.run(["cc", "-O2", "-o", program, ROOT / "bench" / "delay.c"], check=True)
        port = _free()
        with _running([*on_core(1), str(program), str(port), str(sink), str(WAY)], port):
            yield port


@contextmanager
def _running(words: Sequence[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        _await(port)
        yield
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    for _ in range(100):
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


# -- the arms --------------------------------------------------------------------------------------------------


def message(number: int, stories: int = edition.STORIES) -> bytes:
    """The message that ours makes out, for somebody else."""
    digest, sender = edition.turkish(stories)
    recipient = Recipient(
        f"Ayşe Yılmaz {number}", RECIPIENT, f"<{number:032x}@news.example.org>",
        f"{edition.BASE}/u/{'x' * 34}", f"{edition.BASE}/p/{'x' * 34}", f"leave@news.example.org?subject={'x' * 34}",
    )  # fmt: skip
    return stencil(digest, sender).message(recipient, edition.WHEN)


def with_smtplib(port: int, connections: int, count: int, messages: Sequence[bytes]) -> None:
    numbers = iter(range(count))

    def lane() -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example.org") as connection:
            for number in numbers:
                connection.sendmail(SENDER, [RECIPIENT], messages[number % len(messages)])

    _in_threads(connections, lane)


def with_aiosmtplib(port: int, connections: int, count: int, messages: Sequence[bytes]) -> None:
    import aiosmtplib

    numbers = iter(range(count))

    async def lane() -> None:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench.example.org"
        )
        async with client:
            for number in numbers:
                await client.sendmail(SENDER, [RECIPIENT], messages[number % len(messages)])

    async def all_lanes() -> None:
        await asyncio.gather(*(lane() for _ in range(connections)))

    asyncio.run(all_lanes())


ARMS: dict[str, Callable[[int, int, int, Sequence[bytes]], None]] = {
    "smtplib": with_smtplib,
    "aiosmtplib": with_aiosmtplib,
}


def _in_threads(number: int, task: Callable[[], None]) -> None:
    with ThreadPoolExecutor(number) as pool:
        for lane in [pool.submit(task) for _ in range(number)]:
            lane.result()


def main(arm: str, port: str, connections: str, count: str, stories: str) -> None:
    """One arm, once: prints its seconds and CPU seconds."""
    messages = [message(number, int(stories)) for number in range(16)]
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    ARMS[arm](int(port), int(connections), int(count), messages)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "cpu": cpu, "system": after.ru_stime - before.ru_stime}))


if __name__ == "__main__":
    main(*sys.argv[1:])

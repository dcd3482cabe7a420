"""Two clocks at once, while the time of day is set forward and back under them: each slot gets one issue.

Time is libfaketime's, read from a file (``FAKETIME_TIMESTAMP_FILE``) that the harness replaces: what processes see is a
machine whose clock is set, the steady clock goes on. So it must be ``FAKETIME_DONT_FAKE_MONOTONIC=1``: else a Python
hangs in its first wait; ``time.sleep``, which fails then, is replaced in the processes (see ``clock_process``). And
``FAKETIME_FORCE_MONOTONIC_FIX=0``: else threads that wait for each other do so by running in circles.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour
from email import message_from_bytes
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.postgres_server import create, programs, server

from syndicate.model import IssueState
from syndicate.store import Database, deliveries, issues

ROOT = Path(__file__).parents[2]
FIRST = date(2026, 10, 1)
NEWSLETTERS = {"berlin": ("Europe/Berlin", "02:30"), "sydney": ("Australia/Sydney", "02:30")}
"""In an hour that Sydney skips on 4 October, and that Berlin has twice on the 25th."""

PATIENCE = 300.0
SECRET = "a secret of the reliability runs"
DONE = (IssueState.SENT, IssueState.EMPTY, IssueState.FOLDED)
SETTINGS = """
[site]
name = "Gazette"
url = "https://gazette.example.org"
public_url = "https://news.gazette.example.org"
id_authority = "gazette.example.org,2026"
languages = ["en"]
postal_address = "The Gazette, 1 Main Street"
[mail]
from_address = "letters@news.gazette.example.org"
"""
NEWSLETTER = """
[[sources]]
name = "{key}"
kind = "markdown"
path = "{key}"
url = "https://gazette.example.org/{key}/{{slug}}/"
[newsletters.{key}]
title = "{key}"
cadence = "daily"
timezone = "{zone}"
sources = ["{key}"]
at = "{at}"
"""


def library() -> Path | None:
    """libfaketime for threads; None where it is not installed (Debian's package libfaketime)."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """``moment`` is UTC."""

    moment: datetime
    newsletter: str
    day: str


def slots(days: int) -> list[Slot]:
    """Every slot of both newsletters, in order, reckoned without the product: by asking what clocks show.

    Those of the first day have passed when the clocks start.
    """
    made = []
    for key, (zone, at) in NEWSLETTERS.items():
        for n in range(days):
            day = FIRST + timedelta(days=n)
            made.append(Slot(_shows(day, hour.fromisoformat(at), ZoneInfo(zone)), key, day.isoformat()))
    return sorted(made)


def _shows(day: date, at: hour, zone: ZoneInfo) -> datetime:
    """The first minute (UTC) whose local time on ``day`` is ``at``; in a gap, as long after the last one before it."""
    wanted = datetime.combine(day, at)
    minute = datetime.combine(day, hour(), UTC) - timedelta(hours=16)
    for _ in range(48 * 60):
        minute += timedelta(minutes=1)
        if minute.astimezone(zone).replace(tzinfo=None) == wanted:
            return minute
    before = _shows(day, (wanted - timedelta(hours=1)).time(), zone)
    return before + timedelta(hours=1)


@dataclass(slots=True)
class Tally:
    """What a run came to. ``broken`` are sentences on promises that were not kept; ``jumps`` are counted by kind."""

    slots: int = 0
    issues: int = 0
    mails: int = 0
    kills: int = 0
    takeovers: int = 0
    seconds: float = 0.0
    jumps: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


class Yard:
    """A newsroom, its database, and two clocks in it."""

    def __init__(self, folder: Path, url: str, manner: str, dice: random.Random) -> None:
        self.folder, self.url, self.manner, self.dice = folder, url, manner, dice
        self.time = folder / "time"
        self.clocks: list[subprocess.Popen[bytes]] = []
        self.shift = 0.0
        self.numbers: list[int] = []

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SYNDICATE_SECRET": SECRET, "SYNDICATE_DATABASE_URL": self.url}

    def furnish(self, days: int) -> None:
        """Settings, readers, and a story for each slot, out a few hours before it."""
        parts = (NEWSLETTER.format(key=k, zone=z, at=at) for k, (z, at) in NEWSLETTERS.items())
        self._write("config.toml", SETTINGS + "".join(parts))
        for n in range(days):
            for key in NEWSLETTERS:
                self._article(key, FIRST + timedelta(days=n - 1))
        self.set(datetime.combine(FIRST, hour(12), UTC))
        begin = [
            sys.executable,
            "-m",
            "tests.reliability.clock_process",
            str(self.folder / "config.toml"),
            "begin",
        ]
        with subprocess.Popen(begin, cwd=ROOT, env=self._faked()) as process:
            self.numbers.append(process.pid)
        if process.returncode:
            raise RuntimeError("the newsroom could not be furnished")

    def _article(self, key: str, day: date) -> None:
        front = f"title: {key} on {day}\ndate: {day}T18:00:00Z"
        text = f"---\n{front}\n---\nWhat happened there on {day}, in some words.\n"
        self._write(f"{key}/{key}-{day}/index.en.md", text)

    def _write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def _faked(self) -> dict[str, str]:
        return {
            **self.environment, "LD_PRELOAD": str(library()), "FAKETIME_TIMESTAMP_FILE": str(self.time),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0", "NO_FAKE_STAT": "1",
        }  # fmt: skip

    def start(self) -> None:
        words = [sys.executable, "-m", "tests.reliability.clock_process", str(self.folder / "config.toml")]
        with (self.folder / f"clock.{len(list(self.folder.glob('clock.*')))}.jsonl").open("wb") as out:
            process = subprocess.Popen(
                [*words, self.manner], cwd=ROOT, env=self._faked(), stdout=out, stderr=subprocess.STDOUT
            )
        self.clocks.append(process)
        self.numbers.append(process.pid)

    def clear(self) -> None:
        """Nothing runs on, and nothing is left of libfaketime, which forgets its shared memory."""
        for one in self.clocks:
            one.kill()
            one.wait()
        for number in self.numbers:
            for name in (f"faketime_shm_{number}", f"sem.faketime_sem_{number}"):
                Path("/dev/shm", name).unlink(missing_ok=True)

    def stop(self) -> list[int]:
        """End both clocks; their exit statuses."""
        for one in self.clocks:
            one.send_signal(signal.SIGTERM)
        return [one.wait(180) for one in self.clocks]

    def set(self, moment: datetime) -> None:
        """Set the time of day under both clocks. By rename: it is read all the time."""
        self.shift = moment.timestamp() - time.time()
        fresh = self.time.with_suffix(".new")
        fresh.write_text(f"{self.shift:+.3f}\n")
        fresh.replace(self.time)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.shift, UTC)

    def said(self) -> list[dict[str, object]]:
        """What the clocks told, those that are dead included; what is no JSON is a complaint."""
        lines = [
            one for path in sorted(self.folder.glob("clock.*")) for one in path.read_bytes().splitlines()
        ]
        return [json.loads(one) if one.startswith(b"{") else {"complaint": one.decode()} for one in lines]


def walk(yard: Yard, wanted: list[Slot], tally: Tally, tell: Callable[[Tally], None]) -> None:
    """From slot to slot, in whatever way the dice say; each time until what is due is done."""
    database = Database(yard.url)
    passed, left = wanted[: len(NEWSLETTERS)], wanted[len(NEWSLETTERS) :]
    try:
        _await(yard, database, passed, tally)
        while left:
            passed = _move(yard, left, tally)
            tally.slots += len(passed)
            left = left[len(passed) :]
            _await(yard, database, passed, tally)
            tell(tally)
    finally:
        database.close()


def _move(yard: Yard, left: list[Slot], tally: Tally) -> list[Slot]:
    """Set the time so that some slots have passed; which."""
    kind = yard.dice.choices(("in time", "forward", "over", "back", "kill"), (4, 3, 1, 2, 1))[0]
    tally.jumps[kind] += 1
    target = left[0].moment
    match kind:
        case "in time":
            # Not a jump over the slot: the clocks see it come.
            yard.set(target - timedelta(seconds=0.3))
            target += timedelta(seconds=0.01)
        case "over":
            target = left[min(len(left) - 1, yard.dice.randrange(2, 6))].moment + timedelta(hours=1)
        case "back":
            yard.set(target - timedelta(hours=yard.dice.uniform(1, 40)))
            time.sleep(0.15)
            target += timedelta(hours=yard.dice.uniform(0, 3))
        case "kill":
            _kill(yard, tally)
            target += timedelta(minutes=yard.dice.uniform(0, 30))
        case _:
            target += timedelta(hours=yard.dice.uniform(0, 3))
    if kind != "in time":
        yard.set(target)
    return [slot for slot in left if slot.moment <= target]


def _kill(yard: Yard, tally: Tally) -> None:
    """One of the two dies, the leader as likely as the other, and another is started."""
    victim = yard.clocks.pop(yard.dice.randrange(len(yard.clocks)))
    victim.kill()
    victim.wait()
    tally.kills += 1
    yard.start()


def _await(yard: Yard, database: Database, passed: list[Slot], tally: Tally) -> None:
    until = time.monotonic() + PATIENCE
    newest = {slot.newsletter: slot for slot in passed}
    while missing := [slot for slot in newest.values() if not _is_done(database, slot)]:
        if time.monotonic() > until:
            raise RuntimeError(f"not done in {PATIENCE:.0f} s at {yard.now}: {missing}; {yard.said()[-6:]}")
        if dead := [one.returncode for one in yard.clocks if one.poll() is not None]:
            raise RuntimeError(f"a clock ended with {dead}: {yard.said()[-6:]}")
        time.sleep(0.01)


def _is_done(database: Database, slot: Slot) -> bool:
    with database.read() as connection:
        found = issues.every(connection, slot.newsletter, 4)
    return any(one.date == slot.day and one.state in DONE for one in found)


def compare(yard: Yard, wanted: list[Slot], tally: Tally) -> None:
    """Each slot has one issue of its day and moment; each reader has each issue's mail once, each story once."""
    database = Database(yard.url)
    with database.read() as connection:
        made = [one for key in NEWSLETTERS for one in issues.every(connection, key, 10**6)]
        lines = {
            one.id: list(deliveries.lines(connection, one.id)) for one in made if one.state == IssueState.SENT
        }
    database.close()
    tally.issues = len(made)
    tally.states = Counter(str(one.state) for one in made)
    found = Counter((one.newsletter, one.date, one.slot) for one in made)
    expected = Counter((slot.newsletter, slot.day, slot.moment) for slot in wanted)
    tally.broken += [f"missing: {one}" for one in expected - found] + [
        f"too many: {one}" for one in found - expected
    ]
    mails = Counter(_who(path) for path in (yard.folder / "var/outbox").glob("*.eml"))
    tally.mails = mails.total()
    owed = sum(1 for one in lines.values() for line in one if line.state == "accepted")
    tally.broken += [f"mailed {n} times: {who}" for who, n in mails.items() if n != 1]
    if owed != tally.mails or any(line.state != "accepted" for one in lines.values() for line in one):
        tally.broken.append(f"{owed} accepted, {tally.mails} mails")
    told = Counter(_story(path) for path in (yard.folder / "var/outbox").glob("*.eml"))
    tally.broken += [f"told {n} times: {who}" for who, n in told.items() if n != 1]


def _who(path: Path) -> tuple[str, str]:
    mail = message_from_bytes(path.read_bytes())
    return str(mail["To"]), str(mail["Message-ID"])


def _story(path: Path) -> tuple[str, str]:
    mail = message_from_bytes(path.read_bytes())
    return str(mail["To"]), str(mail["Subject"])


def rounds(
    kind: str, manner: str, days: int, seed: int, tell: Callable[[Tally], None] = lambda _: None
) -> Tally:
    """``kind`` of database: sqlite or postgres; ``manner``: leads or together; two slots a day."""
    wanted, tally, began = slots(days), Tally(), time.monotonic()
    with yard(kind, manner, seed) as made:
        made.furnish(days)
        made.set(datetime.combine(FIRST, hour(12), UTC))
        made.start()
        made.start()
        walk(made, wanted, tally, tell)
        # One that was started a moment ago does not listen to the signal yet.
        statuses = made.stop()
        if any(status not in (0, -signal.SIGTERM) for status in statuses):
            tally.broken.append(f"exit statuses {statuses}")
        compare(made, wanted, tally)
        said = made.said()
        tally.takeovers = sum(one.get("what") == {"state": "leads"} for one in said)
        tally.broken += [f"complaint: {one['complaint']}" for one in said if "complaint" in one]
    tally.seconds = round(time.monotonic() - began, 1)
    return tally


@contextmanager
def yard(kind: str, manner: str, seed: int) -> Iterator[Yard]:
    """On a disk in memory where there is one."""
    memory = Path("/dev/shm")
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None))
        )
        url = f"sqlite:///{folder}/var/syndicate.db" if kind == "sqlite" else stack.enter_context(_postgres())
        made = Yard(folder, url, manner, random.Random(seed))
        try:
            yield made
        finally:
            made.clear()


@contextmanager
def _postgres() -> Iterator[str]:
    found = programs()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed (Debian's package postgresql)")
    with server(found) as address:
        yield create(address, "clocks")


def main(kind: str, manner: str, days: str, seed: str) -> None:
    """Print a JSON tally; progress goes to standard error."""

    def tell(tally: Tally) -> None:
        if tally.slots % 50 < 2:
            print(f"{kind} {manner}: {tally.slots} slots", file=sys.stderr, flush=True)

    tally = rounds(kind, manner, int(days), int(seed), tell)
    told = {name: getattr(tally, name) for name in Tally.__dataclass_fields__}
    print(json.dumps({"database": kind, "manner": manner, **told}))


if __name__ == "__main__":
    main(*sys.argv[1:])

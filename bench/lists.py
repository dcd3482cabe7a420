"""A list of a million people taken in: parsed, checked, merged, told and written, beside merely writing the same rows.

Ours is the installed command's own path (``flows.lists.sync``) in a process of its own, with its report. Theirs has the
rows in memory, ready to be written: ``executemany`` on SQLite, COPY on PostgreSQL, straight into ``subscriber`` and
``subscription``, in the order of the file, without a check, a history of consent or a report.
"""

import csv
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.ledger import postgres
from syndicate.flows.lists import Wanted, sync
from syndicate.model import StoreError
from syndicate.store import Database

ROOT = Path(__file__).resolve().parent.parent
COUNT, FEW = 1_000_000, 10_000
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
NEWSLETTERS = ["energy", "weekly"]
HEADER = [
    "email",
    "name",
    "languages",
    "timezone",
    "newsletters",
    "cadence",
    "status",
    "consent_at",
    "consent_source",
]
FIRST = [
    "Ayşe",
    "Mehmet",
    "Olga",
    "Denis",
    "Samer",
    "Maryam",
    "John",
    "Айгүл",
    "Нурлан",
    "Олег",
    "李",
    "王",
    "Çağla",
]
LAST = [
    "Yılmaz",
    "Öz",
    "Kaya",
    "Morozov",
    "Иванов",
    "Smith",
    "Левченко",
    "García",
    "الشريف",
    "小明",
    "Dupont",
]
ZONES = ["Europe/Istanbul", "Asia/Almaty", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Asia/Baku"]
READ = ["tr", "en", "ru", "tr en", "ru en", "ar fr", "zh-TW en", "kk ru", "az tr"]
SOURCES = ["form:/tr/subscribe", "event:Almaty 2026", "import"]


def sqlite() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write(path / "list.csv", COUNT)
        theirs = executemany(path / "theirs.db", path / "list.csv")
        ours = taken(f"sqlite:///{path}/ours.db", path / "list.csv")
        again = taken(f"sqlite:///{path}/ours.db", path / "list.csv")
        write(path / "few.csv", FEW)
        few = taken(f"sqlite:///{path}/few.db", path / "few.csv")
    what = (
        f"{COUNT:,} lines in random order: taken in as a whole, against executemany of the same rows; SQLite"
    )
    return _result(theirs, ours, again, what) | {"more_memory_mb": round(ours["peak_mb"] - few["peak_mb"], 1)}


def on_postgres() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, postgres() as url, postgres() as other:
        path = Path(folder)
        write(path / "list.csv", COUNT)
        theirs = copy(other, path / "list.csv")
        ours = taken(url, path / "list.csv")
        again = taken(url, path / "list.csv")
    what = f"{COUNT:,} lines in random order: taken in as a whole, against COPY of the same rows; PostgreSQL"
    return _result(theirs, ours, again, what)


def _result(theirs: float, ours: dict[str, Any], again: dict[str, Any], what: str) -> dict[str, Any]:
    return {
        "ratio": round(theirs / ours["seconds"], 2),
        "ours": round(ours["seconds"], 1),
        "against": round(theirs, 1),
        "unit": "seconds",
        "what": what,
        "figures": ours,
        "again": again,
    }


def write(path: Path, count: int) -> None:
    """A list of ``count`` people whose addresses are in no order, the same every time."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(_cells(chance) for _ in range(count))


def _cells(chance: random.Random) -> list[str]:
    pick = chance.choice
    return [
        f"{chance.getrandbits(48):x}@reader{chance.randrange(500)}.example.org",
        f"{pick(FIRST)} {pick(LAST)}",
        pick(READ),
        pick(ZONES),
        pick(["weekly", "energy", "energy weekly"]),
        pick(["", "", "daily"]),
        pick(["active", "active", "active", "pending"]),
        f"2025-0{chance.randrange(1, 10)}-{chance.randrange(10, 29)}T08:{chance.randrange(10, 60)}:00Z",
        pick(SOURCES),
    ]


def executemany(path: Path, source: Path) -> float:
    """Seconds; with the settings of a database of ours."""
    Database(f"sqlite:///{path}").migrate()
    people, wishes = _rows(source)
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-16384", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO subscriber (id, email, canonical, name, languages, timezone, status, consent_at, "
        "consent_source, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        people,
    )
    connection.executemany("INSERT INTO subscription VALUES (?, ?, ?)", wishes)
    connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return took


def copy(url: str, source: Path) -> float:
    """Seconds."""
    database = Database(url)
    database.migrate()
    people, wishes = _rows(source)
    columns = (
        "id, email, canonical, name, languages, timezone, status, consent_at, consent_source, created_at"
    )
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        began = time.perf_counter()
        with driver.cursor() as cursor:
            with cursor.copy(f"COPY subscriber ({columns}) FROM STDIN") as into:
                for row in people:
                    into.write_row(row)
            with cursor.copy("COPY subscription (subscriber, newsletter, cadence) FROM STDIN") as into:
                for row in wishes:
                    into.write_row(row)
        driver.commit()
        took = time.perf_counter() - began
    database.close()
    return took


def _rows(source: Path) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    people, wishes = [], []
    for number, row in enumerate(_read(source), 1):
        email, name, languages, zone, newsletters, cadence, status, at, told = row
        moment = at.replace("T", " ").replace("Z", ".000000")
        people.append(
            (number, email, email, name, languages, zone, status, moment, told, "2026-11-23 05:00:00.000000")
        )
        wishes += [(number, one, cadence) for one in newsletters.split()]
    return people, wishes


def _read(source: Path) -> Iterator[list[str]]:
    with source.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def taken(url: str, source: Path) -> dict[str, Any]:
    """Our import in a process of its own: seconds, and what it says of itself."""
    words = [sys.executable, "-m", "bench.lists", url, str(source)]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def take(url: str, source: Path) -> dict[str, Any]:
    """In this process. ``held_up``: the longest that another writer waited meanwhile, in seconds."""
    database, steps = Database(url), dict[str, float]()
    database.migrate()

    def told(stage: str, done: int, total: int | None = None) -> None:
        steps.setdefault(stage.split()[0], time.perf_counter())

    other = _Other(url)
    began = time.perf_counter()
    wanted = Wanted(NEWSLETTERS, b"key of the bench", NOW, source.parent / "reports", progress=told)
    try:
        report = sync(database, [source], wanted)
        ended = time.perf_counter()
    finally:
        waited = other.stop()
    edges = [*steps.values(), ended]
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": round(ended - began, 2),
        "cpu": round(used.ru_utime + used.ru_stime, 2),
        "steps": {name: round(b - a, 2) for name, a, b in zip(steps, edges, edges[1:], strict=False)},
        "held_up": round(waited, 2),
        "peak_mb": _peak_mb(),
        "counts": {str(fate): number for fate, number in report.counts.items()},
    }


def _peak_mb() -> float:
    """Not getrusage's, which begins with what the process that started us had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6, 1)


class _Other:
    """Somebody who writes a little, ten times a second."""

    def __init__(self, url: str) -> None:
        self._database, self._longest, self._is_over = Database(url), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> float:
        self._is_over.set()
        self._thread.join()
        self._database.close()
        return self._longest

    def _run(self) -> None:
        from syndicate.store.tables import volume

        while not self._is_over.wait(0.1):
            began = time.perf_counter()
            # Whoever gives up has waited as long as the store lets anybody wait.
            with suppress(StoreError), self._database.begin() as connection:
                connection.execute(volume.delete().where(volume.c.carrier == "nobody"))
            self._longest = max(self._longest, time.perf_counter() - began)


if __name__ == "__main__":
    print(json.dumps(take(sys.argv[1], Path(sys.argv[2]))))

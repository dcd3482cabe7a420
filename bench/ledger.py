"""The whole sender: an issue planned in a database, claimed, made out, marked, handed over to smtp-sink and settled.

Also the sending that ``bench.smtp`` calls ours: nothing is left out of it.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import edition
from syndicate.carriers.smtp import Smtp, SmtpServer
from syndicate.flows.send import Mailroom, send_issues
from syndicate.model import Edition, EditionItem, IssueState, Placement
from syndicate.store import Database, deliveries, issues
from syndicate.store.chunks import chunks
from syndicate.store.deliveries import Planned
from syndicate.store.tables import subscriber, subscription
from syndicate.subscribers import Tokens, message_id

ROOT = Path(__file__).resolve().parent.parent
KEY = b"a key of the benchmarks"
COUNT = 250_000
CONNECTIONS = 32
PER_CONNECTION = 10_000
"""As the others, which keep theirs to the end."""
FEW, MANY = 10_000, 1_000_000
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
DOMAINS = 500


def share_sqlite() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return _share(f"sqlite:///{folder}/bench.db", "SQLite, synchronous=FULL")


def share_postgres() -> dict[str, Any]:
    with postgres() as url:
        return _share(url, "PostgreSQL, fsync on")


def memory() -> dict[str, Any]:
    """Peak memory of the sending process with a hundred times as many people."""
    from bench.smtp import sink

    peaks = []
    for count in (FEW, MANY):
        with tempfile.TemporaryDirectory() as folder, sink() as port:
            url = f"sqlite:///{folder}/bench.db"
            plan(url, count)
            peaks.append(sending(url, port, CONNECTIONS)["peak_mb"])
    few, many = peaks
    what = f"resident memory of the process that sends to {MANY:,} people, against {FEW:,}; SQLite"
    figures = {"ratio": round(many / few, 3), "ours": round(many, 1), "against": round(few, 1)}
    return figures | {"more": round(many - few, 1), "unit": "MB at the peak", "what": what}


def _share(url: str, what: str) -> dict[str, Any]:
    from bench.smtp import sink

    with sink() as port:
        planned = plan(url, COUNT)
        found = sending(url, port, CONNECTIONS)
    if found["accepted"] != COUNT:
        raise RuntimeError(f"{found['accepted']} of {COUNT} were accepted")
    ledger, wall = planned + found["ledger"], planned + found["seconds"]
    return {
        "ratio": round(ledger / wall, 4),
        "ours": round(ledger, 2),
        "against": round(wall, 2),
        "unit": "seconds",
        "what": f"plan, claim, mark and settle {COUNT:,} deliveries, of planning and sending; {what}",
        "figures": {"plan": round(planned, 2)} | found,
    }


def plan(url: str, count: int, stories: int = edition.STORIES) -> float:
    """An approved issue owed to ``count`` people, in a new database; the seconds that writing its ledger took."""
    database = Database(url)
    database.migrate()
    digest, _ = edition.turkish(stories)
    with database.begin() as connection:
        for some in chunks(range(1, count + 1), 10_000):
            connection.execute(subscriber.insert(), [_person(n) for n in some])
            rows = [{"subscriber": n, "newsletter": "weekly", "cadence": ""} for n in some]
            connection.execute(subscription.insert(), rows)
    began = time.perf_counter()
    with database.begin() as connection:
        issue = issues.add(connection, "weekly", NOW, "2026-11-23", None, NOW, IssueState.APPROVED, {}, NOW)
        items = (EditionItem("story", "tag:story", "tr", Placement.LEAD),)
        made = issues.add_edition(connection, issue, Edition("tr", ("tr",), items, True), asdict(digest))
        lines = (
            Planned(n, made, message_id(KEY, "weekly", "2026-11-23", n, "news.example.org"))
            for n in range(1, count + 1)
        )
        deliveries.plan(connection, issue, lines, NOW)
    took = time.perf_counter() - began
    database.close()
    return took


def sending(url: str, port: int, connections: int, core: int = 0) -> dict[str, Any]:
    """Send that issue in a process of its own: seconds, CPU, ledger seconds, peak memory, how many were accepted."""
    from bench.smtp import on_core

    words = [*on_core(core), sys.executable, "-m", "bench.ledger", url, str(port), str(connections)]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def send(url: str, port: int, connections: int) -> dict[str, Any]:
    """In this process."""
    database = Database(url)
    server = SmtpServer(
        "127.0.0.1", port, "none", connections=connections, messages_per_connection=PER_CONNECTION
    )
    with database.read() as connection:
        issue = issues.get(connection, 1)
    with tempfile.TemporaryDirectory() as folder, Smtp(server) as carrier:
        room = Mailroom(
            database=database, carrier=carrier, site=edition.SITE, tokens=Tokens(KEY), key=KEY,
            from_address="letters@news.example.org", lock=Path(folder) / "send.lock",
            unsubscribe_address="leave@news.example.org",
        )  # fmt: skip
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        report = send_issues(room, {"weekly": edition.NEWSLETTER}, [issue], lambda: datetime.now(UTC))
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": round(seconds, 3),
        "cpu": round(used, 3),
        "ledger": round(report.ledger_seconds, 3),
        "peak_mb": round(after.ru_maxrss * 1024 / 1e6, 1),
        "accepted": report.accepted,
    }


@contextmanager
def postgres() -> Iterator[str]:
    """A server of this run's own, as durable as one in service. Raises RuntimeError when PostgreSQL is not there."""
    from tests.postgres_server import create, programs, server

    found = programs()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed (Debian's package postgresql)")
    with server(found, is_durable=True) as address:
        yield create(address, "bench")


def _person(number: int) -> dict[str, Any]:
    domain = f"reader{number % DOMAINS}.example.org"
    return {
        "id": number, "email": f"okur{number}@{domain}", "canonical": f"okur{number}@{domain}",
        "name": f"Ayşe Yılmaz {number}" if number % 3 else f"Reader {number}", "languages": "tr",
        "timezone": "UTC", "status": "active", "consent_at": NOW, "consent_source": "bench", "created_at": NOW,
    }  # fmt: skip


if __name__ == "__main__":
    address, at, lanes = sys.argv[1:]
    print(json.dumps(send(address, int(at), int(lanes))))

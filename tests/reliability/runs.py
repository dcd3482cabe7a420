"""Kill a sender, let another take over, and compare what was said with what was taken; as often as is asked."""

import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

from sqlalchemy import delete, update
from tests.postgres_server import create, programs, server
from tests.reliability import sink
from tests.reliability.kills import OUTBOX_POINTS, POINTS, Counting, Kill, install

from syndicate.carriers import Outbox
from syndicate.carriers.smtp import Smtp, SmtpServer
from syndicate.flows.send import Carrier, Mailroom, keeper, send_issues, tray
from syndicate.model import (
    DeliveryState,
    Edition,
    EditionItem,
    IssueState,
    Newsletter,
    Placement,
    Site,
    Subscriber,
    SubscriberStatus,
    Subscription,
)
from syndicate.store import Database, deliveries, issues, subscribers, tables
from syndicate.store.deliveries import Planned
from syndicate.subscribers import Tokens, message_id

READERS, LANES = 10, 3
KEY = b"a key of the reliability runs"
NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
NEWSLETTER = Newsletter(
    key="weekly", title={"en": "Weekly"}, languages=("en",), cadence="weekly", at="08:00", timezone="UTC"
)
SITE = Site(
    name={"en": "News"}, description={}, url="https://example.org", public_url="https://news.example.org",
    id_authority="example.org,2026", languages=("en",), timezone="UTC", postal_address="1 Example Street",
)  # fmt: skip
_SLOTS = "\ue000{0}\ue001"
DIGEST = {
    "subject": "News", "preheader": "", "language": "en", "direction": "ltr", "told": (), "on_the_web": (),
    "html": f"<p>Dear {_SLOTS.format('name')}, {_SLOTS.format('unsubscribe')}</p>" + "<p>News.</p>" * 200,
    "text": f"Dear {_SLOTS.format('name')}, {_SLOTS.format('unsubscribe')}\n" + "News.\n" * 200,
}  # fmt: skip


@dataclass(slots=True)
class Tally:
    """What all runs came to. ``broken`` are sentences on promises that were not kept."""

    runs: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    doubled: int = 0
    lost: int = 0
    unsure: int = 0
    unsure_most: int = 0
    unsure_taken: int = 0
    broken: list[str] = field(default_factory=list)


class Yard:
    """One database with one issue, put back as it was before each run; one carrier.

    The engine, with all that SQLAlchemy has made ready, is shared with the children; its connections are not.
    """

    def __init__(self, url: str, folder: Path, carrier: str, server: tuple[int, int] | None) -> None:
        self.url, self.folder, self.carrier, self.server = url, folder, carrier, server
        self.database = Database(url)
        self.issue = _planned(self.database)

    @property
    def points(self) -> tuple[str, ...]:
        return OUTBOX_POINTS if self.carrier == "outbox" else POINTS

    def reset(self, seed: int, loss: int) -> None:
        shutil.rmtree(self.folder / "outbox", ignore_errors=True)
        for path in self.folder.glob("send-witness*"):
            path.unlink()
        self.ask(f"reset {seed} {loss}")
        values = {"state": "planned", "claim": None, "due_at": None, "attempts": 0, "settled_at": None}
        with self.database.begin() as connection:
            connection.execute(update(tables.delivery).values(values))
            connection.execute(delete(tables.claim))
            connection.execute(update(tables.issue).values(state=IssueState.APPROVED))

    def send(self, kill: Kill | None, timed: float = 0.0) -> tuple[bool, Counter[str]]:
        """Fork a sender that dies at ``kill``, or after ``timed`` seconds; whether it died, and what it reached."""
        self.database.close()
        told, telling = os.pipe()
        child = os.fork()
        if not child:
            os.close(told)
            os._exit(self._child(kill, telling))
        os.close(telling)
        if timed:
            time.sleep(timed)
            os.kill(child, signal.SIGKILL)
        with os.fdopen(told, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return True, Counter()
        if os.WEXITSTATUS(status):
            raise RuntimeError(f"a sender failed: {said.decode()}")
        return False, Counter(json.loads(said))

    def taken(self) -> Counter[str]:
        """How often each address was handed a message; waits until nothing is on its way any more."""
        if self.carrier == "outbox":
            mails = [message_from_bytes(one.read_bytes()) for one in (self.folder / "outbox").glob("*.eml")]
            return Counter(str(one["To"]).rpartition("<")[2].rstrip(">") for one in mails)
        until = time.monotonic() + 20
        while (said := self.ask("told"))["open"]:
            if time.monotonic() > until:
                raise RuntimeError("the sink still has connections")
            time.sleep(0.002)
        return Counter(said["taken"])

    def fates(self) -> dict[str, str]:
        with self.database.read() as connection:
            return {one.email: one.state for one in deliveries.lines(connection, self.issue)}

    def ask(self, words: str) -> dict[str, Any]:
        if self.server is None:
            return {}
        with socket.create_connection(("127.0.0.1", self.server[1])) as question:
            question.sendall(words.encode() + b"\n")
            return dict(json.loads(question.makefile().readline()))

    def _child(self, kill: Kill | None, telling: int) -> int:
        status, said = 1, ""
        try:
            counting = Counting(kill)
            install(counting, self.database)
            self.hand_over()
            status, said = 0, json.dumps(counting.reached)
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(telling, said.encode())
        return status

    def hand_over(self) -> None:
        """Send what is owed, in this process."""
        with self.database.read() as connection:
            issue = issues.get(connection, self.issue)
        if issue.state not in (IssueState.APPROVED, IssueState.SENDING):
            return
        with self._open_carrier() as carrier:
            room = Mailroom(
                database=self.database, carrier=carrier, site=SITE, tokens=Tokens(KEY), key=KEY,
                from_address="letters@example.org", lock=self.folder / "send.lock",
            )  # fmt: skip
            send_issues(room, {"weekly": NEWSLETTER}, [issue], lambda: datetime.now(UTC))

    def _open_carrier(self) -> AbstractContextManager[Carrier]:
        if self.server is None:
            return Outbox(self.folder / "outbox")
        return Smtp(SmtpServer("127.0.0.1", self.server[0], "none", connections=LANES, timeout=20.0))


def rounds(yard: Yard, number: int, seed: int, tell: Callable[[Tally], None] = lambda _: None) -> Tally:
    """So many runs, spread over all points of a sender's life; and some killed at a random time."""
    # What is waited for in service would be waited for ten thousand times.
    tray.TICK, keeper.TRY_AGAIN, keeper.PATIENCE = 0.01, 0.02, 0.0
    dice, tally = random.Random(seed), Tally()
    yard.reset(0, 0)
    yard.hand_over()
    yard.reset(0, 0)
    _, reach = yard.send(None)
    most = {point: max(1, reach[point]) for point in yard.points}
    for n in range(number):
        # One in five ends with some of the answers lost: those are doubts that no kill made.
        loss = 20 if dice.random() < 0.2 and yard.carrier == "smtp" else 0
        yard.reset(n, loss)
        _run(yard, dice, most, loss, tally)
        tell(tally)
    return tally


def _run(yard: Yard, dice: random.Random, most: dict[str, int], loss: int, tally: Tally) -> None:
    died, steps = 0, []
    while dice.random() < (1.0 if not steps else 0.25):
        timed = dice.uniform(0.01, 0.12) if dice.random() < 0.1 else 0.0
        point = dice.choice(yard.points)
        kill = None if timed else Kill(point, dice.randint(1, most[point]))
        has_died, _ = yard.send(kill, timed)
        died += has_died
        steps.append(str(kill or f"after {timed:.3f} s") if has_died else "not reached")
        if has_died:
            tally.kills[kill.point if kill else "at a random time"] += 1
        else:
            break
    yard.send(None)
    _compare(yard, died, loss, steps, tally)


def _compare(yard: Yard, died: int, loss: int, steps: list[str], tally: Tally) -> None:
    taken, fates = yard.taken(), yard.fates()
    tally.runs += 1
    tally.messages += taken.total()
    unsure = [email for email, state in fates.items() if state == DeliveryState.UNSURE]
    doubled = [email for email, number in taken.items() if number > 1]
    lost = [
        email
        for email, state in fates.items()
        if state != DeliveryState.UNSURE and not _got(state, taken[email])
    ]
    tally.doubled += len(doubled)
    tally.lost += len(lost)
    tally.unsure += len(unsure)
    tally.unsure_taken += sum(1 for email in unsure if taken[email])
    bound = died * LANES if yard.carrier == "smtp" else 0
    if not loss:
        tally.unsure_most = max(tally.unsure_most, -(-len(unsure) // max(1, died)))
    if doubled or lost or (len(unsure) > bound and not loss):
        states = {email: (state, taken[email]) for email, state in fates.items()}
        tally.broken.append(f"run {tally.runs}, {', '.join(steps)}, {loss} % lost: {states}")


def _got(state: str, times: int) -> bool:
    return state == DeliveryState.ACCEPTED and times > 0


def _planned(database: Database) -> int:
    """An approved issue owed to everybody; its number."""
    database.migrate()
    with database.begin() as connection:
        ids = [subscribers.save(connection, _reader(n), NOW) for n in range(READERS)]
        number = issues.add(connection, "weekly", NOW, "2026-11-23", None, NOW, IssueState.APPROVED, {}, NOW)
        items = (EditionItem("story", "tag:story", "en", Placement.LEAD),)
        made = issues.add_edition(connection, number, Edition("en", ("en",), items, True), DIGEST)
        lines = [Planned(i, made, message_id(KEY, "weekly", "2026-11-23", i, "example.org")) for i in ids]
        deliveries.plan(connection, number, lines, NOW)
    return number


def _reader(n: int) -> Subscriber:
    return Subscriber(
        email=f"reader{n}@example.com", canonical=f"reader{n}@example.com", languages=("en",),
        status=SubscriberStatus.ACTIVE, subscriptions=(Subscription("weekly"),),
    )  # fmt: skip


@contextmanager
def yard(kind: str, carrier: str) -> Iterator[Yard]:
    """``sqlite`` or ``postgres``; ``smtp`` or ``outbox``. On a disk in memory where there is one."""
    memory = Path("/dev/shm")
    with ExitStack() as stack:
        shelf = memory if memory.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=shelf)))
        ports = stack.enter_context(sink.listening()) if carrier == "smtp" else None
        url = f"sqlite:///{folder}/ledger.db" if kind == "sqlite" else stack.enter_context(_postgres())
        made = Yard(url, folder, carrier, ports)
        yield made
        made.database.close()


@contextmanager
def _postgres() -> Iterator[str]:
    found = programs()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed (Debian's package postgresql)")
    with server(found) as address:
        yield create(address, "reliability")


def main(kind: str, carrier: str, number: str, seed: str) -> None:
    """Print a JSON tally; progress goes to standard error."""
    began = time.monotonic()

    def tell(tally: Tally) -> None:
        if tally.runs % 250 == 0:
            rate = tally.runs / (time.monotonic() - began)
            print(f"{kind} {carrier}: {tally.runs} runs, {rate:.0f} a second", file=sys.stderr, flush=True)

    with yard(kind, carrier) as made:
        tally = rounds(made, int(number), int(seed), tell)
    told = {name: getattr(tally, name) for name in Tally.__dataclass_fields__}
    print(
        json.dumps({"database": kind, "carrier": carrier, "seconds": round(time.monotonic() - began), **told})
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What a page of the console costs the server: with a million readers and an issue to all of them, and a thousand."""

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from sqlalchemy import case, update

from bench import measure, serving, site
from syndicate.app import open_house
from syndicate.flows import accounts, forecast
from syndicate.flows.house import House
from syndicate.flows.tally import recount
from syndicate.model import COMMAND_LINE, DeliveryState, IssueState, Role, Session
from syndicate.staff import new_secret, stored
from syndicate.store import staff
from syndicate.store.tables import delivery, issue

MANY, FEW, TIMES = 1_000_000, 1_000, 25
PAGES = (
    "", "stories/", "issues/", "issues/1/", "issues/1/prepare", "issues/1/send", "issues/1/progress",
    "issues/1/progress.json", "issues/1/report", "issues/1/missing", "issues/1/settle", "subscribers/",
    "subscribers/?q=reader77", "subscribers/?language=ar&zone=Asia%2FAlmaty", "subscribers/500/",
    "subscribers/500/?issue=1", "audit/",
)  # fmt: skip
_FATES = (
    (DeliveryState.BOUNCED, 50, "bounced: 550 5.1.1 user unknown"),
    (DeliveryState.REFUSED, 300, "RCPT: 550 5.7.1 denied"),
    (DeliveryState.SKIPPED, 400, "unsubscribed"),
    (DeliveryState.UNSURE, 5_000, "the sender was interrupted while handing it over"),
)
"""Of so many readers one has this fate; the others have got it."""


def pages() -> dict[str, Any]:
    """``ratio``: the dearest page with many, against the same page with few. CPU of the server, SQLite."""
    many, few = (_cost(count) for count in (MANY, FEW))
    worst = max(many, key=lambda page: many[page]["cpu_ms"])
    return {
        "ratio": round(many[worst]["cpu_ms"] / few[worst]["cpu_ms"], 2),
        "ours": many[worst]["cpu_ms"],
        "against": few[worst]["cpu_ms"],
        "unit": "CPU milliseconds of the server a page",
        "what": f"/staff/{worst}, the dearest of {len(PAGES)} pages, with {MANY:,} readers and an issue to all of "
        f"them, against {FEW:,}; SQLite",
        "pages": {f"/staff/{page}": {"many": many[page], "few": few[page]} for page in PAGES},
    }


def _cost(readers: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        site.build(root, 60, subscribers=readers)
        for words in (("ingest",), ("publish",), ("subscribers", "sync"), ("issue", "plan", "weekly")):
            measure.command(root, *words)
        house = open_house(root / "config.toml")
        _sent(house)
        secret = _signed_in(house)
        house.database.close()
        with serving.ours(root) as (port, process):
            return {page: _of_page(port, process, page, secret) for page in PAGES}


def _sent(house: House) -> None:
    """As if it had been sent, a minute after it was approved; counted, as the clock does."""
    now = datetime.now(UTC)
    with house.database.begin() as connection:
        fates = [(delivery.c.id % every == 0, (state, reason)) for state, every, reason in _FATES]
        connection.execute(
            update(delivery)
            .where(delivery.c.state == DeliveryState.PLANNED)
            .values(
                state=case(*((when, fate[0]) for when, fate in fates), else_=DeliveryState.ACCEPTED),
                reason=case(*((when, fate[1]) for when, fate in fates), else_=""),
                handed_at=now,
                settled_at=now,
            )
        )
        connection.execute(update(issue).values(state=IssueState.SENT))
    recount(house.database, 1, now)
    forecast.refresh(house, now)


def _signed_in(house: House) -> str:
    """An admin's session."""
    now = datetime.now(UTC)
    accounts.add(house, "admin@example.org", "Admin", Role.ADMIN, "en", COMMAND_LINE, now)
    member, secret = accounts.find(house, "admin@example.org").id, new_secret()
    with house.database.begin() as connection:
        staff.set_totp(connection, member, "JBSWY3DPEHPK3PXP", 0, ())
        staff.begin_session(
            connection, Session(stored(secret), member, now, now, now, "127.0.0.0/24", "a bench")
        )
    return secret


def _of_page(port: int, process: int, page: str, secret: str) -> dict[str, float]:
    """Medians: CPU of the server in batches, and how long each answer took; milliseconds."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"staff={secret}"}
    _ask(connection, page, headers)
    before, times = serving.cpu(process), [_ask(connection, page, headers) for _ in range(TIMES)]
    spent = serving.cpu(process) - before
    connection.close()
    return {"cpu_ms": round(spent / TIMES * 1e3, 1), "wall_ms": _median(times)}


def _ask(connection: HTTPConnection, page: str, headers: Mapping[str, str]) -> float:
    """Raises RuntimeError for what is no page."""
    began = time.perf_counter()
    connection.request("GET", f"/staff/{page}", headers=headers)
    reply = connection.getresponse()
    reply.read()
    if reply.status != 200:
        raise RuntimeError(f"/staff/{page}: {reply.status}")
    return time.perf_counter() - began


def _median(times: Sequence[float]) -> float:
    return round(statistics.median(times) * 1e3, 1)

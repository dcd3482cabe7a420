"""SendGrid's lists of those it will not mail, pulled as events, so that a change of carrier keeps them.

Blocks are left out: they are of the moment and say nothing against an address.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from syndicate.carriers.sendgrid import answers
from syndicate.carriers.sendgrid.account import SendGridAccount
from syndicate.carriers.sendgrid.exchange import Answer, Lost
from syndicate.carriers.sendgrid.hook import moment
from syndicate.carriers.sendgrid.words import plain
from syndicate.model import CarrierError, Event, EventKind

if TYPE_CHECKING:
    from syndicate.carriers.sendgrid.wire import Wire

PAGE = 500
"""The most that one page of the bounces holds."""

LISTS = {
    "bounces": EventKind.BOUNCED,
    "invalid_emails": EventKind.BOUNCED,
    "spam_reports": EventKind.COMPLAINED,
    "unsubscribes": EventKind.UNSUBSCRIBED,
}


@dataclass(frozen=True, slots=True)
class _List:
    """One of them: ``GET /v3/suppression/{name}``."""

    name: str
    kind: EventKind


def suppressions(account: SendGridAccount, since: datetime | None) -> Iterator[Event]:
    """Everyone on the lists, or who came onto one at ``since`` or later; pages are fetched as they are needed.

    The same entry has the same key every time. Raises :class:`CarrierError` when a page cannot be had; what came
    before it is right, and the next pull may start at the same ``since``.
    """
    from syndicate.carriers.sendgrid.wire import Wire

    with Wire(account) as wire:
        for name, kind in LISTS.items():
            yield from _entries(account, wire, _List(name, kind), since)


def _entries(account: SendGridAccount, wire: "Wire", of: _List, since: datetime | None) -> Iterator[Event]:
    start = {} if since is None else {"start_time": int(since.timestamp())}
    offset = 0
    while True:
        page = _page(account, wire, of, start | {"limit": PAGE, "offset": offset})
        yield from (event for entry in page if (event := _event(of, entry)))
        if len(page) < PAGE:
            return
        offset += PAGE


def _page(account: SendGridAccount, wire: "Wire", of: _List, params: dict[str, int]) -> list[Any]:
    path = f"/v3/suppression/{of.name}"
    try:
        answer = wire.ask("GET", path, params=params)
    except Lost as error:
        raise CarrierError(f"SendGrid: {path}: {error}; pull again later") from None
    page = _json(answer.body)
    if answer.status != 200 or not isinstance(page, list):
        raise CarrierError(f"SendGrid: {path}: {_complaint(account, answer)}")
    return page


def _complaint(account: SendGridAccount, answer: Answer) -> str:
    advice = answers.REFUSED_US.get(answer.status)
    if seconds := answers.pause(answer, account.clock()):
        advice = f"pull again in {seconds:.0f} seconds"
    return f"{answers.told(answer, account.key)}: {advice or 'pull again later'}"


def _event(of: _List, entry: Any) -> Event | None:
    """``{"created", "email"}``, with ``reason`` and ``status`` where SendGrid knows them."""
    email, created = (
        (entry.get(name) for name in ("email", "created")) if isinstance(entry, dict) else (None, None)
    )
    if not isinstance(email, str) or not (at := moment(created)):
        return None
    digest = hashlib.sha256(f"{of.name}\n{email}\n{created}".encode("utf-8", "replace")).hexdigest()
    said = " ".join(str(entry[name]) for name in ("status", "reason") if entry.get(name))
    return Event(
        carrier="sendgrid",
        key=f"{of.name}:{digest}",
        kind=of.kind,
        at=at,
        recipient=email,
        detail=plain(f"on SendGrid's list of {of.name} {said}"),
        raw=json.dumps(entry),
    )


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        return None

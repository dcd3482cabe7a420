"""Errands: what staff asked for that takes a while, done in the background, looked at on a page.

    upload -> rehearse (each line's fate, nothing changed) -> take in (the same file: the whole of it, or nothing)
    a segment -> a tag for everybody in it

A list's file is readable by its owner alone and goes away when it was taken in, was given up or is a day old.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from syndicate.flows import lists
from syndicate.flows.house import House
from syndicate.flows.lists import Wanted
from syndicate.languages import visible
from syndicate.model import Actor, Busy, NotFound, SyndicateError, UnsafeValue
from syndicate.store import audit, errands, people, tags
from syndicate.store.errands import Errand
from syndicate.store.people import Segment
from syndicate.subscribers.tending import tags as kept_tags

Clock = Callable[[], datetime]

SHOWN = 100
"""Refusals that are shown on the page; all of them are in the report."""

LOST_AFTER = timedelta(minutes=10)
"""A running errand of which nothing was heard for so long is not running any more: its process has ended."""

KINDS = ("rehearsal", "import", "tag")
"""Those that concern people."""

KEPT = timedelta(days=1)
_AT_ONCE = 1_000
_GOES_ON = "A list is being taken in. Wait until it is done."


def upload(house: House, actor: Actor, name: str, source: IO[bytes], clock: Clock) -> int:
    """Keep a list and begin its rehearsal; the errand's number. Raises Busy while another is being taken in."""
    now = clock()
    _clear(house, now)
    with house.database.begin() as connection:
        if any(_is_running(one, now) for one in errands.latest(connection, 5, "import")):
            raise Busy(_GOES_ON)
        shown = visible(Path(name).name)[:120]
        number = errands.begin(connection, "rehearsal", actor.staff, shown, {}, now)
        audit.note(connection, actor, "list.rehearse", f"errand {number}", now)
    _keep(upload_of(house, number), source)
    _begin(house, number, clock, lambda: _take_in(house, number, clock, is_rehearsal=True))
    return number


def take_in(house: House, actor: Actor, number: int, clock: Clock) -> None:
    """Do with the same file what was rehearsed. Raises NotFound, UnsafeValue when the file is gone, Busy."""
    now = clock()
    if not upload_of(house, number).is_file():
        raise UnsafeValue("This file is not kept any more. Upload it again.")
    with house.database.begin() as connection:
        if any(_is_running(one, now) for one in errands.latest(connection, 5, "import")):
            raise Busy(_GOES_ON)
        errands.get(connection, number)
        if not errands.restart(connection, number, "import", "rehearsal", now=now):
            raise Busy("This list was taken in already, or is just now.")
        audit.note(connection, actor, "list.import", f"errand {number}", now)
    _begin(house, number, clock, lambda: _take_in(house, number, clock, is_rehearsal=False))


def give_up(house: House, number: int) -> None:
    """Forget a file that is not to be taken in."""
    upload_of(house, number).unlink(missing_ok=True)


def tag(house: House, actor: Actor, segment: Segment, given: str, clock: Clock) -> int:
    """Give everybody in a segment a tag; the errand's number. Raises UnsafeValue."""
    wanted = kept_tags([given])
    if len(wanted) != 1:
        raise UnsafeValue("Name the tag.")
    now = clock()
    with house.database.begin() as connection:
        asked = {**asdict(segment), "gives": wanted[0]}
        number = errands.begin(connection, "tag", actor.staff, wanted[0], asked, now)
        audit.note(connection, actor, "subscribers.tag", f"errand {number}", now, tag=wanted[0])
    _begin(house, number, clock, lambda: _tag(house, number, segment, wanted[0], clock))
    return number


def errand(house: House, number: int, now: datetime) -> tuple[Errand, bool]:
    """An errand, and whether its process was lost. Raises NotFound."""
    with house.database.read() as connection:
        found = errands.get(connection, number)
    if found.kind not in KINDS:
        raise NotFound(f"errand {number} is no list's")
    return found, found.state == errands.RUNNING and not _is_running(found, now)


def latest(house: House) -> list[Errand]:
    """Those that concern people, newest first."""
    with house.database.read() as connection:
        return errands.latest(connection, 20, *KINDS)


def upload_of(house: House, number: int) -> Path:
    return house.lock.with_name("uploads") / f"{number}.csv"


def report_of(house: House, number: int) -> Path:
    """Each line's fate, as CSV."""
    return house.reports / f"errand-{number}.csv"


def _take_in(house: House, number: int, clock: Clock, *, is_rehearsal: bool) -> None:
    def tell(stage: str, done: int, total: int | None = None) -> None:
        with house.database.begin() as connection:
            errands.tell(connection, number, stage.partition(" ")[0], done, total, clock())

    wanted = Wanted(
        newsletters=list(house.newsletters),
        key=house.key,
        now=clock(),
        reports=house.reports,
        report=report_of(house, number),
        ignore_unknown=True,
        is_rehearsal=is_rehearsal,
        shown=SHOWN,
        progress=tell,
    )
    path = upload_of(house, number)
    told = lists.sync(house.database, [path], wanted)
    if not is_rehearsal:
        path.unlink(missing_ok=True)
    lines = [(place.rpartition(":")[2], str(fate), reason) for place, fate, reason in told.lines]
    with house.database.begin() as connection:
        errands.end(connection, number, clock(), {str(k): n for k, n in told.counts.items()}, lines)


def _tag(house: House, number: int, segment: Segment, given: str, clock: Clock) -> None:
    seen = changed = 0
    for ids in _walked(house, segment):
        with house.database.begin() as connection:
            changed += tags.add(connection, ids, given)
            seen += len(ids)
            errands.tell(connection, number, "tag", seen, None, clock())
    with house.database.begin() as connection:
        errands.end(connection, number, clock(), {"tagged": changed, "unchanged": seen - changed})


def _walked(house: House, segment: Segment) -> Iterator[list[int]]:
    before = 0
    while True:
        with house.database.read() as connection:
            found = people.walk(connection, segment, _AT_ONCE, before)
        yield list(found.ids)
        if not found.before:
            return
        before = found.before


def _begin(house: House, number: int, clock: Clock, work: Callable[[], None]) -> None:
    threading.Thread(
        target=_done, args=(house, number, clock, work), name=f"errand {number}", daemon=True
    ).start()


def _done(house: House, number: int, clock: Clock, work: Callable[[], None]) -> None:
    try:
        work()
    except SyndicateError as error:
        problem = str(error).replace(str(upload_of(house, number)), "the file")
        with house.database.begin() as connection:
            errands.end(connection, number, clock(), {}, problem=problem)


def _is_running(one: Errand, now: datetime) -> bool:
    return one.state == errands.RUNNING and now - one.seen_at < LOST_AFTER


def _keep(path: Path, source: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        shutil.copyfileobj(source, file, 1 << 20)


def _clear(house: House, now: datetime) -> None:
    """Lists that nobody came back for."""
    for path in house.lock.with_name("uploads").glob("*.csv"):
        if now.timestamp() - path.stat().st_mtime > KEPT.total_seconds():
            path.unlink(missing_ok=True)

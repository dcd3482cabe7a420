"""Duties: the verbs of a run as the clock calls them, each at its own times; and how they stand.

    gather (sources, feeds) -> ring (issues that are due) -> send          listen (what comes back)
                            -> ping (hubs)                         post (who signed up)     tally (what is being sent)

Each is safe to call at any time, again, and in several processes at once: the tables decide whether there is
something to do. Each says what it did in numbers, nothing when there was nothing to do.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndicate.editions import next_slots
from syndicate.flows import forecast, run, timetable
from syndicate.flows.bounces import bounces
from syndicate.flows.house import House
from syndicate.flows.ping import send_pings
from syndicate.flows.post import deliver_post
from syndicate.flows.progress import Progress
from syndicate.flows.tally import recount_moving
from syndicate.model import Busy, CarrierError, SyndicateError
from syndicate.store import audit, duties, leases

CLOCK = "clock"
"""The name of the lease that makes one clock of several do the work."""


@dataclass(slots=True)
class Done:
    """What a duty did, as numbers and names by what they are of; empty when there was nothing to do.

    ``problems`` are sentences on what went wrong and stopped nothing else; ``again`` is when it should be called next
    at the latest, where it knows.
    """

    what: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened: a ``duty`` did something, or the clock itself ("clock"). ``at`` is UTC."""

    at: datetime
    duty: str
    what: dict[str, object]
    problems: tuple[str, ...] = ()
    seconds: float = 0.0


Time = Callable[[], datetime]
Verb = Callable[[House, Time, Progress], Done]


def gather(house: House, time: Time, progress: Progress) -> Done:
    """Read the sources, and publish what changed."""
    try:
        report = run.ingest_all(house, time(), progress, patience=0.0)
        feeds = run.publish_feeds(house, time(), progress)
        pages = run.publish_pages(house, time())
    except Busy:
        return Done()
    written = len(feeds.written) + len(pages.written)
    counted = {"added": report.added, "changed": report.changed, "withdrawn": report.withdrawn}
    failed = [str(p) for _, p in report.problems if p.place.startswith("source ")]
    return Done(_some({**counted, "files": written}), failed)


def ring(house: House, time: Time, progress: Progress) -> Done:
    """Plan every issue that is due, and put the new ones into the archive."""
    reports = timetable.ring(house.planner, house.newsletters.values(), time())
    made = [report for report in reports if report.is_new]
    if made:
        # Whoever publishes for so long does it for us, or the next that gathers.
        with suppress(Busy):
            run.publish_pages(house, time())
    named = [{"id": r.issue.id, "newsletter": r.issue.newsletter, "slot": r.issue.slot.isoformat(),
              "state": r.issue.state.value, "owed": sum(r.owed.values())} for r in made]  # fmt: skip
    return Done({"issues": named} if named else {})


def send(house: House, time: Time, progress: Progress) -> Done:
    """Hand over whatever is approved and due. Somebody else who sends here, by hand, is not disturbed."""
    try:
        report = run.send_approved(house, time, progress)
    except Busy:
        return Done()
    counted = {state: sum(one[state] for one in report.states.values()) for state in _states(report.states)}
    due = [one.due for one in report.waiting.values() if one.due]
    return Done(_some(counted), report.problems, min(due, default=None))


def listen(house: House, time: Time, progress: Progress) -> Done:
    """Hear what came back: from providers, from their lists, from the mailbox of reports."""
    done = Done(problems=run.listen(house, time()))
    if house.mailbox is not None:
        try:
            with house.mailbox() as box:
                report = bounces(house.database, house.tokens, house.key, box, time())
            done.what = _some({**report.fates, "suppressed": report.heard.suppressed})
        except CarrierError as error:
            done.problems.append(str(error))
    return done


def ping(house: House, time: Time, progress: Progress) -> Done:
    """Tell hubs which feeds changed."""
    report = send_pings(house, time())
    counted = {"told": report.told, "put off": report.put_off, "given up": report.given_up}
    return Done(_some(counted), report.problems)


def post(house: House, time: Time, progress: Progress) -> Done:
    """Mail whoever signed up on the web. A server does so at once; this is for what it left."""
    report = deliver_post(house, time)
    counted = {"mailed": report.mailed, "retried": report.retried, "dropped": report.dropped.total()}
    return Done(_some(counted), report.problems)


def tally(house: House, time: Time, progress: Progress) -> Done:
    """Count the ledgers of issues that move, for the pages that show them. That is no news."""
    recount_moving(house.database, time())
    return Done()


def last_word(house: House) -> int:
    """Grows with everything that staff do."""
    with house.database.read() as connection:
        return audit.newest(connection)


def is_story_touched(house: House, since: int) -> bool:
    """Whether staff withdrew, put back or corrected a story after that line: its feeds and pages are to follow."""
    with house.database.read() as connection:
        return audit.is_any(connection, "story.", since)


def foresee(house: House, time: Time, progress: Progress) -> Done:
    """Work out what the next issues would be, for the console. That is no news."""
    forecast.refresh(house, time())
    return Done()


def perform(house: House, name: str, verb: Verb, time: Time, progress: Progress) -> Done:
    """Do it, and write down how it went. Raises whatever it raised, written down, too."""
    began = time()
    try:
        done = verb(house, time, progress)
    except Exception as error:
        # What is not ours may quote anybody's address: the log, which strikes those out, has the rest.
        _note(
            house,
            name,
            began,
            None,
            str(error) if isinstance(error, SyndicateError) else type(error).__name__,
        )
        raise
    _note(house, name, began, time(), "; ".join(done.problems))
    return done


def _note(house: House, name: str, began: datetime, ended: datetime | None, problem: str) -> None:
    with house.database.begin() as connection:
        duties.note(connection, name, began, ended, problem[:500])


def lead(house: House, holder: str, now: datetime, length: timedelta) -> bool:
    """Whether ``holder`` is the one that does the work, for ``length`` from now on; asked again long before its end."""
    with house.database.begin() as connection:
        return leases.take(connection, CLOCK, holder, now, length)


def step_down(house: House, holder: str) -> None:
    """Let another one lead at once."""
    with house.database.begin() as connection:
        leases.release(connection, CLOCK, holder)


def next_moment(house: House, now: datetime) -> datetime | None:
    """When there is something to ring or to send next (UTC); None for never."""
    return timetable.next_moment(house.planner, house.newsletters.values(), now)


def next_slot(house: House, now: datetime) -> datetime | None:
    """The next slot (UTC) of any newsletter that has some."""
    with house.database.read() as connection:
        found = [
            slot.moment
            for one in house.newsletters.values()
            for slot in next_slots(one, now, 1, timetable.zones_of(connection, one))
        ]
    return min(found, default=None)


def _some(counted: Mapping[str, int]) -> dict[str, object]:
    return {str(name): number for name, number in counted.items() if number}


def _states(states: Mapping[int, Mapping[str, int]]) -> list[str]:
    return list(dict.fromkeys(state for one in states.values() for state in one))

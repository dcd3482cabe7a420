"""The daemon: keeps the lease, rings the duties while it leads, and ends in order."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from syndicate.clock.rhythm import Every, Rhythm, Watch
from syndicate.clock.threads import Threads
from syndicate.flows import duties
from syndicate.flows.duties import Done, Time, Told, Verb
from syndicate.flows.house import House
from syndicate.model import SyndicateError

BEFORE = timedelta(minutes=1)
"""How long before a slot the sources are read once more: what was just published is in."""

JUMP = timedelta(seconds=2)
"""What the wall clock may be off against the steady one between two beats before it is said to have jumped."""

LOOK_UP = 1.0
"""Seconds within which the clock hears that it is to end."""

REMINDER = 3600.0
"""Seconds after which the same complaint is made again."""

_log = logging.getLogger("syndicate.clock")


AFTER = ("ring", "ping", "foresee")
"""What there is to do when something new was read."""


class Stopped(BaseException):
    """Raised in a duty that is to end: the clock ends, or does not lead any more. Mail on the wire is waited for."""


def now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """``tell`` is called with everything that happens, from several threads, one at a time."""

    def __init__(self, house: House, rhythm: Rhythm, tell: Callable[[Told], None], time: Time = now) -> None:
        self.house, self.rhythm, self.time = house, rhythm, time
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        self._tell, self._telling = tell, threading.Lock()
        self._ended, self._leads, self._has_gathered = (threading.Event() for _ in range(3))
        self._until, self._has_stood_by = monotonic(), False
        self._said: int | None = None
        self._complaints: dict[str, tuple[str, float]] = {}
        self._threads = Threads()
        self._scheduler = self._made()

    def run(self) -> None:
        """Until something is raised in this thread (an interruption); then what is on the wire is waited for."""
        self.begin()
        try:
            # A signal that found another thread awake is heard only when this one runs: it looks up now and then.
            while not self._ended.wait(LOOK_UP):
                pass
        finally:
            self.end()

    def begin(self) -> None:
        """Beside whatever else this process does, until :meth:`end`."""
        self._scheduler.start(paused=True)
        threading.Thread(target=self._beat_on, name="beat", daemon=True).start()

    def end(self) -> None:
        """In order: nothing new is begun, duties end, somebody else may lead."""
        self._ended.set()
        self._leads.clear()
        self._scheduler.shutdown(wait=False)
        is_quiet = self._threads.wait(self.rhythm.patience.total_seconds())
        if not is_quiet:
            _log.warning("not everything had ended: what was begun is taken up again by the next clock")
        # The database may be away, or somebody's; that must not keep us from ending.
        last = threading.Thread(target=self._step_down, daemon=True)
        last.start()
        last.join(0.5)
        self._say("clock", {"state": "ended"})

    # -- leading

    def _beat_on(self) -> None:
        watch = Watch(self.time(), monotonic())
        while not self._ended.is_set():
            try:
                self._beat(watch)
            except Exception as error:
                self._complain("clock", error)
            if monotonic() >= self._until:
                self._stand_by()
            self._ended.wait(self.rhythm.beat.total_seconds())

    def _beat(self, watch: Watch) -> None:
        asked, moment = monotonic(), self.time()
        jump = watch.jumped(moment, asked)
        is_mine = duties.lead(self.house, self.holder, moment, self.rhythm.lease)
        self._until = asked + self.rhythm.lease.total_seconds() if is_mine else asked
        if is_mine and not self._leads.is_set() and not self._ended.is_set():
            self._has_stood_by = False
            self._leads.set()
            self._scheduler.resume()
            self._say("clock", {"state": "leads"})
            self._begin()
        elif abs(jump) > JUMP:
            if self._leads.is_set():
                self._say("clock", {"jump": round(jump.total_seconds(), 1)})
            self._begin()
        elif is_mine:
            self._hear_staff()

    def _stand_by(self) -> None:
        """Somebody else leads, or nobody knows: whatever is running ends as it does at the end."""
        if self._leads.is_set():
            self._leads.clear()
            self._scheduler.pause()
        elif self._has_stood_by:
            return
        self._has_stood_by = True
        self._say("clock", {"state": "stands by"})

    def _hear_staff(self) -> None:
        """Whatever staff did since the last beat may have let an issue go, or changed what feeds and pages tell."""
        said, self._said = self._said, duties.last_word(self.house)
        if said == self._said:
            return
        self._wake("send")
        if said is not None and duties.is_story_touched(self.house, said):
            self._wake("gather")

    def _step_down(self) -> None:
        try:
            duties.step_down(self.house, self.holder)
        except SyndicateError as error:
            self._complain("clock", error)

    # -- duties

    def _made(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            executors={"default": self._threads},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
            timezone=UTC,
        )
        # That a duty is begun, or still runs when its time comes again, is no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        rhythm, slots = self.rhythm, self._next_moment
        self._add(scheduler, "gather", duties.gather, Every(rhythm.ingest, self._before_next), *AFTER)
        self._add(scheduler, "foresee", duties.foresee, Every(rhythm.ingest))
        self._add(scheduler, "ring", duties.ring, Every(rhythm.net, slots), "send")
        self._add(scheduler, "send", duties.send, Every(rhythm.net, slots))
        self._add(scheduler, "tally", duties.tally, Every(rhythm.tally))
        self._add(scheduler, "post", duties.post, Every(rhythm.net))
        self._add(scheduler, "listen", duties.listen, Every(rhythm.listen))
        self._add(scheduler, "ping", duties.ping, Every(rhythm.net))
        return scheduler

    def _add(self, scheduler: Any, name: str, verb: Verb, trigger: Every, *then: str) -> None:
        """``then`` are called when it did something."""
        scheduler.add_job(self._perform, trigger, (name, verb, then), id=name, next_run_time=self.time())

    def _perform(self, name: str, verb: Verb, then: tuple[str, ...]) -> None:
        # As in a run: what is out is looked for before the first issue is planned.
        if name == "ring" and not self._has_gathered.is_set():
            return
        began = monotonic()
        try:
            done = duties.perform(self.house, name, verb, self.time, self._go_on)
        except Stopped:
            return
        except Exception as error:
            self._complain(name, error)
            self._after(name, then)
            return
        self._settle(name, done, then, monotonic() - began)

    def _settle(self, name: str, done: Done, then: tuple[str, ...], seconds: float) -> None:
        self._complaints.pop(name, None)
        if done.what or done.problems:
            self._say(name, done.what, tuple(done.problems), round(seconds, 3))
        self._after(name, then if done.what else ())
        if done.again and done.again < self.time() + self.rhythm.net:
            self._wake(name, done.again)

    def _after(self, name: str, then: tuple[str, ...]) -> None:
        """What comes next."""
        if name == "gather" and not self._has_gathered.is_set():
            self._has_gathered.set()
            then = (*then, "ring")
        for one in then:
            self._wake(one)

    def _go_on(self, stage: str, done: int, total: int | None = None) -> None:
        """The progress of a duty: the place where it is asked to end."""
        if not self._leads.is_set():
            raise Stopped

    def _next_moment(self, moment: datetime) -> datetime | None:
        return self._asked(duties.next_moment, moment)

    def _before_next(self, moment: datetime) -> datetime | None:
        found = self._asked(duties.next_slot, moment + BEFORE)
        return found - BEFORE if found else None

    def _asked(self, ask: Callable[[House, datetime], datetime | None], moment: datetime) -> datetime | None:
        """The answer; none while the database is away: APScheduler, which asks, must outlive that."""
        try:
            return ask(self.house, moment)
        except Exception as error:
            self._complain("timetable", error)
            return None

    def _begin(self) -> None:
        """Everything is asked now: nobody knows how long nobody asked."""
        self._has_gathered.clear()
        for job in self._scheduler.get_jobs():
            self._wake(job.id)

    def _wake(self, name: str, moment: datetime | None = None) -> None:
        # A scheduler that ends has no jobs any more.
        with suppress(JobLookupError):
            self._scheduler.modify_job(name, next_run_time=max(moment or self.time(), self.time()))

    # -- telling

    def _say(
        self, duty: str, what: dict[str, object], problems: tuple[str, ...] = (), seconds: float = 0.0
    ) -> None:
        with self._telling:
            self._tell(Told(self.time(), duty, what, problems, seconds))

    def _complain(self, name: str, error: Exception) -> None:
        """Once, and again after a while, if it is the same: what is asked every few seconds would fill the log."""
        text, last = self._complaints.get(name, ("", 0.0))
        said = f"{type(error).__name__}: {error}"
        if said == text and monotonic() - last < REMINDER:
            return
        self._complaints[name] = (said, monotonic())
        if isinstance(error, SyndicateError):
            _log.warning("%s: %s; it is tried again", name, error)
        else:
            _log.error("%s failed, and is tried again", name, exc_info=error)

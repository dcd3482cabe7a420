"""The clock: the timetable's daemon. It rings; what is to be done is decided by the tables, and done by ``flows``.

    every beat   -> the lease: lead, or stand by        -> the wall clock jumped? everything is asked again now
    its own time -> gather, ring, send, listen, post, ping, foresee -> each in a thread, none twice at once

APScheduler (3.x) keeps the times, in memory: a job store that two processes share would ring twice. Two clocks may run,
on one machine or several: one leads, the other takes over when the lease is not renewed. And should two lead after
all, because a clock jumped or a process slept, then still each slot has one issue and nobody is mailed twice: that is
kept by unique rows and by claims, not by the lease.
"""

from syndicate.clock.daemon import Clock
from syndicate.clock.rhythm import Rhythm

__all__ = ["Clock", "Rhythm"]

"""Where duties run: each in a thread of its own that ends with the process, whatever it waits for."""

import sys
import threading
from datetime import datetime
from time import monotonic
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job


class Threads(BaseExecutor):  # type: ignore[misc]
    """APScheduler's own pool keeps a process from ending while a source does not answer; these do not."""

    def __init__(self) -> None:
        super().__init__()
        self.running: set[threading.Thread] = set()

    def wait(self, seconds: float) -> bool:
        """Until everything has ended, at most so long; whether it has."""
        until = monotonic() + seconds
        for thread in list(self.running):
            thread.join(max(0.0, until - monotonic()))
        return not any(thread.is_alive() for thread in list(self.running))

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        thread = threading.Thread(target=self._run, args=(job, run_times), name=job.id, daemon=True)
        self.running.add(thread)
        thread.start()

    def _run(self, job: Any, run_times: list[datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
        except BaseException:
            self._run_job_error(job.id, *sys.exc_info()[1:])
        else:
            self._run_job_success(job.id, events)
        finally:
            self.running.discard(threading.current_thread())

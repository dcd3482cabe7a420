"""Whether addresses answer: many at a time, each by the rules of ``fetch``, without reading what they hold."""

import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from time import monotonic

from syndicate.sources.fetch import FetchError, FetchSettings
from syndicate.sources.fetch.fetcher import Fetcher

AT_ONCE = 6
SECONDS = 60.0
"""For all of them together."""

EACH = FetchSettings(
    connect_seconds=5, read_seconds=8, total_seconds=10, user_agent=f"{FetchSettings().user_agent} link check"
)
NO_TIME = "was not asked, for lack of time"


def unanswered(
    urls: Iterable[str],
    open_fetcher: Callable[[], Fetcher] = lambda: Fetcher(EACH),
    at_once: int = AT_ONCE,
    seconds: float = SECONDS,
) -> dict[str, str]:
    """Each address with what is wrong with it; empty where it answers with 2xx, or 304."""
    waiting: SimpleQueue[str] = SimpleQueue()
    wanted = list(dict.fromkeys(urls))
    for url in wanted:
        waiting.put(url)
    found, end = dict.fromkeys(wanted, NO_TIME), monotonic() + seconds

    def work() -> None:
        with open_fetcher() as fetcher:
            while monotonic() < end:
                try:
                    url = waiting.get_nowait()
                except Empty:
                    return
                found[url] = _wrong(fetcher, url)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(wanted)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _wrong(fetcher: Fetcher, url: str) -> str:
    try:
        status = fetcher.status(url)
    except FetchError as error:
        return str(error).partition(": ")[2]
    return "" if status < 400 else f"answered HTTP {status}"

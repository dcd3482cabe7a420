"""Every answer is counted, and may be a line in the log: by its route's template, never by its path, which may hold a
reader's token, nor by who asked.
"""

import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from syndicate.web.metrics import FEEDS, METHODS, TREE, Counters

_log = logging.getLogger("syndicate.access")


class Watch:
    """Where the server's answers pass. For the event loop's thread only."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters

    def seen(self, scope: Any, answer: "Watched", *, is_file: bool) -> None:
        """``answer`` has been sent; ``is_file``: from the public tree, in front of the framework."""
        if not answer.status:  # whoever asked had gone
            return
        route = _file(scope["path"]) if is_file else scope.get("path_template") or "none"
        seconds = perf_counter() - answer.began
        self.counters.count(route, scope["method"], answer.status, seconds)
        if _log.isEnabledFor(logging.INFO):
            _write(route, scope["method"], answer, seconds)


class Watched:
    """``send`` of one request, and what went through it."""

    __slots__ = ("began", "send", "size", "status")

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self.send, self.status, self.size, self.began = send, 0, 0, perf_counter()

    def __call__(self, message: Any) -> Awaitable[None]:
        # Not a coroutine of its own: this is on the way of every feed that is polled.
        if message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        else:
            self.status = message["status"]
        return self.send(message)


def _file(path: str) -> str:
    is_feed = path.startswith("/feeds/") and path.endswith((".xml", ".json", ".opml"))
    return FEEDS if is_feed else TREE


def _write(route: str, method: str, answer: Watched, seconds: float) -> None:
    method = method if method in METHODS else "OTHER"
    milliseconds = round(seconds * 1000, 3)
    facts = {
        "method": method,
        "route": route,
        "status": answer.status,
        "bytes": answer.size,
        "ms": milliseconds,
    }
    _log.info("%s %s %s", method, route, answer.status, extra=facts)

"""WebSub hubs, told that a feed changed.

The form is what hubs take in practice: the specification (W3C, 2018, section 6) leaves the mechanism open. Some want
``hub.url``, some ``hub.topic``: both are sent.
"""

from dataclasses import dataclass
from time import monotonic

import httpx

from syndicate.languages import visible

TIMEOUT = 10.0
LARGEST_ANSWER = 64 * 1024
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class HubAnswer:
    """``is_away``: the hub itself cannot listen now, so it need not be asked about other topics. ``reason`` is for
    people; empty when it took the ping.
    """

    took: bool
    is_away: bool = False
    reason: str = ""


class Hub:
    """One hub, over one connection; for one thread. Its address is the operator's own: redirects are not followed."""

    def __init__(self, address: str, timeout: float = TIMEOUT) -> None:
        self.address, self.timeout = address, timeout
        # No proxies or .netrc from the environment, as for every other address of config.toml.
        self._client = httpx.Client(
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1),
            headers={"User-Agent": "syndicate", "Accept": "*/*"},
        )

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def tell(self, topic: str) -> HubAnswer:
        """That the feed at ``topic`` changed. Never raises for what a network or a hub does."""
        form = {"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}
        try:
            with self._client.stream("POST", self.address, data=form) as answer:
                said = self._read(answer)
        except httpx.HTTPError as error:
            return HubAnswer(False, True, f"no answer: {type(error).__name__}")
        return _meant(answer.status_code, said)

    def _read(self, answer: httpx.Response) -> str:
        """The beginning of what it says. All of it is read, within limits: else the connection could not be kept."""
        until, size, first = monotonic() + self.timeout, 0, b""
        for chunk in answer.iter_raw():
            first, size = first or chunk[:_SHOWN], size + len(chunk)
            if size > LARGEST_ANSWER or monotonic() > until:
                answer.close()
                break
        return visible(first.decode("utf-8", "replace")).strip()


def _meant(status: int, said: str) -> HubAnswer:
    if 200 <= status < 300:
        return HubAnswer(True)
    if 300 <= status < 400:
        return HubAnswer(False, False, f"answered {status}: it moved; write its new address into feeds.hubs")
    is_away = status >= 500 or status in (408, 429)
    return HubAnswer(False, is_away, f"answered {status}" + (f": {said}" if said else ""))

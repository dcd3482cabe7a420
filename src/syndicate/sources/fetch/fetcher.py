"""GET, by the rules of this house: guard, limits, redirects by hand, patience where it may help."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpcore
import httpx

from syndicate.languages import visible
from syndicate.sources.fetch import Credentials, Fetched, FetchError, FetchSettings
from syndicate.sources.fetch.inflate import ACCEPTED, inflated
from syndicate.sources.fetch.pinned import (
    Deadline,
    PinnedBackend,
    PinnedTransport,
    Refused,
    Resolver,
    resolve,
)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FAILURES = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
    ValueError,
)
_DEFAULTS = FetchSettings()


class Fetcher:
    """GETs addresses, with the guard and the limits of ``settings``. For one thread; a context manager.

    ``resolver`` is for tests; whatever it answers is checked all the same.
    """

    def __init__(self, settings: FetchSettings = _DEFAULTS, *, resolver: Resolver = resolve) -> None:
        self.settings = settings
        self._deadline = Deadline()
        self._client = httpx.Client(
            transport=PinnedTransport(PinnedBackend(self._deadline, resolver, settings.allow_private)),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(settings.read_seconds, connect=settings.connect_seconds),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def get(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        accept: str = "*/*",
        credentials: Credentials | None = None,
        any_status: bool = False,
    ) -> Fetched:
        """What is at ``url``: status 200 or another 2xx, or 304 when ``etag`` or ``last_modified`` still hold.

        With ``any_status`` a status of 400 and more is returned too. Raises FetchError.
        """
        headers = {"Accept": accept, "Accept-Encoding": ACCEPTED, "User-Agent": self.settings.user_agent}
        headers |= {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": last_modified} if last_modified else {}
        self._deadline.start(self.settings.total_seconds)
        fetched = self._follow(url, headers, credentials)
        if fetched.status >= 400 and not any_status:
            raise _status_error(fetched)
        return fetched

    def status(self, url: str) -> int:
        """What an address answers with, at the end of the redirects; its body is not read. Raises FetchError."""
        headers = {"Accept": "*/*", "User-Agent": self.settings.user_agent}
        self._deadline.start(self.settings.total_seconds)
        return self._follow(url, headers, None, is_read=False).status

    def _follow(
        self, url: str, headers: dict[str, str], credentials: Credentials | None, *, is_read: bool = True
    ) -> Fetched:
        """The answer at the end of the redirects; every hop is checked as if it were the first."""
        origin, here = None, url
        for _ in range(self.settings.redirects + 1):
            try:
                target = _checked(here)
                origin = origin or target
                allowed = credentials if _same_origin(origin, target) else None
                answer = self._ask(target, headers, allowed, is_read=is_read)
            except Refused as refusal:
                raise FetchError(here, str(refusal)) from None
            except _FAILURES as error:
                raise FetchError(here, _told(error)) from None
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            here = _joined(here, answer.headers["location"])
        raise FetchError(url, f"redirects more than {self.settings.redirects} times")

    def _ask(
        self, url: httpx.URL, headers: dict[str, str], credentials: Credentials | None, *, is_read: bool
    ) -> Fetched:
        auth = None
        if credentials:
            self._refuse_open_password(url)
            auth = httpx.BasicAuth(credentials.username, credentials.password)
        limits = self.settings
        self._client.cookies.clear()
        with self._client.stream("GET", url, headers=headers, auth=auth) as answer:
            encoding = answer.headers.get("content-encoding", "")
            raw = answer.iter_raw() if is_read else iter(())
            body = inflated(
                raw, encoding if is_read else "", limits.wire_bytes, limits.body_bytes, limits.ratio
            )
            found = dict(answer.headers)
        return Fetched(
            str(url), answer.status_code, found, body, found.get("etag", ""), found.get("last-modified", "")
        )

    def _refuse_open_password(self, url: httpx.URL) -> None:
        allowed = {pair.lower() for pair in self.settings.allow_private}
        if url.scheme != "https" and f"{url.host}:{url.port or 80}" not in allowed:
            raise Refused("a password is not sent over plain http; use https")


def _checked(url: str) -> httpx.URL:
    """The address when it may be asked at all. Raises Refused."""
    parsed = httpx.URL(url)
    if parsed.scheme not in ("http", "https"):
        raise Refused("only http and https addresses are read")
    if not parsed.host:
        raise Refused("the address has no host")
    if parsed.userinfo:
        raise Refused("an address must not hold a user name or password; give them in the settings")
    return parsed.copy_with(fragment=None)


def _same_origin(first: httpx.URL, second: httpx.URL) -> bool:
    """Same host and port, or the step from http to https on the usual ports."""
    if first.host != second.host:
        return False
    upgraded = (
        (first.scheme, second.scheme) == ("http", "https") and first.port is None and second.port is None
    )
    return upgraded or (first.scheme, first.port) == (second.scheme, second.port)


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        raise FetchError(base, "redirects to something that is no address") from None


def _told(error: Exception) -> str:
    """The failure in words that hold nothing of the request."""
    name = type(error).__name__
    if "Timeout" in name:
        return "did not answer in time"
    if isinstance(error, httpx.InvalidURL | ValueError):
        return "is no address that can be read"
    if "Connect" in name:
        return f"cannot be connected to ({visible(str(error))[:120]})"
    return f"broke off ({visible(str(error))[:120] or name})"


def _status_error(fetched: Fetched) -> FetchError:
    reason = f"answered HTTP {fetched.status}"
    return FetchError(
        fetched.url, reason, status=fetched.status, retry_after=fetched.headers.get("retry-after", "")
    )


def get_patiently(
    fetcher: Fetcher,
    url: str,
    *,
    tries: int = 3,
    longest_wait: float = 30,
    sleep: Callable[[float], None] = time.sleep,
    accept: str = "*/*",
    credentials: Credentials | None = None,
) -> Fetched:
    """Any answer below 500 but 429, asked for up to ``tries`` times. Raises FetchError with the last failure.

    Waits as Retry-After says, if in seconds and within ``longest_wait``; else 1, 2, 4 … seconds.
    """
    for attempt in range(tries):
        try:
            answer = fetcher.get(url, accept=accept, credentials=credentials, any_status=True)
            if answer.status != 429 and answer.status < 500:
                return answer
            failure = _status_error(answer)
        except FetchError as error:
            failure = error
        if attempt + 1 < tries and _is_passing(failure):
            sleep(_wait(failure.retry_after, attempt, longest_wait))
        else:
            break
    raise failure


def _is_passing(failure: FetchError) -> bool:
    return failure.status in (0, 429, 500, 502, 503, 504)


def _wait(retry_after: str, attempt: int, longest: float) -> float:
    asked = float(retry_after) if retry_after.strip().isdecimal() else 2.0**attempt
    return min(asked, longest)

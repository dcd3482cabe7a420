"""The only way out: every address that is read from the network is read here.

    URL -> http(s)? no password in it? -> resolve, public?, pinned connection -> redirect? once more from the start
        -> limits on time, wire bytes, unpacked bytes -> Fetched

What may go wrong is one exception, ``FetchError``, which names the address (never its password or query) and
the reason. ``fetch.fetcher`` does the work; these are the values, cheap to import.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syndicate import __version__
from syndicate.languages import visible
from syndicate.model import SourceError

__all__ = ["Credentials", "FetchError", "FetchSettings", "Fetched", "shown"]


class FetchError(SourceError):
    """One address cannot be read. ``status`` is the HTTP status, or 0 when there was no answer to take."""

    def __init__(self, url: str, reason: str, *, status: int = 0, retry_after: str = "") -> None:
        super().__init__(f"{shown(url)}: {reason}")
        self.status, self.retry_after = status, retry_after


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Limits of one request. Seconds and bytes; ``total_seconds`` covers redirects and the whole body.

    ``allow_private`` names ``host:port`` pairs (``localhost:8080``) that may have addresses that are not public.
    """

    connect_seconds: float = 10
    read_seconds: float = 20
    total_seconds: float = 60
    wire_bytes: int = 32 << 20
    body_bytes: int = 64 << 20
    ratio: int = 200
    redirects: int = 5
    allow_private: tuple[str, ...] = ()
    user_agent: str = f"syndicate/{__version__} (feed and article reader)"


@dataclass(frozen=True, slots=True)
class Credentials:
    """HTTP Basic; sent to the origin of the first address only, over https (or to an allowed private one)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``url`` is where it came from in the end; ``headers`` have lower-case names."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    etag: str = ""
    last_modified: str = ""

    @property
    def unchanged(self) -> bool:
        """304: what was known is still so."""
        return self.status == 304


def shown(url: str) -> str:
    """``url`` fit for an error text: no user, password, query or fragment, one line, not endless."""
    bare, mark, _ = url.partition("#")[0].partition("?")
    scheme, slashes, rest = bare.partition("//")
    host, slash, path = rest.replace("\\", "/").partition("/")
    return visible(f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}{'?…' if mark else ''}")[:300]

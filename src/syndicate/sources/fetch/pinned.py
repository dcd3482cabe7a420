"""Connections that go to the very address that was checked, and that end when their time is over.

    name -> resolve (in time) -> every answer public? -> connect to that IP -> TLS for the name -> timed stream

httpx resolves a name when it connects; between our look and its look the answer could change (DNS rebinding).
So looking, checking and connecting are one step here, below httpx.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import httpcore
import httpx

from syndicate.sources.fetch.guard import is_allowed, why_denied

Resolver = Callable[[str, int], Sequence[str]]
"""(host, port) to IP addresses as text; raises OSError when there are none."""


class Refused(Exception):
    """The guard or the clock said no; its text has no address in it but the host's."""


class Deadline:
    """One clock for the whole of a request, redirects and all. ``monotonic``, so a changed clock is no matter."""

    def __init__(self) -> None:
        self._ends = float("inf")

    def start(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self, wanted: float | None = None) -> float:
        """Seconds that are left, ``wanted`` at most. Raises Refused when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Refused("took longer than the total time allowed")
        return left if wanted is None else min(left, wanted)


def resolve(host: str, port: int) -> list[str]:
    """What the system's resolver says, each address once, in its order."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to public addresses only (or to a host:port the operator allows)."""

    def __init__(self, deadline: Deadline, resolver: Resolver, allow_private: tuple[str, ...]) -> None:
        self._deadline, self._resolver, self._allow_private = deadline, resolver, allow_private
        self._tcp = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = Refused(f"{host} has no address")
        for ip in self._checked(host, port, timeout):
            try:
                stream = self._tcp.connect_tcp(ip, port, self._deadline.left(timeout), None, socket_options)
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _checked(self, host: str, port: int, timeout: float | None) -> list[str]:
        """The addresses of ``host``. One that is not public spoils them all."""
        addresses = self._addresses(host, port, timeout)
        if not is_allowed(host, port, self._allow_private):
            for ip in addresses:
                if kind := why_denied(ip):
                    raise Refused(f"{host} is at {ip}, {kind}; only public ones are connected to")
        return addresses

    def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        """Resolve in a thread, because getaddrinfo knows no timeout."""
        found: list[Sequence[str]] = []
        thread = threading.Thread(target=self._answer, args=(found, host, port), daemon=True)
        thread.start()
        thread.join(self._deadline.left(timeout))
        if thread.is_alive():
            raise Refused(f"the name {host} was not resolved in time")
        if not found or not found[0]:
            raise Refused(f"the name {host} cannot be resolved")
        return list(found[0])

    def _answer(self, found: list[Sequence[str]], host: str, port: int) -> None:
        try:
            found.append(self._resolver(host, port))
        except (OSError, UnicodeError):
            found.append(())

    def sleep(self, seconds: float) -> None:
        time.sleep(self._deadline.left(seconds))


class _TimedStream(httpcore.NetworkStream):
    """A stream each of whose waits ends at the deadline: a drip of bytes cannot hold us."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class PinnedTransport(httpx.BaseTransport):
    """httpx on top of a pool whose every connection was checked. No proxies: they would connect for us."""

    def __init__(self, backend: PinnedBackend, verify: ssl.SSLContext | None = None) -> None:
        context = verify or httpx.create_ssl_context()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=4, max_keepalive_connections=2, network_backend=backend
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()

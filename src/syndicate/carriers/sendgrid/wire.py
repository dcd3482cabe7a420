"""One connection to SendGrid: a request goes out but for its last byte, is marked, and takes effect with that byte.

JSON without its closing brace is nothing to anybody, so whatever goes wrong before the last byte left is certain.
What is lost after it is a doubt (``docs/decisions/sendgrid.md``).
"""

import contextlib
import select
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import orjson

from syndicate.carriers.sendgrid.account import SendGridAccount
from syndicate.carriers.sendgrid.exchange import Answer, Lost
from syndicate.carriers.sendgrid.words import plain

SEND = "/v3/mail/send"

_NOBODY_THERE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)


class Wire:
    """A connection, kept open between requests; for one thread."""

    def __init__(self, account: SendGridAccount) -> None:
        self._socket: Any = None
        # No proxies or .netrc from the environment: a key goes where the settings say, or nowhere.
        self._client = httpx.Client(
            base_url=account.url.rstrip("/"),
            headers={"Authorization": f"Bearer {account.key}", "Content-Type": "application/json"},
            timeout=account.timeout,
            transport=httpx.HTTPTransport(limits=httpx.Limits(max_connections=1), retries=1, trust_env=False),
            trust_env=False,
        )

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, body: bytes, mark: Callable[[], None]) -> Answer:
        """Post to ``/v3/mail/send``; ``mark`` is called when only the last byte is missing, and may abandon it.

        Raises :class:`Lost`, and what ``mark`` raises; the connection is then closed.
        """
        left = False

        def parts() -> Iterator[bytes]:
            nonlocal left
            yield body[:-1]
            self._listen()
            mark()
            self._listen()
            left = True
            yield body[-1:]

        try:
            answer = self._client.post(
                SEND,
                content=parts(),
                headers={"Content-Length": str(len(body))},
                extensions={"trace": self._trace},
            )
        except _NOBODY_THERE as error:
            raise Lost(_reason(error), left=False, reached=False) from None
        except httpx.RequestError as error:
            raise Lost(_reason(error), left=left) from None
        return _answer(answer, left)

    def ask(
        self, method: str, path: str, value: object = None, params: Mapping[str, int] | None = None
    ) -> Answer:
        """Any other request. Raises :class:`Lost`."""
        content = None if value is None else orjson.dumps(value)
        try:
            answer = self._client.request(
                method, path, content=content, params=params, extensions={"trace": self._trace}
            )
        except _NOBODY_THERE as error:
            raise Lost(_reason(error), left=False, reached=False) from None
        except httpx.RequestError as error:
            raise Lost(_reason(error), left=True) from None
        return _answer(answer, True)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember the socket of the newest connection; httpcore names its steps."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def _listen(self) -> None:
        """Notice a connection that is closed already, while that is still certain to do no harm."""
        if self._socket is not None and _is_closed(self._socket):
            raise httpx.RemoteProtocolError("the connection was closed before the whole request had left")


def _is_closed(line: socket.socket) -> bool:
    """Whether the other side hung up, without reading. An answer, or a TLS ticket, that waits is no hanging up."""
    poll = select.poll()
    with contextlib.suppress(OSError, ValueError):
        poll.register(line, select.POLLIN)
        if not poll.poll(0):
            return False
        # Not line.recv: a TLS socket refuses to peek, and it is the end of the connection below it that matters.
        return socket.socket.recv(line, 1, socket.MSG_PEEK) == b""
    return True


def _answer(response: httpx.Response, left: bool) -> Answer:
    return Answer(response.status_code, dict(response.headers), response.content, left)


def _reason(error: Exception) -> str:
    return plain(f"{type(error).__name__}: {error}")

"""The HTTP of the stand-in for SendGrid: who may come in, what goes wrong on the way, what is answered."""

import contextlib
import json
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SLOW = 0.3
"""Seconds that an answer takes when it takes its time."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """That a client hangs up is no error here; anything else is one of the stand-in's own."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Keeps still."""

    def _serve(self) -> None:
        fake = self.server.fake  # type: ignore[attr-defined]
        path = urlsplit(self.path)
        parts = path.path.strip("/").split("/")
        is_send = parts == ["v3", "mail", "send"]
        fault = fake.faults.pop(0) if is_send and fake.faults else ""
        if fault == "close early":
            return self._break(fake)
        raw = self.rfile.read(length := int(self.headers.get("Content-Length", 0)))
        if len(raw) < length:
            fake.incomplete += 1
            self.close_connection = True
            return None
        with fake.lock:
            allowed, limits = fake.limit()
        if refusal := self._let_in(fake, is_send):
            return self._answer(refusal, _complaint("access denied"), limits)
        if not allowed or fault == "429":
            return self._answer(429, _complaint("too many requests"), limits | {"X-RateLimit-Remaining": "0"})
        if is_send:
            return self._send(fake, raw, fault, limits)
        query = {name: int(value) for name, value in parse_qsl(path.query)}
        if parts[0] != "v3":
            return self._answer(404, _complaint("not found"), limits)
        status, value = fake.other(self.command, parts[1:], query, json.loads(raw) if raw else {})
        return self._answer(status, value, limits)

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET  # noqa: N815

    def _let_in(self, fake: Any, is_send: bool) -> int:
        """401, 403, 405, 415, or 0."""
        given = self.headers.get("Authorization", "")
        if given not in (f"Bearer {fake.key}", f"Bearer {fake.weak_key}"):
            return 401
        if given == f"Bearer {fake.weak_key}":
            return 403
        if is_send and self.command != "POST":
            return 405
        is_json = self.headers.get("Content-Type", "").split(";")[0] == "application/json"
        return 0 if is_json or not is_send else 415

    def _send(self, fake: Any, raw: bytes, fault: str, limits: dict[str, str]) -> None:
        if fault == "500 before":
            return self._answer(500, _complaint("internal error"), limits)
        if fault == "hang":
            fake.released.wait()
            return self._hang_up()
        checked = fake.check(raw)
        if isinstance(checked, tuple):
            return self._answer(*checked, limits)
        status, message_id = fake.accept(checked)
        if fault:
            return self._fail(fake, fault, limits | {"X-Message-Id": message_id})
        return self._answer(status, None, limits | {"X-Message-Id": message_id})

    def _fail(self, fake: Any, fault: str, headers: dict[str, str]) -> None:
        """It was taken; the answer suffers."""
        match fault:
            case "accept, close":
                return self._hang_up()
            case "accept, hang":
                fake.released.wait()
                return self._hang_up()
            case "accept, 500":
                return self._answer(500, _complaint("internal error"), {})
            case "accept, truncate":
                self.wfile.write(b"HTTP/1.1 202 Acc")
                return self._hang_up()
            case "accept, slow":
                time.sleep(SLOW)
        return self._answer(202, None, headers)

    def _break(self, fake: Any) -> None:
        self.rfile.read(1)
        self._hang_up()
        fake.closed.set()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def _answer(self, status: int, value: Any, headers: dict[str, str]) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        fake = self.server.fake  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            self.send_response_only(status)
            self.send_header("Date", self.date_time_string(int(fake.now())))
            self.send_header("Content-Length", str(len(body)))
            for name, given in headers.items():
                self.send_header(name, given)
            self.end_headers()
            self.wfile.write(body)


def _complaint(message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "field": None, "help": None}]}

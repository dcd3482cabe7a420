"""Whom preflight asks: addresses, name servers, a spam filter. Each may be slow, silent or not there."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import dns.resolver
import pytest

from syndicate.carriers.names import txt_records
from syndicate.carriers.spam import is_installed, spamminess
from syndicate.model import CarrierError
from syndicate.sources.fetch import FetchSettings
from syndicate.sources.fetch.answering import NO_TIME, unanswered
from syndicate.sources.fetch.fetcher import Fetcher


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status = 302 if self.path == "/moved" else int(self.path.strip("/"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        # Far more than is ever sent: who reads the body waits for it.
        self.send_header("Content-Length", "1000000" if status == 200 else "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    made.daemon_threads = True
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


def test_each_address_is_asked_and_no_body_is_read(server: str) -> None:
    settings = FetchSettings(allow_private=(server,), total_seconds=5)
    urls = [f"http://{server}/{path}" for path in ("200", "moved", "404", "503", "200")]
    private = "http://10.0.0.1/"
    found = unanswered([*urls, private], lambda: Fetcher(settings), at_once=2)
    assert [found[url] for url in urls] == ["", "", "answered HTTP 404", "answered HTTP 503", ""]
    assert "private address" in found[private]
    assert set(unanswered(urls, lambda: Fetcher(settings), at_once=1, seconds=0).values()) == {NO_TIME}


def test_records_are_put_together_and_silence_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    says: dict[str, object] = {
        "long.example": [
            SimpleNamespace(strings=(b"v=spf1 ", b"-all")),
            SimpleNamespace(strings=(b"other",)),
        ],
        "nobody.example": dns.resolver.NXDOMAIN(),
        "bare.example": dns.resolver.NoAnswer(),
        "silent.example": dns.resolver.LifetimeTimeout(timeout=1.0, errors=[]),
    }

    def resolve(name: str, kind: str, **limits: object) -> object:
        assert kind == "TXT"
        if isinstance(answer := says[name], Exception):
            raise answer
        return answer

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    assert txt_records("long.example") == ("v=spf1 -all", "other")
    assert txt_records("nobody.example") == txt_records("bare.example") == ()
    with pytest.raises(CarrierError, match=r"silent\.example"):
        txt_records("silent.example")


def _filter(folder: Path, script: str) -> None:
    program = folder / "spamassassin"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def test_a_spam_filter_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not is_installed()
    with pytest.raises(CarrierError, match="not installed"):
        spamminess(b"message")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    _filter(
        tmp_path,
        r"printf 'X-Spam-Status: Yes, score=5.4 required=5.0 tests=A_RULE,\n\tB_RULE\n\tautolearn=no\n\nbody'",
    )
    assert spamminess(b"message") == (5.4, 5.0, ("A_RULE", "B_RULE"))
    _filter(tmp_path, r"printf 'X-Spam-Status: No, score=-0.1 required=5.0 tests=none autolearn=no\n\n'")
    assert spamminess(b"message") == (-0.1, 5.0, ())
    _filter(tmp_path, "exit 1")
    with pytest.raises(CarrierError, match="nothing"):
        spamminess(b"message")
    _filter(tmp_path, "exec sleep 20")
    with pytest.raises(CarrierError, match="did not answer"):
        spamminess(b"message", seconds=0.2)

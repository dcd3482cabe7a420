"""The way out, tried against servers that mean harm. Real sockets on 127.0.0.1, no network."""

import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.model import SourceError
from syndicate.sources.fetch import Credentials, Fetched, FetchError, FetchSettings, shown
from syndicate.sources.fetch.fetcher import Fetcher, get_patiently
from syndicate.sources.fetch.guard import is_allowed, why_denied

BOMB = 300 << 20


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))  # type: ignore[attr-defined]
        path = self.path.partition("?")[0]
        answer = getattr(self, "at_" + path.strip("/").replace("-", "_").partition("/")[0], None)
        answer() if answer else self._say(404, b"no")

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def at_hello(self) -> None:
        if self.headers.get("If-None-Match") == '"v1"':
            self._say(304, b"", ETag='"v1"')
        else:
            self._say(200, b"hello", ETag='"v1"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")

    def at_to(self) -> None:
        self._say(302, b"", Location=self.path.partition("?")[2])

    def at_again(self) -> None:
        self._say(302, b"", Location="/again")

    def at_gzip(self) -> None:
        self._say(200, gzip.compress(b"packed " * 10), Content_Encoding="gzip")

    def at_deflate(self) -> None:
        self._say(200, zlib.compress(b"deflated")[2:-4], Content_Encoding="deflate")

    def at_br(self) -> None:
        self._say(200, brotli.compress(b"brotli " * 10), Content_Encoding="br")

    def at_gzip_bomb(self) -> None:
        self._bomb(self.server.gzip_bomb, "gzip")  # type: ignore[attr-defined]

    def at_br_bomb(self) -> None:
        self._bomb(self.server.br_bomb, "br")  # type: ignore[attr-defined]

    def _bomb(self, body: bytes, encoding: str) -> None:
        self._say(200, body, Content_Encoding=encoding)

    def at_broken_gzip(self) -> None:
        self._say(200, b"\x1f\x8b\x08\x00garbage garbage", Content_Encoding="gzip")

    def at_unknown(self) -> None:
        self._say(200, b"x", Content_Encoding="zstd")

    def at_endless(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    def at_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.server.stop.wait(0.05):  # type: ignore[attr-defined]
            self.wfile.write(b"x")
            self.wfile.flush()

    def at_drip_header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.server.stop.wait(0.05):  # type: ignore[attr-defined]
            self.wfile.write(b"x")
            self.wfile.flush()

    def at_cookie(self) -> None:
        self._say(200, json.dumps(dict(self.headers.items())).encode(), Set_Cookie="a=b")

    def at_gone(self) -> None:
        self._say(410, b"gone")

    def at_busy(self) -> None:
        times = sum(path == self.path for path, _ in self.server.seen)  # type: ignore[attr-defined]
        if times < 3:
            self._say(503, b"", Retry_After="7")
        else:
            self._say(200, b"now")

    def at_always_busy(self) -> None:
        self._say(503, b"")

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a bomb is what these tests want."""


@pytest.fixture(scope="module")
def server() -> Iterator[_Server]:
    found = _Server(("127.0.0.1", 0), _Handler)
    found.seen = []  # type: ignore[attr-defined]
    found.stop = threading.Event()  # type: ignore[attr-defined]
    packer = zlib.compressobj(9, wbits=31)
    zeros = b"\0" * (1 << 20)
    found.gzip_bomb = b"".join(packer.compress(zeros) for _ in range(BOMB >> 20)) + packer.flush()  # type: ignore[attr-defined]
    br = brotli.Compressor(quality=1)
    found.br_bomb = b"".join(br.process(zeros) for _ in range(BOMB >> 20)) + br.finish()  # type: ignore[attr-defined]
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    found.stop.set()  # type: ignore[attr-defined]
    found.shutdown()
    found.server_close()


@contextmanager
def fetcher(server: _Server, *names: str, **limits: Any) -> Iterator[Fetcher]:
    """A fetcher that may speak to the server under 127.0.0.1 and ``names``, all of which resolve to it."""
    port = server.server_address[1]
    allowed = tuple(f"{name}:{port}" for name in ("127.0.0.1", *names))
    with Fetcher(
        FetchSettings(allow_private=allowed, **limits), resolver=lambda h, p: ["127.0.0.1"]
    ) as found:
        yield found


def url(server: _Server, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.server_address[1]}/{path}"


def test_it_reads_an_answer_with_its_validators(server: _Server) -> None:
    with fetcher(server) as out:
        got = out.get(url(server, "hello"))
    assert (got.status, got.body, got.etag) == (200, b"hello", '"v1"')
    assert got.last_modified == "Mon, 01 Jan 2024 00:00:00 GMT"


def test_a_known_etag_is_answered_with_304(server: _Server) -> None:
    with fetcher(server) as out:
        got = out.get(url(server, "hello"), etag='"v1"')
    assert got.unchanged
    assert got.body == b""


@pytest.mark.parametrize(
    ("path", "body"), [("gzip", b"packed " * 10), ("br", b"brotli " * 10), ("deflate", b"deflated")]
)
def test_packed_answers_are_unpacked(server: _Server, path: str, body: bytes) -> None:
    with fetcher(server) as out:
        assert out.get(url(server, path)).body == body


@pytest.mark.parametrize(
    ("path", "limits", "reason"),
    [
        ("gzip-bomb", {}, "200 times its size"),
        ("br-bomb", {}, "200 times its size"),
        ("gzip-bomb", {"ratio": 10**9, "body_bytes": 5 << 20}, "5,242,880 bytes when unpacked"),
        ("br-bomb", {"ratio": 10**9, "body_bytes": 5 << 20}, "5,242,880 bytes when unpacked"),
        ("broken-gzip", {}, "packed wrongly"),
        ("unknown", {}, "zstd"),
        ("endless", {"wire_bytes": 1 << 20}, "longer than 1,048,576 bytes"),
        ("drip", {"total_seconds": 0.5}, "in time|total time"),
        ("drip-header", {"total_seconds": 0.5}, "in time|total time"),
        ("again", {}, "redirects more than 5 times"),
        ("gone", {}, "HTTP 410"),
    ],
)
def test_what_means_harm_is_refused_in_words(
    server: _Server, path: str, limits: dict[str, Any], reason: str
) -> None:
    began = time.monotonic()
    with fetcher(server, **limits) as out, pytest.raises(SourceError, match=reason) as caught:
        out.get(url(server, path))
    assert f"127.0.0.1:{server.server_address[1]}/{path}" in str(caught.value)
    assert time.monotonic() - began < 20


def test_a_private_address_is_refused_before_any_connection(server: _Server) -> None:
    before = len(server.seen)  # type: ignore[attr-defined]
    with Fetcher() as out, pytest.raises(FetchError, match="a loopback address"):
        out.get(url(server, "hello"))
    assert len(server.seen) == before  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0"]
)
def test_no_spelling_of_an_address_gets_past_the_guard(server: _Server, host: str) -> None:
    before = len(server.seen)  # type: ignore[attr-defined]
    with Fetcher(FetchSettings(total_seconds=5)) as out, pytest.raises(FetchError):
        out.get(url(server, "hello", host))
    assert len(server.seen) == before  # type: ignore[attr-defined]


def test_a_name_that_answers_with_one_private_address_is_refused() -> None:
    with (
        Fetcher(resolver=lambda h, p: ["93.184.216.34", "10.0.0.8"]) as out,
        pytest.raises(FetchError, match=r"evil\.example is at 10\.0\.0\.8, a private address"),
    ):
        out.get("http://evil.example/feed.xml")


def test_a_redirect_to_a_private_address_is_refused(server: _Server) -> None:
    port = server.server_address[1]
    settings_ = FetchSettings(allow_private=(f"front.example:{port}",))
    with Fetcher(settings_, resolver=lambda h, p: ["127.0.0.1"]) as out:
        with pytest.raises(FetchError, match="a loopback address"):
            out.get(url(server, f"to?http://inside.example:{port}/hello", "front.example"))
        with pytest.raises(FetchError, match="only http and https"):
            out.get(url(server, "to?file:///etc/passwd", "front.example"))
        with pytest.raises(FetchError, match="must not hold a user name"):
            out.get(url(server, f"to?http://a:b@front.example:{port}/hello", "front.example"))


def test_the_address_that_was_checked_is_the_one_connected_to(server: _Server) -> None:
    """The second answer of a rebinding name server is never asked for."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    port = server.server_address[1]
    with Fetcher(
        FetchSettings(allow_private=(f"once.example:{port}",)), resolver=lambda h, p: next(answers)
    ) as out:
        assert out.get(url(server, "hello", "once.example")).body == b"hello"
    assert next(answers) == ["10.0.0.1"]
    assert server.seen[-1][1]["host"] == f"once.example:{port}"  # type: ignore[attr-defined]


def test_a_password_goes_to_its_own_host_only(server: _Server) -> None:
    port = server.server_address[1]
    secret = Credentials("ann", "s3cret word")
    with fetcher(server, "one.example", "two.example") as out:
        out.get(url(server, "hello?mine", "one.example"), credentials=secret)
        assert server.seen[-1][1]["authorization"].startswith("Basic ")  # type: ignore[attr-defined]
        out.get(url(server, f"to?http://two.example:{port}/hello", "one.example"), credentials=secret)
        path, headers = server.seen[-1]  # type: ignore[attr-defined]
    assert path == "/hello"
    assert "authorization" not in headers
    assert "s3cret" not in repr(secret)


def test_a_password_is_not_sent_in_the_open() -> None:
    with (
        Fetcher(resolver=lambda h, p: ["93.184.216.34"]) as out,
        pytest.raises(FetchError, match="use https"),
    ):
        out.get("http://news.example/", credentials=Credentials("ann", "s3cret"))


def test_no_cookie_is_kept(server: _Server) -> None:
    with fetcher(server) as out:
        out.get(url(server, "cookie"))
        assert "Cookie" not in json.loads(out.get(url(server, "cookie")).body)


@pytest.mark.parametrize(
    "bad",
    [
        "ftp://a/b",
        "file:///etc/passwd",
        "http://",
        "http://u:pw@a.example/",
        "nonsense",
        "http://[::1",
        "http://a b/",
        "//x",
    ],
)
def test_an_address_that_must_not_be_read(bad: str) -> None:
    with Fetcher() as out, pytest.raises(FetchError) as caught:
        out.get(bad)
    assert "pw" not in str(caught.value)


def test_a_server_that_is_away() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
    with (
        Fetcher(FetchSettings(allow_private=(f"127.0.0.1:{port}",))) as out,
        pytest.raises(FetchError, match="cannot be connected to"),
    ):
        out.get(f"http://127.0.0.1:{port}/")


def test_a_resolver_that_hangs_is_left_behind() -> None:
    done = threading.Event()
    with (
        Fetcher(FetchSettings(connect_seconds=0.2), resolver=lambda h, p: [str(done.wait(30))]) as out,
        pytest.raises(FetchError, match="not resolved in time"),
    ):
        out.get("http://slow.example/")
    done.set()


def test_patience_waits_as_the_server_asks(server: _Server) -> None:
    waits: list[float] = []
    with fetcher(server) as out:
        assert get_patiently(out, url(server, "busy"), sleep=waits.append).body == b"now"
        assert waits == [7.0, 7.0]
        with pytest.raises(FetchError, match="HTTP 503") as caught:
            get_patiently(out, url(server, "always-busy"), sleep=waits.append)
    assert caught.value.status == 503
    assert waits[2:] == [1.0, 2.0]


def test_any_status_returns_the_answer(server: _Server) -> None:
    with fetcher(server) as out:
        got = out.get(url(server, "gone"), any_status=True)
    assert isinstance(got, Fetched)
    assert got.status == 410


DENIED = (
    "0.0.0.0 0.1.2.3 10.1.1.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255",
    "192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.2 203.0.113.9 224.0.0.1 239.1.1.1",
    "240.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1",
    "100::1 2001::1 2001:0:4136:e378::1 2001:db8::1 2002:7f00:1::1 3fff::1 fc00::1 fd12::1 fe80::1 fe80::1%eth0",
    "fec0::1 ff02::1 4000::1 5f00::1 not-an-address 127.0.0.1:80",
)


@pytest.mark.parametrize("address", " ".join(DENIED).split())
def test_addresses_that_are_not_public_are_denied(address: str) -> None:
    assert why_denied(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"]
)
def test_public_addresses_pass(address: str) -> None:
    assert why_denied(address) == ""


@given(st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address)))
def test_nothing_passes_that_the_library_calls_private(ip: IPv4Address | IPv6Address) -> None:
    if ip.is_private or ip.is_multicast or ip.is_loopback or ip.is_link_local or ip.is_reserved:
        assert why_denied(str(ip))


def test_allowed_pairs_are_exact() -> None:
    assert is_allowed("LOCALHOST", 8080, ("localhost:8080",))
    assert is_allowed("::1", 80, ("[::1]:80",))
    assert not is_allowed("localhost", 8081, ("localhost:8080",))


@given(st.text(max_size=60), st.text(alphabet="abc\r\n\0/?#@\\", max_size=12))
def test_an_address_is_shown_on_one_line_without_its_secrets(secret: str, path: str) -> None:
    told = shown(f"https://user:PASSWORD@host.example/{path}?key={secret}KEY")
    assert "PASSWORD" not in told
    assert "KEY" not in told
    assert "\n" not in told
    assert "\r" not in told

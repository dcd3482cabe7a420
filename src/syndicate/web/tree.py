"""The public tree, answered in front of the framework: what a feed reader asks a thousand times a day costs little.

::

    path -> held? -> one stat: the same file? -> 304, or its bytes
               \\-> sheet: bytes, hash, copies, what is noted -> headers, made once -> held

Nothing waits on the loop but that stat: files are read, and the store is asked, in threads (law 9).
"""

import asyncio
import gzip
import logging
from collections.abc import Iterable
from urllib.parse import quote

from litestar.types import HTTPResponseBodyEvent, HTTPScope, Send

from syndicate.feeds.delta import has_deltas, takes_deltas
from syndicate.flows.deltas import changes_since
from syndicate.flows.house import House
from syndicate.model import SyndicateError
from syndicate.web.answers import PUBLISHED
from syndicate.web.conditions import IDENTITY, coding, entity_tags
from syndicate.web.files import CHUNK, is_there, named
from syndicate.web.sheets import Headers, Sheet, sheet, start

HELD = 4096
"""Files whose headers are kept. The oldest is dropped and looked at again when it is asked for."""

_ASKED = frozenset(
    {
        b"if-none-match",
        b"if-modified-since",
        b"accept-encoding",
        b"sec-fetch-dest",
        b"a-im",
        b"user-agent",
    }
)
_TRIES = 3

_log = logging.getLogger("syndicate.web")


class Tree:
    """What the public tree answers by itself; the rest is for the framework."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._held: dict[bytes, Sheet] = {}
        self._looking: dict[str, asyncio.Future[Sheet | None]] = {}

    async def answer(self, scope: HTTPScope, send: Send) -> bool:
        """True when the request was for a file and is answered; False when nothing was done."""
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            return False
        raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
        for _ in range(_TRIES):  # a file that is replaced while it is answered is looked at again
            held = self._held.get(raw_path)
            if held is None or not held.file.plain.is_current():
                held = await self._find(raw_path)
            if held is None:
                return False
            # What nearly everybody asks is answered before anything else is read of the request.
            if held.usual in scope["headers"] and scope["method"] != "OPTIONS":
                await send(held.not_modified)
                await send(_END)
                return True
            if await _Request(self.house, held, scope, send).answer():
                return True
        return False

    async def _find(self, raw_path: bytes) -> Sheet | None:
        path = named(raw_path)
        if path is None or not is_there(self.house.tree.root, path):
            self._held.pop(raw_path, None)
            return None
        found = await asyncio.shield(self._look(path))
        if found is not None and not found.file.plain.is_current():
            # Others had begun to look before it was replaced.
            found = await asyncio.shield(self._look(path))
        self._hold(raw_path, found)
        return found

    def _hold(self, raw_path: bytes, found: Sheet | None) -> None:
        self._held.pop(raw_path, None)
        if found is not None:
            if len(self._held) >= HELD:
                self._held.pop(next(iter(self._held)))
            self._held[raw_path] = found

    def _look(self, path: str) -> "asyncio.Future[Sheet | None]":
        """Once for all who ask for it meanwhile."""
        looking = self._looking.get(path)
        if looking is None:
            looking = asyncio.ensure_future(asyncio.to_thread(sheet, self.house, path))
            self._looking[path] = looking
            looking.add_done_callback(lambda _: self._looking.pop(path, None))
        return looking


class _Request:
    """One request for one file."""

    def __init__(self, house: House, held: Sheet, scope: HTTPScope, send: Send) -> None:
        self.house, self.held, self.file, self.send = house, held, held.file, send
        self.method, self.given = scope["method"], _given(scope["headers"])

    async def answer(self) -> bool:
        """False when the file was replaced meanwhile; then nothing was sent."""
        if self.method == "OPTIONS":
            return await self._preflight()
        if self.held.is_known_to(self.given):
            await self.send(self.held.not_modified)
            await self.send(_END)
            return True
        if self._takes_deltas() and await self._delta():
            return True
        name = coding(self.given.get(b"accept-encoding"), {IDENTITY, *self.file.packed})
        if name is None:
            return await self._whole(406, [*self.held.known, *_TEXT], b"406: every coding of it is refused\n")
        return await self._content(name)

    async def _content(self, name: str) -> bool:
        copy = self.held.copy(name)
        headers = [*self.held.known, *self._described(copy.size)]
        if name != IDENTITY:
            headers.append((b"content-encoding", name.encode()))
        if self.method == "HEAD":
            return await self._whole(200, headers, b"")
        opened = await asyncio.to_thread(copy.opened)
        if opened is None:
            # A packed copy is replaced first. The file itself is still this one, or it is looked at again.
            return await self._content(IDENTITY) if name != IDENTITY else False
        try:
            await self.send(start(200, headers))
            while chunk := await asyncio.to_thread(opened.read, CHUNK):
                await self.send(_body(chunk, is_more=True))
            await self.send(_END)
        finally:
            opened.close()
        return True

    def _takes_deltas(self) -> bool:
        asked = self.given.get(b"a-im")
        if asked is None or b"if-none-match" not in self.given or not has_deltas(self.file.path):
            return False
        return takes_deltas(asked, self.given.get(b"user-agent", ""))

    async def _delta(self) -> bool:
        """226, where it is known what the client has. Never stored: a cache may not know what 226 is."""
        body = await asyncio.to_thread(self._changes)
        if body is None:
            return False
        headers = _without(self.held.known, {b"cache-control", b"vary"})
        headers += [
            (b"cache-control", b"no-store"),
            (b"vary", b"A-IM, If-None-Match, User-Agent, Accept-Encoding, Sec-Fetch-Dest"),
            (b"im", b"feed"),
        ]
        if coding(self.given.get(b"accept-encoding"), {"gzip", IDENTITY}) == "gzip":
            body = await asyncio.to_thread(gzip.compress, body, 6)
            headers.append((b"content-encoding", b"gzip"))
        return await self._whole(226, [*headers, *self._described(len(body))], body)

    def _changes(self) -> bytes | None:
        document = self.file.plain.content()
        tags = entity_tags(self.given[b"if-none-match"])
        try:
            return document and changes_since(self.house.database, self.file.path, document, tags)
        except SyndicateError as error:  # the store is away: the whole feed is an answer, too
            _log.warning("no delta: %s", error)
            return None

    async def _preflight(self) -> bool:
        """A page elsewhere that reads a feed asks first when it sends If-None-Match (Fetch, 4.8)."""
        headers = [(b"allow", b"GET, HEAD, OPTIONS")]
        if self.file.is_feed:
            headers += _PREFLIGHT
        return await self._whole(204, headers, b"")

    async def _whole(self, status: int, headers: Headers, body: bytes) -> bool:
        await self.send(start(status, headers))
        await self.send(_body(b"" if self.method == "HEAD" else body))
        return True

    def _described(self, size: int) -> Headers:
        """A browser that opens an XML feed shows it, with its style sheet, only when it is called plain XML."""
        is_opened = self.file.is_xml_feed and self.given.get(b"sec-fetch-dest") == "document"
        kind = "application/xml; charset=utf-8" if is_opened else self.file.content_type
        described = [
            (b"content-type", kind.encode()),
            (b"content-length", str(size).encode()),
            (b"content-security-policy", PUBLISHED.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
        ]
        return [*described, (b"x-robots-tag", b"noindex")] if self.file.is_feed else described


def _given(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """What matters here; a header that came twice is one list."""
    given: dict[bytes, str] = {}
    for name, value in headers:
        if name in _ASKED:
            text = value.decode("latin-1")
            given[name] = f"{given[name]}, {text}" if name in given else text
    return given


def _without(headers: Headers, names: set[bytes]) -> Headers:
    return [(name, value) for name, value in headers if name not in names]


def _body(body: bytes, *, is_more: bool = False) -> HTTPResponseBodyEvent:
    return {"type": "http.response.body", "body": body, "more_body": is_more}


_END = _body(b"")
_TEXT: Headers = [(b"content-type", b"text/plain; charset=utf-8")]
_PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
]

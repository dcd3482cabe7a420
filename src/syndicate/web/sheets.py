"""What can be said of a file of the public tree before anybody asks: its validators and headers, made once.

ETag and Last-Modified belong to the bytes that are sent (law 8), at every moment of a publish. The ETag is the hash of
the very bytes; a file that is written and not yet noted has its time on disk, which is the one that will be noted; a
packed copy that is newer than its file is not used.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from litestar.types import HTTPResponseStartEvent

from syndicate.feeds.pings import is_topic
from syndicate.flows.house import House
from syndicate.model import Site, SyndicateError
from syndicate.store import pages
from syndicate.web.conditions import IDENTITY, entity_tag, http_date, is_current
from syndicate.web.files import Copy, File, look

_FEED_AGE = "public, max-age=1800"
_PAGE_AGE = "public, max-age=600"
_PICTURE_AGE = "public, max-age=31536000, immutable"

_log = logging.getLogger("syndicate.web")

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file with everything that can be said of it beforehand.

    ``known``: the headers of 200 and 304 alike. ``usual``: the header by which nearly everybody asks who has it.
    """

    file: File
    tag: str
    changed: datetime
    date: str
    usual: tuple[bytes, bytes]
    known: Headers
    not_modified: HTTPResponseStartEvent

    def is_known_to(self, given: Mapping[bytes, str]) -> bool:
        """Whether 304 is the answer."""
        tag, since = given.get(b"if-none-match"), given.get(b"if-modified-since")
        return (tag is None and since == self.date) or is_current(tag, since, self.tag, self.changed)

    def copy(self, name: str) -> Copy:
        return self.file.plain if name == IDENTITY else self.file.packed[name]


def sheet(house: House, path: str) -> Sheet | None:
    """Look at a file, and at what is noted of it; None where there is none."""
    file = look(house.tree.root, path)
    if file is None:
        return None
    tag, changed = entity_tag(file.sha256), _changed(house, file)
    date, usual = http_date(changed), (b"if-none-match", tag.encode())
    known = list(_known(house.site, file, tag, date))
    return Sheet(file, tag, changed, date, usual, known, start(304, known))


def _changed(house: House, file: File) -> datetime:
    """As noted, if these bytes are what is noted; else (not noted yet, or a picture) the time of the file."""
    try:
        with house.database.read() as connection:
            row = pages.file(connection, file.path)
    except SyndicateError as error:
        _log.warning("the time of a public file is taken from the disk: %s", error)
        return file.written
    return row.changed_at if row and row.sha256 == file.sha256 else file.written


def _known(site: Site, file: File, tag: str, date: str) -> Iterable[tuple[bytes, bytes]]:
    """Headers of 200 and 304 alike (RFC 9110, 15.4.5)."""
    yield b"etag", tag.encode()
    yield b"last-modified", date.encode()
    yield b"cache-control", _age(file).encode()
    yield b"vary", b"Accept-Encoding, Sec-Fetch-Dest" if file.is_xml_feed else b"Accept-Encoding"
    if file.is_feed:
        yield b"access-control-allow-origin", b"*"
        yield b"access-control-expose-headers", b"ETag, Link"
    if is_topic(file.path) and site.hubs:
        yield b"link", _websub(site, file).encode()


def _age(file: File) -> str:
    if file.is_feed:
        return _FEED_AGE
    return _PICTURE_AGE if file.path.startswith("media/") else _PAGE_AGE


def _websub(site: Site, file: File) -> str:
    """One header with both relations (WebSub, section 4; some hubs read only the first header)."""
    links = [f'<{site.public_url}/{file.path}>; rel="self"', *(f'<{hub}>; rel="hub"' for hub in site.hubs)]
    return ", ".join(links)


def start(status: int, headers: Headers) -> HTTPResponseStartEvent:
    return {"type": "http.response.start", "status": status, "headers": headers}

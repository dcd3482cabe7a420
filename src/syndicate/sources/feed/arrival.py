"""How a feed's bytes come in and become text: fetched or from a file, charset found out, DTDs refused."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message

import webencodings  # type: ignore[import-untyped]

from syndicate.model import SourceError
from syndicate.sources.feed import FeedSettings
from syndicate.sources.fetch import Fetched, shown
from syndicate.sources.fetch.fetcher import Fetcher
from syndicate.sources.prolog import has_doctype

ETAG, LAST_MODIFIED = ":etag", ":last-modified"
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UNMARKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"), (b"{\0", "utf-16-le"), (b"\0{", "utf-16-be"))
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
# XML 1.0, section 2.2; feeds have them from text pasted out of word processors
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


@dataclass(frozen=True, slots=True)
class Document:
    """A feed as text. ``place`` is where it is from, ``base_url`` what relative addresses stand under.

    ``remember`` are the validators to know next time; ``doubt`` is what was odd about its bytes.
    """

    text: str
    place: str
    base_url: str
    remember: tuple[tuple[str, str], ...] = ()
    doubt: str = ""


def arrive(settings: FeedSettings, known: Mapping[str, str], fetcher: Fetcher | None) -> Document | None:
    """The document, or None when the server says that it is what it was. Raises SourceError."""
    if settings.path is not None:
        return _from_file(settings)
    out = fetcher or Fetcher(settings.fetch)
    try:
        fetched = _ask(settings.url, known, out)
    finally:
        if fetcher is None:
            out.close()
    if fetched.unchanged:
        return None
    text, doubt = decoded(fetched.body, fetched.headers.get("content-type", ""), shown(settings.url))
    validators = ((ETAG, fetched.etag), (LAST_MODIFIED, fetched.last_modified))
    remember = tuple((key, f"{_mark(settings.url)} {value}" if value else "") for key, value in validators)
    return Document(text, shown(fetched.url), fetched.url, remember, doubt)


def _ask(url: str, known: Mapping[str, str], out: Fetcher) -> Fetched:
    """Ask with the validators we hold, if they are of this very address."""
    return out.get(
        url, accept=_ACCEPT, etag=_held(url, known, ETAG), last_modified=_held(url, known, LAST_MODIFIED)
    )


def _held(url: str, known: Mapping[str, str], key: str) -> str:
    mark, _, value = known.get(key, "").partition(" ")
    return value if mark == _mark(url) else ""


def _mark(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _from_file(settings: FeedSettings) -> Document:
    path, limit = settings.path, settings.fetch.body_bytes
    assert path is not None
    try:
        with path.open("rb") as file:
            body = file.read(limit + 1)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(body) > limit:
        raise SourceError(f"{path}: is longer than {limit:,} bytes")
    text, doubt = decoded(body, "", str(path))
    return Document(text, str(path), settings.url, (), doubt)


def decoded(body: bytes, content_type: str, place: str) -> tuple[str, str]:
    """The text without BOM and XML declaration, and what was doubtful about it ("" for nothing).

    BOM before HTTP charset before XML declaration (RFC 7303, section 3); UTF-8 if none says. What comes out is
    what is parsed, so no parser can see a DOCTYPE that was not seen here. Raises SourceError for one.
    """
    name = _charset(body, content_type)
    try:
        text, doubt = body.decode(name), ""
    except ValueError:
        text, doubt = body.decode(name, "replace"), f"its bytes are not {name}; some letters are lost"
    # with NULs taken out, what was UTF-32 or worse shows its markup here, not first in the parser
    text = _DECLARATION.sub("", _ILLEGAL.sub("", text).lstrip("\ufeff"), count=1)
    if text.lstrip()[:1] != "{" and has_doctype(text):
        raise SourceError(f"{place}: has a DOCTYPE, which is refused in feeds (it may hold a trap)")
    return text, doubt


def _charset(body: bytes, content_type: str) -> str:
    for mark, name in (*_BOMS, *_UNMARKED):
        if body.startswith(mark):
            return name
    message = Message()
    message["Content-Type"] = content_type
    declared = _DECLARED.match(body[:500])
    labels = [message.get_param("charset"), declared[1].decode("ascii") if declared else ""]
    for label in labels:
        # only what browsers know: Python's own list has codecs that do other things than decode
        if isinstance(label, str) and (found := webencodings.lookup(label)):
            return str(found.codec_info.name)
    return "utf-8"

"""RSS and Atom by feedparser, which is given text we decoded and never an address.

Its sanitiser and its resolving of relative addresses are off: ``clean.fragment`` does both, better. Of tombstones
it keeps only the last, and none of RSS's, so these are read by lxml.
"""

import calendar
import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from lxml import etree

from syndicate.languages import visible
from syndicate.model import Image, SourceError
from syndicate.sources.feed.entry import Entry, Parsed, Person
from syndicate.sources.lines import line

_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_HARMLESS = ("CharacterEncodingOverride", "NonXMLContentType")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Raw = Mapping[str, Any]


def parse(text: str, place: str) -> Parsed:
    """What can be taken from the document. Raises SourceError when it is no feed."""
    found = _feedparser(text, place)
    feed, entries = found.get("feed", {}), found.get("entries", [])
    if not found.get("version") and not entries:
        raise SourceError(_no_feed(text, place))
    is_atom = str(found.get("version", "")).startswith("atom")
    return Parsed(
        entries=tuple(_entry(one, is_atom) for one in entries),
        link=_page(feed, ""),
        language=str(feed.get("language") or ""),
        date=_moment(feed, "updated") or _moment(feed, "published"),
        authors=tuple(_people(feed)) if is_atom else (),
        deleted=_tombstones(text),
        faults=tuple(_faults(found)),
    )


def _feedparser(text: str, place: str) -> Raw:
    import feedparser

    headers = {"content-type": "application/xml; charset=utf-8"}
    data = text.encode("utf-8", "replace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Raw = feedparser.parse(
                data, response_headers=headers, sanitize_html=False, resolve_relative_uris=False
            )
    except Exception as error:
        # the parser's tolerant half is not total: whatever it stumbles over, this feed cannot be read
        raise SourceError(f"{place}: cannot be read as a feed ({type(error).__name__})") from error
    return found


def _no_feed(text: str, place: str) -> str:
    title = _TITLE.search(text[:20_000])
    page = f" but a page titled “{line(title[1])}”" if title else ""
    return f"{place}: is no feed{page}; look for the address of its RSS, Atom or JSON Feed"


def _faults(found: Raw) -> Iterator[tuple[int, str]]:
    error = found.get("bozo_exception")
    if found.get("bozo") and type(error).__name__ not in _HARMLESS:
        number = getattr(error, "getLineNumber", lambda: 0)() or 0
        message = getattr(error, "getMessage", lambda: str(error))()
        yield int(number), visible(str(message))[:120]


def _entry(raw: Raw, is_atom: bool) -> Entry:
    content = _best(raw.get("content"))
    summary = raw.get("summary_detail") or {"value": raw.get("summary", "")}
    language = str(raw.get("language") or _detail(raw, content, "language"))
    return Entry(
        id=str(raw.get("id") or ""),
        link=_page(raw, language),
        title=_title(raw, is_atom),
        html=_html(content) if content else "",
        summary=_html(summary) if _is_own(summary, content) else "",
        published=_moment(raw, "published") or _moment(raw, "created"),
        updated=_moment(raw, "updated"),
        language=language,
        base=_detail(raw, content, "base"),
        authors=tuple(_people(raw)),
        translators=tuple(_named(one) for one in _dicts(raw.get("contributors"))),
        categories=tuple(_categories(raw)),
        images=tuple(_images(raw)),
        alternates=tuple(_alternates(raw)),
    )


def _dicts(value: Any) -> list[Raw]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _best(contents: Any) -> Raw:
    """The content to show: HTML before plain text, the longer before the shorter."""
    texts = [c for c in _dicts(contents) if c.get("value")]
    return max(texts, key=lambda c: ("html" in str(c.get("type")), len(str(c["value"]))), default={})


def _is_own(summary: Raw, content: Raw) -> bool:
    """feedparser repeats content as summary where there is none."""
    return bool(summary.get("value")) and summary.get("value") != content.get("value")


def _detail(raw: Raw, content: Raw, name: str) -> str:
    for holder in (content, raw.get("title_detail"), raw.get("summary_detail")):
        if isinstance(holder, Mapping) and holder.get(name):
            return str(holder[name])
    return ""


def _html(detail: Raw) -> str:
    value = str(detail.get("value") or "")
    if detail.get("type") == "text/plain" and "<" not in value:
        paragraphs = (p.strip() for p in re.split(r"\n\s*\n", value))
        return "".join(
            f"<p>{escape(p, quote=False)}</p>" if "&" not in p else f"<p>{p}</p>" for p in paragraphs if p
        )
    return value


def _title(raw: Raw, is_atom: bool) -> str:
    """Atom says whether a title is text or HTML (RFC 4287, section 3.1.1); RSS leaves it to be guessed."""
    value = str(raw.get("title") or "")
    detail = raw.get("title_detail")
    is_text = is_atom and isinstance(detail, Mapping) and detail.get("type") == "text/plain"
    return visible(value) if is_text else line(value)


def _page(raw: Raw, language: str) -> str:
    """The first alternate link that is not that of another language; feedparser's own ``link`` is the last."""
    links = [one for one in _dicts(raw.get("links")) if one.get("rel", "alternate") == "alternate"]
    own = [one for one in links if not one.get("hreflang")]
    same = [one for one in links if language and str(one.get("hreflang", "")).lower() == language.lower()]
    pages = [one for one in (*own, *same) if "json" not in str(one.get("type")) and one.get("href")]
    if pages:
        return str(pages[0]["href"])
    return str(raw.get("link") or "") if not links else str(links[0].get("href") or "")


def _alternates(raw: Raw) -> Iterator[tuple[str, str]]:
    for one in _dicts(raw.get("links")):
        if one.get("rel") == "alternate" and one.get("hreflang") and one.get("href"):
            yield str(one["hreflang"]), str(one["href"])


def _people(raw: Raw) -> Iterator[Person]:
    people, written = _dicts(raw.get("authors")), str(raw.get("author") or "")
    if "@" in written and len(people) < 2:
        # feedparser knows no long top-level domains and leaves their ends in the name
        yield Person(written, str(people[0].get("href") or "") if people else "")
        return
    for one in people:
        yield _named(one)


def _named(raw: Raw) -> Person:
    return Person(str(raw.get("name") or ""), str(raw.get("href") or ""))


def _categories(raw: Raw) -> Iterator[tuple[str, str, str]]:
    for tag in _dicts(raw.get("tags")):
        yield str(tag.get("term") or ""), str(tag.get("scheme") or ""), str(tag.get("label") or "")


def _images(raw: Raw) -> Iterator[Image]:
    for one in _dicts(raw.get("links")):
        if one.get("rel") == "enclosure" and str(one.get("type", "")).startswith("image/"):
            yield Image(str(one.get("href") or ""), "")
    for one in _dicts(raw.get("media_content")):
        if one.get("medium") == "image" or str(one.get("type", "")).startswith("image/"):
            yield Image(str(one.get("url") or ""), "")
    for one in _dicts(raw.get("media_thumbnail")):
        yield Image(str(one.get("url") or ""), "")


def _moment(raw: Raw, name: str) -> datetime | None:
    """feedparser's dates are UTC; a year it cannot have is no date."""
    # ``in`` and dict.get see what is there; feedparser's own lookup makes ``updated`` up from ``published``
    parsed = dict.get(raw, f"{name}_parsed") if isinstance(raw, dict) else None
    try:
        return _EPOCH + timedelta(seconds=calendar.timegm(parsed)) if parsed else None
    except (ValueError, OverflowError, TypeError):
        return None


def _tombstones(text: str) -> tuple[str, ...]:
    if "deleted-entry" not in text:
        return ()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return ()
    found = () if root is None else root.iter(_TOMBSTONE)
    return tuple(dict.fromkeys(str(one.get("ref")) for one in found if one.get("ref")))

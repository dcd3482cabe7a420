"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1), and what our own feeds add under ``_syndicate``."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from syndicate.languages import visible
from syndicate.model import Image, SourceError
from syndicate.sources.feed.entry import Entry, Parsed, Person

Json = Mapping[str, Any]
_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1")


def parse(text: str, place: str) -> Parsed:
    """What the document says. Raises SourceError when it is no JSON Feed."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{place}: is no JSON that can be read ({visible(str(error))[:100]})") from None
    if not isinstance(feed, dict) or not _VERSION.match(_text(feed, "version")):
        raise SourceError(f"{place}: is JSON but no JSON Feed (its version is not one of jsonfeed.org)")
    items = [one for one in _list(feed, "items") if isinstance(one, dict)]
    more = _object(feed, "_syndicate")
    return Parsed(
        entries=tuple(_entry(one) for one in items),
        link=_text(feed, "home_page_url"),
        language=_text(feed, "language"),
        authors=tuple(_people(feed)),
        deleted=tuple(_text(one, "id") for one in _list(more, "withdrawn") if isinstance(one, dict)),
        faults=((0, "an item is no object and was left out"),) * (len(items) < len(_list(feed, "items"))),
    )


def _entry(item: Json) -> Entry:
    more = _object(item, "_syndicate")
    plain = "".join(
        f"<p>{escape(p, quote=False)}</p>" for p in _text(item, "content_text").split("\n\n") if p
    )
    return Entry(
        id=_id(item),
        link=_text(item, "url") or _text(item, "external_url"),
        title=visible(_text(item, "title")),
        html=_text(item, "content_html") or plain,
        summary=escape(_text(item, "summary"), quote=False),
        published=moment(_text(item, "date_published")),
        updated=moment(_text(item, "date_modified")),
        language=_text(item, "language"),
        authors=tuple(_people(item)),
        translators=tuple(_people({"authors": more.get("translators")})),
        categories=tuple((tag, "", tag) for tag in _list(item, "tags") if isinstance(tag, str)),
        images=tuple(_images(item)),
        alternates=tuple(_alternates(more)),
    )


def _text(holder: Json, name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _list(holder: Json, name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _object(holder: Json, name: str) -> Json:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _id(item: Json) -> str:
    """A string; a number is to be taken as one (JSON Feed 1.1, items, id)."""
    value = item.get("id")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _text(item, "id")


def _people(holder: Json) -> Iterator[Person]:
    """``authors`` of 1.1, else ``author`` of 1."""
    for one in _list(holder, "authors") or [holder.get("author")]:
        if isinstance(one, dict):
            yield Person(_text(one, "name"), _text(one, "url"), _text(one, "avatar"))


def _images(item: Json) -> Iterator[Image]:
    for name in ("image", "banner_image"):
        if url := _text(item, name):
            yield Image(url, "")
    for one in _list(item, "attachments"):
        if isinstance(one, dict) and _text(one, "mime_type").startswith("image/"):
            yield Image(_text(one, "url"), _text(one, "title"))


def _alternates(more: Json) -> Iterator[tuple[str, str]]:
    for one in _list(more, "translations"):
        if isinstance(one, dict) and _text(one, "url"):
            yield _text(one, "language"), _text(one, "url")


def moment(text: str) -> datetime | None:
    """RFC 3339 to UTC; without an offset it is taken for UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

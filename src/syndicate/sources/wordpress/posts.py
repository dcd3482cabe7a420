"""One post of the REST API becomes a manuscript: entities decoded, HTML cleaned, notes joined, dates in UTC."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from syndicate.languages import slug
from syndicate.model import ArticleState, Author, Credit, Image, Manuscript, Problem, Tag
from syndicate.sources import clean, footnotes
from syndicate.sources.clean.addresses import absolute
from syndicate.sources.lines import first_words, line
from syndicate.sources.wordpress import people, translation

Json = dict[str, Any]

_STATES = {
    "trash": ArticleState.WITHDRAWN,
    "publish": ArticleState.PUBLISHED,
    "future": ArticleState.PUBLISHED,
}
_TAXONOMIES = ("category", "post_tag")
_UNSORTED = "uncategorized"
# WordPress ends an excerpt it made itself like this; we make better ones from the body
_AUTOMATIC = re.compile(r"\[(?:…|\.\.\.)\]\s*\Z")


class Unreadable(ValueError):
    """The post cannot become an article; the text says why, ``advice`` what to do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


def rendered(item: Json, name: str) -> str:
    """``title.rendered`` and its kin; also a plain string, as some plugins make of it."""
    value = item.get(name)
    if isinstance(value, dict):
        value = value.get("rendered") or value.get("raw")
    return value if isinstance(value, str) else ""


def place(item: Json) -> str:
    """The post's address, to report problems under."""
    return absolute(str(item.get("link") or ""), "") or f"post {item.get('id')}"


def language_of(item: Json, requested: str, languages: tuple[str, ...], default: str) -> str:
    """As a plugin says, as asked for, or as guessed. Raises Unreadable when nothing can be said."""
    found = translation.declared(item, languages) or requested
    if not found:
        text = f"{line(rendered(item, 'title'))} {line(rendered(item, 'content'))}"
        found = translation.guessed(text, languages, default)
    if not found:
        raise Unreadable("its language is not known", "set default_language for this source")
    return found


def manuscript(
    item: Json, *, source: str, language: str, group: str, credits_: tuple[Credit, ...], zone: ZoneInfo
) -> tuple[Manuscript, tuple[Problem, ...]]:
    """The article and the warnings about it. Raises Unreadable when it must be left out."""
    url = absolute(str(item.get("link") or ""), "")
    if not url.startswith(("http://", "https://")):
        raise Unreadable("it has no address", "publish it, or give it a permalink")
    body = clean.fragment(rendered(item, "content"), base_url=url, language=language, place=url)
    if fatal := next((p for p in body.problems if p.fatal), None):
        raise Unreadable(fatal.reason, fatal.advice)
    noted = footnotes.extract(body.html, place=url)
    problems = [*body.problems, *noted.problems]
    lead = tuple(_featured(item))
    made = Manuscript(
        source=source,
        key=str(item["id"]),
        group=group,
        language=language,
        title=_title(item, body.text, url, problems),
        url=url,
        published=_published(item, zone),
        updated=_moment(item, "modified", zone),
        body_html=noted.html,
        summary=_summary(item, url, language),
        footnotes=noted.footnotes,
        images=tuple({image.url: image for image in (*lead, *body.images)}.values()),
        tags=tuple(_tags(item)),
        authors=credits_,
        state=_STATES.get(str(item.get("status", "publish")), ArticleState.DRAFT),
        links=body.links,
    )
    return made, tuple(problems)


def _title(item: Json, text: str, url: str, problems: list[Problem]) -> str:
    if title := line(rendered(item, "title")):
        return title
    if not (words := first_words(text)):
        raise Unreadable("it has neither title nor text", "write it, or delete it")
    problems.append(Problem(url, "it has no title; its first words stand for it", "give it a title", False))
    return words


def _summary(item: Json, url: str, language: str) -> str:
    text = clean.fragment(rendered(item, "excerpt"), base_url=url, language=language, place=url).text
    text = line(text.replace("<", "&lt;"))
    return "" if _AUTOMATIC.search(text) else text


def _published(item: Json, zone: ZoneInfo) -> datetime:
    """The date; a draft without one has the date of its last change."""
    found = _moment(item, "date", zone) or _moment(item, "modified", zone)
    if found is None:
        raise Unreadable("it has no date that can be read", "save it again in WordPress")
    return found


def _moment(item: Json, name: str, zone: ZoneInfo) -> datetime | None:
    """``{name}_gmt`` (which has no offset and means UTC), else the local one; drafts have 0000-00-00."""
    for value, its_zone in ((item.get(f"{name}_gmt"), UTC), (item.get(name), zone)):
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            continue
        aware = found if found.tzinfo else found.replace(tzinfo=its_zone)
        return aware.astimezone(UTC)
    return None


def modified(item: Json, zone: ZoneInfo) -> datetime | None:
    """When the post was last changed, in UTC."""
    return _moment(item, "modified", zone)


def embedded(item: Json, name: str) -> list[Json]:
    """What ``_embed`` brought under ``name``, lists in lists made flat; error objects left out."""
    held = item.get("_embedded")
    found = held.get(name) if isinstance(held, dict) else None
    flat: list[Any] = []
    for one in found if isinstance(found, list) else ():
        flat += one if isinstance(one, list) else [one]
    return [one for one in flat if isinstance(one, dict) and not ("code" in one and "message" in one)]


def _featured(item: Json) -> Iterator[Image]:
    for media in embedded(item, "wp:featuredmedia"):
        url = absolute(str(media.get("source_url") or ""), "")
        if url.startswith(("http://", "https://")):
            details = media.get("media_details")
            size = details if isinstance(details, dict) else {}
            alt, caption = line(str(media.get("alt_text") or "")), line(rendered(media, "caption"))
            yield Image(url, alt, caption, _pixels(size, "width"), _pixels(size, "height"))


def _pixels(size: Mapping[str, Any], name: str) -> int | None:
    value = str(size.get(name, ""))
    return int(value) if value.isdecimal() and 0 < int(value) < 100_000 else None


def _tags(item: Json) -> Iterator[Tag]:
    """Categories, then tags, each once; the category of what has none says nothing."""
    seen = set()
    for term in embedded(item, "wp:term"):
        label = line(str(term.get("name") or ""))
        name = slug(unquote(str(term.get("slug") or "")) or label)
        if label and term.get("taxonomy") in _TAXONOMIES and name not in seen and name != _UNSORTED:
            seen.add(name)
            yield Tag(name, label)


def embedded_authors(
    item: Json, languages: tuple[str, ...], language: str
) -> tuple[tuple[Credit, ...], tuple[Author, ...]]:
    """The author that came with the post, as credit and as author; nobody where it is hidden."""
    pairs = [(who, user) for user in embedded(item, "author") if (who := people.person(user))]
    authors = [people.author(who, [(language, user)], languages, place(item)) for who, user in pairs]
    return tuple(who for who, _ in pairs), tuple(authors)

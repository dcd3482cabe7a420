"""One file's text to one manuscript. Pure but for the pictures it looks at."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from syndicate import languages
from syndicate.model import ArticleState, Author, LanguageTagError, Manuscript, Problem, SyndicateError
from syndicate.sources import clean, dates, footnotes, front_matter
from syndicate.sources.clean import Cleaned
from syndicate.sources.front_matter import Front
from syndicate.sources.markdown import people, places, rendering
from syndicate.sources.markdown.files import Entry
from syndicate.sources.markdown.settings import MarkdownSettings
from syndicate.sources.media import Gallery
from syndicate.sources.summary import shortened

MAX_BYTES = 1_000_000
_HEADING = re.compile(r"\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|\Z)|\s*([^\n]+)\n=+[ \t]*(?:\n|\Z)")
_HTML_HEADING = re.compile(r"\s*<h1\b[^>]*>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"[*_`<\[\]&]")
_GROUPS = ("translation_key", "translationkey", "translation-key", "ref", "story")
_TRUE = frozenset({"true", "yes", "on", "1"})


class Rejected(SyndicateError):
    """An article that cannot be taken; holds the problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Shelf:
    """What all articles of a run share."""

    settings: MarkdownSettings
    zone: ZoneInfo
    people: Mapping[str, Author] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """A manuscript (None for a file that is no article) and warnings about it."""

    manuscript: Manuscript | None
    problems: tuple[Problem, ...] = ()


def write(entry: Entry, data: bytes, shelf: Shelf, now: datetime) -> Written:
    """Make the manuscript of one file. Raises Rejected with the fatal problem."""
    front = _front(entry.key, _text(entry.key, data))
    if entry.key.lower().endswith(".html") and not front.found:
        return Written(None)
    values = _flattened(front.values)
    place = places.of(entry.key, shelf.settings.languages)
    problems: list[Problem] = []
    language = _language(values, place, shelf.settings, entry.key, problems)
    title, body = _title(values, front.body, entry.key, place)
    state, note = _state(values, now, shelf.zone)
    published, updated = _dates(values, entry, shelf.zone, state)
    url = _url(values, place, entry.key, language, published, shelf.settings)
    gallery = Gallery(shelf.settings.path, entry.path.parent, shelf.settings.media_url, entry.key)
    html = _html(entry.key, body, values, problems)
    cleaned = clean.fragment(html, base_url=url, language=language, place=entry.key, prepare=gallery.hang)
    if fatal := next((p for p in cleaned.problems if p.fatal), None):
        raise Rejected(fatal)
    noted = footnotes.extract(cleaned.html, place=entry.key)
    manuscript = Manuscript(
        source=shelf.settings.name,
        key=entry.key,
        group=next((g for name in _GROUPS if (g := _plain(values.get(name)))), place.group),
        language=language,
        title=title,
        url=url,
        published=published,
        body_html=noted.html,
        summary=_summary(values, cleaned, noted.html),
        footnotes=noted.footnotes,
        images=cleaned.images,
        tags=people.tags(_tag_names(values, entry.key), shelf.labels, language),
        authors=people.credits(_first(values, "authors", "author"), shelf.people, language),
        translators=people.credits(_first(values, "translators", "translator"), shelf.people, language),
        updated=updated if updated and updated > published else None,
        series=_series(values.get("series")),
        state=state,
        state_note=note,
        permanent_id=languages.visible(_plain(values.get("id"))),
        links=cleaned.links,
        media=tuple(gallery.files.values()),
    )
    return Written(manuscript, (*problems, *cleaned.problems, *gallery.problems, *noted.problems))


def _text(key: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        reason = f"the file holds {len(data) / 1e6:.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB are taken"
        raise Rejected(Problem(key, reason, "split the article"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Rejected(Problem(f"{key}:{line}", "the file is not UTF-8", "save it as UTF-8")) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _front(key: str, text: str) -> Front:
    try:
        return front_matter.split(text)
    except front_matter.FrontMatterError as error:
        place = f"{key}:{error.line}" if error.line else key
        raise Rejected(Problem(place, str(error), "mend the front matter")) from error


def _flattened(values: Mapping[str, object]) -> dict[str, object]:
    """Zola's and Hugo's nested tables brought up, where the top does not say the same thing."""
    found: dict[str, object] = {}
    for name in ("extra", "params", "taxonomies"):
        if isinstance(nested := values.get(name), dict):
            found |= {str(key).lower(): value for key, value in nested.items()}
    return found | dict(values)


def _plain(value: object) -> str:
    """A scalar as text; maps and lists are no text (and could be bombs of aliases)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _first(values: Mapping[str, object], *names: str) -> object:
    return next((values[name] for name in names if values.get(name)), None)


def _is_true(value: object) -> bool:
    return value is True or _plain(value).lower() in _TRUE


def _language(
    values: Mapping[str, object],
    place: places.Place,
    settings: MarkdownSettings,
    key: str,
    problems: list[Problem],
) -> str:
    said = _plain(_first(values, "lang", "language"))
    try:
        return languages.normalise(said) if said else place.language or settings.default_language
    except LanguageTagError:
        if named := languages.from_name(said):
            return named
        taken = place.language or settings.default_language
        reason = f"{said[:40]!r} is no language; {taken} is taken"
        problems.append(Problem(key, reason, "write a tag such as tr, en or zh-TW", fatal=False))
        return taken


def _title(values: Mapping[str, object], body: str, key: str, place: places.Place) -> tuple[str, str]:
    """(title, body without it). A first heading that repeats the title is not part of the body."""
    said = languages.visible(_plain(values.get("title")))
    heading = (_HTML_HEADING if key.lower().endswith(".html") else _HEADING).match(body)
    text = heading and next((group for group in heading.groups() if group), "")
    first = languages.visible(_without_markup(text)) if text else ""
    if heading and first and said in ("", first):
        return first, body[heading.end() :]
    if not said:
        raise Rejected(Problem(key, "the article has no title", "write `title:` into its front matter"))
    return said, body


def _without_markup(text: str) -> str:
    if not _MARKUP.search(text):
        return text
    return clean.fragment(rendering.html(text), base_url="", language="en", place="").text


def _state(values: Mapping[str, object], now: datetime, zone: ZoneInfo) -> tuple[ArticleState, str]:
    status = _plain(values.get("status")).lower()
    note = languages.visible(_plain(_first(values, "withdrawn_reason", "state_note", "correction")))
    if status == "withdrawn" or _is_true(values.get("withdrawn")):
        return ArticleState.WITHDRAWN, note
    expires = dates.parse(values.get("expirydate"), zone)
    if expires and expires <= now:
        return ArticleState.WITHDRAWN, note or "expired"
    published = values.get("published")
    hidden = published is False or _plain(published).lower() == "false"
    if hidden or _is_true(values.get("draft")) or status in ("draft", "hidden", "private"):
        return ArticleState.DRAFT, note
    return ArticleState.PUBLISHED, note


def _dates(
    values: Mapping[str, object], entry: Entry, zone: ZoneInfo, state: ArticleState
) -> tuple[datetime, datetime | None]:
    said = _first(values, "publishdate", "date", "pubdate", "created")
    published = dates.parse(said, zone) if said else dates.from_name(entry.key, zone)
    if not said and published is None:
        published = dates.from_name(_plain(_first(values, "path", "url", "permalink")), zone)
    if published is None and state is ArticleState.DRAFT:
        published = datetime.fromtimestamp(int(entry.stamp.split(":")[1]) // 10**9, UTC)
    if published is None:
        reason = "its date cannot be read" if said else "the article has no date"
        advice = (
            "write `date: 2026-01-31 09:00:00 +03:00` into its front matter, or the day into its file name; "
            "a page that is no article is left alone by `exclude`"
        )
        raise Rejected(Problem(entry.key, reason, advice))
    return published, dates.parse(_first(values, "lastmod", "updated", "modified", "last_modified_at"), zone)


def _url(
    values: Mapping[str, object],
    place: places.Place,
    key: str,
    language: str,
    published: datetime,
    settings: MarkdownSettings,
) -> str:
    said = _plain(_first(values, "canonical", "canonical_url", "canonicalurl", "url", "permalink"))
    if path := _plain(values.get("path")):
        said = said or f"/{path.strip('/')}/"  # Zola
    slug = languages.slug(_plain(values.get("slug")) or place.slug)
    pattern = places.address(settings.url, key=key, slug=slug, language=language, day=published)
    # a pattern in the front matter (Jekyll's /:year/:title/) is the generator's business, not an address
    if said.startswith(("/", "http://", "https://")) and "/:" not in said:
        return clean.absolute(said, pattern) or pattern
    return pattern


def _html(key: str, body: str, values: Mapping[str, object], problems: list[Problem]) -> str:
    is_jekyll = "_posts/" in key or "layout" in values
    body, lost = rendering.jekyll(body) if is_jekyll else rendering.hugo(body)
    if lost:
        names = ", ".join(dict.fromkeys(lost))[:200]
        reason = f"{'Liquid' if is_jekyll else 'shortcodes'} left out: {names}"
        advice = "write what they show as Markdown or HTML"
        problems.append(Problem(key, reason, advice, fatal=False))
    return body if key.lower().endswith(".html") else rendering.html(body)


def _summary(values: Mapping[str, object], cleaned: Cleaned, body_html: str) -> str:
    said = _plain(_first(values, "summary", "description", "excerpt"))
    if said:
        return languages.visible(_without_markup(said))
    return shortened(body_html)


def _tag_names(values: Mapping[str, object], key: str) -> list[str]:
    found: list[str] = []
    for name in ("tags", "categories", "category"):
        value = values.get(name)
        if isinstance(value, list):
            found += [_plain(one) for one in value]
        elif text := _plain(value):
            spaced = "_posts/" in key and "," not in text and name != "category"
            found += text.split() if spaced else text.split(",")
    return found


def _series(value: object) -> str:
    return languages.visible(_plain(value[0] if isinstance(value, list) and value else value))

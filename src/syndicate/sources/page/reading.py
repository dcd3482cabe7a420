"""The run over captured pages, and how one becomes a manuscript."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from syndicate import languages
from syndicate.model import (
    Author,
    Bio,
    Credit,
    Found,
    Gone,
    LanguageTagError,
    Manuscript,
    Problem,
    SourceError,
    SourceItem,
    Tag,
    Touched,
)
from syndicate.sources import clean, dates, footnotes
from syndicate.sources.markdown import files, places
from syndicate.sources.markdown.files import Entry
from syndicate.sources.page import plain, web
from syndicate.sources.page.capture import Capture
from syndicate.sources.summary import shortened

MAX_BYTES = 5_000_000
_NOTES = re.compile(r"(?:(?<=>)|(?<=>\s))\[\d{1,3}\]([^\[]*)")
_HTML = (".html", ".htm", ".xhtml")
_SUFFIXES = (*_HTML, ".txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """Captured pages: ``path`` is a folder, one file, or several.

    ``url`` is the pattern of an address (``{language} {slug} {key} {year} {month} {day}``) for pages that do
    not say their own; ``timezone`` (IANA) is that of dates without an offset.
    """

    name: str
    path: Path | tuple[Path, ...]
    languages: tuple[str, ...]
    default_language: str
    url: str
    timezone: str = "UTC"


def read(settings: PageSettings, known: Mapping[str, str], now: datetime) -> Iterator[SourceItem]:
    """Say what is new, touched or gone among the pages since ``known``. Raises SourceError.

    A page that cannot be taken is a fatal Problem each time until it is mended. ``now`` is not needed:
    a page without a date takes its file's.
    """
    entries = list(_entries(settings))
    for entry in entries:
        if not entry.is_as(known.get(entry.key, "")):
            yield _one(entry, known.get(entry.key, ""), settings)
    kept = {entry.key for entry in entries}
    yield from (Gone(key) for key in known if key not in kept)


def _entries(settings: PageSettings) -> Iterator[Entry]:
    paths = (settings.path,) if isinstance(settings.path, Path) else settings.path
    for path in paths:
        if path.is_dir():
            inside = sorted(
                p for p in path.rglob("*") if p.suffix.lower() in _SUFFIXES and not p.is_symlink()
            )
            yield from (files.single(p, p.relative_to(path).as_posix()) for p in inside if p.is_file())
        elif path.is_file():
            yield files.single(path, path.name)
        else:
            raise SourceError(f"{path} is not there; say where the captured pages are in `path`")


def _one(entry: Entry, known: str, settings: PageSettings) -> SourceItem:
    try:
        data = entry.path.read_bytes()
    except OSError as error:
        return Problem(
            entry.key, f"the file cannot be read: {error.strerror}", "give the reader access to it"
        )
    found = files.digest(data)
    if entry.has_same_content(known, found):
        return Touched(entry.key, entry.fingerprint(found))
    if len(data) > MAX_BYTES:
        reason = f"the page holds {len(data) / 1e6:.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB are taken"
        return Problem(entry.key, reason, "capture the article without the pictures in it")
    page = _capture(entry, data)
    return page if isinstance(page, Problem) else _write(entry, entry.fingerprint(found), page, settings)


def _capture(entry: Entry, data: bytes) -> Capture | Problem:
    if entry.path.suffix.lower() in _HTML:
        page = web.capture(data)
    else:
        try:
            page = plain.capture(clean.legal(data.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            return Problem(f"{entry.key}:{line}", "the page is not UTF-8", "save it as UTF-8")
    if not page.title:
        return Problem(entry.key, "the page has no title", "put the title on its first line, or into an <h1>")
    return page


def _write(entry: Entry, fingerprint: str, page: Capture, settings: PageSettings) -> SourceItem:
    problems: list[Problem] = []
    place = places.of(entry.key, settings.languages)
    language = _language(page, place, settings)
    published = _published(entry, page, ZoneInfo(settings.timezone), problems)
    url = _url(entry.key, page, place, language, published, settings)
    cleaned = clean.fragment(page.body, base_url=url, language=language, place=entry.key)
    if fatal := next((p for p in cleaned.problems if p.fatal), None):
        return fatal
    if not cleaned.text:
        return Problem(
            entry.key, "no article was found on the page", "capture the page whole, or as plain text"
        )
    noted = footnotes.extract(cleaned.html, place=entry.key)
    author = _author(page, language, settings, entry.key, problems)
    manuscript = Manuscript(
        source=settings.name,
        key=entry.key,
        group=page.alternates[0] if page.alternates else place.group,
        language=language,
        title=languages.visible(page.title),
        url=url,
        published=published,
        body_html=noted.html,
        summary=languages.visible(page.said.get("summary", "")) or shortened(noted.html),
        footnotes=noted.footnotes,
        images=cleaned.images,
        tags=tuple(Tag(languages.slug(tag), tag) for tag in page.tags if tag),
        authors=(Credit(author.key, author.name),) if author else (),
        updated=_updated(page, published, ZoneInfo(settings.timezone)),
        links=cleaned.links,
        also_in=tuple(tag for tag in page.also_in if tag != language),
    )
    problems = [*problems, *cleaned.problems, *noted.problems]
    return Found(entry.key, fingerprint, (manuscript,), (author,) if author else (), tuple(problems))


def _language(page: Capture, place: places.Place, settings: PageSettings) -> str:
    """What the path says, then the page, then its text; the site's default when all are silent."""
    try:
        said = languages.normalise(page.said["language"]) if page.said.get("language") else ""
    except LanguageTagError:
        said = ""
    if tag := place.language or said:
        # en-US on a site in English is English; Chinese differs in script by region and stays apart
        return (languages.match(tag, settings.languages) or tag) if languages.primary(tag) != "zh" else tag
    text = re.sub(r"<[^>]*>", " ", page.body)
    guess = languages.detect(text, settings.languages)
    return guess.language if guess.language != "und" else settings.default_language


def _published(entry: Entry, page: Capture, zone: ZoneInfo, problems: list[Problem]) -> datetime:
    """What the page says; else the day its sources were looked up; else the file's own time."""
    said = dates.parse(page.said.get("date"), zone) or dates.from_name(entry.key, zone)
    if said:
        return said
    advice = "write <!-- date: 2026-01-31 --> above the page's text"
    if accession := dates.accession(" ".join(_NOTES.findall(page.body)), zone):
        day = f"{accession.astimezone(zone):%Y-%m-%d}"
        reason = f"the page says no date; the latest date of accession in its notes, {day}, is taken"
        problems.append(Problem(entry.key, reason, advice, fatal=False))
        return accession
    moment = datetime.fromtimestamp(int(entry.stamp.split(":")[1]) // 10**9, UTC)
    reason = f"the page says no date; the file's own, {moment:%Y-%m-%d}, is taken"
    problems.append(Problem(entry.key, reason, advice, fatal=False))
    return moment


def _updated(page: Capture, published: datetime, zone: ZoneInfo) -> datetime | None:
    updated = dates.parse(page.said.get("updated"), zone)
    return updated if updated and updated > published else None


def _url(
    key: str, page: Capture, place: places.Place, language: str, published: datetime, settings: PageSettings
) -> str:
    slug = languages.slug(page.title if re.fullmatch(r"[\d_a-f-]+", place.slug) else place.slug)
    pattern = places.address(settings.url, key=key, slug=slug, language=language, day=published)
    return clean.absolute(page.said.get("url", ""), pattern) or pattern


def _author(
    page: Capture, language: str, settings: PageSettings, place: str, problems: list[Problem]
) -> Author | None:
    """The author with the bio in the bio's own language, which need not be the page's."""
    if not page.author:
        return None
    key = languages.slug(page.author)
    if not page.bio.strip():
        return Author(key, page.author)
    guess = languages.detect(page.bio, tuple(dict.fromkeys((*settings.languages, *languages.SHIPPED))))
    own = guess.language if guess.language != "und" else language
    html = (
        page.bio_html if "<" in page.bio_html else "".join(f"<p>{x}</p>" for x in page.bio_html.split("\n"))
    )
    done = clean.fragment(html, base_url="", language=own, place=place)
    problems += done.problems
    return Author(key, page.author, bios=(Bio(own, done.html, done.text),) if done.text else ())

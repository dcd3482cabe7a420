"""The run over the folder: which files to open, and what to say of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syndicate.model import Author, Found, Gone, Problem, SourceError, SourceItem, Touched
from syndicate.sources.front_matter import FrontMatterError
from syndicate.sources.markdown import article, files, people
from syndicate.sources.markdown.files import Entry, digest
from syndicate.sources.markdown.settings import MarkdownSettings

_AUTHOR = "authors:"
_SHARED = "shared:"
_AUTHOR_SUFFIXES = (".yaml", ".yml")


def read(settings: MarkdownSettings, known: Mapping[str, str], now: datetime) -> Iterator[SourceItem]:
    """Say what is new, touched or gone in the folder since ``known`` (key to fingerprint).

    A file of known size and time is not opened. A file that cannot be taken is a fatal Problem each time
    until it is mended. Raises SourceError when the folder cannot be read.
    """
    zone = _zone(settings)
    entries = list(files.articles(settings))
    staff = _Staff(settings, known)
    shared = _shared_digest(settings, staff)
    force = known.get(_SHARED) != shared
    yield from staff.items
    shelf = article.Shelf(settings, zone, staff.people, staff.labels)
    for entry in entries:
        yield from _one(entry, known.get(entry.key, ""), shelf, now, force)
    seen = {entry.key for entry in entries} | staff.keys | {_SHARED}
    yield from (Gone(key) for key in known if key not in seen)
    if force:
        # last, so that a run that breaks off reads the articles again
        yield Found(_SHARED, shared)


def _zone(settings: MarkdownSettings) -> ZoneInfo:
    try:
        return ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SourceError(f"{settings.timezone!r} is no time zone; write one like Europe/Istanbul") from error


def _shared_digest(settings: MarkdownSettings, staff: "_Staff") -> str:
    """What every article depends on: the settings, the tags' labels and the authors' names."""
    meant = (settings.name, settings.languages, settings.default_language, settings.url, settings.media_url)
    names = sorted((key, author.key, author.name, author.names) for key, author in staff.people.items())
    return digest(repr((meant, settings.timezone, sorted(staff.labels.items()), names)).encode())


def _one(entry: Entry, known: str, shelf: article.Shelf, now: datetime, force: bool) -> Iterator[SourceItem]:
    if entry.is_as(known) and not force:
        return
    if entry.path.suffix.lower() in files.UNREAD:
        reason = f"{entry.path.suffix} files are not read, Markdown and HTML are"
        yield Problem(entry.key, reason, f'convert it (pandoc does), or exclude = ["*{entry.path.suffix}"]')
        return
    try:
        data = entry.path.read_bytes()
    except OSError as error:
        yield Problem(entry.key, f"the file cannot be read: {error.strerror}", "give the reader access to it")
        return
    found = digest(data)
    fingerprint = entry.fingerprint(found)
    if entry.has_same_content(known, found) and not force:
        yield Touched(entry.key, fingerprint)
        return
    yield _written(entry, data, fingerprint, shelf, now)


def _written(entry: Entry, data: bytes, fingerprint: str, shelf: article.Shelf, now: datetime) -> SourceItem:
    try:
        written = article.write(entry, data, shelf, now)
    except article.Rejected as rejected:
        return rejected.problem
    manuscripts = (written.manuscript,) if written.manuscript else ()
    return Found(entry.key, fingerprint, manuscripts, problems=written.problems)


@dataclass(slots=True)
class _Staff:
    """The authors' folder and the tags' file, read whole: they are few and every article may need them."""

    settings: MarkdownSettings
    known: Mapping[str, str]
    people: dict[str, Author] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    items: list[SourceItem] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        folder = self.settings.authors
        if folder is not None:
            if not folder.is_dir():
                raise SourceError(f"{folder} is no folder; say where the authors' files are in `authors`")
            for path in sorted(p for p in folder.iterdir() if p.suffix in _AUTHOR_SUFFIXES):
                self._author(path)
        if self.settings.tags is not None:
            self._tags(self.settings.tags)

    def _author(self, path: Path) -> None:
        key = _AUTHOR + path.name
        self.keys.add(key)
        try:
            entry, data = files.single(path, key), path.read_bytes()
            place = f"{path.parent.name}/{path.name}"
            person = people.read_author(
                data.decode("utf-8-sig"), path.stem, path, self.settings.media_url, place
            )
        except (OSError, UnicodeDecodeError, FrontMatterError) as error:
            self.items.append(_unreadable(f"{path.parent.name}/{path.name}", error))
            return
        self.people |= {
            path.stem: person.author,
            person.author.name: person.author,
            person.author.key: person.author,
        }
        photo = ",".join(file.name for file in person.media)
        fingerprint = entry.fingerprint(digest(data)) + (f":{photo}" if photo else "")
        known = self.known.get(key, "")
        if known.split(":")[2:] != fingerprint.split(":")[2:]:
            found = Found(
                key, fingerprint, authors=(person.author,), problems=person.problems, media=person.media
            )
            self.items.append(found)
        elif known != fingerprint:
            self.items.append(Touched(key, fingerprint))

    def _tags(self, path: Path) -> None:
        try:
            self.labels = people.read_tags(path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError, FrontMatterError) as error:
            self.items.append(_unreadable(path.name, error))


def _unreadable(place: str, error: Exception) -> Problem:
    line = getattr(error, "line", 0)
    reason = "the file is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    return Problem(f"{place}:{line}" if line else place, reason, "mend the file")

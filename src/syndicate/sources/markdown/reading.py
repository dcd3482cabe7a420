"""The run over the folder: which files to open, and what to say of each."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syndicate.model import Found, Gone, Problem, SourceError, SourceItem, Touched
from syndicate.sources.markdown import article, files
from syndicate.sources.markdown.files import Entry, digest
from syndicate.sources.markdown.settings import MarkdownSettings
from syndicate.sources.markdown.staff import SHARED, Staff


def read(settings: MarkdownSettings, known: Mapping[str, str], now: datetime) -> Iterator[SourceItem]:
    """Say what is new, touched or gone in the folder since ``known`` (key to fingerprint).

    A file of known size and time is not opened. A file that cannot be taken is a fatal Problem each time
    until it is mended. Raises SourceError when the folder cannot be read.
    """
    zone = _zone(settings)
    entries = list(files.articles(settings))
    staff = Staff(settings, known)
    yield from staff.changes()
    force = not staff.is_as_known
    shelf = cache(lambda: article.Shelf(settings, zone, staff.people, staff.labels))
    for entry in entries:
        yield from _one(entry, known.get(entry.key, ""), shelf, now, force)
    seen = {entry.key for entry in entries} | staff.keys | {SHARED}
    yield from (Gone(key) for key in known if key not in seen)
    yield from staff.problems
    if force:
        # last, so that a run that breaks off reads the articles again
        yield Found(SHARED, staff.shared)
    elif staff.shared != known.get(SHARED):
        yield Touched(SHARED, staff.shared)


def _zone(settings: MarkdownSettings) -> ZoneInfo:
    try:
        return ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SourceError(f"{settings.timezone!r} is no time zone; write one like Europe/Istanbul") from error


def _one(
    entry: Entry, known: str, shelf: Callable[[], article.Shelf], now: datetime, force: bool
) -> Iterator[SourceItem]:
    if entry.is_as(known) and not force:
        return
    if not files.is_named(entry):
        yield files.misnamed(entry)
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
    yield _written(entry, data, fingerprint, shelf(), now)


def _written(entry: Entry, data: bytes, fingerprint: str, shelf: article.Shelf, now: datetime) -> SourceItem:
    try:
        written = article.write(entry, data, shelf, now)
    except article.Rejected as rejected:
        return rejected.problem
    manuscripts = (written.manuscript,) if written.manuscript else ()
    return Found(entry.key, fingerprint, manuscripts, problems=written.problems)

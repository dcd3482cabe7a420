"""The files of the folder and whether each is new, changed, merely touched, or as it was."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from syndicate.model import Problem, SourceError
from syndicate.sources.markdown.settings import MarkdownSettings

SUFFIXES = (".md", ".markdown", ".mdown", ".html")
UNREAD = (".mdx", ".rst", ".adoc", ".asciidoc", ".org", ".textile", ".wiki")
"""Articles, plainly, but in markup that nobody here reads: each is named, so that none is missed in silence."""
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
# folders of site generators that hold no articles
_NOT_ARTICLES = frozenset(
    {"_site", "_layouts", "_includes", "_data", "_sass", "_plugins", "_drafts", "_authors", "node_modules"}
)
_IGNORED = frozenset({"_index", "_tags"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: ``key`` is its path below the folder, ``stamp`` is size and time, ``pictures`` those beside it."""

    key: str
    path: Path
    stamp: str
    pictures: str = ""

    def fingerprint(self, digest: str) -> str:
        """``size:mtime_ns:sha256[:16]``, and a digest of the pictures beside the file where there are any."""
        return f"{self.stamp}:{digest}" + (f":{self.pictures}" if self.pictures else "")

    def is_as(self, known: str) -> bool:
        """Whether ``known`` was made from a file of this size and time, with these pictures beside it."""
        return known.startswith(f"{self.stamp}:") and _pictures_of(known) == self.pictures

    def has_same_content(self, known: str, digest: str) -> bool:
        """Whether ``known`` was made from these bytes, with these pictures beside them."""
        return known.split(":")[2:3] == [digest] and _pictures_of(known) == self.pictures


def _pictures_of(fingerprint: str) -> str:
    return ":".join(fingerprint.split(":")[3:])


def digest(data: bytes) -> str:
    """The first 16 hex digits of the SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


def articles(settings: MarkdownSettings) -> Iterator[Entry]:
    """The article files below the folder, sorted; links are not followed. Raises SourceError."""
    if not settings.path.is_dir():
        raise SourceError(f"{settings.path} is no folder; say where the articles are in `path`")
    yield from _walk(settings, str(settings.path), "")


def _walk(settings: MarkdownSettings, folder: str, prefix: str) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name)
    except OSError as error:
        raise SourceError(f"{folder} cannot be read: {error.strerror}; nothing was taken as gone") from error
    files = [e for e in entries if e.is_file(follow_symlinks=False)]
    pictures = _pictures(files)
    for entry in files:
        key = prefix + entry.name
        if _is_article(entry.name) and _is_wanted(key, settings):
            yield Entry(key, Path(entry.path), _stamp(entry), pictures)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not _is_skipped(entry, settings):
            yield from _walk(settings, entry.path, f"{prefix}{entry.name}/")


def _is_skipped(entry: os.DirEntry[str], settings: MarkdownSettings) -> bool:
    holds_people = settings.authors is not None and Path(entry.path) == settings.authors
    return entry.name.startswith(".") or entry.name in _NOT_ARTICLES or holds_people


def _stamp(entry: os.DirEntry[str]) -> str:
    stat = entry.stat(follow_symlinks=False)
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _is_article(name: str) -> bool:
    return (
        name.lower().endswith(SUFFIXES + UNREAD)
        and not name.startswith(".")
        and name.split(".")[0] not in _IGNORED
    )


def _is_wanted(key: str, settings: MarkdownSettings) -> bool:
    wanted = not settings.include or any(fnmatchcase(key, glob) for glob in settings.include)
    return wanted and not any(fnmatchcase(key, glob) for glob in settings.exclude)


def _pictures(files: list[os.DirEntry[str]]) -> str:
    return _digest_of([f"{e.name}:{_stamp(e)}" for e in files if e.name.lower().endswith(_PICTURES)])


def pictures_below(folder: Path) -> str:
    """A digest of the names, sizes and times of all pictures in a folder and its folders; empty without any."""
    stamps = []
    for path, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith(_PICTURES):
                stamps.append(f"{path}/{name}:{single(Path(path, name), '').stamp}")
    return _digest_of(stamps)


def _digest_of(stamps: list[str]) -> str:
    text = "\n".join(sorted(stamps)).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:8] if stamps else ""


def single(path: Path, key: str, pictures: str = "") -> Entry:
    """One file by its path; a link that leads nowhere is of no size. Raises OSError."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        stat = path.lstat()
    return Entry(key, path, f"{stat.st_size}:{stat.st_mtime_ns}", pictures)


def is_named(entry: Entry) -> bool:
    """Whether its name is text: on Linux a name is bytes, and those that are not UTF-8 come as surrogates."""
    try:
        entry.key.encode()
    except UnicodeEncodeError:
        return False
    return True


def misnamed(entry: Entry) -> Problem:
    """Says that the name of a file is no text, its odd bytes written as ``\\xe9``."""
    place = os.fsencode(entry.key).decode("utf-8", "backslashreplace")
    return Problem(place, "the name of the file or of its folder is not UTF-8", "rename it")

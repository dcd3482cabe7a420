"""Files of the public tree: from a request's path to what is sent, and never a byte from anywhere else."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from syndicate.store import Database, pages

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".xml": "application/xml",
    ".json": "application/json",
    ".opml": "text/x-opml",
    ".txt": "text/plain",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".ico": "image/vnd.microsoft.icon",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
}
"""For files without a row in the store. Not the system's table: what it holds differs from machine to machine."""

_WITH_CHARSET = ("text/", "application/rss+xml", "application/atom+xml", "application/xml", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder asked for without the slash at its end; ``location`` has it."""

    location: str


@dataclass(frozen=True, slots=True)
class File:
    """``path`` is relative to the tree, ``place`` where it is on disk; ``changed`` moves with ``sha256``."""

    path: str
    place: Path
    sha256: str
    changed: datetime
    media_type: str

    @property
    def is_feed(self) -> bool:
        """A document for programs, not a page about feeds."""
        return self.path.startswith("feeds/") and self.path.endswith((".xml", ".json", ".opml"))

    @property
    def is_xml_feed(self) -> bool:
        return self.is_feed and self.path.endswith(".xml")

    @property
    def is_topic(self) -> bool:
        """A subscription document, which hubs tell about; archive pages (RFC 5005) and lists are not."""
        return self.is_feed and not self.path.endswith(".opml") and "/archive/" not in self.path

    @property
    def content_type(self) -> str:
        has_charset = self.media_type.startswith(_WITH_CHARSET) and "charset" not in self.media_type
        return f"{self.media_type}; charset=utf-8" if has_charset else self.media_type

    def packed(self) -> bytes | None:
        """The gzip kept beside the file."""
        place = self.place.with_name(f"{self.place.name}.gz")
        return None if place.is_symlink() or not place.is_file() else place.read_bytes()


def find(root: Path, database: Database, raw_path: bytes) -> File | Folder | None:
    """What the path of a request (as on the wire, without query) names below ``root``; None for nothing.

    Refused are names that start with a dot, ``.gz`` files, links, and whatever is spelled in a way that no
    page of ours is: empty or dot segments, backslashes, control characters, bytes that are not UTF-8.
    """
    names = _names(raw_path)
    if names is None:
        return None
    wants_folder = not names or names[-1] == ""
    path = "/".join([*names[:-1], "index.html"] if wants_folder else names)
    place = _place(root, path)
    if place is not None and place.is_file():
        return _file(database, path, place)
    if wants_folder or place is None or not (place / "index.html").is_file():
        return None
    return Folder(f"/{quote(path)}/")


def _names(raw_path: bytes) -> list[str] | None:
    """Decoded once, as browsers do; the last is empty for a folder."""
    try:
        names = unquote_to_bytes(raw_path).decode("utf-8").removeprefix("/").split("/")
    except UnicodeDecodeError:
        return None
    return names if all(map(_is_fit, names[:-1])) and (not names[-1] or _is_fit(names[-1])) else None


def _is_fit(name: str) -> bool:
    is_hidden = not name or name.startswith(".") or name.lower().endswith(".gz")
    return not is_hidden and name.isprintable() and "\\" not in name and ":" not in name


def _place(root: Path, path: str) -> Path | None:
    """The file or folder, or None where it is not, or the way there goes over a link."""
    base = root.resolve()
    place = base / path
    try:
        return place if place.resolve(strict=True) == place else None
    except (OSError, ValueError, RuntimeError):  # not there, name too long, links in a circle
        return None


def _file(database: Database, path: str, place: Path) -> File:
    with database.read() as connection:
        row = pages.file(connection, path)
    if row is not None:
        return File(path, place, row.sha256, row.changed_at, row.media_type)
    state = place.stat()
    changed = datetime.fromtimestamp(state.st_mtime, UTC)
    sha256 = _sha256(place, state.st_mtime_ns, state.st_size)
    return File(path, place, sha256, changed, TYPES.get(place.suffix.lower(), "application/octet-stream"))


@lru_cache(maxsize=4096)
def _sha256(place: Path, _modified: int, _size: int) -> str:
    """Of a picture, which has no row in the store: its name carries its hash, and it never changes."""
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Files of the public tree: from a request's path to what is sent, and never a byte from anywhere else."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes

import brotli

from syndicate.store.files import moment

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
"""Not the system's table: what it holds differs from machine to machine."""

FEED_TYPES = {
    "rss.xml": "application/rss+xml",
    "atom.xml": "application/atom+xml",
    "feed.json": "application/feed+json",
}

_WITH_CHARSET = ("text/", "application/rss+xml", "application/atom+xml", "application/xml", "image/svg+xml")

CHUNK = 1 << 20
"""Bytes read at a time."""

Mark = tuple[int, int, int]
"""Inode, time in nanoseconds, size. Files are replaced by rename with a later time: a mark means certain bytes."""

_UNPACK: Mapping[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": (".gz", gzip.decompress),
    "br": (".br", brotli.decompress),
}


@dataclass(frozen=True, slots=True)
class Copy:
    """A file on disk as it was looked at."""

    place: Path
    mark: Mark

    @property
    def size(self) -> int:
        return self.mark[2]

    def is_current(self) -> bool:
        try:
            return _mark(self.place.stat(follow_symlinks=False)) == self.mark
        except OSError:
            return False

    def opened(self) -> BinaryIO | None:
        """The file to read from; None where it is another by now."""
        try:
            file = self.place.open("rb")
        except OSError:
            return None
        if _mark(os.fstat(file.fileno())) == self.mark:
            return file
        file.close()
        return None

    def content(self) -> bytes | None:
        """All of it; None where it is another by now."""
        file = self.opened()
        if file is None:
            return None
        with file:
            return file.read()


@dataclass(frozen=True, slots=True)
class File:
    """``path`` is relative to the tree; ``plain`` holds the bytes of ``sha256``, ``packed`` the same bytes packed.

    ``written`` is the time of the file: of its last change, if nobody meddled with it.
    """

    path: str
    plain: Copy
    packed: Mapping[str, Copy]
    sha256: str
    written: datetime

    @property
    def is_feed(self) -> bool:
        """A document for programs, not a page about feeds."""
        return self.path.startswith("feeds/") and self.path.endswith((".xml", ".json", ".opml"))

    @property
    def is_xml_feed(self) -> bool:
        return self.is_feed and self.path.endswith(".xml")

    @property
    def content_type(self) -> str:
        """By the name alone, so that it is the same whether or not the file is noted in the store."""
        name = self.path.rpartition("/")[2]
        kind = FEED_TYPES.get(name) if self.is_feed else None
        kind = kind or TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
        return f"{kind}; charset=utf-8" if kind.startswith(_WITH_CHARSET) else kind


def named(raw_path: bytes) -> str | None:
    """The file (relative path) that the path of a request, as on the wire, names; None for what no page of ours is.

    Refused are names that start with a dot, packed copies, and odd spellings: empty or dot segments, backslashes,
    control characters, bytes that are not UTF-8. Decoded once, as browsers do. A folder's file is its index.html.
    """
    try:
        names = unquote_to_bytes(raw_path).decode("utf-8").removeprefix("/").split("/")
    except UnicodeDecodeError:
        return None
    if not all(map(_is_fit, names[:-1])) or (names[-1] and not _is_fit(names[-1])):
        return None
    return "/".join([*names[:-1], names[-1] or "index.html"])


def folder(root: Path, path: str) -> str | None:
    """Where a folder is that was asked for without the slash at its end; None where ``path`` is none with a page."""
    place = _place(root, path)
    is_folder = place is not None and place.is_dir() and (place / "index.html").is_file()
    return f"/{quote(path)}/" if is_folder else None


def is_there(root: Path, path: str) -> bool:
    """Whether it is worth to :func:`look`."""
    try:
        (root / path).stat(follow_symlinks=False)
    except (OSError, ValueError):
        return False
    return True


def look(root: Path, path: str) -> File | None:
    """Read a file of the tree; None where there is none, or the way there goes over a link."""
    place = _place(root, path)
    if place is None or not place.is_file():
        return None
    try:
        with place.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            mark = _mark(os.fstat(file.fileno()))
    except OSError:  # removed since
        return None
    return File(path, Copy(place, mark), _packed(place, sha256), sha256, moment(mark[1]))


def _packed(place: Path, sha256: str) -> dict[str, Copy]:
    """The copies that hold just these bytes: one that was replaced a moment before the file itself does not."""
    found = {}
    for coding, (ending, unpack) in _UNPACK.items():
        beside = place.with_name(place.name + ending)
        try:
            if beside.is_symlink():
                continue
            with beside.open("rb") as file:
                copy, content = Copy(beside, _mark(os.fstat(file.fileno()))), unpack(file.read())
        except (OSError, EOFError, zlib.error, brotli.error):
            continue
        if hashlib.sha256(content).hexdigest() == sha256:
            found[coding] = copy
    return found


def _is_fit(name: str) -> bool:
    is_hidden = not name or name.startswith(".") or name.lower().endswith((".gz", ".br"))
    return not is_hidden and name.isprintable() and "\\" not in name and ":" not in name


def _place(root: Path, path: str) -> Path | None:
    """The file or folder, or None where it is not, or the way there goes over a link."""
    base = root.resolve()
    place = base / path
    try:
        return place if place.resolve(strict=True) == place else None
    except (OSError, ValueError, RuntimeError):  # not there, name too long, links in a circle
        return None


def _mark(state: os.stat_result) -> Mark:
    return (state.st_ino, state.st_mtime_ns, state.st_size)

"""The public tree: files that any static server can serve, written by rename, packed copies of text beside them."""

import gzip
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import brotli

from syndicate.model import UnsafeValue


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)


def _brotli(body: bytes) -> bytes:
    # Quality 6: a feed costs 9 ms and is a fifth smaller than its gzip. Quality 11: forty times the time for a
    # tenth more, again each time a feed changes.
    packed: bytes = brotli.compress(body, quality=6, mode=brotli.MODE_TEXT)
    return packed


PACKED: Mapping[str, Callable[[bytes], bytes]] = {".gz": _gzip, ".br": _brotli}
"""Endings of the copies beside each text, and how they are made: the same text, always the same bytes."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file on disk holds (sha256 in hex), and its time."""

    sha256: str
    changed_at: datetime


class PublicTree:
    """The folder ``root``. A reader sees the old file or the new one, never a part (DESIGN law 8).

    The time of a file is when its bytes changed, so that servers which know nothing but files tell the same
    Last-Modified as we do.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, body: bytes, changed_at: datetime) -> None:
        """Replace the text ``path`` (relative, with slashes) atomically, its packed copies first.

        Raises :class:`UnsafeValue` for a path that would leave the tree.
        """
        target = self._target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        for ending, pack in PACKED.items():
            _replace(target.with_name(target.name + ending), pack(body), changed_at)
        _replace(target, body, changed_at)

    def copy(self, path: str, origin: Path) -> bool:
        """Take a picture over, once: its name carries its hash. True when it was not there before."""
        target = self._target(path)
        if target.exists():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, origin.read_bytes())
        return True

    def remove(self, path: str) -> None:
        target = self._target(path)
        for ending in ("", *PACKED):
            target.with_name(target.name + ending).unlink(missing_ok=True)

    def holds(self, path: str, size: int, changed_at: datetime) -> bool:
        """Whether the file is there, of that size and time, with its copies: nobody meddled with it."""
        target = self._target(path)
        try:
            times = [target.with_name(target.name + ending).stat().st_mtime_ns for ending in ("", *PACKED)]
            return target.stat().st_size == size and {t // 10**9 for t in times} == {_seconds(changed_at)}
        except FileNotFoundError:
            return False

    def stamp(self, path: str) -> Stamp | None:
        """What the file holds now; None where there is none."""
        try:
            with self._target(path).open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                return Stamp(sha256, moment(os.fstat(file.fileno()).st_mtime_ns))
        except FileNotFoundError:
            return None

    def _target(self, path: str) -> Path:
        parts = PurePosixPath(path).parts
        if (
            not parts
            or path.startswith("/")
            or any(p in {"..", "."} or "\\" in p or "\0" in p for p in parts)
        ):
            raise UnsafeValue(f"{path!r}: not a path inside the public tree")
        return self.root.joinpath(*parts)


def moment(nanoseconds: int) -> datetime:
    """A file's time, to the microsecond, as the database keeps it."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def _seconds(when: datetime) -> int:
    return int(when.replace(microsecond=0).timestamp())


def _replace(target: Path, body: bytes, changed_at: datetime | None = None) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        if changed_at is not None:
            nanoseconds = _seconds(changed_at) * 10**9 + changed_at.microsecond * 1000
            os.utime(temporary, ns=(nanoseconds, nanoseconds))
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

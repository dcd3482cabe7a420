"""The public tree: files that any static server can serve, written by rename, each with its gzip beside it."""

import gzip
import os
import tempfile
from pathlib import Path, PurePosixPath

from syndicate.model import UnsafeValue


class PublicTree:
    """The folder ``root``. A reader sees the old file or the new one, never a part (DESIGN law 8)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, body: bytes) -> None:
        """Replace ``path`` (relative, with slashes) and ``path.gz`` atomically.

        Raises :class:`UnsafeValue` for a path that would leave the tree.
        """
        target = self._target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target.with_name(target.name + ".gz"), gzip.compress(body, compresslevel=6, mtime=0))
        _replace(target, body)

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
        target.unlink(missing_ok=True)
        target.with_name(target.name + ".gz").unlink(missing_ok=True)

    def holds(self, path: str, size: int) -> bool:
        """Whether the file and its gzip are there, of that size: what the database says was not deleted by hand."""
        target = self._target(path)
        try:
            return target.stat().st_size == size and target.with_name(target.name + ".gz").exists()
        except FileNotFoundError:
            return False

    def _target(self, path: str) -> Path:
        parts = PurePosixPath(path).parts
        if (
            not parts
            or path.startswith("/")
            or any(p in {"..", "."} or "\\" in p or "\0" in p for p in parts)
        ):
            raise UnsafeValue(f"{path!r}: not a path inside the public tree")
        return self.root.joinpath(*parts)


def _replace(target: Path, body: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

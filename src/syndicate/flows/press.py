"""The press: renders a page of the public tree only when what it is made from changed, writes only changed bytes."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from syndicate.store import Database, PublicTree, pages
from syndicate.store.pages import PublicFile

BATCH = 20
"""Pages a transaction: a commit waits for the disk, and a first run makes hundreds."""


class Printed(Protocol):
    """A document of any room: where it goes and what it holds."""

    @property
    def path(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def body(self) -> bytes: ...


@dataclass(slots=True)
class PressReport:
    """``written`` are the paths whose bytes changed; ``removed`` those that are no more."""

    rendered: int = 0
    kept: int = 0
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


class Press:
    """Open one per run, :meth:`print` every page, then :meth:`clear` what was not printed.

    What was printed is noted in the database up to :data:`BATCH` pages later. A run that dies in between leaves
    whole files of which nothing is noted yet: the next run makes those pages again.
    """

    def __init__(self, database: Database, tree: PublicTree, now: datetime) -> None:
        self.database, self.tree, self.now = database, tree, now
        self.report = PressReport()
        self._unnoted: list[tuple[str, str, list[PublicFile]]] = []
        with database.read() as connection:
            self.fingerprints = pages.fingerprints(connection)
            self.files: dict[str, list[PublicFile]] = {}
            for file in pages.files(connection).values():
                self.files.setdefault(file.page, []).append(file)

    def print(self, page: str, fingerprint: str, make: Callable[[], Iterable[Printed]]) -> bool:
        """Make ``page`` again unless it was made from the same and its files are there. True when it was."""
        if self.fingerprints.get(page) == fingerprint and self._is_whole(page):
            self.report.kept += 1
            return False
        before = {file.path: file for file in self.files.get(page, ())}
        made = [self._put(page, document, before.get(document.path)) for document in make()]
        paths = {file.path for file in made}
        self._remove(path for path in before if path not in paths)
        self._unnoted.append((page, fingerprint, made))
        if len(self._unnoted) >= BATCH:
            self._note()
        self.report.rendered += 1
        return True

    def clear(self, prefix: str, keep: Collection[str]) -> None:
        """Forget the pages under ``prefix`` that are no longer there, with their files."""
        self._note()
        old = [page for page in self.fingerprints if page.startswith(prefix) and page not in keep]
        for page in old:
            self._remove(file.path for file in self.files.get(page, ()))
        if old:
            with self.database.begin() as connection:
                pages.forget(connection, old)

    def _note(self) -> None:
        if self._unnoted:
            with self.database.begin() as connection:
                for page, fingerprint, made in self._unnoted:
                    pages.save(connection, page, fingerprint, made)
        self._unnoted = []

    def _is_whole(self, page: str) -> bool:
        files = self.files.get(page, ())
        return bool(files) and all(self.tree.holds(file.path, file.size) for file in files)

    def _put(self, page: str, document: Printed, before: PublicFile | None) -> PublicFile:
        sha256 = hashlib.sha256(document.body).hexdigest()
        size = len(document.body)
        if before and before.sha256 == sha256 and self.tree.holds(document.path, size):
            return before
        self.tree.write(document.path, document.body)
        self.report.written.append(document.path)
        if before and before.sha256 == sha256:
            return before
        # Last-Modified counts whole seconds: two changes in one second must still differ.
        changed_at = max(self.now, before.changed_at + timedelta(seconds=1)) if before else self.now
        return PublicFile(document.path, page, sha256, size, document.media_type, changed_at)

    def _remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.tree.remove(path)
            self.report.removed.append(path)


def mark(*parts: object) -> str:
    """A fingerprint (sha256 hex) of values whose ``repr`` says all about them."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()


def template_mark(folders: Iterable[Path]) -> str:
    """Changes when a template for pages is edited."""
    files = (file for folder in folders for file in sorted((folder / "pages").glob("*")) if file.is_file())
    return mark([(file.name, file.read_bytes()) for file in files])

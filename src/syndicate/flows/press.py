"""The press: renders a page of the public tree only when what it is made from changed, writes only changed bytes."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from syndicate.feeds.delta import entries, has_deltas
from syndicate.store import Connection, Database, PublicTree, moved, pages, versions
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
    whole files of which nothing is noted yet: the next run makes those pages again, and their times stay.
    """

    def __init__(
        self,
        database: Database,
        tree: PublicTree,
        now: datetime,
        tell: Callable[[Connection, Collection[str]], None] | None = None,
    ) -> None:
        """``tell`` hears the paths of files whose bytes changed, in the transaction that notes them."""
        self.database, self.tree, self.now = database, tree, now
        self._tell = tell
        self.report = PressReport()
        self._unnoted: list[tuple[str, str, list[PublicFile]]] = []
        self._changed: list[str] = []
        self._removed: list[str] = []
        self._versions: dict[str, Mapping[str, str]] = {}
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
        self._changed += [file.path for file in made if file is not before.get(file.path)]
        if len(self._unnoted) >= BATCH:
            self._note()
        self.report.rendered += 1
        return True

    def clear(self, prefix: str, keep: Collection[str]) -> None:
        """Forget the pages under ``prefix`` that are no longer there, with their files."""
        old = [page for page in self.fingerprints if page.startswith(prefix) and page not in keep]
        for page in old:
            self._remove(file.path for file in self.files.get(page, ()))
        self._note(old)

    def _note(self, old: Collection[str] = ()) -> None:
        """``old`` are the pages that are no more."""
        if self._unnoted or old:
            with self.database.begin() as connection:
                for page, fingerprint, made in self._unnoted:
                    pages.save(connection, page, fingerprint, made)
                pages.forget(connection, old)
                self._note_addresses(connection)
                self._note_versions(connection)
                if self._tell:
                    self._tell(connection, self._changed)
        self._unnoted, self._changed, self._removed, self._versions = [], [], [], {}

    def _note_addresses(self, connection: Connection) -> None:
        moved.bury(connection, self._removed, self.now)
        moved.revive(connection, self._changed)

    def _note_versions(self, connection: Connection) -> None:
        made = {file.path: file for _, _, files in self._unnoted for file in files}
        for path, held in self._versions.items():
            versions.save(connection, path, made[path].sha256, made[path].changed_at, held)
        for path in filter(has_deltas, self._removed):
            versions.forget(connection, path)

    def _is_whole(self, page: str) -> bool:
        files = self.files.get(page, ())
        return bool(files) and all(self.tree.holds(f.path, f.size, f.changed_at) for f in files)

    def _put(self, page: str, document: Printed, before: PublicFile | None) -> PublicFile:
        sha256 = hashlib.sha256(document.body).hexdigest()
        size = len(document.body)
        is_same = before is not None and before.sha256 == sha256
        if before and is_same and self.tree.holds(document.path, size, before.changed_at):
            return before
        changed_at = before.changed_at if before and is_same else self._moment(document.path, sha256, before)
        self.tree.write(document.path, document.body, changed_at)
        self.report.written.append(document.path)
        if before and is_same:
            return before
        if has_deltas(document.path):
            self._versions[document.path] = entries(document.body)
        return PublicFile(document.path, page, sha256, size, document.media_type, changed_at)

    def _moment(self, path: str, sha256: str, before: PublicFile | None) -> datetime:
        """When the bytes changed: now, unless a run that died wrote just these and clients were told its time.

        Last-Modified counts whole seconds: two changes in one second must still differ, from what is noted and from
        what is served.
        """
        served = self.tree.stamp(path)
        if served and served.sha256 == sha256 and (before is None or served.changed_at > before.changed_at):
            return served.changed_at
        earlier = [one.changed_at + timedelta(seconds=1) for one in (before, served) if one is not None]
        return max([self.now, *earlier])

    def _remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.tree.remove(path)
            self._removed.append(path)
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

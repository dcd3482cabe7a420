"""Ingest: what is new or changed at the sources becomes articles, stories, authors and similar posts.

source.read -> Found    -> identity -> articles, authors, media, problems
            -> Touched  -> remembered
            -> Gone     -> withdrawn, unless it was renamed
            -> Problem  -> noted
changed articles -> the index of similar posts -> patched lists
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from syndicate.flows.progress import Progress, silent
from syndicate.flows.relate import relate
from syndicate.model import Found, Gone, MediaFile, Problem, SourceError, SourceItem, Touched
from syndicate.store import Connection, Database, PublicTree, articles, authors, cards, sources
from syndicate.stories import Ledger, Placed

BATCH = 200
"""Items a transaction. The network is read between transactions, never inside one."""

MEDIA = "media"

COMPLETE = ":complete"
"""The key that says that a source was once read to its end, and when it last was (ISO 8601; before there were cards,
just "yes"): until then its old articles are history, not news."""


class Source(Protocol):
    """Where articles come from; ``read`` is given what it said last time (key to fingerprint)."""

    @property
    def name(self) -> str: ...

    def read(self, known: Mapping[str, str], now: datetime) -> Iterator[SourceItem]: ...


@dataclass(slots=True)
class IngestReport:
    """What an ingest did. ``problems`` are this run's, by source, fatal ones included."""

    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    touched: int = 0
    similar: int = 0
    problems: list[tuple[str, Problem]] = field(default_factory=list)

    @property
    def failed_sources(self) -> list[str]:
        return [p.place for _, p in self.problems if p.place.startswith("source ")]


def ingest(
    database: Database,
    authority: str,
    origins: Sequence[Source],
    public: PublicTree,
    similar_folder: Path,
    similar_count: int,
    now: datetime,
    progress: Progress = silent,
) -> IngestReport:
    """Read all ``origins``; a source that fails as a whole is reported and the others go on."""
    report = IngestReport()
    for origin in origins:
        _ingest_source(database, authority, origin, public, now, report, progress)
    report.similar = relate(database, similar_folder, similar_count, progress)
    return report


def _ingest_source(
    database: Database,
    authority: str,
    origin: Source,
    public: PublicTree,
    now: datetime,
    report: IngestReport,
    progress: Progress,
) -> None:
    with database.read() as connection:
        known = sources.known(connection, origin.name)
        was_complete = known.pop(COMPLETE, "") != ""
        held = articles.held(connection, origin.name)
        first = articles.next_sequence(connection)
    ledger = Ledger(authority, held, first, now if was_complete else None, now)
    intake = _Intake(database, origin.name, known, ledger, public, now, report)
    done = 0
    try:
        for items in _batches(origin.read(known, now), BATCH):
            intake.take(items)
            done += len(items)
            progress(f"ingest {origin.name}", done)
    except SourceError as error:
        intake.failed = Problem(f"source {origin.name}", str(error), "what was read before it is kept")
    except Exception as error:
        # A fault of ours in one source must not stop the others; the log says where it is.
        logging.getLogger(__name__).exception("source %s", origin.name)
        reason = f"unexpected {type(error).__name__}: {error}"
        intake.failed = Problem(f"source {origin.name}", reason, "please report it with the log")
    intake.finish(first)


class _Intake:
    """Writes what one source says, batch by batch."""

    def __init__(
        self,
        database: Database,
        name: str,
        known: Collection[str],
        ledger: Ledger,
        public: PublicTree,
        now: datetime,
        report: IngestReport,
    ) -> None:
        self.database, self.name, self.ledger, self.public = database, name, ledger, public
        self.known = known
        self.now, self.report = now, report
        self.gone: list[str] = []
        self.loose: list[Problem] = []
        self.late: list[Found] = []
        self.touched: set[str] = set()
        self.failed: Problem | None = None

    def take(self, items: Sequence[SourceItem]) -> None:
        self._copy_media(items)
        with self.database.begin() as connection:
            for item in items:
                self._take_one(connection, item)
            self._refresh_cards(connection)

    def finish(self, first: int) -> None:
        """What is new may be what is gone under another name, so the new comes late and removals last."""
        if self.failed:
            self.loose.append(self.failed)
        with self.database.begin() as connection:
            for found in self.late:
                self._found(connection, found)
            for key in self.gone:
                self._remove(connection, key)
            articles.renumber(connection, first)
            self._refresh_cards(connection)
            cards.restore(connection)
            sources.set_problems(connection, self.name, "", self.loose, self.now)
            if not self.failed:
                sources.remember(connection, self.name, COMPLETE, self.now.isoformat())
        self.report.problems += [(self.name, p) for p in self.loose]

    def _take_one(self, connection: Connection, item: SourceItem) -> None:
        match item:
            case Found() if self.known and item.key not in self.known:
                self.late.append(item)
            case Found():
                self._found(connection, item)
            case Touched(key, fingerprint):
                sources.remember(connection, self.name, key, fingerprint)
                self.report.touched += 1
            case Gone(key):
                self.ledger.release(key)
                self.gone.append(key)
            case Problem():
                self.loose.append(item)

    def _found(self, connection: Connection, found: Found) -> None:
        placed = [self.ledger.place(one, found.key) for one in found.manuscripts]
        for author in found.authors:
            authors.save(connection, author)
        for one in placed:
            self._save(connection, one)
        self._drop_missing(connection, found, placed)
        problems = (*found.problems, *(p for one in placed for p in one.problems))
        sources.set_problems(connection, self.name, found.key, problems, self.now)
        self.report.problems += [(self.name, p) for p in problems]
        sources.remember(connection, self.name, found.key, found.fingerprint)

    def _save(self, connection: Connection, one: Placed) -> None:
        if not one.has_changed:
            return
        articles.save(connection, one.article, one.item, one.likeness)
        self.touched.add(one.article.story)
        self.report.added += one.is_new
        self.report.changed += not one.is_new

    def _drop_missing(self, connection: Connection, found: Found, placed: Sequence[Placed]) -> None:
        """Articles that the same source key held before and holds no more."""
        kept = {one.article.key for one in placed}
        self._withdraw(connection, [h.id for h in self.ledger.held_by(found.key) if h.key not in kept])

    def _remove(self, connection: Connection, key: str) -> None:
        self._withdraw(connection, [h.id for h in self.ledger.held_by(key)])
        sources.set_problems(connection, self.name, key, (), self.now)
        sources.forget(connection, self.name, key)

    def _withdraw(self, connection: Connection, ids: Sequence[str]) -> None:
        self.report.withdrawn += articles.withdraw(connection, ids, self.now)
        self.touched |= cards.stories_of(connection, ids)

    def _refresh_cards(self, connection: Connection) -> None:
        cards.refresh(connection, self.touched)
        self.touched.clear()

    def _copy_media(self, items: Sequence[SourceItem]) -> None:
        for file in _media(items):
            self.public.copy(f"{MEDIA}/{file.name}", file.path)


def _media(items: Sequence[SourceItem]) -> Iterator[MediaFile]:
    for item in items:
        if isinstance(item, Found):
            yield from item.media
            for manuscript in item.manuscripts:
                yield from manuscript.media


def _batches(items: Iterable[SourceItem], size: int) -> Iterator[list[SourceItem]]:
    """Batches of at most ``size``; when the source breaks off, what was read before is still handed on."""
    batch: list[SourceItem] = []
    try:
        for item in items:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []
    except Exception:
        yield batch
        raise
    if batch:
        yield batch

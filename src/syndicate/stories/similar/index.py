"""The index of similar posts: what a newsroom's flows and pages ask.

rebuild: every document -> arrays on disk          minutes at 100,000 articles, in the background
update:  the new, the changed, the removed -> one query each, the neighbours' lists patched
similar: an article and the languages its reader reads -> the k best other stories
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from syndicate.stories.similar import storage
from syndicate.stories.similar.build import Card, assembled, card
from syndicate.stories.similar.document import Document, Neighbour
from syndicate.stories.similar.query import similar
from syndicate.stories.similar.serialisation import (
    NO_TOKENS,
    pack_cards,
    pack_tokens,
    packed,
    replay,
    unpack_cards,
    unpack_tokens,
)
from syndicate.stories.similar.snapshot import Arrays, Snapshot
from syndicate.stories.similar.state import State
from syndicate.stories.similar.term_matrix import Vector
from syndicate.stories.similar.tokens import TokenizedText, tokenize
from syndicate.stories.similar.update import SEEN, refresh
from syndicate.stories.similar.weighting import weigh

EXACT = 300  # archives up to this size are wholly made anew at each change: it takes less than a second
SELF_KEPT = 5_000  # up to this size the index keeps what it has read, and renews itself when due
STALE = 0.1  # share of changed articles from which on a rebuild is due
MANY_PATCHES = 40


class Index:
    """Similar posts of one newsroom. Results depend on the set of documents, not on their order."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._arrays: Arrays
        self._info: Mapping[str, Any]
        self._kept: Arrays
        self._state: State
        self._tokenized: list[TokenizedText]
        self._saved_cards: int
        self._touched: set[int]
        self._left: set[int]
        self._manifest = storage.Manifest()
        self._damaged = False
        self._unsaved = False
        self._start(*assembled([], []), [], [])

    # -- opening and saving

    @classmethod
    def open(cls, folder: Path | None) -> "Index":
        """The index in ``folder`` (made at the first save), or one in memory only. Never raises for damaged
        files: see :attr:`needs_rebuild`."""
        index = cls(folder)
        if folder is not None:
            try:
                index._load(folder)
            except (storage.Damaged, ValueError, KeyError, IndexError, TypeError):
                index.__init__(folder)  # type: ignore[misc]
                index._damaged = True
        return index

    @property
    def needs_rebuild(self) -> bool:
        """A rebuild is due: the files are damaged or of another version, nothing was ever built, or more than
        a tenth of the articles changed since the last one. Until then everything works, if less well."""
        built = self._state.snapshot.articles_count
        return self._damaged or not built or self._state.changes > max(STALE * built, EXACT)

    def save(self) -> None:
        """Write what changed since the last save; a reader sees all of it or nothing. Raises OSError."""
        if self._folder is None:
            return
        if self._unsaved:
            self._manifest = storage.write(self._folder, self._arrays, self._info)
            self._unsaved = False
            self._arrays, self._info = storage.load(self._folder, self._manifest.generation)
            self._kept = self._arrays
            self._state.snapshot = Snapshot(self._arrays, self._info)
        if self._touched or self._left or len(self._state.cards) > self._saved_cards:
            whole = len(self._manifest.patches) >= MANY_PATCHES
            self._manifest = storage.write_patch(self._folder, self._manifest, self._patch(whole), whole)
            self._remember_saved()

    def _start(
        self, arrays: Arrays, info: Mapping[str, Any], cards: list[Card], tokenized: list[TokenizedText]
    ) -> None:
        if len(cards) <= SELF_KEPT:
            arrays = {**arrays, **pack_cards(cards), **pack_tokens(tokenized)}
        self._arrays, self._info = arrays, info
        self._kept = arrays
        self._state = State(Snapshot(arrays, info))
        self._tokenized = []
        self._remember_saved()

    def _remember_saved(self) -> None:
        self._saved_cards = len(self._state.cards)
        self._touched = set()
        self._left = set()

    def _load(self, folder: Path) -> None:
        current = storage.manifest(folder)
        if current is None or not current.generation:
            return
        arrays, info = storage.load(folder, current.generation)
        self._state, self._kept = State(Snapshot(arrays, info)), arrays
        for number in current.patches:
            patch = storage.load_patch(folder, current.generation, number)
            replay(self._state, patch)
            self._tokenized += unpack_tokens(patch)
        self._manifest = current
        self._remember_saved()

    def _patch(self, whole: bool) -> Arrays:
        if whole:
            return packed(self._state, self._tokenized, 0, self._state.lists, self._state.departed)
        return packed(self._state, self._tokenized, self._saved_cards, self._touched, self._left)

    # -- changing

    def rebuild(self, documents: Iterable[Document]) -> None:
        """Make the whole index anew from all published documents; the same set gives the same bytes.

        Of documents with one id the last counts. Several minutes and under 1.5 GB at 100,000.
        """
        pile = {document.id: (card(document), tokenize(document)) for document in documents}
        ids = sorted(pile)
        self._build([pile[id][0] for id in ids], [pile.pop(id)[1] for id in ids])
        self._damaged = False

    def _build(self, cards: list[Card], tokenized: list[TokenizedText]) -> None:
        kept = list(tokenized) if len(cards) <= SELF_KEPT else []
        self._start(*assembled(cards, tokenized), cards, kept)
        self._unsaved = True

    def update(self, changed: Sequence[Document], removed: Collection[str]) -> frozenset[str]:
        """Take in new and changed articles, and drop removed ones (unknown ids are passed over).

        Returns the ids of the articles whose list changed where it can be seen (the first twenty), their own
        or their neighbours', without the removed. An archive of up to 300 articles, or one of up to 5,000 of
        which a tenth changed, is wholly made anew; otherwise the cost is one query an article.
        """
        fresh = {document.id: document for document in changed if document.id not in removed}
        gone = [id for id in removed if self._state.row(id) is not None]
        if not fresh and not gone:
            return frozenset()
        if self._renews(len(fresh) + len(gone)):
            return self._renew(fresh, gone)
        return self._amend(fresh, gone)

    def _renews(self, changes: int) -> bool:
        built = self._state.snapshot.articles_count
        if not built:
            return True
        kept = "cards" in self._kept
        return kept and (built <= EXACT or self._state.changes + changes > STALE * built)

    def _renew(self, fresh: dict[str, Document], gone: Collection[str]) -> frozenset[str]:
        before = self._seen()
        pile = {c.id: (c, r) for c, r in self._present() if c.id not in gone}
        pile |= {document.id: (card(document), tokenize(document)) for document in fresh.values()}
        ids = sorted(pile)
        self._build([pile[id][0] for id in ids], [pile[id][1] for id in ids])
        after = self._seen()
        return frozenset(id for id, stories in after.items() if id in fresh or before.get(id) != stories)

    def _present(self) -> Iterator[tuple[Card, TokenizedText]]:
        cards = [*unpack_cards(self._kept), *self._state.cards]
        tokenized = [*unpack_tokens(self._kept), *self._tokenized]
        for row, pair in enumerate(zip(cards, tokenized, strict=True)):
            if row not in self._state.departed:
                yield pair

    def _seen(self) -> dict[str, list[str]]:
        state, seen = self._state, {}
        for row in range(state.snapshot.articles_count + len(state.cards)):
            if row not in state.departed:
                stories = state.listed(row)[0][:SEEN].tolist()
                seen[state.article_name(row)] = [state.story_name(story) for story in stories]
        return seen

    def _amend(self, fresh: dict[str, Document], gone: Collection[str]) -> frozenset[str]:
        state = self._state
        touched: dict[int, bool] = {}
        changed: set[int] = set()
        for id in sorted({*gone, *fresh}):
            row = state.row(id)
            if row is not None:
                changed |= self._leave(row)
                touched[state.story_of(row)] = True
        for id in sorted(fresh):
            story = state.story(fresh[id].story)
            row = self._arrive(fresh[id])
            touched.setdefault(state.story_of(row), story is not None)
        for story, known in sorted(touched.items()):
            changed |= refresh(state, story, known, self._touched)
        return frozenset(state.article_name(row) for row in changed if row not in state.departed)

    def _leave(self, row: int) -> set[int]:
        state = self._state
        holders = state.holders(state.story_of(row), state.language_of(row)).tolist()
        state.leave(row)
        self._left.add(row)
        return {r for r in holders if state.story_of(row) in state.listed(r)[0][:SEEN]}

    def _arrive(self, document: Document) -> int:
        state, tokens = self._state, tokenize(document)
        matrix = state.snapshot.matrix(document.language)
        self._tokenized.append(tokens if "cards" in self._kept else NO_TOKENS)
        if matrix is None:
            return state.arrive(card(document), None)
        terms = tokens.without(state.snapshot.repeated_lines)
        full, query = weigh([terms], matrix.statistics, state.snapshot.keep)
        vector = Vector(full.terms, full.values[0], full.values[1], query.terms)
        row = state.arrive(card(document), vector)
        if state.snapshot.ranker.learnt:
            state.new_views[row] = state.snapshot.text_views(document.language).new_article(tokens, vector)
        return row

    # -- asking

    @property
    def method(self) -> str:
        """How articles are ranked: ``S``, ``S·t`` (time counts), or ``F`` (learnt from the newsroom's links)."""
        return self._state.snapshot.ranker.method

    def similar(self, article: str, reads: Sequence[str], k: int) -> tuple[Neighbour, ...]:
        """The ``k`` best other stories for the reader of ``article`` who reads ``reads``, in that order.

        First those available in ``reads[0]``, in that language, then those that are only in the next. Never
        the story itself or its translation, never what was removed, each story once. Where too few in a
        language are alike, the newest that share a tag follow, then the newest (score 0.0). Fewer than ``k``
        only where there are fewer. Empty for an article that is not here.
        """
        return similar(self._state, article, reads, k)

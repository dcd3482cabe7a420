"""The state as it is now: the snapshot of the last rebuild, and on top of it what came, changed and left since.

Rows and stories that are newer are numbered on from the snapshot's. Everything here answers for both.
"""

from collections.abc import Iterator

import numpy as np

from syndicate.stories.similar.build import LISTED, Card, first_rows, story_days
from syndicate.stories.similar.delta import DeltaMatrix
from syndicate.stories.similar.snapshot import Snapshot
from syndicate.stories.similar.term_matrix import Vector, moments_of, standard
from syndicate.stories.similar.text_views import ArticleViews
from syndicate.stories.similar.tokens import Array

NONE = np.zeros(0, np.int32)
List = tuple[Array, Array]  # stories int32, scores float32, best first


class State:
    """``departed`` are rows; ``lists`` holds those lists that differ from the snapshot's."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.cards: list[Card] = []
        self.departed: set[int] = set()
        self.lists: dict[int, List] = {}
        self.matrices: dict[str, DeltaMatrix] = {}
        self.new_views: dict[int, ArticleViews] = {}
        self._rows: dict[str, int] = {}
        self._stories: dict[str, int] = {}
        self._story_names: list[str] = []
        self._story_of: list[int] = []
        self._rows_of: dict[int, list[int]] = {}
        self._days: Array | None = None
        self._in_language: dict[str, Array] = {}
        self._matrix_stories: dict[str, Array] = {}

    # -- numbers and names

    @property
    def stories_count(self) -> int:
        return self.snapshot.stories_count + len(self._story_names)

    @property
    def changes(self) -> int:
        """How many rows came or left since the rebuild."""
        return len(self.cards) + len(self.departed)

    def row(self, article: str) -> int | None:
        """The row of a present article."""
        row = self._rows.get(article)
        if row is None:
            row = self.snapshot.ids.find(article)
        return None if row is None or row in self.departed else row

    def story(self, name: str) -> int | None:
        """The number of a story that has, or had, articles."""
        number = self._stories.get(name)
        return self.snapshot.stories.find(name) if number is None else number

    def article_name(self, row: int) -> str:
        added = row - self.snapshot.articles_count
        return self.snapshot.ids[row] if added < 0 else self.cards[added].id

    def story_name(self, story: int) -> str:
        added = story - self.snapshot.stories_count
        return self.snapshot.stories[story] if added < 0 else self._story_names[added]

    def story_of(self, row: int) -> int:
        added = row - self.snapshot.articles_count
        return int(self.snapshot.story_of[row]) if added < 0 else self._story_of[added]

    def language_of(self, row: int) -> str:
        added = row - self.snapshot.articles_count
        if added < 0:
            return self.snapshot.languages[int(self.snapshot.language_of[row])]
        return self.cards[added].language

    def masked(self, row: int) -> int:
        added = row - self.snapshot.articles_count
        return int(self.snapshot.masked[row]) if added < 0 else self.cards[added].masked

    def members(self, name: str, row: int) -> frozenset[int]:
        """The ``tags`` or ``authors`` of a row."""
        added = row - self.snapshot.articles_count
        if added < 0:
            return frozenset(self.snapshot.members(name, row).tolist())
        return frozenset(self.cards[added].tags if name == "tags" else self.cards[added].authors)

    def story_members(self, name: str, story: int) -> frozenset[int]:
        """The ``tags`` or ``authors`` of a story's present articles."""
        return frozenset().union(*(self.members(name, row) for row in self.rows_of(story)))

    def rows_of(self, story: int) -> Iterator[int]:
        """The present rows of a story."""
        old = self.snapshot.members("rows_of", story) if story < self.snapshot.stories_count else ()
        for row in (*map(int, old), *self._rows_of.get(story, ())):
            if row not in self.departed:
                yield row

    def rows_in(self, language: str) -> Array:
        """By story: its present row (int32) in ``language``, -1 where there is none. Not to be changed."""
        if language not in self._in_language:
            self._in_language[language] = self._collect(language)
        found = self._in_language[language]
        if len(found) < self.stories_count:
            pad = np.full(self.stories_count + 64 - len(found), -1, np.int32)
            found = self._in_language[language] = np.concatenate([found, pad])
        return found[: self.stories_count]

    def _collect(self, language: str) -> Array:
        """From scratch; the first row by id stands for a story that has several in one language."""
        found = np.full(self.stories_count, -1, np.int32)
        if language in self.snapshot.languages:
            number = self.snapshot.languages.index(language)
            rows = np.flatnonzero(self.snapshot.language_of == number)
            rows = rows[~np.isin(rows, list(self.departed))]
            rows = first_rows(self.snapshot.story_of, rows)
            found[self.snapshot.story_of[rows]] = rows
        for at, card in enumerate(self.cards):
            row = self.snapshot.articles_count + at
            story = self._story_of[at]
            if card.language == language and row not in self.departed and self._is_first(found[story], card):
                found[story] = row
        return found

    def _is_first(self, row: int, card: Card) -> bool:
        return row < 0 or card.id < self.article_name(int(row))

    def days(self) -> Array:
        """The first day (float64) of each story."""
        if self._days is None:
            old = self.snapshot
            first = np.full(self.stories_count, np.inf)
            first[: old.stories_count] = story_days(old.story_of, old.days, old.stories_count)
            np.minimum.at(first, self._story_of, [card.day for card in self.cards])
            self._days = first
        return self._days

    # -- coming and leaving

    def leave(self, row: int) -> None:
        """An article is here no more."""
        self.departed.add(row)
        language = self.language_of(row)
        story = self.story_of(row)
        if language in self._in_language and self.rows_in(language)[story] == row:
            others = [r for r in self.rows_of(story) if self.language_of(r) == language]
            self.rows_in(language)[story] = min(others, key=self.article_name, default=-1)

    def arrive(self, card: Card, vector: Vector | None, moments: Array | None = None) -> int:
        """A newcomer, as it was weighed; ``vector`` None where its language has no matrix. Returns its row."""
        row = self.snapshot.articles_count + len(self.cards)
        story = self.story(card.story)
        if story is None:
            story = self._stories[card.story] = self.stories_count
            self._story_names.append(card.story)
        self._rows[card.id] = row
        self.cards.append(card)
        self._story_of.append(story)
        self._rows_of.setdefault(story, []).append(row)
        self._mark(row, story, card)
        if vector is not None:
            matrix = self.matrices.setdefault(card.language, DeltaMatrix())
            matrix.add(row, vector, self._moments(card.language, vector) if moments is None else moments)
        return row

    def _mark(self, row: int, story: int, card: Card) -> None:
        if card.language in self._in_language:
            present = self.rows_in(card.language)
            if self._is_first(present[story], card):
                present[story] = row
        if self._days is not None:
            if story >= len(self._days):
                self._days = np.append(self._days, np.inf)
            self._days[story] = min(self._days[story], card.day)

    def _moments(self, language: str, vector: Vector) -> Array:
        matrix = self.snapshot.matrix(language)
        assert matrix is not None
        return moments_of(matrix.compare(vector), matrix.least)

    # -- lists

    def listed(self, row: int) -> List:
        """The stored list of a row, with what has left since; never to be changed in place."""
        if row in self.lists:
            return self.lists[row]
        if row >= self.snapshot.articles_count:
            return NONE, NONE.astype(np.float32)
        stories = self.snapshot.list_stories[row]
        present = stories >= 0
        return stories[present], self.snapshot.list_scores[row][present]

    def least_scores(self, rows: Array) -> Array:
        """The score that each row's full list ends with; -inf where there is room."""
        out = np.full(len(rows), -np.inf, np.float32)
        old = rows < self.snapshot.articles_count
        out[old] = self.snapshot.list_scores[rows[old], -1]
        for at in np.flatnonzero(np.isin(rows, list(self.lists))):
            scores = self.lists[int(rows[at])][1]
            out[at] = scores[-1] if len(scores) >= LISTED else -np.inf
        return out

    def holders(self, story: int, language: str) -> Array:
        """The rows of ``language`` whose list holds ``story``."""
        found = [row for row, (stories, _) in self.lists.items() if story in stories]
        if language in self.snapshot.languages and story < self.snapshot.stories_count:
            rows = np.flatnonzero((self.snapshot.list_stories == story).any(axis=1))
            found += [row for row in rows.tolist() if row not in self.lists]
        mine = [r for r in found if r not in self.departed and self.language_of(r) == language]
        return np.array(sorted(mine), np.int32)

    # -- likeness

    def new_vector(self, row: int) -> tuple[Vector, Array] | None:
        """A newcomer's vector and moments, None where its language has no matrix."""
        added = self.matrices.get(self.language_of(row))
        if added is None or not len(added.rows):
            return None
        at = int(np.searchsorted(added.rows, row))
        if at == len(added.rows) or added.rows[at] != row:
            return None
        return added.vector(at), added.moments[at]

    def vectors(self, story: int) -> Iterator[tuple[str, Vector, Array]]:
        """Each language a story is in, with its vector there and that vector's moments."""
        for row in list(self.rows_of(story)):
            language = self.language_of(row)
            if self.rows_in(language)[story] != row:
                continue
            is_late = row >= self.snapshot.articles_count
            found = self.new_vector(row) if is_late else self._old_vector(language, row)
            if found is not None:
                yield language, *found

    def _old_vector(self, language: str, row: int) -> tuple[Vector, Array] | None:
        matrix = self.snapshot.matrix(language)
        assert matrix is not None
        at = int(np.searchsorted(matrix.rows, row))
        if at == len(matrix) or matrix.rows[at] != row:
            return None
        return matrix.vector(at), matrix.moments[at]

    def likeness(self, story: int) -> Array:
        """By story: likeness (float32) to ``story``, merged over the languages both are in; -inf for itself."""
        total = np.zeros(self.stories_count, np.float32)
        shared = np.zeros(self.stories_count, np.float32)
        for language, vector, moments in self.vectors(story):
            for stories, likeness in self._likeness_in(language, vector, moments):
                total[stories] += likeness
                shared[stories] += 1
        total /= np.sqrt(np.maximum(shared, 1))
        total[shared == 0] = -np.inf
        total[story] = -np.inf
        return total

    def _likeness_in(self, language: str, vector: Vector, moments: Array) -> Iterator[tuple[Array, Array]]:
        matrix, added = self.snapshot.matrix(language), self.matrices.get(language)
        assert matrix is not None
        yield self._present(language, matrix.rows, standard(matrix.compare(vector), moments, matrix.moments))
        if added is not None:
            sums = added.compare(vector, len(matrix.statistics.vocabulary))
            yield self._present(language, added.rows, standard(sums, moments, added.moments))

    def _present(self, language: str, rows: Array, likeness: Array) -> tuple[Array, Array]:
        """Only of those rows that stand for their story in ``language`` now, by story."""
        if len(rows) and rows[0] >= self.snapshot.articles_count:
            stories = np.array(self._story_of, np.int32)[rows - self.snapshot.articles_count]
        else:
            if language not in self._matrix_stories:
                self._matrix_stories[language] = self.snapshot.story_of[rows]
            stories = self._matrix_stories[language]
        good = self.rows_in(language)[stories] == rows
        return stories[good], likeness[good]

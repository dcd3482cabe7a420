"""Three more ways to see an article, for the ranking that is learnt: its title, its letters, its drift.

    title     TF-IDF of the title's terms
    letters   TF-IDF of runs of four characters of the title and the lead
    drift     the leading directions of the language's TF-IDF (latent semantic analysis): words that keep company

Each gives a cosine. They are made at a rebuild only where there is something to learn from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from syndicate.stories.similar.term_matrix import TermMatrix, Vector, as_matrix, spread, summed
from syndicate.stories.similar.tokens import Array, TokenizedText
from syndicate.stories.similar.weighting import LEAST_KEPT, Rows, Statistics, statistics, weigh

DIRECTIONS = 100
SAMPLE = 5_000  # articles of a language from which the directions are found
VIEWS = ("title", "letters")


@dataclass(frozen=True, slots=True)
class ArticleViews:
    """One article: (places, weights) in the title's and the letters' vocabularies, and its drift (float32)."""

    title: tuple[Array, Array]
    letters: tuple[Array, Array]
    drift: Array


class TextViews:
    """The extra views of one language's articles; backed by ``arrays``, which may be files."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = arrays
        self._tables = {
            view: Rows(arrays[f"{view}_start"], arrays[f"{view}_terms"], (arrays[f"{view}_0"],))
            for view in VIEWS
        }
        self.drift = arrays["drift"]

    def article_views(self, at: int) -> ArticleViews:
        """The article in local row ``at``."""
        found = []
        for view in VIEWS:
            table = self._tables[view]
            a, b = table.start[at : at + 2]
            found.append((table.terms[a:b], table.values[0][a:b]))
        return ArticleViews(found[0], found[1], self.drift[at])

    def new_article(self, tokens: TokenizedText, vector: Vector) -> ArticleViews:
        """A newcomer."""
        found = []
        for view, terms in zip(VIEWS, views(tokens), strict=True):
            known = Statistics(
                self._arrays[f"{view}_known"], self._arrays[f"{view}_idf"], self._arrays[f"{view}_idf"], 1.0
            )
            row, _ = weigh([terms], known, LEAST_KEPT)
            found.append((row.terms, row.values[0]))
        drift = vector.tfidf @ self._arrays["directions"][vector.terms]
        return ArticleViews(found[0], found[1], _unit(drift[None])[0])

    def cosines(self, one: ArticleViews, rows: Array) -> Array:
        """float32 (rows, 3): the cosines of ``one`` with the articles in local ``rows``."""
        columns = []
        for view, (terms, weights) in zip(VIEWS, (one.title, one.letters), strict=True):
            table = self._tables[view]
            scratch = np.zeros(len(self._arrays[f"{view}_known"]) + 1, np.float32)
            scratch[terms] = weights
            entries, ends = spread(table.start, rows)
            columns.append(summed(scratch[table.terms[entries]] * table.values[0][entries], ends))
        columns.append(self.drift[rows] @ one.drift)
        return np.stack(columns, axis=1).astype(np.float32)

    def pairs(self, left: Array, right: Array) -> Array:
        """float32 (pairs, 3): the cosines of pairs of local rows; equal ``left`` stand together."""
        out = np.empty((len(left), 3), np.float32)
        edges = np.flatnonzero(np.diff(left)) + 1
        for part in np.split(np.arange(len(left)), edges) if len(left) else ():
            out[part] = self.cosines(self.article_views(int(left[part[0]])), right[part])
        return out


def view_cosines(one: ArticleViews, other: ArticleViews) -> Array:
    """The three cosines of two newcomers."""
    return np.array(
        [_sparse(one.title, other.title), _sparse(one.letters, other.letters), one.drift @ other.drift],
        np.float32,
    )


def _sparse(one: tuple[Array, Array], other: tuple[Array, Array]) -> float:
    _, a, b = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    return float(one[1][a] @ other[1][b])


def views(tokens: TokenizedText) -> tuple[Array, Array]:
    """The terms of the title, and the letters."""
    return tokens.terms[: int(tokens.lengths[0])], tokens.letters()


def build(matrix: TermMatrix, tokenized: list[TokenizedText]) -> dict[str, Array]:
    """The arrays of :class:`TextViews` for the articles of a language."""
    arrays: dict[str, Array] = {}
    seen = [views(tokens) for tokens in tokenized]
    for n, view in enumerate(VIEWS):
        parts = [pair[n] for pair in seen]
        known = statistics(parts)
        table, _ = weigh(parts, known, LEAST_KEPT)
        arrays |= {f"{view}_known": known.vocabulary, f"{view}_idf": known.idf}
        arrays |= {f"{view}_start": table.start, f"{view}_terms": table.terms, f"{view}_0": table.values[0]}
    arrays["directions"], arrays["drift"] = _directions(matrix)
    return arrays


def _directions(matrix: TermMatrix) -> tuple[Array, Array]:
    """(terms, d) and each article's place along them, of unit length; d <= DIRECTIONS."""
    from scipy.sparse.linalg import svds

    weights = as_matrix(matrix.full, len(matrix.statistics.vocabulary), 0)
    count = weights.shape[0]
    sample = weights[np.unique(np.linspace(0, count - 1, min(count, SAMPLE)).astype(np.int64))]
    rank = min(DIRECTIONS, min(sample.shape) - 1)
    if rank < 2:
        return np.zeros((weights.shape[1], 1), np.float32), np.zeros((count, 1), np.float32)
    _, _, found = svds(sample.astype(np.float64), k=rank, v0=np.ones(min(sample.shape)))
    directions = np.ascontiguousarray(found.T, np.float32)
    return directions, _unit(weights @ directions)


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)

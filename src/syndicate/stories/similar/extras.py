"""Three more ways to see an article, for the ranking that is learnt: its title, its letters, its drift.

    title     TF-IDF of the title's terms
    letters   TF-IDF of runs of four characters of the title and the lead
    drift     the leading directions of the language's TF-IDF (latent semantic analysis): words that keep company

Each gives a cosine. They are made at a rebuild only where there is something to learn from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from syndicate.stories.similar.reading import Array, Reading
from syndicate.stories.similar.shelf import Shelf, Vector, as_matrix, spread, summed
from syndicate.stories.similar.weights import LEAST_KEPT, Rows, Statistics, statistics, weigh

DIRECTIONS = 100
SAMPLE = 5_000  # articles of a language from which the directions are found
VIEWS = ("title", "letters")


@dataclass(frozen=True, slots=True)
class Sight:
    """One article: (places, weights) in the title's and the letters' vocabularies, and its drift (float32)."""

    title: tuple[Array, Array]
    letters: tuple[Array, Array]
    drift: Array


class Extras:
    """The extra views of one shelf's articles; backed by ``arrays``, which may be files."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = arrays
        self._tables = {
            view: Rows(arrays[f"{view}_start"], arrays[f"{view}_terms"], (arrays[f"{view}_0"],))
            for view in VIEWS
        }
        self.drift = arrays["drift"]

    def sight(self, at: int) -> Sight:
        """The article in local row ``at``."""
        found = []
        for view in VIEWS:
            table = self._tables[view]
            a, b = table.start[at : at + 2]
            found.append((table.terms[a:b], table.values[0][a:b]))
        return Sight(found[0], found[1], self.drift[at])

    def look(self, reading: Reading, vector: Vector) -> Sight:
        """A newcomer."""
        found = []
        for view, terms in zip(VIEWS, views(reading), strict=True):
            known = Statistics(
                self._arrays[f"{view}_known"], self._arrays[f"{view}_idf"], self._arrays[f"{view}_idf"], 1.0
            )
            row, _ = weigh([terms], known, LEAST_KEPT)
            found.append((row.terms, row.values[0]))
        drift = vector.tfidf @ self._arrays["directions"][vector.terms]
        return Sight(found[0], found[1], _unit(drift[None])[0])

    def cosines(self, one: Sight, rows: Array) -> Array:
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
            out[part] = self.cosines(self.sight(int(left[part[0]])), right[part])
        return out


def sight_cosines(one: Sight, other: Sight) -> Array:
    """The three cosines of two newcomers."""
    return np.array(
        [_sparse(one.title, other.title), _sparse(one.letters, other.letters), one.drift @ other.drift],
        np.float32,
    )


def _sparse(one: tuple[Array, Array], other: tuple[Array, Array]) -> float:
    _, a, b = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    return float(one[1][a] @ other[1][b])


def views(reading: Reading) -> tuple[Array, Array]:
    """The terms of the title, and the letters."""
    return reading.terms[: int(reading.lengths[0])], reading.letters()


def build(shelf: Shelf, readings: list[Reading]) -> dict[str, Array]:
    """The arrays of :class:`Extras` for the articles of a shelf."""
    arrays: dict[str, Array] = {}
    seen = [views(reading) for reading in readings]
    for n, view in enumerate(VIEWS):
        parts = [pair[n] for pair in seen]
        known = statistics(parts)
        table, _ = weigh(parts, known, LEAST_KEPT)
        arrays |= {f"{view}_known": known.vocabulary, f"{view}_idf": known.idf}
        arrays |= {f"{view}_start": table.start, f"{view}_terms": table.terms, f"{view}_0": table.values[0]}
    arrays["directions"], arrays["drift"] = _directions(shelf)
    return arrays


def _directions(shelf: Shelf) -> tuple[Array, Array]:
    """(terms, d) and each article's place along them, of unit length; d <= DIRECTIONS."""
    from scipy.sparse.linalg import svds

    weights = as_matrix(shelf.full, len(shelf.statistics.vocabulary), 0)
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

"""One language's articles as a term matrix: their weights both ways round, and how alike two of them are.

The likeness of two articles of a language is the mean of both views' z-scores, taken from both sides:

    z(i, j) = (tfidf(i, j) - mean_i) / sd_i + (bm25(i, j) - mean'_i) / sd'_i      likeness = (z(i, j) + z(j, i)) / 2

so that an article that resembles everything counts for as little as one that resembles nothing. The rows'
means and deviations (``moments``) are kept, so that a newcomer is compared by one query.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from syndicate.stories.similar.tokens import Array
from syndicate.stories.similar.weighting import Rows, Statistics, statistics, weigh

SAMPLE = 2_000  # articles from which a row's mean and deviation are taken in a larger matrix
_BLOCK = 1_000
_LEAST_SPREAD = 0.3  # of the language's median deviation: an article like no other gets no huge scores


@dataclass(frozen=True, slots=True)
class Vector:
    """One article as the matrix holds it: places in the vocabulary, their two weights, and its query's places."""

    terms: Array
    tfidf: Array
    bm25: Array
    query: Array


class TermMatrix:
    """The articles of one language at the last rebuild. Backed by ``arrays``, which may be files."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = arrays

    @cached_property
    def rows(self) -> Array:
        """The snapshot's row (int32) of each article here, ascending."""
        return self._arrays["rows"]

    @cached_property
    def moments(self) -> Array:
        """float32 (articles, 4): mean and deviation of tfidf, then of bm25, over the other articles."""
        return self._arrays["moments"]

    @cached_property
    def least(self) -> Array:
        """float64 (2,): the deviations of a row are at least these."""
        return self._arrays["least"]

    @cached_property
    def statistics(self) -> Statistics:
        get = self._arrays
        return Statistics(get["vocabulary"], get["idf"], get["bm25_idf"], float(get["mean_length"][0]) or 1.0)

    @cached_property
    def full(self) -> Rows:
        """Each article's terms, with TF-IDF and BM25 weights."""
        return self._table("full", 2)

    @cached_property
    def query(self) -> Rows:
        """Each article's best terms."""
        return self._table("query", 0)

    @cached_property
    def postings(self) -> Rows:
        """Each term's articles, with TF-IDF and BM25 weights."""
        return self._table("postings", 2)

    @cached_property
    def query_postings(self) -> Rows:
        """Each term's articles that have it among their best."""
        return self._table("query_postings", 0)

    def _table(self, name: str, values: int) -> Rows:
        get = self._arrays
        return Rows(
            get[f"{name}_start"], get[f"{name}_terms"], tuple(get[f"{name}_{n}"] for n in range(values))
        )

    def __len__(self) -> int:
        return len(self.rows)

    def vector(self, row: int) -> Vector:
        """The article in local row ``row``."""
        a, b = self.full.start[row : row + 2]
        c, d = self.query.start[row : row + 2]
        tfidf, bm25 = self.full.values
        return Vector(self.full.terms[a:b], tfidf[a:b], bm25[a:b], self.query.terms[c:d])

    def compare(self, one: Vector) -> tuple[Array, Array, Array]:
        """``one`` against every article: cosine, BM25 with its query, BM25 with theirs (float64 each)."""
        cosine = self._gather(self.postings, one.terms, 0, one.tfidf)
        asking = self._gather(self.postings, one.query, 1, None)
        return cosine, asking, self._gather(self.query_postings, one.terms, None, one.bm25)

    def _gather(self, table: Rows, terms: Array, value: int | None, weights: Array | None) -> Array:
        spans = [(int(table.start[t]), int(table.start[t + 1])) for t in terms]
        if not spans:
            return np.zeros(len(self))
        rows = np.concatenate([table.terms[a:b] for a, b in spans])
        amounts = np.ones(len(rows), np.float32)
        if value is not None:
            amounts = np.concatenate([table.values[value][a:b] for a, b in spans])
        if weights is not None:
            amounts = amounts * np.repeat(weights, [b - a for a, b in spans])
        return np.bincount(rows, amounts, minlength=len(self))

    def likeness(self, left: Array, right: Array) -> Array:
        """Likeness (float32) of pairs of local rows; ``left`` ascending."""
        out = np.empty(len(left), np.float32)
        u, v, q = (np.zeros(len(self.statistics.vocabulary), np.float32) for _ in range(3))
        bounds = np.concatenate(([0], np.flatnonzero(np.diff(left)) + 1, [len(left)])) if len(left) else [0]
        for a, b in pairwise(bounds):
            one = self.vector(int(left[a]))
            u[one.terms], v[one.terms], q[one.query] = one.tfidf, one.bm25, 1
            sums = _pair_sums(self.full, self.query, right[a:b], u, v, q)
            out[a:b] = standard(sums, self.moments[left[a]], self.moments[right[a:b]])
            u[one.terms], v[one.terms], q[one.query] = 0, 0, 0
        return out


def _pair_sums(full: Rows, query: Rows, rows: Array, u: Array, v: Array, q: Array) -> tuple[Array, ...]:
    entries, ends = spread(full.start, rows)
    terms = full.terms.take(entries)
    cosine = summed(u.take(terms) * full.values[0].take(entries), ends)
    asking = summed(q.take(terms) * full.values[1].take(entries), ends)
    entries, ends = spread(query.start, rows)
    return cosine, asking, summed(v.take(query.terms.take(entries)), ends)


def spread(start: Array, rows: Array) -> tuple[Array, Array]:
    """The entries of ``rows`` one after another, and where each row's end."""
    first, lengths = start[rows], start[rows + 1] - start[rows]
    ends = np.cumsum(lengths)
    shift = np.repeat(first - (ends - lengths), lengths)
    return shift + np.arange(len(shift)), ends


def summed(amounts: Array, ends: Array) -> Array:
    """Sums (float64) of consecutive stretches of ``amounts``, which end at ``ends``."""
    if not len(amounts):
        return np.zeros(len(ends))
    # what ends before the first amount ends at -1, whose total would be the last one
    total = np.where(ends > 0, np.cumsum(amounts, dtype=np.float64).take(ends - 1), 0.0)
    total[1:] -= total[:-1].copy()
    return total


def standard(sums: tuple[Array, ...], mine: Array, theirs: Array) -> Array:
    """The likeness from (cosine, asking, asked) and the moments of the one (4,) and of the others (n, 4)."""
    cosine, asking, asked = sums
    from_me = (cosine - mine[0]) / mine[1] + (asking - mine[2]) / mine[3]
    to_me = (cosine - theirs[:, 0]) / theirs[:, 1] + (asked - theirs[:, 2]) / theirs[:, 3]
    return np.asarray((from_me + to_me) / 2, np.float32)


def moments_of(sums: tuple[Array, ...], usual: Array) -> Array:
    """The moments (4,) of a newcomer from its sums over a whole matrix; ``usual`` are the least deviations (2,)."""
    cosine, asking, _ = sums
    spreads = np.maximum([cosine.std(), asking.std()], usual)
    return np.array([cosine.mean(), spreads[0], asking.mean(), spreads[1]], np.float32)


def build(rows: Array, tokenized: list[Array], keep: int) -> dict[str, Array]:
    """The arrays of a term matrix from its articles' terms."""
    known = statistics(tokenized)
    full, query = weigh(tokenized, known, keep)
    width = len(known.vocabulary)
    arrays = {
        "rows": rows,
        "vocabulary": known.vocabulary,
        "idf": known.idf,
        "bm25_idf": known.bm25_idf,
        "mean_length": np.array([known.mean_length]),
    }
    for name, table in (
        ("full", full), ("query", query), ("postings", full.flipped(width)), ("query_postings", query.flipped(width)),
    ):  # fmt: skip
        arrays |= {f"{name}_start": table.start, f"{name}_terms": table.terms}
        arrays |= {f"{name}_{n}": value for n, value in enumerate(table.values)}
    arrays["moments"], arrays["least"] = _moments(full, query, width)
    return arrays


def as_matrix(table: Rows, width: int, value: int | None) -> Any:
    """A ragged table as a sparse matrix of ``width`` columns; ones where ``value`` is None."""
    from scipy.sparse import csr_matrix

    values = np.ones(len(table.terms), np.float32) if value is None else table.values[value]
    return csr_matrix((values, table.terms, table.start), shape=(len(table), width))


def _moments(full: Rows, query: Rows, width: int) -> tuple[Array, Array]:
    """Mean and deviation of each article's cosines and BM25 scores to the others (or to a fixed sample)."""
    count = len(full)
    sample = np.unique(np.linspace(0, count - 1, min(count, SAMPLE)).astype(np.int64))
    seen = np.full(count, len(sample), np.float64)
    seen[sample] -= 1
    moments = np.ones((count, 4), np.float32)
    least = np.ones(2)
    for at, (left, right) in enumerate(
        (
            (as_matrix(full, width, 0), as_matrix(full, width, 0)),
            (as_matrix(query, width, None), as_matrix(full, width, 1)),
        )
    ):
        total, squares = np.zeros(count), np.zeros(count)
        others = right[sample].T.tocsr()
        for first in range(0, count, _BLOCK):
            block = left[first : first + _BLOCK] @ others
            total[first : first + _BLOCK] = summed(block.data, block.indptr[1:])
            squares[first : first + _BLOCK] = summed(block.data**2, block.indptr[1:])
        itself = np.asarray(left[sample].multiply(right[sample]).sum(axis=1)).ravel()
        total[sample] -= itself
        squares[sample] -= itself**2
        mean = total / np.maximum(seen, 1)
        deviation = np.sqrt(np.maximum(squares / np.maximum(seen, 1) - mean**2, 0))
        least[at] = max(_LEAST_SPREAD * float(np.median(deviation)), 1e-3)
        moments[:, 2 * at], moments[:, 2 * at + 1] = mean, np.maximum(deviation, least[at])
    return moments, least

"""What came after the last rebuild: the newcomers of one language, in the vocabulary of its matrix."""

import numpy as np

from syndicate.stories.similar.term_matrix import Vector, summed
from syndicate.stories.similar.tokens import Array


class Growing:
    """An array that is appended to, at an amortised constant cost for each member."""

    def __init__(self, dtype: type, *width: int) -> None:
        self._array: Array = np.zeros((16, *width), dtype)
        self._count = 0

    def extend(self, values: Array) -> None:
        """Append the members of ``values``."""
        need = self._count + len(values)
        if need > len(self._array):
            grown = np.zeros((max(need, 2 * len(self._array)), *self._array.shape[1:]), self._array.dtype)
            grown[: self._count] = self.values
            self._array = grown
        self._array[self._count : need] = values
        self._count = need

    @property
    def values(self) -> Array:
        """All members so far (a view)."""
        return self._array[: self._count]


class DeltaMatrix:
    """Newcomers, compared by walking through all of them: there are few, or a rebuild is due."""

    def __init__(self) -> None:
        self._rows, self._moments = Growing(np.int32), Growing(np.float32, 4)
        self._terms, self._tfidf, self._bm25 = Growing(np.int32), Growing(np.float32), Growing(np.float32)
        self._query, self._ends, self._query_ends = Growing(np.int32), Growing(np.int64), Growing(np.int64)

    def add(self, row: int, vector: Vector, moments: Array) -> None:
        """Put one more newcomer; ``row`` is above all before."""
        for growing, values in (
            (self._rows, np.array([row])), (self._moments, moments[None]), (self._terms, vector.terms),
            (self._tfidf, vector.tfidf), (self._bm25, vector.bm25), (self._query, vector.query),
        ):  # fmt: skip
            growing.extend(values)
        self._ends.extend(np.array([len(self._terms.values)]))
        self._query_ends.extend(np.array([len(self._query.values)]))

    @property
    def rows(self) -> Array:
        """The row of each newcomer, ascending."""
        return self._rows.values

    @property
    def moments(self) -> Array:
        """As ``TermMatrix.moments``."""
        return self._moments.values

    def vector(self, at: int) -> Vector:
        """The newcomer in place ``at``."""
        a, b = _span(self._ends.values, at)
        c, d = _span(self._query_ends.values, at)
        return Vector(
            self._terms.values[a:b], self._tfidf.values[a:b], self._bm25.values[a:b], self._query.values[c:d]
        )

    def compare(self, one: Vector, width: int) -> tuple[Array, Array, Array]:
        """As ``TermMatrix.compare``, for a vocabulary of ``width`` terms."""
        u, v, q = (np.zeros(width, np.float32) for _ in range(3))
        u[one.terms], v[one.terms], q[one.query] = one.tfidf, one.bm25, 1
        terms, ends = self._terms.values, self._ends.values
        cosine = summed(u[terms] * self._tfidf.values, ends)
        asking = summed(q[terms] * self._bm25.values, ends)
        return cosine, asking, summed(v[self._query.values], self._query_ends.values)


def _span(ends: Array, at: int) -> tuple[int, int]:
    return (int(ends[at - 1]) if at else 0), int(ends[at])

"""Which pairs of articles are worth scoring: the best of all, and the best among those near in time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from syndicate.stories.similar.term_matrix import TermMatrix, as_matrix
from syndicate.stories.similar.tokens import Array
from syndicate.stories.similar.weighting import LARGE, Rows, rank_in_row

CANDIDATES = 50
SEARCHED = 48  # terms that candidates are looked for by in a large matrix; all terms count in the score
WINDOW, WINDOW_CANDIDATES = 1_000, 25  # the nearest in time are looked through once more


def candidates(matrix: TermMatrix, days: Array, threads: int, nearest: int) -> Iterator[tuple[Array, Array]]:
    """Pairs of local rows that may be alike: the best of all, then the best among those near in time.

    With ``nearest``, that many after each in time as well, whatever they say.
    """
    from sparse_dot_topn import sp_matmul_topn

    width = len(matrix.statistics.vocabulary)
    if len(matrix) < 2 or not width:
        return
    asking, answering = _scaled_queries(matrix, width), _both(matrix.full, width)
    top = sp_matmul_topn(
        asking, answering.T.tocsr(), top_n=min(CANDIDATES, len(matrix)), threshold=0.0, n_threads=threads
    )
    yield _pairs(top)
    order = np.argsort(days, kind="stable")
    for step in range(1, min(nearest + 1, len(order))):
        yield order[:-step], order[step:]
    if len(order) <= CANDIDATES:
        return
    for first in range(0, len(order), WINDOW):
        mine = order[first : first + WINDOW]
        near = order[max(0, first - WINDOW) : first + 2 * WINDOW]
        top = sp_matmul_topn(
            asking[mine], answering[near].T.tocsr(), top_n=min(WINDOW_CANDIDATES, len(near)), threshold=0.0,
            n_threads=threads,
        )  # fmt: skip
        left, right = _pairs(top)
        yield mine[left], near[right]


def _pairs(top: Any) -> tuple[Array, Array]:
    return np.repeat(np.arange(top.shape[0]), np.diff(top.indptr)), top.indices.astype(np.int64)


def _scaled_queries(matrix: TermMatrix, width: int) -> Any:
    """Rows whose product with :func:`_both` is z, but for a constant of the row."""
    from scipy.sparse import csr_matrix, hstack

    moments = matrix.moments
    full = matrix.full
    if len(matrix) >= LARGE:
        full = full.where(rank_in_row(full) < SEARCHED)
    cosine, asked = as_matrix(full, width, 0), as_matrix(matrix.query, width, None)
    cosine.data = cosine.data / moments[full.owner(), 1]
    asked.data = asked.data / moments[matrix.query.owner(), 3]
    return csr_matrix(hstack([cosine, asked], format="csr", dtype=np.float32))


def _both(full: Rows, width: int) -> Any:
    from scipy.sparse import csr_matrix, hstack

    return csr_matrix(
        hstack([as_matrix(full, width, 0), as_matrix(full, width, 1)], format="csr", dtype=np.float32)
    )

"""The raw features of pairs of stories (see ``ranking.RAW``), over the languages that both are in."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from syndicate.stories.similar.ranking import RAW
from syndicate.stories.similar.term_matrix import TermMatrix
from syndicate.stories.similar.text_views import TextViews
from syndicate.stories.similar.tokens import Array

_BLOCK = 100_000


def raw_features(
    left: Array,
    right: Array,
    likeness: Array,
    days: Array,
    matrices: Sequence[tuple[TermMatrix, TextViews]],
    story_of: Array,
    masked: Array,
    groups: tuple[Any, Any],
) -> Array:
    """float32 (pairs, RAW) of pairs of stories; ``groups`` are the tags and authors of stories (sparse, 0/1)."""
    raw = np.zeros((len(left), RAW), np.float32)
    shared = np.zeros(len(left), np.float32)
    for matrix, text_views in matrices:
        place = np.full(len(days), -1, np.int32)
        place[story_of[matrix.rows]] = np.arange(len(matrix))
        both = np.flatnonzero((place[left] >= 0) & (place[right] >= 0))
        a, b = place[left[both]], place[right[both]]
        raw[both, 2] += masked[matrix.rows[a]] == masked[matrix.rows[b]]
        raw[both, 3:6] += text_views.pairs(a, b)
        shared[both] += 1
    raw[:, 2:6] /= np.maximum(shared, 1)[:, None]
    raw[:, 0], raw[:, 1] = likeness, days[left] - days[right]
    for at, members in zip((6, 7), groups, strict=True):
        raw[:, at] = _overlaps(members, left, right)
    return raw


def _overlaps(members: Any, left: Array, right: Array) -> Array:
    """Jaccard overlap of the groups of pairs of stories."""
    size = np.diff(members.indptr)
    out = np.zeros(len(left), np.float32)
    for first in range(0, len(left), _BLOCK):
        a, b = left[first : first + _BLOCK], right[first : first + _BLOCK]
        both = np.asarray(members[a].multiply(members[b]).sum(axis=1)).ravel()
        out[first : first + _BLOCK] = both / np.maximum(size[a] + size[b] - both, 1)
    return out


def memberships(story_of: Array, groups: Sequence[tuple[int, ...]], stories: int) -> Any:
    """Sparse (stories, members), 1 where any article of the story has the member; groups are by row."""
    from scipy.sparse import csr_matrix

    owner = np.repeat(story_of, [len(group) for group in groups])
    names, member = np.unique(np.array([m for group in groups for m in group], np.int64), return_inverse=True)
    found = csr_matrix((np.ones(len(member), np.float32), (owner, member)), shape=(stories, len(names)))
    found.sum_duplicates()
    found.data[:] = 1
    return found

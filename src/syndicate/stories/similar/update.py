"""A story came or changed: its own lists are made anew, and it takes its place in the lists of others."""

import numpy as np

from syndicate.stories.similar.build import LISTED, NEAREST
from syndicate.stories.similar.ranking import RAW, fade, overlap
from syndicate.stories.similar.state import NONE, State
from syndicate.stories.similar.text_views import ArticleViews, view_cosines
from syndicate.stories.similar.tokens import Array

CONSIDERED = 256  # other stories whose lists a story may enter
SEEN = 20  # a change deeper down a list than this is not a change that anyone sees


def refresh(state: State, story: int, known: bool, written: set[int]) -> set[int]:
    """Refresh one story's lists and its place in others'; ``known``: it may stand in lists already.

    One query a language of the story. Every row whose list was written is added to ``written``; returns the
    rows whose list changed within ``SEEN``.
    """
    rows = [row for row in state.rows_of(story) if state.rows_in(state.language_of(row))[story] == row]
    holders = {row: state.holders(story, state.language_of(row)) if known else NONE for row in rows}
    days = state.days()
    likeness, apart = state.likeness(story), (days - days[story]).astype(np.float32)
    held_by = np.array([state.story_of(r) for held in holders.values() for r in held.tolist()], np.int64)
    others = np.union1d(_considered(state, rows, likeness, apart), held_by)
    scores = _scores(state, story, rows, others, likeness[others], apart[others])
    changed: set[int] = set()
    for row in rows:
        present = state.rows_in(state.language_of(row))[others]
        here = present >= 0
        best = np.lexsort((others[here], -scores[here]))
        changed |= _own(state, row, others[here][best], scores[here][best], written)
        changed |= _enter(state, story, present[here], scores[here], holders[row], written)
    return changed


def _considered(state: State, rows: list[int], likeness: Array, apart: Array) -> Array:
    """The stories that may be near: the most alike, plain and faded by time, and where a ranking is learnt
    also the nearest in time."""
    found = [_best(fade(likeness, apart), CONSIDERED), _best(likeness, CONSIDERED // 2)]
    if state.snapshot.ranker.learnt:
        for row in rows:
            present = state.rows_in(state.language_of(row)) >= 0
            near = np.where(present & np.isfinite(likeness), -np.abs(apart), -np.inf)
            found.append(_best(near, 2 * NEAREST))
    return np.concatenate(found)


def _scores(state: State, story: int, rows: list[int], others: Array, likeness: Array, apart: Array) -> Array:
    """What each of ``others`` is worth beside ``story``; -inf where they share no language."""
    raw = np.stack([likeness, apart], axis=1)
    if state.snapshot.ranker.learnt:
        raw = np.concatenate([raw, _extra(state, story, rows, others)], axis=1)
    scores = state.snapshot.ranker.score(np.where(np.isfinite(raw), raw, 0.0))
    return np.where(np.isfinite(likeness), scores, -np.inf).astype(np.float32)


def _extra(state: State, story: int, rows: list[int], others: Array) -> Array:
    """The raw features (others, RAW - 2) that only a learnt ranking looks at."""
    extra, shared = np.zeros((len(others), RAW - 2), np.float32), np.zeros(len(others), np.float32)
    for row in rows:
        present = state.rows_in(state.language_of(row))[others]
        here = np.flatnonzero(present >= 0)
        extra[here, 0] += [state.masked(row) == state.masked(r) for r in present[here].tolist()]
        extra[here, 1:4] += _extra_cosines(state, row, present[here])
        shared[here] += 1
    extra[:, :4] /= np.maximum(shared, 1)[:, None]
    for at, name in ((4, "tags"), (5, "authors")):
        mine = state.story_members(name, story)
        if mine:
            extra[:, at] = [overlap(mine, state.story_members(name, other)) for other in others.tolist()]
    return extra


def _views_of(state: State, row: int) -> ArticleViews | None:
    """The extra views of a row; None where its language has no matrix."""
    if row >= state.snapshot.articles_count:
        return state.new_views.get(row)
    language = state.language_of(row)
    matrix = state.snapshot.matrix(language)
    assert matrix is not None
    at = int(np.searchsorted(matrix.rows, row))
    if at == len(matrix) or matrix.rows[at] != row:
        return None
    return state.snapshot.text_views(language).article_views(at)


def _extra_cosines(state: State, row: int, others: Array) -> Array:
    """float32 (others, 3): the extra cosines of a row with rows of the same language."""
    one, out = _views_of(state, row), np.zeros((len(others), 3), np.float32)
    if one is None:
        return out
    language = state.language_of(row)
    matrix = state.snapshot.matrix(language)
    assert matrix is not None
    at = np.minimum(np.searchsorted(matrix.rows, others), len(matrix) - 1)
    old = matrix.rows[at] == others
    out[old] = state.snapshot.text_views(language).cosines(one, at[old])
    for n in np.flatnonzero(~old):
        other = _views_of(state, int(others[n]))
        if other is not None:
            out[n] = view_cosines(one, other)
    return out


def _own(state: State, row: int, stories: Array, scores: Array, written: set[int]) -> set[int]:
    """Write a row's own list, from stories best first."""
    finite = np.isfinite(scores[:LISTED])
    before = state.listed(row)[0][:SEEN]
    state.lists[row] = (stories[:LISTED][finite].astype(np.int32), scores[:LISTED][finite].astype(np.float32))
    written.add(row)
    return set() if np.array_equal(before, state.lists[row][0][:SEEN]) else {row}


def _best(scores: Array, count: int) -> Array:
    """The stories of the highest scores, best first, equals in order of number; none that is -inf."""
    count = min(count, len(scores))
    top = np.argpartition(-scores, count - 1)[:count] if count else np.zeros(0, np.int64)
    top = top[np.isfinite(scores[top])]
    return top[np.lexsort((top, -scores[top]))]


def _enter(
    state: State, story: int, rows: Array, scores: Array, holders: Array, written: set[int]
) -> set[int]:
    """Put ``story`` where its score is high enough, and to its new place in the lists that hold it."""
    changed: set[int] = set()
    for at in np.flatnonzero((scores > state.least_scores(rows)) | np.isin(rows, holders)):
        changed |= _place(state, int(rows[at]), story, float(scores[at]), written)
    return changed


def _place(state: State, row: int, story: int, score: float, written: set[int]) -> set[int]:
    """Put or move ``story`` to its place in one list."""
    stories, scores = state.listed(row)
    was = np.flatnonzero(stories == story)
    if len(was):
        if scores[was[0]] == np.float32(score):
            return set()
        stories, scores = np.delete(stories, was), np.delete(scores, was)
    at = int(np.searchsorted(-scores, -score, side="right"))
    if np.isfinite(score):
        stories, scores = np.insert(stories, at, story)[:LISTED], np.insert(scores, at, score)[:LISTED]
    state.lists[row] = (stories.astype(np.int32), scores.astype(np.float32))
    written.add(row)
    return {row} if min([at, *was.tolist()]) < SEEN else set()

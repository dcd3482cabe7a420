"""A story came or changed: its own lists are made anew, and it takes its place in the lists of others."""

import numpy as np

from syndicate.stories.similar.build import LISTED, fade
from syndicate.stories.similar.live import Live
from syndicate.stories.similar.reading import Array

CONSIDERED = 256  # other stories whose lists a story may enter
SEEN = 20  # a change deeper down a list than this is not a change that anyone sees


def refresh(live: Live, story: int, known: bool, written: set[int]) -> set[int]:
    """Refresh one story's lists and its place in others'; ``known``: it may stand in lists already.

    One query a language of the story. Every row whose list was written is added to ``written``; returns the
    rows whose list changed within ``SEEN``.
    """
    days = live.days()
    likeness = live.likeness(story)
    scores = fade(likeness, days - days[story])
    changed = set()
    for row in list(live.rows_of(story)):
        language = live.language_of(row)
        present = live.rows_in(language)
        here = np.where(present >= 0, scores, -np.inf)
        best = _best(here, CONSIDERED)
        before = live.listed(row)[0][:SEEN]
        written.add(row)
        live.lists[row] = (best[:LISTED].astype(np.int32), here[best[:LISTED]].astype(np.float32))
        if row >= live.archive.articles_count or not np.array_equal(before, best[:SEEN]):
            changed.add(row)
        if present[story] == row:
            changed |= _enter(live, story, present[best], here[best], written)
            if known:
                changed |= _correct(live, story, language, scores, written)
    return changed


def _best(scores: Array, count: int) -> Array:
    """The stories of the highest scores, best first, equals in order of number; none that is -inf."""
    count = min(count, len(scores))
    top = np.argpartition(-scores, count - 1)[:count] if count else np.zeros(0, np.int64)
    top = top[np.isfinite(scores[top])]
    return top[np.lexsort((top, -scores[top]))]


def _enter(live: Live, story: int, rows: Array, scores: Array, written: set[int]) -> set[int]:
    """Put ``story`` into the lists of ``rows`` where its score is high enough."""
    changed = set()
    for at in np.flatnonzero(scores > live.least_scores(rows)):
        changed |= _place(live, int(rows[at]), story, float(scores[at]), written)
    return changed


def _correct(live: Live, story: int, language: str, scores: Array, written: set[int]) -> set[int]:
    """Give ``story`` its new score in the lists that hold it."""
    changed = set()
    for row in live.holders(story, language):
        changed |= _place(live, int(row), story, float(scores[live.story_of(int(row))]), written)
    return changed


def _place(live: Live, row: int, story: int, score: float, written: set[int]) -> set[int]:
    """Put or move ``story`` to its place in one list."""
    stories, scores = live.listed(row)
    was = np.flatnonzero(stories == story)
    if len(was):
        if scores[was[0]] == np.float32(score):
            return set()
        stories, scores = np.delete(stories, was), np.delete(scores, was)
    at = int(np.searchsorted(-scores, -score, side="right"))
    if np.isfinite(score):
        stories, scores = np.insert(stories, at, story)[:LISTED], np.insert(scores, at, score)[:LISTED]
    live.lists[row] = (stories.astype(np.int32), scores.astype(np.float32))
    written.add(row)
    return {row} if min([at, *was.tolist()]) < SEEN else set()

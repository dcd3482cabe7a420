"""What is shown: the stored lists, read in the languages of a reader, and filled where they are too short."""

from collections.abc import Iterator, Sequence

import numpy as np

from syndicate.stories.similar.document import Neighbour
from syndicate.stories.similar.state import State
from syndicate.stories.similar.tokens import Array

SIBLINGS = 2  # titles that differ in digits only from the article's or from one another, before the others


def similar(state: State, article: str, reads: Sequence[str], k: int) -> tuple[Neighbour, ...]:
    """See ``Index.similar``."""
    row = state.row(article)
    if row is None or k <= 0:
        return ()
    found: dict[int, Neighbour] = {}
    languages = list(dict.fromkeys(reads))
    for at, language in enumerate(languages):
        if len(found) < k:
            shown = _readable(state, languages[:at])
            offered = (state.rows_in(language) >= 0) & ~shown
            offered[state.story_of(row)] = False
            for story, score in _ranked(state, row, language, offered, k):
                found.setdefault(story, _neighbour(state, story, language, score))
    return tuple(found.values())[:k]


def _readable(state: State, languages: Sequence[str]) -> Array:
    """By story: whether it is there in one of ``languages``."""
    shown = np.zeros(state.stories_count, bool)
    for language in languages:
        shown |= state.rows_in(language) >= 0
    return shown


def _ranked(state: State, row: int, language: str, offered: Array, k: int) -> Iterator[tuple[int, float]]:
    """The stories ``offered`` (bool by story) in ``language``, those alike first; ``k`` where there are as many."""
    alike = _alike(state, row, language, offered, k)
    yield from alike
    if len(alike) < k:
        for story in _fillers(state, row, language, offered, k):
            yield story, 0.0


def _neighbour(state: State, story: int, language: str, score: float) -> Neighbour:
    row = int(state.rows_in(language)[story])
    return Neighbour(state.article_name(row), state.story_name(story), language, score)


def _alike(state: State, row: int, language: str, offered: Array, k: int) -> list[tuple[int, float]]:
    """The listed stories among those ``offered``: of its own list in ``language``, else of its translations'."""
    story = state.story_of(row)
    mine = int(state.rows_in(language)[story])
    rows = [mine] if mine >= 0 else list(state.rows_of(story))
    scores: dict[int, float] = {}
    for each in rows:
        for other, score in zip(*(part.tolist() for part in state.listed(each)), strict=True):
            scores.setdefault(other, score)
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return _capped(state, row, language, [(s, v) for s, v in ranked if offered[s]], k)


def _capped(
    state: State, row: int, language: str, ranked: list[tuple[int, float]], k: int
) -> list[tuple[int, float]]:
    """Siblings beyond the second come after the others: capped, not banned. What is learnt knows better."""
    if state.snapshot.ranker.learnt:
        return ranked
    present = state.rows_in(language)
    seen: dict[int, int] = {state.masked(row): 0}
    first: list[tuple[int, float]] = []
    later: list[tuple[int, float]] = []
    for story, score in ranked:
        title = state.masked(int(present[story]))
        seen[title] = seen.get(title, 0) + 1
        (first if seen[title] <= SIBLINGS else later).append((story, score))
        if len(first) >= k:
            return first
    return first + later


def _fillers(state: State, row: int, language: str, offered: Array, count: int) -> Iterator[int]:
    """Stories among those ``offered``, the newest first: those with a tag in common, then any."""
    tags, present = state.members("tags", row), state.rows_in(language)
    stories = np.flatnonzero(offered)
    newest = stories[np.argsort(-state.days()[stories], kind="stable")].tolist()
    if tags:
        alike = [s for s in newest[: 50 * count] if tags & state.members("tags", int(present[s]))]
        yield from alike[:count]
    yield from newest[: 3 * count]

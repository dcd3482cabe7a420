"""What is shown: the stored lists, read in the languages of a reader, and filled where they are too short."""

from collections.abc import Iterator, Sequence

import numpy as np

from syndicate.stories.similar.live import Live
from syndicate.stories.similar.reading import Array
from syndicate.stories.similar.values import Neighbour

SIBLINGS = 2  # titles that differ in digits only from the article's or from one another, before the others


def similar(live: Live, article: str, reads: Sequence[str], k: int) -> tuple[Neighbour, ...]:
    """See ``Index.similar``."""
    row = live.row(article)
    if row is None or k <= 0:
        return ()
    found: dict[int, Neighbour] = {}
    languages = list(dict.fromkeys(reads))
    for at, language in enumerate(languages):
        if len(found) < k:
            shown = _readable(live, languages[:at])
            offered = (live.rows_in(language) >= 0) & ~shown
            offered[live.story_of(row)] = False
            for story, score in _ranked(live, row, language, offered, k):
                found.setdefault(story, _neighbour(live, story, language, score))
    return tuple(found.values())[:k]


def _readable(live: Live, languages: Sequence[str]) -> Array:
    """By story: whether it is there in one of ``languages``."""
    shown = np.zeros(live.stories_count, bool)
    for language in languages:
        shown |= live.rows_in(language) >= 0
    return shown


def _ranked(live: Live, row: int, language: str, offered: Array, k: int) -> Iterator[tuple[int, float]]:
    """The stories ``offered`` (bool by story) in ``language``, those alike first; ``k`` where there are as many."""
    alike = _alike(live, row, language, offered, k)
    yield from alike
    if len(alike) < k:
        for story in _fillers(live, row, language, offered, k):
            yield story, 0.0


def _neighbour(live: Live, story: int, language: str, score: float) -> Neighbour:
    row = int(live.rows_in(language)[story])
    return Neighbour(live.article_name(row), live.story_name(story), language, score)


def _alike(live: Live, row: int, language: str, offered: Array, k: int) -> list[tuple[int, float]]:
    """The listed stories among those ``offered``: of its own list in ``language``, else of its translations'."""
    story = live.story_of(row)
    mine = int(live.rows_in(language)[story])
    rows = [mine] if mine >= 0 else list(live.rows_of(story))
    scores: dict[int, float] = {}
    for each in rows:
        for other, score in zip(*(part.tolist() for part in live.listed(each)), strict=True):
            scores.setdefault(other, score)
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return _capped(live, row, language, [(s, v) for s, v in ranked if offered[s]], k)


def _capped(
    live: Live, row: int, language: str, ranked: list[tuple[int, float]], k: int
) -> list[tuple[int, float]]:
    """Siblings beyond the second come after the others: capped, not banned. What is learnt knows better."""
    if live.archive.judge.learnt:
        return ranked
    present = live.rows_in(language)
    seen: dict[int, int] = {live.masked(row): 0}
    first: list[tuple[int, float]] = []
    later: list[tuple[int, float]] = []
    for story, score in ranked:
        title = live.masked(int(present[story]))
        seen[title] = seen.get(title, 0) + 1
        (first if seen[title] <= SIBLINGS else later).append((story, score))
        if len(first) >= k:
            return first
    return first + later


def _fillers(live: Live, row: int, language: str, offered: Array, count: int) -> Iterator[int]:
    """Stories among those ``offered``, the newest first: those with a tag in common, then any."""
    tags, present = live.members("tags", row), live.rows_in(language)
    stories = np.flatnonzero(offered)
    newest = stories[np.argsort(-live.days()[stories], kind="stable")].tolist()
    if tags:
        alike = [s for s in newest[: 50 * count] if tags & live.members("tags", int(present[s]))]
        yield from alike[:count]
    yield from newest[: 3 * count]

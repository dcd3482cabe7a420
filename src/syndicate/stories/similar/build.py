"""A rebuild: documents -> readings -> a shelf per language -> pairs of stories -> every article's list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from syndicate.stories.similar.archive import grouped, named
from syndicate.stories.similar.extras import Extras
from syndicate.stories.similar.extras import build as build_extras
from syndicate.stories.similar.features import memberships, raw_features
from syndicate.stories.similar.judge import LEAST_LINKED, Judge, Lesson, judged, lesson
from syndicate.stories.similar.reading import (
    MOST_REPEATS,
    Array,
    Reading,
    masked_title,
    repeated,
    story_key,
)
from syndicate.stories.similar.shelf import Shelf, build, candidates
from syndicate.stories.similar.values import Document
from syndicate.stories.similar.weights import ENTRIES, LEAST_KEPT

LISTED = 40  # stories kept for each article: those shown, and a reserve for when some of them leave
THREADS = 2
NEAREST = 10  # stories on either side in time that are candidates too, where a ranking is learnt
_BLOCK = 100_000


@dataclass(frozen=True, slots=True)
class Card:
    """What is remembered of a document besides its terms."""

    id: str
    story: str
    language: str
    day: float
    masked: int
    tags: tuple[int, ...]
    authors: tuple[int, ...]
    links: tuple[str, ...]


def card(document: Document) -> Card:
    """The card of a document."""
    return Card(
        id=document.id,
        story=document.story,
        language=document.language,
        day=document.published.timestamp() / 86_400,
        masked=masked_title(document),
        tags=tuple(story_key(tag) for tag in document.tags),
        authors=tuple(story_key(author) for author in document.authors),
        links=document.links,
    )


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of stories, ``left`` < ``right``, in that order, with the likeness over the languages they share."""

    left: Array
    right: Array
    likeness: Array


def assembled(cards: list[Card], readings: list[Reading]) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and facts of an :class:`Archive`, from cards and readings in order of id.

    The list ``readings`` is taken over: it is emptied as soon as it is not needed, for it is large.
    """
    languages = sorted({c.language for c in cards})
    stories = sorted({c.story for c in cards})
    number = {story: n for n, story in enumerate(stories)}
    story_of = np.array([number[c.story] for c in cards], np.int32)
    language_of = np.array([languages.index(c.language) for c in cards], np.int16)
    days = np.array([c.day for c in cards], np.float64)
    keep = max(LEAST_KEPT, ENTRIES // max(1, len(cards)))
    arrays = named("ids", [c.id for c in cards]) | named("stories", stories)
    arrays |= {"story_of": story_of, "language_of": language_of, "days": days}
    arrays["masked"] = np.array([c.masked for c in cards], np.int64)
    arrays["repeated_lines"] = repeated(readings, MOST_REPEATS - 1)
    arrays |= grouped("tags", (c.tags for c in cards)) | grouped("authors", (c.authors for c in cards))
    arrays |= grouped("rows_of", rows_by(story_of, len(stories)))
    boilerplate = repeated(readings, MOST_REPEATS)
    shelves = []
    for n in range(len(languages)):
        rows = first_rows(story_of, np.flatnonzero(language_of == n))
        part = build(rows, [readings[r].without(boilerplate) for r in rows], keep)
        shelves.append(Shelf(part))
        arrays |= {f"shelf{n}_{name}": value for name, value in part.items()}
    links = linked_stories(cards, number)
    learning = len({story for link in links for story in link}) >= LEAST_LINKED
    if not learning:
        readings.clear()
    pairs = related(shelves, story_of, days, len(stories), NEAREST if learning else 0)
    first = story_days(story_of, days, len(stories))
    judge = Judge()
    if learning:
        judge, scores, more = _learnt(pairs, links, cards, readings, shelves, story_of, first)
        arrays |= more
    if not judge.learnt:
        scores = judge.score(np.stack([pairs.likeness, first[pairs.left] - first[pairs.right]], axis=1))
    arrays["list_stories"], arrays["list_scores"] = lists(pairs, scores, shelves, story_of, language_of)
    info = {
        "languages": languages,
        "articles": len(cards),
        "stories": len(stories),
        "keep": keep,
        "judge": {"method": judge.method, "weights": judge.weights},
    }
    return arrays, info


def rows_by(story_of: Array, stories: int) -> list[Array]:
    """The rows of each story."""
    order = np.argsort(story_of, kind="stable")
    return np.split(order, np.cumsum(np.bincount(story_of, minlength=stories))[:-1]) if stories else []


def first_rows(story_of: Array, rows: Array) -> Array:
    """Of several versions of a story in one language, the first by id stands on the shelf."""
    _, first = np.unique(story_of[rows], return_index=True)
    return np.sort(rows[first]).astype(np.int32)


def story_days(story_of: Array, days: Array, stories: int) -> Array:
    """The first day of each story."""
    first = np.full(stories, np.inf)
    np.minimum.at(first, story_of, days)
    return first


def related(shelves: Sequence[Shelf], story_of: Array, days: Array, stories: int, nearest: int) -> Pairs:
    """The candidate pairs of all languages, and their likeness merged over the languages both are in."""
    keys = [np.zeros(0, np.int64)]
    for shelf in shelves:
        on_shelf = story_of[shelf.rows].astype(np.int64)
        for a, b in candidates(shelf, days[shelf.rows], THREADS, nearest):
            left, right = np.minimum(on_shelf[a], on_shelf[b]), np.maximum(on_shelf[a], on_shelf[b])
            keys.append(np.unique((left * stories + right)[left != right]))
    pairs = np.unique(np.concatenate(keys))
    left, right = (pairs // max(stories, 1)).astype(np.int32), (pairs % max(stories, 1)).astype(np.int32)
    total, shared = np.zeros(len(left), np.float32), np.zeros(len(left), np.uint8)
    for shelf in shelves:
        place = np.full(stories, -1, np.int32)
        place[story_of[shelf.rows]] = np.arange(len(shelf))
        both = np.flatnonzero((place[left] >= 0) & (place[right] >= 0))
        total[both] += shelf.likeness(place[left[both]], place[right[both]])
        shared[both] += 1
    return Pairs(left, right, total / np.sqrt(np.maximum(shared, 1), dtype=np.float32))


def linked_stories(cards: Iterable[Card], number: Mapping[str, int]) -> frozenset[tuple[int, int]]:
    """The pairs of stories (lower number first) of which one links to the other in any language."""
    pairs = ((number[c.story], number[link]) for c in cards for link in c.links if link in number)
    return frozenset((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])


def _learnt(
    pairs: Pairs,
    links: frozenset[tuple[int, int]],
    cards: list[Card],
    readings: list[Reading],
    shelves: Sequence[Shelf],
    story_of: Array,
    days: Array,
) -> tuple[Judge, Array, dict[str, Array]]:
    """The judge learnt from ``links``; if it beats the plain ones, all pairs' scores and the extra views."""
    extras = [build_extras(shelf, [readings[row] for row in shelf.rows]) for shelf in shelves]
    sides = [(shelf, Extras(arrays)) for shelf, arrays in zip(shelves, extras, strict=True)]
    masked = np.array([c.masked for c in cards], np.int64)
    groups = (
        memberships(story_of, [c.tags for c in cards], len(days)),
        memberships(story_of, [c.authors for c in cards], len(days)),
    )

    def features(which: Array) -> Array:
        left, right, likeness = pairs.left[which], pairs.right[which], pairs.likeness[which]
        return raw_features(left, right, likeness, days, sides, story_of, masked, groups)

    pair, linked, story = lesson(pairs.left, pairs.right, links)
    which, place = np.unique(pair, return_inverse=True)
    judge = judged(Lesson(features(which)[place], linked, story))
    if not judge.learnt:
        return judge, np.zeros(0, np.float32), {}
    scores = [
        judge.score(features(np.arange(first, min(first + _BLOCK, len(pairs.left)))))
        for first in range(0, len(pairs.left), _BLOCK)
    ]
    more = {f"extras{n}_{name}": value for n, part in enumerate(extras) for name, value in part.items()}
    return judge, np.concatenate(scores), more


def lists(
    pairs: Pairs, scores: Array, shelves: Sequence[Shelf], story_of: Array, language_of: Array
) -> tuple[Array, Array]:
    """Each row's list: (stories int32, scores float32), both (rows, LISTED)."""
    stories = np.full((len(story_of), LISTED), -1, np.int32)
    values = np.full((len(story_of), LISTED), -np.inf, np.float32)
    count = int(story_of.max()) + 1 if len(story_of) else 0
    for language, shelf in enumerate(shelves):
        here = np.zeros(count, bool)
        here[story_of[shelf.rows]] = True
        both = np.flatnonzero(here[pairs.left] & here[pairs.right])
        best, score = _best(pairs.left[both], pairs.right[both], scores[both], count)
        rows = np.flatnonzero(language_of == language)
        stories[rows], values[rows] = best[story_of[rows]], score[story_of[rows]]
    return stories, values


def _best(left: Array, right: Array, scores: Array, count: int) -> tuple[Array, Array]:
    """The best of each story, from pairs read both ways; equals in order of number."""
    stories = np.full((count, LISTED), -1, np.int32)
    values = np.full((count, LISTED), -np.inf, np.float32)
    mine, other = np.concatenate([left, right]), np.concatenate([right, left])
    score = np.concatenate([scores, scores])
    order = np.lexsort((other, -score, mine))
    mine = mine[order]
    rank = np.arange(len(mine)) - np.searchsorted(mine, mine)
    top = rank < LISTED
    stories[mine[top], rank[top]] = other[order[top]]
    values[mine[top], rank[top]] = score[order[top]]
    return stories, values

"""A rebuild: documents -> tokens -> a term matrix per language -> pairs of stories -> every article's list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from syndicate.stories.similar.candidates import candidates
from syndicate.stories.similar.document import Document
from syndicate.stories.similar.features import memberships, raw_features
from syndicate.stories.similar.ranking import LEAST_LINKED, Ranker, TrainingSet, calibrated, training_pairs
from syndicate.stories.similar.snapshot import grouped, named
from syndicate.stories.similar.term_matrix import TermMatrix, build
from syndicate.stories.similar.text_views import TextViews
from syndicate.stories.similar.text_views import build as build_views
from syndicate.stories.similar.tokens import (
    MOST_REPEATS,
    Array,
    TokenizedText,
    masked_title,
    repeated,
    story_key,
)
from syndicate.stories.similar.weighting import ENTRIES, LEAST_KEPT

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


def assembled(cards: list[Card], tokenized: list[TokenizedText]) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and facts of an :class:`Snapshot`, from cards and tokenized texts in order of id.

    The list ``tokenized`` is taken over: it is emptied as soon as it is not needed, for it is large.
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
    arrays["repeated_lines"] = repeated(tokenized, MOST_REPEATS - 1)
    arrays |= grouped("tags", (c.tags for c in cards)) | grouped("authors", (c.authors for c in cards))
    arrays |= grouped("rows_of", rows_by(story_of, len(stories)))
    boilerplate = repeated(tokenized, MOST_REPEATS)
    matrices = []
    for n in range(len(languages)):
        rows = first_rows(story_of, np.flatnonzero(language_of == n))
        part = build(rows, [tokenized[r].without(boilerplate) for r in rows], keep)
        matrices.append(TermMatrix(part))
        arrays |= {f"matrix{n}_{name}": value for name, value in part.items()}
    links = linked_stories(cards, number)
    learning = len({story for link in links for story in link}) >= LEAST_LINKED
    if not learning:
        tokenized.clear()
    pairs = related(matrices, story_of, days, len(stories), NEAREST if learning else 0)
    first = story_days(story_of, days, len(stories))
    ranker = Ranker()
    if learning:
        ranker, scores, more = _calibrated(pairs, links, cards, tokenized, matrices, story_of, first)
        arrays |= more
    if not ranker.learnt:
        scores = ranker.score(np.stack([pairs.likeness, first[pairs.left] - first[pairs.right]], axis=1))
    arrays["list_stories"], arrays["list_scores"] = lists(pairs, scores, matrices, story_of, language_of)
    info = {
        "languages": languages,
        "articles": len(cards),
        "stories": len(stories),
        "keep": keep,
        "ranker": {"method": ranker.method, "weights": ranker.weights},
    }
    return arrays, info


def rows_by(story_of: Array, stories: int) -> list[Array]:
    """The rows of each story."""
    order = np.argsort(story_of, kind="stable")
    return np.split(order, np.cumsum(np.bincount(story_of, minlength=stories))[:-1]) if stories else []


def first_rows(story_of: Array, rows: Array) -> Array:
    """Of several versions of a story in one language, the first by id stands in its matrix."""
    _, first = np.unique(story_of[rows], return_index=True)
    return np.sort(rows[first]).astype(np.int32)


def story_days(story_of: Array, days: Array, stories: int) -> Array:
    """The first day of each story."""
    first = np.full(stories, np.inf)
    np.minimum.at(first, story_of, days)
    return first


def related(
    matrices: Sequence[TermMatrix], story_of: Array, days: Array, stories: int, nearest: int
) -> Pairs:
    """The candidate pairs of all languages, and their likeness merged over the languages both are in."""
    keys = [np.zeros(0, np.int64)]
    for matrix in matrices:
        stories_there = story_of[matrix.rows].astype(np.int64)
        for a, b in candidates(matrix, days[matrix.rows], THREADS, nearest):
            left, right = (
                np.minimum(stories_there[a], stories_there[b]),
                np.maximum(stories_there[a], stories_there[b]),
            )
            keys.append(np.unique((left * stories + right)[left != right]))
    pairs = np.unique(np.concatenate(keys))
    left, right = (pairs // max(stories, 1)).astype(np.int32), (pairs % max(stories, 1)).astype(np.int32)
    total, shared = np.zeros(len(left), np.float32), np.zeros(len(left), np.uint8)
    for matrix in matrices:
        place = np.full(stories, -1, np.int32)
        place[story_of[matrix.rows]] = np.arange(len(matrix))
        both = np.flatnonzero((place[left] >= 0) & (place[right] >= 0))
        total[both] += matrix.likeness(place[left[both]], place[right[both]])
        shared[both] += 1
    return Pairs(left, right, total / np.sqrt(np.maximum(shared, 1), dtype=np.float32))


def linked_stories(cards: Iterable[Card], number: Mapping[str, int]) -> frozenset[tuple[int, int]]:
    """The pairs of stories (lower number first) of which one links to the other in any language."""
    pairs = ((number[c.story], number[link]) for c in cards for link in c.links if link in number)
    return frozenset((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])


def _calibrated(
    pairs: Pairs,
    links: frozenset[tuple[int, int]],
    cards: list[Card],
    tokenized: list[TokenizedText],
    matrices: Sequence[TermMatrix],
    story_of: Array,
    days: Array,
) -> tuple[Ranker, Array, dict[str, Array]]:
    """The ranker calibrated on ``links``; if it beats the plain ones, all pairs' scores and the extra views."""
    text_views = [build_views(matrix, [tokenized[row] for row in matrix.rows]) for matrix in matrices]
    sides = [(matrix, TextViews(arrays)) for matrix, arrays in zip(matrices, text_views, strict=True)]
    masked = np.array([c.masked for c in cards], np.int64)
    groups = (
        memberships(story_of, [c.tags for c in cards], len(days)),
        memberships(story_of, [c.authors for c in cards], len(days)),
    )

    def features(which: Array) -> Array:
        left, right, likeness = pairs.left[which], pairs.right[which], pairs.likeness[which]
        return raw_features(left, right, likeness, days, sides, story_of, masked, groups)

    pair, linked, story = training_pairs(pairs.left, pairs.right, links)
    which, place = np.unique(pair, return_inverse=True)
    ranker = calibrated(TrainingSet(features(which)[place], linked, story))
    if not ranker.learnt:
        return ranker, np.zeros(0, np.float32), {}
    scores = [
        ranker.score(features(np.arange(first, min(first + _BLOCK, len(pairs.left)))))
        for first in range(0, len(pairs.left), _BLOCK)
    ]
    more = {f"views{n}_{name}": value for n, part in enumerate(text_views) for name, value in part.items()}
    return ranker, np.concatenate(scores), more


def lists(
    pairs: Pairs, scores: Array, matrices: Sequence[TermMatrix], story_of: Array, language_of: Array
) -> tuple[Array, Array]:
    """Each row's list: (stories int32, scores float32), both (rows, LISTED)."""
    stories = np.full((len(story_of), LISTED), -1, np.int32)
    values = np.full((len(story_of), LISTED), -np.inf, np.float32)
    count = int(story_of.max()) + 1 if len(story_of) else 0
    for language, matrix in enumerate(matrices):
        here = np.zeros(count, bool)
        here[story_of[matrix.rows]] = True
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

"""Newcomers, cards and tokenized texts as arrays and back: what a small index keeps to rebuild itself, and what
a patch (all that came, left and moved since the last save) holds."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise

import numpy as np

from syndicate.stories.similar.build import Card
from syndicate.stories.similar.snapshot import Arrays
from syndicate.stories.similar.state import State
from syndicate.stories.similar.term_matrix import Vector
from syndicate.stories.similar.text_views import ArticleViews
from syndicate.stories.similar.tokens import Array, TokenizedText
from syndicate.stories.similar.weighting import starts


def pack_cards(cards: Sequence[Card]) -> dict[str, Array]:
    """Cards as one array of bytes."""
    text = json.dumps([asdict(card) for card in cards])
    return {"cards": np.frombuffer(text.encode(), np.uint8)}


def unpack_cards(arrays: Arrays) -> list[Card]:
    """The cards of :func:`pack_cards`."""
    return [
        Card(**{**fields, **{name: tuple(fields[name]) for name in ("tags", "authors", "links")}})
        for fields in json.loads(bytes(arrays["cards"]))
    ]


def pack_tokens(tokenized: Sequence[TokenizedText]) -> dict[str, Array]:
    """Tokenized texts as arrays."""
    return {
        "tokens_lines": starts(np.array([len(r.keys) for r in tokenized], np.int64)),
        "tokens_start": starts(np.array([len(r.terms) for r in tokenized], np.int64)),
        "tokens_keys": _joined([r.keys for r in tokenized], np.uint64),
        "tokens_lengths": _joined([r.lengths for r in tokenized], np.int32),
        "tokens_terms": _joined([r.terms for r in tokenized], np.uint32),
        "tokens_lead": _joined([r.lead for r in tokenized], np.uint8),
        "tokens_leads": starts(np.array([len(r.lead) for r in tokenized], np.int64)),
    }


def unpack_tokens(arrays: Arrays) -> list[TokenizedText]:
    """The tokenized texts of :func:`pack_tokens`."""
    keys, lengths = _split(arrays, "keys", "lines"), _split(arrays, "lengths", "lines")
    terms, leads = _split(arrays, "terms", "start"), _split(arrays, "lead", "leads")
    return [TokenizedText(*parts) for parts in zip(keys, lengths, terms, leads, strict=True)]


def _split(arrays: Arrays, name: str, start: str) -> list[Array]:
    return [arrays[f"tokens_{name}"][a:b] for a, b in pairwise(arrays[f"tokens_{start}"].tolist())]


def _joined(parts: list[Array], dtype: type) -> Array:
    return np.concatenate([*parts, np.zeros(0, dtype)]).astype(dtype)


_ZERO = (np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))
_NO_LINES = (np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.uint32), np.zeros(0, np.uint8))
NO_TOKENS = TokenizedText(*_NO_LINES)  # stands for the tokens of an article that is not kept


def pack_vectors(vectors: list[tuple[Vector, Array] | None]) -> dict[str, Array]:
    """Newcomers' vectors and moments as arrays; None for those whose language has no matrix."""
    found = [(v[0] if v else Vector(*_ZERO)) for v in vectors]
    return {
        "vector_known": np.array([v is not None for v in vectors], bool),
        "vector_moments": np.array([v[1] if v else np.zeros(4) for v in vectors], np.float32).reshape(-1, 4),
        "vector_lengths": np.array([(len(v.terms), len(v.query)) for v in found], np.int64).reshape(-1, 2),
        "vector_terms": np.concatenate([_ZERO[0], *(v.terms for v in found)]),
        "vector_tfidf": np.concatenate([_ZERO[1], *(v.tfidf for v in found)]),
        "vector_bm25": np.concatenate([_ZERO[2], *(v.bm25 for v in found)]),
        "vector_query": np.concatenate([_ZERO[3], *(v.query for v in found)]),
    }


def unpack_vectors(patch: Arrays) -> Iterator[tuple[Vector | None, Array | None]]:
    """What :func:`pack_vectors` packed."""
    a = c = 0
    for known, moments, (terms, query) in zip(
        patch["vector_known"], patch["vector_moments"], patch["vector_lengths"].tolist(), strict=True
    ):
        b, d = a + terms, c + query
        vector = Vector(
            patch["vector_terms"][a:b], patch["vector_tfidf"][a:b], patch["vector_bm25"][a:b],
            patch["vector_query"][c:d],
        )  # fmt: skip
        yield (vector, moments) if known else (None, None)
        a, c = b, d


def pack_views(new_views: Sequence[ArticleViews | None]) -> dict[str, Array]:
    """Newcomers' extra views as arrays."""
    none = (np.zeros(0, np.int32), np.zeros(0, np.float32))
    found = [s or ArticleViews(none, none, none[1]) for s in new_views]
    lengths = [(len(s.title[0]), len(s.letters[0]), len(s.drift)) for s in found]
    return {
        "views_known": np.array([s is not None for s in new_views], bool),
        "views_lengths": np.array(lengths, np.int64).reshape(-1, 3),
        "views_terms": np.concatenate([none[0], *(p for s in found for p in (s.title[0], s.letters[0]))]),
        "views_values": np.concatenate(
            [none[1], *(p for s in found for p in (s.title[1], s.letters[1], s.drift))]
        ),
    }


def unpack_views(patch: Arrays) -> Iterator[ArticleViews | None]:
    """What :func:`pack_views` packed."""
    terms, values = patch["views_terms"], patch["views_values"]
    at = by = 0
    for known, (title, letters, drift) in zip(
        patch["views_known"], patch["views_lengths"].tolist(), strict=True
    ):
        a, b, c = by + title, by + title + letters, by + title + letters + drift
        article_views = ArticleViews(
            (terms[at : at + title], values[by:a]),
            (terms[at + title : at + title + letters], values[a:b]),
            values[b:c],
        )
        yield article_views if known else None
        at, by = at + title + letters, c


def packed(
    state: State,
    tokenized: Sequence[TokenizedText],
    first: int,
    written: Collection[int],
    left: Collection[int],
) -> Arrays:
    """The newcomers from number ``first`` on, the lists of the rows ``written``, and the rows that ``left``."""
    rows = sorted(written)
    lists = [state.lists[row] for row in rows]
    news = range(state.snapshot.articles_count + first, state.snapshot.articles_count + len(state.cards))
    return {
        **pack_cards(state.cards[first:]),
        **pack_tokens(tokenized[first:]),
        **pack_vectors([state.new_vector(row) for row in news]),
        **pack_views([state.new_views.get(row) for row in news]),
        "departed": np.array(sorted(left), np.int32),
        "list_rows": np.array(rows, np.int32),
        "list_lengths": np.array([len(stories) for stories, _ in lists], np.int64),
        "list_stories": np.concatenate([np.zeros(0, np.int32), *(stories for stories, _ in lists)]),
        "list_scores": np.concatenate([np.zeros(0, np.float32), *(scores for _, scores in lists)]),
    }


def replay(state: State, patch: Arrays) -> None:
    """Do again what a patch tells."""
    news = zip(unpack_cards(patch), unpack_vectors(patch), unpack_views(patch), strict=True)
    for card, vector, article_views in news:
        row = state.arrive(card, *vector)
        if article_views is not None:
            state.new_views[row] = article_views
    for row in patch["departed"].tolist():
        state.leave(row)
    ends = np.cumsum(patch["list_lengths"])
    for row, a, b in zip(patch["list_rows"].tolist(), ends - patch["list_lengths"], ends, strict=True):
        state.lists[row] = (patch["list_stories"][a:b], patch["list_scores"][a:b])

"""Cards and readings as arrays: what a small archive keeps, so that it can rebuild itself, and what a patch holds."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise

import numpy as np

from syndicate.stories.similar.archive import Arrays
from syndicate.stories.similar.build import Card
from syndicate.stories.similar.extras import Sight
from syndicate.stories.similar.reading import Array, Reading
from syndicate.stories.similar.shelf import Vector
from syndicate.stories.similar.weights import starts


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


def pack_readings(readings: Sequence[Reading]) -> dict[str, Array]:
    """Readings as arrays."""
    return {
        "reading_lines": starts(np.array([len(r.keys) for r in readings], np.int64)),
        "reading_start": starts(np.array([len(r.terms) for r in readings], np.int64)),
        "reading_keys": _joined([r.keys for r in readings], np.uint64),
        "reading_lengths": _joined([r.lengths for r in readings], np.int32),
        "reading_terms": _joined([r.terms for r in readings], np.uint32),
        "reading_lead": _joined([r.lead for r in readings], np.uint8),
        "reading_leads": starts(np.array([len(r.lead) for r in readings], np.int64)),
    }


def unpack_readings(arrays: Arrays) -> list[Reading]:
    """The readings of :func:`pack_readings`."""
    keys, lengths = _split(arrays, "keys", "lines"), _split(arrays, "lengths", "lines")
    terms, leads = _split(arrays, "terms", "start"), _split(arrays, "lead", "leads")
    return [Reading(*parts) for parts in zip(keys, lengths, terms, leads, strict=True)]


def _split(arrays: Arrays, name: str, start: str) -> list[Array]:
    return [arrays[f"reading_{name}"][a:b] for a, b in pairwise(arrays[f"reading_{start}"].tolist())]


def _joined(parts: list[Array], dtype: type) -> Array:
    return np.concatenate([*parts, np.zeros(0, dtype)]).astype(dtype)


_ZERO = (np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))
_NO_LINES = (np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.uint32), np.zeros(0, np.uint8))
UNREAD = Reading(*_NO_LINES)  # stands for the reading of an article that is not kept


def pack_vectors(vectors: list[tuple[Vector, Array] | None]) -> dict[str, Array]:
    """Newcomers' vectors and moments as arrays; None for those whose language has no shelf."""
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


def pack_sights(sights: Sequence[Sight | None]) -> dict[str, Array]:
    """Newcomers' extra views as arrays."""
    none = (np.zeros(0, np.int32), np.zeros(0, np.float32))
    found = [s or Sight(none, none, none[1]) for s in sights]
    lengths = [(len(s.title[0]), len(s.letters[0]), len(s.drift)) for s in found]
    return {
        "sight_known": np.array([s is not None for s in sights], bool),
        "sight_lengths": np.array(lengths, np.int64).reshape(-1, 3),
        "sight_terms": np.concatenate([none[0], *(p for s in found for p in (s.title[0], s.letters[0]))]),
        "sight_values": np.concatenate(
            [none[1], *(p for s in found for p in (s.title[1], s.letters[1], s.drift))]
        ),
    }


def unpack_sights(patch: Arrays) -> Iterator[Sight | None]:
    """What :func:`pack_sights` packed."""
    terms, values = patch["sight_terms"], patch["sight_values"]
    at = by = 0
    for known, (title, letters, drift) in zip(
        patch["sight_known"], patch["sight_lengths"].tolist(), strict=True
    ):
        a, b, c = by + title, by + title + letters, by + title + letters + drift
        sight = Sight(
            (terms[at : at + title], values[by:a]),
            (terms[at + title : at + title + letters], values[a:b]),
            values[b:c],
        )
        yield sight if known else None
        at, by = at + title + letters, c

"""One language's term statistics, and what each term weighs in an article.

Two views of an article meet in the score: TF-IDF (sublinear, unit length; compared by cosine) and BM25 with
the best 25 terms of one article as the query and the whole of the other as the document.
"""

from dataclasses import dataclass

import numpy as np

from syndicate.stories.similar.tokens import Array

QUERY_TERMS = 25
LEAST_KEPT = 128  # terms of an article, when the archive is large
ENTRIES = 12_800_000  # terms of all articles together, as long as LEAST_KEPT allows
LARGE = 5_000  # articles of a language from which on its commonest terms are dropped
COMMON = 0.1  # the share of the articles that makes a term common
_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Rows:
    """A ragged table: row ``i`` holds ``terms[start[i]:start[i+1]]`` (int32, ascending) and their values."""

    start: Array
    terms: Array
    values: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.start) - 1

    def owner(self) -> Array:
        """The row of each entry."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.start))

    def where(self, kept: Array) -> "Rows":
        """Only the entries that ``kept`` (bool per entry) marks."""
        lengths = np.bincount(self.owner()[kept], minlength=len(self))
        return Rows(starts(lengths), self.terms[kept], tuple(value[kept] for value in self.values))

    def flipped(self, width: int) -> "Rows":
        """The same entries by term: row = term, and ``terms`` are the former rows, ascending."""
        order = np.argsort(self.terms, kind="stable")
        lengths = np.bincount(self.terms, minlength=width)
        return Rows(starts(lengths), self.owner()[order], tuple(value[order] for value in self.values))


def starts(lengths: Array) -> Array:
    """Row starts (int64, one more than rows) from row lengths."""
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


@dataclass(frozen=True, slots=True)
class Statistics:
    """``vocabulary`` (sorted uint32 keys), its two kinds of rarity (float32), and the mean length in terms."""

    vocabulary: Array
    idf: Array
    bm25_idf: Array
    mean_length: float

    def known(self, keys: Array) -> Array:
        """Places of ``keys`` in the vocabulary, -1 where unknown."""
        if not len(self.vocabulary):
            return np.full(len(keys), -1, np.int32)
        places = np.searchsorted(self.vocabulary, keys).astype(np.int32)
        places[places == len(self.vocabulary)] = 0
        return np.where(self.vocabulary[places] == keys, places, -1).astype(np.int32)


def statistics(tokenized: list[Array]) -> Statistics:
    """Statistics of one language from the terms (uint32) of each of its articles."""
    articles = len(tokenized)
    keys, frequency = np.unique(np.concatenate([np.unique(r) for r in tokenized]), return_counts=True)
    kept = frequency >= 2
    if articles >= LARGE:
        kept &= frequency <= articles * COMMON
    keys, frequency = keys[kept], frequency[kept]
    return Statistics(
        vocabulary=keys,
        idf=(np.log((1 + articles) / (1 + frequency)) + 1).astype(np.float32),
        bm25_idf=np.log(1 + (articles - frequency + 0.5) / (frequency + 0.5)).astype(np.float32),
        mean_length=max(1.0, sum(map(len, tokenized)) / articles),
    )


def weigh(tokenized: list[Array], known: Statistics, keep: int) -> tuple[Rows, Rows]:
    """Weights of articles: (terms with their TF-IDF and BM25 values, the query terms).

    At most ``keep`` terms an article, those of the highest TF-IDF.
    """
    counted = [_counted(tokens, known) for tokens in tokenized]
    start = starts(np.array([len(places) for places, _ in counted], np.int64))
    places = np.concatenate([places for places, _ in counted]) if counted else np.zeros(0, np.int32)
    times = np.concatenate([times for _, times in counted]) if counted else np.zeros(0, np.float32)
    rows = Rows(start, places, (times,))
    owner = rows.owner()
    tfidf = (1 + np.log(times)) * known.idf[places]
    length = np.array([len(tokens) for tokens in tokenized], np.float32)
    crowding = _K1 * (1 - _B + _B * length / known.mean_length)
    bm25 = known.bm25_idf[places] * times * (_K1 + 1) / (times + crowding[owner])
    rows = Rows(start, places, (tfidf.astype(np.float32), bm25.astype(np.float32)))
    kept = rows.where(rank_in_row(rows) < keep) if (np.diff(start) > keep).any() else rows
    full = Rows(kept.start, kept.terms, (_unit(kept), kept.values[1]))
    query = full.where(rank_in_row(full) < QUERY_TERMS)
    return full, Rows(query.start, query.terms, ())


def _counted(tokens: Array, known: Statistics) -> tuple[Array, Array]:
    keys, times = np.unique(tokens, return_counts=True)
    places = known.known(keys)
    found = places >= 0
    return places[found], times[found].astype(np.float32)


def rank_in_row(rows: Rows) -> Array:
    """Each entry's place within its row, 0 for the highest first value (none below 0); equals in order of term."""
    # the bits of floats that are not negative sort as the floats do: one key instead of three
    falling = np.uint64(0xFFFF_FFFF) - rows.values[0].view(np.uint32)
    order = np.argsort(rows.owner().astype(np.uint64) << np.uint64(32) | falling, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(rows.start[:-1], np.diff(rows.start))
    return rank


def _unit(rows: Rows) -> Array:
    """The first values, each row scaled to length 1."""
    owner = rows.owner()
    length = np.sqrt(np.bincount(owner, rows.values[0].astype(np.float64) ** 2, minlength=len(rows)))
    scaled: Array = (rows.values[0] / np.maximum(length, 1e-9)[owner]).astype(np.float32)
    return scaled

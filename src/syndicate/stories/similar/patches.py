"""A patch: what came, left and moved since the last save, as arrays, and back."""

from collections.abc import Collection, Sequence

import numpy as np

from syndicate.stories.similar.archive import Arrays
from syndicate.stories.similar.kept import (
    pack_cards,
    pack_readings,
    pack_sights,
    pack_vectors,
    unpack_cards,
    unpack_sights,
    unpack_vectors,
)
from syndicate.stories.similar.live import Live
from syndicate.stories.similar.reading import Reading


def packed(
    live: Live, readings: Sequence[Reading], first: int, written: Collection[int], left: Collection[int]
) -> Arrays:
    """The newcomers from number ``first`` on, the lists of the rows ``written``, and the rows that ``left``."""
    rows = sorted(written)
    lists = [live.lists[row] for row in rows]
    news = range(live.archive.articles_count + first, live.archive.articles_count + len(live.cards))
    return {
        **pack_cards(live.cards[first:]),
        **pack_readings(readings[first:]),
        **pack_vectors([live.late_vector(row) for row in news]),
        **pack_sights([live.sights.get(row) for row in news]),
        "departed": np.array(sorted(left), np.int32),
        "list_rows": np.array(rows, np.int32),
        "list_lengths": np.array([len(stories) for stories, _ in lists], np.int64),
        "list_stories": np.concatenate([np.zeros(0, np.int32), *(stories for stories, _ in lists)]),
        "list_scores": np.concatenate([np.zeros(0, np.float32), *(scores for _, scores in lists)]),
    }


def replay(live: Live, patch: Arrays) -> None:
    """Do again what a patch tells."""
    news = zip(unpack_cards(patch), unpack_vectors(patch), unpack_sights(patch), strict=True)
    for card, vector, sight in news:
        row = live.arrive(card, *vector)
        if sight is not None:
            live.sights[row] = sight
    for row in patch["departed"].tolist():
        live.leave(row)
    ends = np.cumsum(patch["list_lengths"])
    for row, a, b in zip(patch["list_rows"].tolist(), ends - patch["list_lengths"], ends, strict=True):
        live.lists[row] = (patch["list_stories"][a:b], patch["list_scores"][a:b])

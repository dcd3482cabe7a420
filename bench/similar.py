"""similar_add_one_100k: adding one article to 100,000, against making all similar posts anew.

The articles are invented: their words are drawn as real ones are (a few common, very many rare), each story
from a topic or two, in two languages, over ten years; about 250 words an article, a third of it in common
phrases. Nothing is read from outside the repository.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from syndicate.stories.similar import Document, Index

ARTICLES = 100_000
INVENTED = 2_000  # made up once more, to know what making them up costs
WORDS = 250
VOCABULARY = 200_000
TOPICS = 2_000
_SYLLABLES = [c + v for c in "bcdfghklmnprstvz" for v in "aeiou"]


def documents(count: int, seed: int = 1) -> Iterator[Document]:
    """``count`` invented articles, the same for the same seed."""
    rng = np.random.default_rng(seed)
    words = _vocabulary(rng)
    common = 1 / np.arange(1, VOCABULARY + 1) ** 1.05
    common = np.cumsum(common / common.sum())
    topics = np.searchsorted(common[2_000:], rng.uniform(common[2_000], 1, (TOPICS, 300))) + 2_000
    start = datetime(2016, 1, 1, tzinfo=UTC)
    for n in range(count):
        chosen = _words(rng, common, topics)
        text = [" ".join(words[w] for w in chosen[i : i + 25]) for i in range(10, len(chosen), 25)]
        yield Document(
            id=f"article-{n:06}",
            story=f"story-{n:06}",
            language="xx" if n % 2 else "yy",
            title=" ".join(words[w] for w in chosen[:7]),
            text="\n".join(text),
            published=start + timedelta(minutes=52 * n),
            tags=(f"tag-{n % 50}",),
            authors=(f"author-{n % 97}",),
        )


def _vocabulary(rng: np.random.Generator) -> list[str]:
    parts = rng.integers(0, len(_SYLLABLES), (VOCABULARY, 4))
    return ["".join(_SYLLABLES[p] for p in row[: 2 + n % 3]) for n, row in enumerate(parts)]


def _words(rng: np.random.Generator, common: Any, topics: Any) -> list[int]:
    length = max(40, int(rng.lognormal(np.log(WORDS), 0.5)))
    any_words = np.searchsorted(common, rng.random(length))
    topic = topics[rng.integers(0, TOPICS, 2)].ravel()
    mine = topic[(rng.random(length) ** 2 * len(topic)).astype(int)]
    return np.where(rng.random(length) < 0.7, any_words, mine).clip(0, VOCABULARY - 1).tolist()


def measured(count: int, added: int = 25) -> dict[str, float]:
    """Seconds of a rebuild of ``count`` articles, and of adding one (median of ``added``, a save each apart).

    ``rebuild_cpu`` is that of all threads; ``inventing_cpu``, about what making up the articles took of it.
    """
    some = documents(INVENTED)
    next(some)
    began = time.process_time()
    for _ in some:
        pass
    inventing = (time.process_time() - began) * count / INVENTED
    pile = documents(count + added)
    with tempfile.TemporaryDirectory() as folder:
        index = Index.open(Path(folder))
        began, used = time.perf_counter(), time.process_time()
        index.rebuild(islice(pile, count))
        index.save()
        rebuild, cpu = time.perf_counter() - began, time.process_time() - used
        index = Index.open(Path(folder))
        adds, saves = [], []
        for document in pile:
            began = time.perf_counter()
            index.update([document], [])
            adds.append(time.perf_counter() - began)
            index.save()
            saves.append(time.perf_counter() - began - adds[-1])
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    peak = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
    )
    return {
        "rebuild": rebuild,
        "rebuild_cpu": cpu,
        "inventing_cpu": inventing,
        "first": adds[0],
        "add": float(np.median(adds)),
        "slowest": max(adds[1:]),
        "save": float(np.median(saves)),
        "disk_gb": size / 1e9,
        "peak_gb": peak,
    }


def run() -> dict[str, Any]:
    """The entry for ``bench/results``; two to four minutes and 1.4 GB."""
    found = measured(ARTICLES)
    return {
        "ratio": round(found["rebuild"] / found["add"]),
        "ours": round(found["add"] * 1000, 2),
        "against": round(found["rebuild"] * 1000),
        "unit": "milliseconds of wall clock",
        "what": f"adding one article to {ARTICLES:,} (median of 25) against making all similar posts anew",
        "figures": {name: round(value, 4) for name, value in found.items()},
    }


if __name__ == "__main__":
    print(measured(int(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES))

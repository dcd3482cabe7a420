"""What a pair of stories is worth: the likeness faded by time, or a ranking learnt from the newsroom's own links.

The learnt ranking is a small conditional logistic regression: for each story with links, how likely is each
candidate to be what its author linked to. It is used only where it beats both S and S·t on stories held out.
"""

from dataclasses import dataclass

import numpy as np

from syndicate.stories.similar.tokens import Array

LEAST_LINKED = 20  # linked stories below which nothing is learnt
FOLDS = 3
PENALTY = 5.0
MARGIN = 0.01  # what learning must bring over the plain method on held-out stories
TRAINED_ON = 3_000  # stories with links that are learnt from, at most
RAW = 8  # likeness, days apart, same masked title, title, letters, drift, tags, authors


@dataclass(frozen=True, slots=True)
class Ranker:
    """``method`` is ``S``, ``S·t`` or ``F``; ``weights`` (of :func:`expanded` features) only for ``F``."""

    method: str = "S·t"
    weights: tuple[float, ...] = ()

    @property
    def learnt(self) -> bool:
        """Whether it needs more than likeness and days."""
        return self.method == "F"

    def score(self, raw: Array) -> Array:
        """Scores (float32) of pairs from their raw features (pairs, RAW), or of (pairs, 2) when not learnt."""
        if self.method == "F":
            return np.asarray(expanded(raw) @ np.array(self.weights), np.float32)
        if self.method == "S":
            return np.asarray(raw[:, 0], np.float32)
        return fade(raw[:, 0], raw[:, 1])


def fade(likeness: Array, apart: Array) -> Array:
    """S·t: likeness x (1 + max(days apart, 7) / 30) ^ -0.4, where it is above 0."""
    kernel = (1 + np.maximum(np.abs(apart), 7) / 30) ** -0.4
    return np.where(likeness > 0, likeness * kernel, likeness).astype(np.float32)


def expanded(raw: Array) -> Array:
    """The features (pairs, n) that are weighed, from the raw ones."""
    likeness, days, masked = raw[:, 0], np.abs(raw[:, 1]), raw[:, 2]
    near = {span: np.exp(-days / span) for span in (3, 30, 180, 365, 1000)}
    faded = fade(likeness, days)
    columns = (
        likeness, np.log1p(np.maximum(likeness, 0)), faded, np.log1p(np.maximum(faded, 0)),
        likeness * near[30], likeness * near[365], near[3], near[30], near[180], near[1000], days < 1,
        masked, masked * near[30], masked * near[365], *raw[:, 3:].T,
    )  # fmt: skip
    found = np.empty((len(raw), len(columns)))
    for at, column in enumerate(columns):
        found[:, at] = column
    return found


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Stories with links and their candidates: per candidate its features, whether linked, and its story."""

    features: Array
    linked: Array
    story: Array  # ascending

    def of(self, stories: Array) -> "TrainingSet":
        """Only these stories."""
        kept = np.isin(self.story, stories)
        return TrainingSet(self.features[kept], self.linked[kept], self.story[kept])


def training_pairs(
    left: Array, right: Array, links: frozenset[tuple[int, int]]
) -> tuple[Array, Array, Array]:
    """(pair, linked, story) of the candidates of the linked stories, from pairs ``left`` < ``right``."""
    stride = int(right.max(initial=0)) + 1
    keys = np.array(sorted(a * stride + b for a, b in links if a < b < stride), np.int64)
    linked = np.isin(left.astype(np.int64) * stride + right, keys)
    known = np.unique(np.concatenate([left[linked], right[linked]]))
    known = known[np.unique(np.linspace(0, len(known) - 1, min(len(known), TRAINED_ON)).astype(np.int64))]
    story, pair = np.concatenate([left, right]), np.tile(np.arange(len(left)), 2)
    kept = np.isin(story, known)
    story, pair = story[kept], pair[kept]
    order = np.lexsort((pair, story))
    return pair[order], linked[pair[order]], story[order]


def calibrated(found: TrainingSet) -> Ranker:
    """The best ranker for a newsroom, by nDCG@5 on stories held out in turn."""
    stories = np.unique(found.story[found.linked])
    if len(stories) < LEAST_LINKED:
        return Ranker()
    scores = dict.fromkeys(("S", "S·t", "F"), 0.0)
    for fold in range(FOLDS):
        held = found.of(stories[fold::FOLDS])
        rest = _without(found, held.story)
        for method, ranker in (("S", Ranker("S")), ("S·t", Ranker()), ("F", _learn(rest))):
            scores[method] += _ndcg(held, ranker) * len(np.unique(held.story)) / len(stories)
    plain = "S" if scores["S"] > scores["S·t"] + MARGIN else "S·t"
    return _learn(found) if scores["F"] > scores[plain] + MARGIN else Ranker(plain)


def _without(found: TrainingSet, held: Array) -> TrainingSet:
    return found.of(np.setdiff1d(found.story, held))


def _learn(found: TrainingSet) -> Ranker:
    """Weights that make the linked candidates likely among each story's candidates."""
    from scipy.optimize import minimize

    features = expanded(found.features)
    # in place: there may be half a million candidates
    features -= features.mean(axis=0)
    scale = np.sqrt(np.einsum("ij,ij->j", features, features) / max(1, len(features)))
    scale[scale < 1e-9] = np.inf
    features /= scale
    first = np.flatnonzero(np.diff(found.story, prepend=-1))
    group = np.cumsum(np.diff(found.story, prepend=-1) != 0) - 1
    wanted = found.linked / np.maximum(np.bincount(group, found.linked), 1)[group]
    asked = (np.bincount(group, found.linked) > 0)[group]

    def loss(weights: Array) -> tuple[float, Array]:
        score = features @ weights
        score -= np.maximum.reduceat(score, first)[group]
        total = np.bincount(group, np.exp(score))
        likely = np.exp(score) / total[group]
        value = -np.sum(wanted * (score - np.log(total)[group])) + PENALTY / 2 * weights @ weights
        return float(value), features.T @ (likely * asked - wanted) + PENALTY * weights

    if not len(first):
        return Ranker()
    best = minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return Ranker("F", tuple((best.x / scale).tolist()))


def _ndcg(found: TrainingSet, ranker: Ranker, k: int = 5) -> float:
    """Mean nDCG@k of a ranker over the stories of a training set."""
    order = np.lexsort((-ranker.score(found.features), found.story))
    story, linked = found.story[order], found.linked[order]
    rank = np.arange(len(story)) - np.searchsorted(story, story)
    gain = np.where((rank < k) & linked, 1 / np.log2(rank + 2), 0.0)
    names, group = np.unique(story, return_inverse=True)
    best = np.cumsum(1 / np.log2(np.arange(k) + 2))
    many = np.bincount(group, linked).astype(np.int64)
    ideal = best[np.minimum(np.maximum(many, 1), k) - 1]
    return float(np.mean(np.bincount(group, gain) / ideal)) if len(names) else 0.0


def overlap(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of all members that both have (Jaccard); 0 where one is empty."""
    return len(one & other) / len(one | other) if one and other else 0.0

"""What one new article costs on a site of 10,000: a run after it, against the first run.

Each run is the installed command in a process of its own: ``syndicate run`` ingests, relates, publishes, plans,
archives and sends.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import site
from bench.measure import Cost, command, snapshot, written

STEPS = ("first", "new story", "no change", "correction", "withdrawal")


@dataclass(frozen=True, slots=True)
class Step:
    """One run: what it cost, and which files of the public tree it wrote."""

    cost: Cost
    files: tuple[str, ...]

    def figures(self) -> dict[str, float]:
        return {**self.cost.figures(), "files_written": len(self.files)}


def run(articles: int = 10_000, subscribers: int = 1000) -> dict[str, Any]:
    """Measure a site of ``articles``. The ratio is of CPU seconds: new story / first."""
    with tempfile.TemporaryDirectory(prefix="syndicate-bench-") as folder:
        steps = journey(Path(folder), articles, subscribers)
    first, second = steps["first"].cost, steps["new story"].cost
    return {
        "ratio": round(second.cpu / first.cpu, 4),
        "ratio_wall": round(second.wall / first.wall, 4),
        "ours": round(second.cpu, 2),
        "against": round(first.cpu, 2),
        "unit": "CPU seconds (user and system) of `syndicate run`",
        "what": f"a run after one new article against the first run of the same {articles:,} articles",
        "steps": {name: step.figures() for name, step in steps.items()},
    }


def journey(folder: Path, articles: int, subscribers: int) -> dict[str, Step]:
    """The site's first run, and a run after each kind of change."""
    room = site.build(folder, articles, subscribers)
    command(folder, "subscribers", "sync")
    steps = {"first": _step(folder)}
    site.add_story(room, room.stories)
    steps["new story"] = _step(folder)
    steps["no change"] = _step(folder)
    site.correct(_version(room, room.stories // 3))
    steps["correction"] = _step(folder)
    _version(room, room.stories // 2).unlink()
    steps["withdrawal"] = _step(folder)
    return steps


def _version(room: site.Newsroom, number: int) -> Path:
    """A version of a story that is there."""
    return next(path for x in site.LANGUAGES if (path := site.path_of(room, number, x)).exists())


def _step(folder: Path) -> Step:
    public = folder / "var" / "public"
    before = snapshot(public)
    cost = command(folder, "run")
    return Step(cost, tuple(written(before, snapshot(public))))

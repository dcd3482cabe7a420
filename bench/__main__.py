"""``python -m bench [NAME...]``: run the benchmarks and write ``bench/results/latest.json``.

A name that is not run keeps the figures it had, unless they were made elsewhere; each says the commit it was made with.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import feed, measure, plot, rebuild, similar

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "latest.json"
PLOT = HERE / "results" / "rebuild.svg"

ALL: Mapping[str, Callable[[], dict[str, Any]]] = {
    "feed_atom_vs_feedgen": feed.run,
    "rebuild_one_of_10k": rebuild.run,
    "similar_add_one_100k": similar.run,
}


def main(names: list[str]) -> int:
    """Exit status 0 done, 2 misused."""
    if unknown := [name for name in names if name not in ALL]:
        print(f"bench: no benchmark {', '.join(unknown)}; there are: {', '.join(ALL)}", file=sys.stderr)
        return 2
    results = _kept() if names else {}
    # Asked once, before the results themselves make the tree differ from its commit.
    commit = measure.commit(HERE)
    for name in names or ALL:
        print(f"{name} …", file=sys.stderr, flush=True)
        results[name] = ALL[name]() | {"commit": commit}
        print(f"{name}: {results[name]['ratio']} ({results[name]['what']})", flush=True)
        _write(results, commit)
    return 0


def _kept() -> dict[str, Any]:
    try:
        found = json.loads(RESULTS.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(found["results"]) if found.get("machine") == measure.machine() else {}


def _write(results: Mapping[str, Any], commit: str) -> None:
    ordered = {name: results[name] for name in sorted(results)}
    whole = {"machine": measure.machine(), "commit": commit, "results": ordered}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if found := results.get("rebuild_one_of_10k"):
        machine = measure.machine()
        title = "syndicate run on a site of 10,000 articles: CPU seconds, peak memory, files written"
        note = f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"
        PLOT.write_text(plot.draw(found["steps"], title, note), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

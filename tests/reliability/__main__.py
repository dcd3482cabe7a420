"""``python -m tests.reliability [RUNS]``: RUNS (10,000) senders killed, over both databases and both carriers.

``python -m tests.reliability clocks [SLOTS]``: SLOTS (1,000) under two clocks whose time of day jumps, both databases,
with leases and as if there were none.

Exit status 1 when anybody was mailed twice, anybody was lost, a death left more in doubt than its connections, or a
slot has not exactly one issue.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "reliability.json"
CLOCK_RESULTS = RESULTS.with_name("clocks.json")
CLOCKS = (("sqlite", "leads"), ("postgres", "leads"), ("sqlite", "together"), ("postgres", "together"))
PARTS = (
    ("sqlite", "smtp", 0.25),
    ("postgres", "smtp", 0.25),
    ("postgres", "smtp", 0.2),
    ("sqlite", "smtp", 0.2),
    ("sqlite", "outbox", 0.05),
    ("postgres", "outbox", 0.05),
)
AT_ONCE = 2


def main(number: int) -> int:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = [
            pool.submit(_part, kind, carrier, round(number * share), seed)
            for seed, (kind, carrier, share) in enumerate(PARTS)
        ]
        tallies = [part.result() for part in parts]
    whole = {"runs": sum(one["runs"] for one in tallies), "parts": tallies}
    RESULTS.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
    _print(tallies)
    broken = [sentence for one in tallies for sentence in one["broken"]]
    for sentence in broken[:20]:
        print(f"BROKEN: {sentence}")
    return 1 if broken else 0


def clocks(number: int) -> int:
    """One after the other: two clocks and a database are as much as two cores can do."""
    tallies = []
    for seed, (kind, manner) in enumerate(CLOCKS):
        words = ["tests.reliability.clocks", kind, manner, str(number // (2 * len(CLOCKS))), str(seed)]
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
        tallies.append(json.loads(done.stdout))
        print(done.stdout, end="", flush=True)
    slots = sum(one["issues"] for one in tallies)
    CLOCK_RESULTS.write_text(json.dumps({"slots": slots, "parts": tallies}, indent=2) + "\n", "utf-8")
    return 1 if any(one["broken"] for one in tallies) else 0


def _part(kind: str, carrier: str, number: int, seed: int) -> dict[str, Any]:
    words = [sys.executable, "-m", "tests.reliability.runs", kind, carrier, str(number), str(seed)]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def _print(tallies: list[dict[str, Any]]) -> None:
    columns = (
        "database",
        "carrier",
        "runs",
        "killed",
        "messages",
        "doubled",
        "lost",
        "unsure",
        "at most a death",
    )
    print("  ".join(f"{name:>9}" for name in columns))
    for one in tallies:
        row = (
            one["database"], one["carrier"], one["runs"], sum(one["kills"].values()), one["messages"],
            one["doubled"], one["lost"], one["unsure"], one["unsure_most"],
        )  # fmt: skip
        print("  ".join(f"{cell:>9}" for cell in row))


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["clocks"]:
        sys.exit(clocks(int(given[1]) if given[1:] else 1000))
    sys.exit(main(int(given[0]) if given else 10_000))

"""``python -m tests.reliability [RUNS]``: RUNS (10,000) senders killed, over both databases and both carriers.

Exit status 1 when anybody was mailed twice, anybody was lost, or a death left more in doubt than its connections.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "reliability.json"
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
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 10_000))

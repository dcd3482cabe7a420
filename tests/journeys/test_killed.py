"""A few dozen of the ten thousand deaths of ``make rel``; and that it would notice a promise broken."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.postgres_server import programs

ROOT = Path(__file__).parents[2]
# What each promise rests on, taken away: the runs must tell.
BREAKS = {
    "no mark": """
from syndicate.flows.send import book, tray
book.OpenClaim.mark = lambda self, delivery: None
tray.Tray._may = lambda self, delivery: True
""",
    "doubts sent again": """
from syndicate.flows.send import orphans
from syndicate.model import DeliveryState, Outcome
orphans.orphaned = lambda known, policy: Outcome(DeliveryState.PLANNED, "", retry=True)
""",
    "believed too soon": """
from dataclasses import replace
from syndicate.store import orphans
seize = orphans.seize
def seized(*given):
    left = seize(*given)
    return left and replace(left, taken=left.taken + left.untouched, untouched=())
orphans.seize = seized
""",
}


def told(kind: str, carrier: str, number: int, first: str = "") -> dict[str, object]:
    code = (
        f"{first}import json, sys\nfrom tests.reliability.runs import rounds, yard\n"
        f"with yard({kind!r}, {carrier!r}) as made:\n    tally = rounds(made, {number}, 7)\n"
        "print(json.dumps([tally.runs, tally.doubled, tally.lost, tally.broken, sum(tally.kills.values())]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    names = ("runs", "doubled", "lost", "broken", "kills")
    return dict(zip(names, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.parametrize(
    ("kind", "carrier"),
    [("sqlite", "smtp"), ("postgres", "smtp"), ("sqlite", "outbox"), ("postgres", "outbox")],
)
def test_whoever_is_killed_nobody_is_mailed_twice_or_lost(kind: str, carrier: str) -> None:
    if kind == "postgres" and programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    found = told(kind, carrier, 25)
    assert (found["runs"], found["doubled"], found["lost"], found["broken"]) == (25, 0, 0, [])
    assert isinstance(found["kills"], int)
    assert found["kills"] >= 12


@pytest.mark.parametrize("what", BREAKS)
def test_it_would_notice(what: str) -> None:
    assert told("sqlite", "smtp", 25, BREAKS[what])["broken"], f"{what}, and nothing was noticed"

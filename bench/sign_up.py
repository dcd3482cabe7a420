"""Who asks with an address that is known, and who with one that is not: whether the time of the answer tells.

Both get the same bytes by way of the same statements (``tests/journeys/test_web_sign_up.py``); this measures the rest.
"""

import random
import statistics
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import measure, serving, site

PAIRS = 2000
_LIMITS = "\n[signup]\nper_network = 100000\nin_all = 100000\n"
_FORM = (("language", "en"), ("newsletter", "weekly"), ("timezone", "Europe/Istanbul"))


def known_vs_unknown() -> dict[str, Any]:
    """``ratio`` is of the medians. ``told`` is the chance to name the known one of a pair by its time: 0.5 is none."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        site.build(root, 60, subscribers=PAIRS)
        with (root / "config.toml").open("a", encoding="utf-8") as config:
            config.write(_LIMITS)
        for words in (("ingest",), ("publish",), ("subscribers", "sync")):
            measure.command(root, *words)
        readers = _addresses(root)
        with serving.ours(root) as (port, _):
            known, unknown = _asked(port, readers)
    return {
        "ratio": round(statistics.median(known) / statistics.median(unknown), 3),
        "ours": round(statistics.median(known) * 1e3, 2),
        "against": round(statistics.median(unknown) * 1e3, 2),
        "unit": "milliseconds an answer",
        "told": round(_told(known, unknown), 3),
        "what": f"{PAIRS:,} pairs of requests to subscribe, with a reader's address and with one never seen, in turns "
        "by chance, over one connection; medians",
    }


def _addresses(root: Path) -> list[str]:
    lines = (root / "subscribers" / "readers.csv").read_text(encoding="utf-8").splitlines()
    return [line.split(",")[0] for line in lines[1 : PAIRS + 1]]


def _asked(port: int, readers: Sequence[str]) -> tuple[list[float], list[float]]:
    """Seconds of each answer. The addresses are of the same shape and length, only the names differ."""
    chance = random.Random(7)
    times: tuple[list[float], list[float]] = ([], [])
    connection = HTTPConnection("127.0.0.1", port)
    for reader in readers:
        pair = [(0, reader), (1, reader.translate(str.maketrans("0123456789", "abcdefghij")))]
        for side, address in chance.sample(pair, 2):
            times[side].append(_seconds(connection, address))
    connection.close()
    return times


def _seconds(connection: HTTPConnection, address: str) -> float:
    """Raises RuntimeError when the answer is not the one for everybody."""
    body = urlencode([("email", address), *_FORM])
    began = time.perf_counter()
    connection.request("POST", "/en/subscribe", body, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    answer.read()
    spent = time.perf_counter() - began
    if answer.status != 200:
        raise RuntimeError(f"{address}: {answer.status} where 200 was expected")
    return spent


def _told(known: Sequence[float], unknown: Sequence[float]) -> float:
    """The share of all pairs of one of each in which the known one took longer (Mann and Whitney's U)."""
    ordered = sorted(unknown)
    below = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in known)
    return below / 2 / len(known) / len(unknown)

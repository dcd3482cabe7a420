"""Measuring: what a command costs, and what it wrote."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Snapshot = Mapping[str, tuple[int, int]]
"""Path below a folder to (inode, mtime in ns): a file that was replaced or rewritten differs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: seconds, and peak memory in MB (10^6 bytes of resident set)."""

    wall: float
    cpu: float
    peak_mb: float
    output: str

    def figures(self) -> dict[str, float]:
        found = asdict(self)
        del found["output"]
        return {name: round(value, 2) for name, value in found.items()}


def command(folder: Path, *words: str) -> Cost:
    """Run the installed ``syndicate`` in ``folder``. Raises RuntimeError when it fails."""
    program = Path(sys.executable).with_name("syndicate")
    return run([str(program), *words], folder)


def run(words: Sequence[str], folder: Path) -> Cost:
    """Run a command in ``folder``, with what it and its children used. Raises RuntimeError when it fails."""
    said = folder / ".said"
    began = time.perf_counter()
    with said.open("wb") as out:
        process = subprocess.Popen(words, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    output = said.read_text("utf-8", "replace")
    said.unlink()
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit status {process.returncode}\n{output[-2000:]}")
    # ru_maxrss counts KiB on Linux and bytes on macOS
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6, output)


def snapshot(folder: Path) -> Snapshot:
    """Every file below ``folder``."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            stat = (Path(path) / name).stat(follow_symlinks=False)
            found[os.path.relpath(Path(path) / name, folder)] = (stat.st_ino, stat.st_mtime_ns)
    return found


def written(before: Snapshot, after: Snapshot) -> list[str]:
    """The files that are new, replaced or rewritten."""
    return [path for path, mark in after.items() if before.get(path) != mark]


def machine() -> dict[str, Any]:
    """The processor, its cores and the Python; nothing that names the machine."""
    return {"cpu": _cpu(), "cores": os.cpu_count(), "python": sys.version.split()[0], "system": sys.platform}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def commit(folder: Path) -> str:
    """The commit that was measured, with ``+`` behind it when files differ from it."""
    words = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"]
    found = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"

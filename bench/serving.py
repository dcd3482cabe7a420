"""A 304 of ours against nginx's for the same files: each server pinned to one core, wrk on another, taking turns."""

import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from socket import create_server
from typing import Any

from bench import site

ROUNDS, SECONDS, CONNECTIONS, STORIES = 5, 3, 16, 60
PATH = "/feeds/en/rss.xml"


def vs_nginx() -> dict[str, Any]:
    """Requests a second, and CPU seconds of the server a request, medians of the rounds.

    The ratio is of CPU: a machine that does other things at the same time takes from both, and wrk, which needs more
    than nginx does, is not what is measured.
    """
    for needed in ("nginx", "wrk", "taskset"):
        if shutil.which(needed) is None:
            raise RuntimeError(f"{needed} is not installed (Debian's packages nginx, wrk, util-linux)")
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        site.build(root, STORIES)
        for step in ("ingest", "publish"):
            subprocess.run([_program("syndicate"), step], cwd=root, check=True, capture_output=True)
        with ours(root) as here, _nginx(root) as there:
            rounds = [(_round(*here), _round(*there)) for _ in range(ROUNDS)]
    (mine, my_cpu), (theirs, their_cpu) = (
        [statistics.median(one[side][n] for one in rounds) for n in (0, 1)] for side in (0, 1)
    )
    return {
        "ratio": round(their_cpu / my_cpu, 3),
        "ours": round(my_cpu * 1e6, 1),
        "against": round(their_cpu * 1e6, 1),
        "unit": "CPU microseconds a request",
        "requests_a_second": {"ours": round(mine), "nginx": round(theirs)},
        "what": f"304 for {PATH} with If-None-Match and If-Modified-Since, {CONNECTIONS} connections kept open, "
        "against one nginx worker on the same files; each on one core, wrk on another",
    }


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _round(port: int, process: int) -> tuple[float, float]:
    """Requests a second, CPU seconds a request."""
    validators = _validators(port)
    wrk = ["taskset", "-c", str(_cores()[1]), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}"]
    before = cpu(process)
    out = subprocess.run(
        [*wrk, *validators, f"http://127.0.0.1:{port}{PATH}"], capture_output=True, text=True, check=True
    ).stdout
    spent = cpu(process) - before
    found = re.search(r"(\d+) requests in ([\d.]+)s", out)
    if not found or "Non-2xx" in out:
        raise RuntimeError(f"wrk: {out}")
    return int(found[1]) / float(found[2]), spent / int(found[1])


def _validators(port: int) -> list[str]:
    """What a client sends that has it; raises RuntimeError unless it is told so."""
    address = f"http://127.0.0.1:{port}{PATH}"
    with urllib.request.urlopen(address) as reply:
        given = {
            "If-None-Match": reply.headers["ETag"],
            "If-Modified-Since": reply.headers["Last-Modified"],
        }
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=given)) as reply:
            raise RuntimeError(f"{address}: {reply.status} where 304 was expected")
    except urllib.error.HTTPError as error:
        if error.code != 304:
            raise
    return [word for name, value in given.items() for word in ("-H", f"{name}: {value}")]


def _cores() -> list[int]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise RuntimeError("two cores are needed: one for the server, one for wrk")
    return cores


def cpu(process: int) -> float:
    """Seconds that a process has used until now, in the system's hundredths."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def ours(root: Path) -> Iterator[tuple[int, int]]:
    port = _free_port()
    with _running([_program("syndicate"), "serve", "--port", str(port)], root, port) as process:
        yield port, process


@contextlib.contextmanager
def _nginx(root: Path) -> Iterator[tuple[int, int]]:
    port = _free_port()
    places = "".join(
        f"{kind}_temp_path {root}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (root / "nginx.conf").write_text(
        f"{user} worker_processes 1; master_process off; daemon off; pid {root}/pid; error_log {root}/errors;\n"
        f"events {{ worker_connections 256; }}\nhttp {{ access_log off; {places} keepalive_requests 1000000;\n"
        f"sendfile on; gzip_static always; gunzip on; if_modified_since before;\n"
        f"server {{ listen 127.0.0.1:{port}; root {root}/var/public;\n"
        'add_header Cache-Control "public, max-age=1800"; add_header Vary "Accept-Encoding, Sec-Fetch-Dest";\n'
        'add_header Access-Control-Allow-Origin "*"; add_header Access-Control-Expose-Headers "ETag, Link"; }}\n'
    )
    words = ["nginx", "-p", str(root), "-c", str(root / "nginx.conf")]
    with _running(words, root, port) as process:
        yield port, process


@contextlib.contextmanager
def _running(words: list[str], root: Path, port: int) -> Iterator[int]:
    pinned = ["taskset", "-c", str(_cores()[0]), *words]
    with subprocess.Popen(pinned, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(process, port)
            yield process.pid
        finally:
            process.terminate()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{PATH}"):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def _free_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

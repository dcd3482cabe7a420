"""The console command, warm: a process that has everything imported and forks for each call.

A command of its own begins with a second of imports; a test that calls it ten times is here for something else. That
the installed command starts cold is proven where tests call it by its path (``test_cli.py`` first of all).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import IO


class Warm:
    """``run`` is :func:`subprocess.run` of ``syndicate`` with text captured."""

    def __init__(self) -> None:
        here, there = socket.socketpair()
        with there:
            command = [sys.executable, "-m", __name__, str(there.fileno())]
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
            root = Path(__file__).parents[2]
            self._process = subprocess.Popen(
                command, pass_fds=[there.fileno()], cwd=root, env=environment, start_new_session=True
            )
        self._socket, self._turn = here, threading.Lock()

    def run(
        self, words: tuple[str, ...], cwd: Path, env: dict[str, str], timeout: float = 120
    ) -> "subprocess.CompletedProcess[str]":
        asked = json.dumps({"words": words, "cwd": str(cwd), "env": env}).encode()
        ours, theirs = socket.socketpair()
        with ours, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with theirs, self._turn:
                socket.send_fds(self._socket, [b"!"], [theirs.fileno(), out.fileno(), err.fileno()])
            ours.settimeout(timeout)
            ours.sendall(len(asked).to_bytes(8, "big") + asked)
            status = ours.recv(1)
            return subprocess.CompletedProcess(words, status[0] if status else -1, _text(out), _text(err))


@cache
def warm() -> Warm:
    """One for each worker of the session; it ends with the worker, which hangs up."""
    return Warm()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def _serve(fd: int) -> None:
    """Fork for each that asks, until the test session hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the session's
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    _import_everything()
    with socket.socket(fileno=fd) as session:
        while True:
            said, fds, _, _ = socket.recv_fds(session, 1, 3)
            if not said:
                return
            if os.fork() == 0:
                session.close()
                _do(*fds)
            for one in fds:
                os.close(one)


def _import_everything() -> None:
    import syndicate

    for found in walk_packages(syndicate.__path__, "syndicate."):
        if ".migrations" not in found.name:
            import_module(found.name)
    for name in (
        "babel.dates",
        "babel.numbers",
        "mjml",
        "py3langid",
        "rich.table",
        "rich.progress",
        "uvicorn",
    ):
        import_module(name)


def _do(answer: int, out: int, err: int) -> None:
    """In the child: what is asked for, as if it had been started like that."""
    from syndicate.app import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=answer) as session:
        asked = json.loads(_received(session))
        nowhere = os.open(os.devnull, os.O_RDONLY)
        for ours, standard in ((nowhere, 0), (out, 1), (err, 2)):
            os.dup2(ours, standard)
            os.close(ours)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        time.tzset()
        sys.argv = ["syndicate", *asked["words"]]
        status = 1
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        threading._shutdown()  # type: ignore[attr-defined]
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        session.sendall(bytes([status]))
        os._exit(status)


def _received(session: socket.socket) -> bytes:
    with session.makefile("rb") as reader:
        return reader.read(int.from_bytes(reader.read(8), "big"))


if __name__ == "__main__":
    _serve(int(sys.argv[1]))

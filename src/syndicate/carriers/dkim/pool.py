"""Pool: signing for many threads at once, with RSA in processes of its own."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from subprocess import PIPE
from typing import BinaryIO

from syndicate.carriers.dkim.forms import Pieces, prepare
from syndicate.carriers.dkim.signing import Signer, field, load
from syndicate.model import CarrierError

_PIPED = 4096
_PATIENCE = 5.0


class SigningPool:
    """Signs with several keys for many threads at once; RSA in ``processes`` of its own, as many as processors if None.

    Making an RSA signature holds Python's lock for a third of a millisecond, longer than all else that a message
    costs. 32 octets cross to a process, a signature comes back: a tenth of that. Ed25519 is as quick as the way
    there, and is done where it is asked for. A process ends with whoever started it, however that ended; one that
    died leaves its work to the threads, and no message waits for it.

    Use as a context manager. Raises CarrierError when no process can be started.
    """

    def __init__(self, signers: Sequence[Signer], processes: int | None = None) -> None:
        self._signers = tuple(signers)
        self._slow = tuple(signer for signer in signers if signer.kind == "rsa-sha256")
        self._count = 0 if not self._slow else (os.cpu_count() or 1) if processes is None else processes
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()

    def __enter__(self) -> "SigningPool":
        keys = [signer.key_pem for signer in self._slow]
        try:
            for _ in range(self._count):
                self._workers.append(_Worker(keys))
        except OSError as error:
            self.__exit__()
            raise CarrierError(f"no process for DKIM can be started: {error.strerror}") from error
        for worker in self._workers:
            self._idle.put(worker)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()
        self._workers = []

    def sign(self, message: Pieces) -> bytes:
        """One DKIM-Signature of each signer, as header lines to put in front of ``message``. Raises UnsafeValue."""
        prepared = prepare(message)
        return b"".join(field(signer, prepared, self._signature_of(signer)) for signer in self._signers)

    def _signature_of(self, signer: Signer) -> Callable[[bytes], bytes]:
        if not self._workers or signer not in self._slow:
            return signer.signature
        return lambda digest: self._elsewhere(self._slow.index(signer), digest) or signer.signature(digest)

    def _elsewhere(self, key: int, digest: bytes) -> bytes:
        worker = self._idle.get()
        try:
            return worker.signature(key, digest)
        finally:
            self._idle.put(worker)


class _Worker:
    """A process that signs: it is given keys first, then asked one thing at a time, which a pipe takes in one piece."""

    _WORDS = ("-P", "-c", f"from {__name__} import work; work()")

    def __init__(self, keys: Sequence[bytes]) -> None:
        # A session of its own: Ctrl-C is for whoever sends, whose last messages still want their signatures.
        self._process = subprocess.Popen(
            (sys.executable, *self._WORDS), stdin=PIPE, stdout=PIPE, bufsize=0, start_new_session=True
        )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        self._in.write(b"".join(len(key).to_bytes(4, "big") + key for key in (*keys, b"")))

    def signature(self, key: int, digest: bytes) -> bytes:
        """Empty when the process is no more."""
        try:
            self._in.write(bytes((key,)) + digest)
            return os.read(self._out.fileno(), _PIPED)
        except OSError:
            return b""

    def end(self) -> None:
        self._in.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()


def work() -> None:
    """What a process of a :class:`SigningPool` does, until the end of its input: nobody is left who could ask."""
    source = sys.stdin.buffer
    signatures = [load("DKIM key", key)[1] for key in _keys(source)]
    with suppress(BrokenPipeError):
        while len(asked := source.read(1 + hashlib.sha256().digest_size)) > 1:
            os.write(sys.stdout.fileno(), signatures[asked[0]](asked[1:]))


def _keys(source: BinaryIO) -> Iterator[bytes]:
    while size := int.from_bytes(source.read(4), "big"):
        yield source.read(size)

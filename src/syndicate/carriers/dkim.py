"""DKIM: what we vouch for in a message (RFC 6376), by RSA and Ed25519 (RFC 8301, RFC 8463).

message --prepare--> the head in its one form, the digest of the body
        --Signer--> DKIM-Signature: …  (header lines to put in front of the message)

Head ``relaxed``, body ``simple``: relays fold headers anew and leave bodies alone. No ``l=``, which lets others add
to a body, and no ``t=``: a signature says nothing of when it was made, so a message made again is signed the same.
"""

import hashlib
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from queue import SimpleQueue
from subprocess import PIPE
from typing import BinaryIO, Literal

from syndicate.model import CarrierError, UnsafeValue

OVERSIGNED = tuple(b"from to subject date message-id list-unsubscribe list-unsubscribe-post".split())
"""Named once more than they occur, so that nobody can add another one (RFC 6376, section 8.15)."""

SIGNED = (
    *OVERSIGNED,
    *b"reply-to cc in-reply-to references list-id list-help list-archive list-subscribe list-owner list-post".split(),
    *b"feedback-id precedence auto-submitted".split(),
    *b"mime-version content-type content-transfer-encoding content-language".split(),
)
"""What is signed where it occurs: what readers and their programs go by, nothing that relays add (section 5.4.1)."""

Kind = Literal["rsa-sha256", "ed25519-sha256"]

_EVERY = frozenset(SIGNED)
_NAME = b"DKIM-Signature: "
_END_OF_HEAD = b"\r\n\r\n"
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_WHITE = re.compile(rb"[ \t]+")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_LABELS = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST = 253
_LINE = 72
_PIPED = 4096
_PATIENCE = 5.0
# What every verifier must be able to check (RFC 8301, section 3.2).
_SMALLEST, _LARGEST = 1024, 4096


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message as it is signed: ``names`` for h=, the ``head`` that they make, ``body`` for bh= (base64)."""

    names: bytes
    head: bytes
    body: bytes


class Signer:
    """One key of one domain, which threads may share. ``kind`` is told from the key.

    ``key_pem`` is an unencrypted private key in PEM (PKCS #1 or #8). Raises :class:`CarrierError` for a key that is
    none or that verifiers would not take, :class:`UnsafeValue` for a domain or selector that is no domain name;
    neither shows the key.
    """

    def __init__(self, domain: str, selector: str, key_pem: bytes) -> None:
        for what, value in (("domain", domain), ("selector", selector)):
            if not _LABELS.fullmatch(value) or len(value) > _LONGEST:
                raise UnsafeValue(f"DKIM {what} is no domain name of plain ASCII: {value[:80]!r}")
        self.domain, self.selector = domain.lower(), selector.lower()
        self.kind, self.signature = load(f"DKIM key {self.selector}._domainkey.{self.domain}", key_pem)
        self.key_pem = key_pem

    def __repr__(self) -> str:
        return f"Signer({self.selector}._domainkey.{self.domain}, {self.kind})"

    def sign(self, message: bytes) -> bytes:
        """The DKIM-Signature of ``message`` (RFC 5322, lines end in CRLF): folded header lines to put in front of it.

        Raises UnsafeValue for a message without From.
        """
        return sign(message, (self,))

    def start(self, prepared: Prepared) -> bytes:
        """The header field up to its signature (RFC 6376, section 3.5), folded and otherwise already relaxed."""
        return b"%bv=1; a=%b; c=relaxed/simple;\r\n d=%b; s=%b;\r\n h=%b;\r\n bh=%b;\r\n b=" % (
            _NAME,
            self.kind.encode(),
            self.domain.encode(),
            self.selector.encode(),
            prepared.names,
            prepared.body,
        )


def sign(message: bytes, signers: Sequence[Signer]) -> bytes:
    """One DKIM-Signature of each signer, as header lines to put in front of ``message``. Raises UnsafeValue."""
    prepared = prepare(message)
    return b"".join(field(signer, prepared, signer.signature) for signer in signers)


def field(signer: Signer, prepared: Prepared, signature: Callable[[bytes], bytes]) -> bytes:
    """The whole header field; ``signature`` is of a SHA-256 (RFC 6376, section 3.7; RFC 8463, section 3).

    That is all of a message that needs to reach whoever holds the key.
    """
    start = signer.start(prepared)
    own = b"dkim-signature:" + start[len(_NAME) :].replace(b"\r\n ", b" ")
    text = b64encode(signature(hashlib.sha256(prepared.head + own).digest()))
    return start + b"\r\n ".join(text[n : n + _LINE] for n in range(0, len(text), _LINE)) + b"\r\n"


def prepare(message: bytes) -> Prepared:
    """What is the same for all who sign ``message``. Raises UnsafeValue when it has no From (RFC 6376, section 5.4)."""
    end = message.find(_END_OF_HEAD)
    end = len(message) if end < 0 else end
    fields = _relaxed(message[:end])
    if b"from" not in fields:
        raise UnsafeValue("a message without From cannot be signed")
    names = _names(tuple((name, len(found)) for name, found in fields.items()))
    # Of several fields of one name the last counts first (section 5.4.2).
    head = b"".join(line for name in SIGNED for line in reversed(fields.get(name, ())))
    return Prepared(names, head, _body_digest(message, end + len(_END_OF_HEAD)))


def _relaxed(head: bytes) -> Mapping[bytes, Sequence[bytes]]:
    """The fields that are signed, in relaxed form, by name."""
    fields: dict[bytes, list[bytes]] = {}
    for name, line in map(_relaxed_field, _FIELD_END.split(head)):
        if name in _EVERY:
            fields.setdefault(name, []).append(line)
    return fields


@lru_cache(maxsize=256)
def _relaxed_field(field: bytes) -> tuple[bytes, bytes]:
    """Name and relaxed form of a header field (RFC 6376, section 3.4.2); most are the same in many messages."""
    name, _, value = _WHITE.sub(b" ", field.replace(b"\r\n", b"")).partition(b":")
    name = name.rstrip(b" ").lower()
    return name, b"%b:%b\r\n" % (name, value.strip(b" "))


@lru_cache(maxsize=256)
def _names(counts: tuple[tuple[bytes, int], ...]) -> bytes:
    """h= for a head with so many fields of each name, folded after colons; the same for all messages of an edition."""
    occur = dict(counts)
    names = [name for name in SIGNED for _ in range(occur.get(name, 0) + (name in OVERSIGNED))]
    lines = [names[0]]
    for name in names[1:]:
        if len(lines[-1]) + len(name) < _LINE:
            lines[-1] += b":" + name
        else:
            lines.append(name)
    return b":\r\n ".join(lines)


def _body_digest(message: bytes, start: int) -> bytes:
    """bh= of what begins at ``start``, in simple form: empty lines at the end are one line end (section 3.4.3)."""
    end = len(message)
    while end >= start + 2 and message.endswith(b"\r\n", start, end):
        end -= 2
    digest = hashlib.sha256(memoryview(message)[start : max(start, end)])
    digest.update(b"\r\n")
    return b64encode(digest.digest())


def load(where: str, key_pem: bytes) -> tuple[Kind, Callable[[bytes], bytes]]:
    """The kind of a key, and what signs a SHA-256 with it. Raises CarrierError, naming ``where`` and never the key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils

    # No cause in any of these errors, for theirs may quote what they could not read.
    try:
        key = serialization.load_pem_private_key(key_pem, None)
    except TypeError:
        raise CarrierError(f"{where} is encrypted: write it again without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise CarrierError(f"{where} is no private key in PEM: make one with 'openssl genrsa 2048'") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519-sha256", key.sign
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CarrierError(f"{where} is neither RSA nor Ed25519: verifiers know no other kind")
    if not _SMALLEST <= key.key_size <= _LARGEST:
        raise CarrierError(
            f"{where} has {key.key_size} bits: verifiers want {_SMALLEST} to {_LARGEST}; take 2048"
        )
    digested = utils.Prehashed(hashes.SHA256())
    return "rsa-sha256", partial(key.sign, padding=padding.PKCS1v15(), algorithm=digested)


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

    def sign(self, message: bytes) -> bytes:
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

"""The secret that tokens and Message-IDs are made with: given, or made once and kept in a file."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from syndicate.model import ConfigError

SECRET_LENGTH = 16


def kept(path: Path) -> bytes:
    """The secret in ``path``, made if it is not there. Raises OSError, and ConfigError when it is too short."""
    if not path.exists():
        _make(path)
    return strong(path.read_bytes().strip(), str(path))


def _make(path: Path) -> None:
    """Whole or not at all, and once, whoever else starts at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        with contextlib.suppress(FileExistsError):
            Path(path).hardlink_to(made)
    finally:
        Path(made).unlink()


def strong(key: bytes, place: str) -> bytes:
    """``key`` if it is long enough; raises ConfigError naming ``place``."""
    if len(key) < SECRET_LENGTH:
        raise ConfigError(f"{place}: a secret needs {SECRET_LENGTH} letters at least; make one at random")
    return key

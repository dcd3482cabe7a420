"""The log: one line a record on standard error, as text or as JSON, with nobody's address and no token in it.

Rooms write to Python's own loggers and know nothing of this. What they write is fit for a log already; here it is
looked at once more, because an exception's text, or a library's, may hold anything.
"""

import copy
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any

_HIDDEN = re.compile(
    r"""
    (?P<login>://[^/\s@]{1,200}@)                                      # of an address of a server
    | (?P<address>(?:"[^"\n]{1,64}"|[\w.!#$%&'*+/=?^`{|}~-]{1,64})(?:@|%40)[\w-]+(?:\.[\w-]+)+)
    | (?P<token>(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[A-Za-z0-9_-]{28,}(?![\w-]))
    """,
    re.VERBOSE,
)
"""Tokens of ours have 28 characters of base64url or more (``subscribers.tokens``); hashes in hex are no secret."""

_FOREIGN = logging.WARNING
"""What libraries say below this is about themselves: httpx, for one, writes whole addresses at ``info``."""


def anonymous(text: str) -> str:
    """``text`` without e-mail addresses, tokens and logins: what is printed on errors ends in logs."""
    return _HIDDEN.sub(_mask, text)


def where(error: BaseException) -> str:
    """Kind, first line and place of a fault of ours; further lines may hold what people wrote."""
    first = str(error).partition("\n")[0][:200]
    frames = [f for f in extract_tb(error.__traceback__) if "syndicate" in Path(f.filename).parts]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}" + (f": {first}" if first else "")


def start() -> None:
    """Before config.toml is read: text, and only what is wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=_FOREIGN, handlers=[handler])


def settle(form: str, level: str) -> None:
    """As config.toml says: ``form`` is text or json, ``level`` the least of ours that is written.

    A line for each request is for programs that read JSON, or for who looks closely.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, OneLine) and form == "json":
            handler.setFormatter(as_json())
    ours = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger("syndicate").setLevel(ours)
    logging.getLogger("uvicorn").setLevel(max(ours, logging.INFO))
    is_told = form == "json" or ours == logging.DEBUG
    logging.getLogger("syndicate.access").setLevel(ours if is_told else _FOREIGN)


class OneLine(logging.Formatter):
    """A log line stays a line: the place of a fault instead of its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        text = " ".join(record.getMessage().split())
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text}: {where(record.exc_info[1])}"
        facts = (f", {getattr(record, name)} {name}" for name in ("bytes", "ms") if hasattr(record, name))
        return anonymous(f"syndicate: {record.levelname.lower()}: {text}{''.join(facts)}")


def as_json() -> logging.Formatter:
    """One JSON object a line: time (UTC), level, logger, message, what else is known; of a fault its place, and the
    frames that led there, without what was in them.
    """
    from pythonjsonlogger.json import JsonFormatter

    class Structured(JsonFormatter):
        def format(self, record: logging.LogRecord) -> str:
            # A copy: other handlers get the record as it was.
            told = copy.copy(record)
            told.exc_text = told.stack_info = None
            return super().format(told)

        def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
            return {key: _clean(value) for key, value in log_data.items() if value is not None}

        def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's own name)
            frames = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in extract_tb(ei[2])]
            return "; ".join([where(ei[1]), *reversed(frames)])

        def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
            return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    names = {"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "fault"}
    return Structured(
        "{asctime}{levelname}{name}{message}", style="{", rename_fields=names, json_ensure_ascii=False
    )


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return anonymous(value)
    if isinstance(value, Mapping):
        return {anonymous(str(key)): _clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(one) for one in value]
    return value if isinstance(value, (int, float, bool)) or value is None else anonymous(str(value))


def _mask(found: re.Match[str]) -> str:
    return "://[login]@" if found["login"] else f"[{found.lastgroup}]"

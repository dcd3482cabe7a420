"""config.toml -> frozen settings, wholly checked at the start.

    kinds (values) -> sections -> settings;  secret (the signing key)

Unknown keys and bad values are refused with file, key and reason. Secrets never stand in config.toml: they
come from the environment (``SYNDICATE_…``) or from files, and are kept in :class:`pydantic.SecretStr`.
"""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from syndicate.config.sections import (
    FeedSection,
    MarkdownSection,
    PageSection,
    SourceSection,
    WordPressSection,
    WxrSection,
)
from syndicate.config.settings import Settings
from syndicate.model import ConfigError

__all__ = [
    "FeedSection",
    "MarkdownSection",
    "PageSection",
    "Settings",
    "SourceSection",
    "WordPressSection",
    "WxrSection",
    "load",
]


def load(path: Path) -> Settings:
    """Read and check ``path``. Raises :class:`ConfigError` naming file, key and reason, all of them at once."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: not found; make one with: syndicate init DIR") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if "root" in data:
        raise ConfigError(f"{path}: root: unknown key")
    try:
        return Settings.model_validate(data | {"root": path.absolute().parent})
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(path, one) for one in error.errors())) from error


def _explain(path: Path, error: Any) -> str:
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        reason = "unknown key"
    key = _key(error["loc"])
    return f"{path}: {key}: {reason}" if key else f"{path}: {reason}"


def _key(loc: tuple[str | int, ...]) -> str:
    """``sources[0].path``: the kind that stands behind a source's number is no key of the file."""
    parts = [part for n, part in enumerate(loc) if part != "[key]" and not (n == 2 and loc[0] == "sources")]
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")

"""Front matter: YAML ``---``, TOML ``+++``, JSON ``{``, Pelican's ``Title: …`` lines, or none."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from syndicate.model import SyndicateError

_LONGEST = 64_000
_DEEPEST = 40
# each level of merged aliases may multiply the one before it; twenty in all cannot make much
_MOST_MERGED = 20
_ALIAS = re.compile(r"(?<![^\s\[{,:])\*[^\s\[\]{},]")
_FENCED = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?)(?:^|\n)(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADER = re.compile(r"([A-Za-z][\w-]{0,40}):[ \t]*(.*)\Z")
_PELICAN = {"title", "date", "author", "authors", "slug", "lang", "tags", "category", "status", "summary"}


class FrontMatterError(SyndicateError):
    """Front matter that cannot be read; ``line`` counts from 1 in the file, 0 when unknown."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Front:
    """``values`` has lower-case keys; ``body`` is what follows; ``found`` is false where there was none."""

    values: Mapping[str, object]
    body: str
    found: bool = True


def split(text: str) -> Front:
    """Part front matter and body. Line ends must be LF. Raises FrontMatterError."""
    start = text.lstrip("\n ")
    if start.startswith(("---", "+++")) and (fence := _FENCED.match(start)):
        kind, block = fence[1], fence[2]
        line = text[: len(text) - len(start)].count("\n") + 1
        return Front(_read(_toml if kind == "+++" else _yaml, block, line), start[fence.end() :])
    if start.startswith(("---\n", "+++\n")):
        raise FrontMatterError(f"the front matter opens with {start[:3]} and is never closed", 1)
    if start.startswith("{") and not start.startswith(("{{", "{%")):
        return _json(start)
    return _pelican(start) or Front({}, text, found=False)


def _read(reader: Callable[[str, int], object], block: str, line: int) -> dict[str, object]:
    if len(block) > _LONGEST or _depth(block) > _DEEPEST:
        raise FrontMatterError("the front matter is too long or nested too deeply", line)
    try:
        values = reader(block, line)
    except RecursionError as error:
        raise FrontMatterError("the front matter is nested too deeply", line) from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise FrontMatterError("the front matter is no list of `key: value` lines", line)
    return {str(key).lower(): value for key, value in values.items() if isinstance(key, str)}


def _depth(block: str) -> int:
    """The deepest nesting a parser could meet: brackets left open, or list dashes on one line."""
    depth = deepest = 0
    for character in block:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth = max(depth - 1, 0)
    indents = max((len(m[0]) // 2 for m in re.finditer(r"^(?:[ ]|- |\? )+", block, re.MULTILINE)), default=0)
    return max(deepest, indents)


def load_yaml(text: str) -> object:
    """Plain YAML 1.1 values (CSafeLoader where there is one). Raises FrontMatterError with the line."""
    return _read(_yaml, text, 0)


def _yaml(block: str, line: int) -> object:
    if "<<" in block and len(_ALIAS.findall(block)) > _MOST_MERGED:
        raise FrontMatterError("the YAML merges too many aliases", line)
    try:
        return yaml.load(block, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = line + mark.line + 1 if mark else line
        raise FrontMatterError(f"the YAML cannot be read: {error.problem or error.context}", at) from error
    except (yaml.YAMLError, ValueError) as error:
        raise FrontMatterError(f"the YAML cannot be read: {str(error)[:120]}", line) from error


def _toml(block: str, line: int) -> object:
    try:
        return tomllib.loads(block)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        at = line + (int(found[1]) if found else block.count("\n") + 1)
        raise FrontMatterError(f"the TOML cannot be read: {error}", at) from error


def _json(text: str) -> Front:
    if _depth(text[:_LONGEST]) > _DEEPEST:
        raise FrontMatterError("the front matter is nested too deeply", 1)
    try:
        values, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise FrontMatterError(f"the JSON cannot be read: {error}", getattr(error, "lineno", 1)) from error
    return Front({str(k).lower(): v for k, v in values.items()}, text[end:].lstrip("\n"))


def _pelican(text: str) -> Front | None:
    values: dict[str, object] = {}
    lines = text.split("\n")
    last = ""
    for at, line in enumerate(lines):
        found = _HEADER.match(line)
        if found and (values or found[1].lower() in _PELICAN):
            last = found[1].lower()
            values[last] = found[2].strip()
        elif last and line.startswith((" ", "\t")) and line.strip():
            values[last] = f"{values[last]} {line.strip()}"
        elif values and not line.strip():
            return Front(values, "\n".join(lines[at + 1 :])) if "title" in values else None
        else:
            return None
    return Front(values, "") if "title" in values else None

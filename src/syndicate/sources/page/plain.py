"""A page captured as plain text: its lines, and what each becomes in HTML."""

import re
from collections.abc import Iterator, Mapping
from html import escape

from syndicate.sources.page import marks
from syndicate.sources.page.capture import Capture

_NUMBERED = re.compile(r"\s*(\d{1,3})[.)]\s+(\S.*)\Z")
_BULLET = re.compile(r"\s*[-*•–]\s+(\S.*)\Z")
_COMMENT = re.compile(r"\s*<!--(.*?)-->\s*", re.DOTALL)
_SAID = re.compile(r"([A-Za-z_]+)\s*[:=]\s*([^;\n]+)")
_WRAPPED = (40, 100)


def capture(text: str) -> Capture:
    """Read a page of plain text. A comment before it may say ``date``, ``url``, ``language``, ``title``."""
    said, text = _front_comment(text)
    blocks = [block for block in re.split(r"\n[ \t]*\n", text) if block.strip()]
    lines = [line for block in blocks for line in _lines(block)]
    title = said.get("title") or (lines.pop(0).strip() if lines else "")
    also: tuple[str, ...] = ()
    for at, line in enumerate(lines[:5]):
        if also := marks.also_in(line):
            del lines[at]
            break
    end = marks.ending(lines)
    body = "".join(_html(lines[: end.start]))
    return Capture(title, body, also, end.name, escape(end.bio), end.bio, said)


def _front_comment(text: str) -> tuple[Mapping[str, str], str]:
    found = _COMMENT.match(text)
    if not found:
        return {}, text
    said = {key.lower(): value.strip() for key, value in _SAID.findall(found[1])}
    return said, text[found.end() :]


def _lines(block: str) -> Iterator[str]:
    """The paragraphs of a block: its lines, or one paragraph where the lines are only wrapped."""
    lines = [line for line in block.split("\n") if line.strip()]
    lengths = [len(line) for line in lines[:-1]]
    starts_something = any(_NUMBERED.match(x) or _BULLET.match(x) or marks.is_note(x) for x in lines[1:])
    is_wrapped = bool(lengths) and min(lengths) >= _WRAPPED[0] and max(map(len, lines)) <= _WRAPPED[1]
    if is_wrapped and not starts_something and not marks.is_name(lines[0]):
        yield " ".join(line.strip() for line in lines)
    else:
        yield from lines


def _html(lines: list[str]) -> Iterator[str]:
    """Paragraphs, quotations, and lists where numbers run from one line to the next."""
    at = 0
    while at < len(lines):
        for pattern, tag in ((_NUMBERED, "ol"), (_BULLET, "ul")):
            if items := _items(lines, at, pattern):
                yield f"<{tag}{_start(tag, lines[at])}>{''.join(f'<li>{escape(i)}</li>' for i in items)}</{tag}>"
                at += len(items)
                break
        else:
            text = f"<p>{escape(lines[at].strip())}</p>"
            yield f"<blockquote>{text}</blockquote>" if marks.is_quote(lines[at]) else text
            at += 1


def _items(lines: list[str], at: int, pattern: re.Pattern[str]) -> list[str]:
    found: list[str] = []
    first = 0
    for number in range(at, len(lines)):
        match = pattern.match(lines[number])
        if not match:
            break
        if pattern is _NUMBERED:
            first = first or int(match[1])
            if int(match[1]) != first + len(found):
                break
        found.append(match[match.lastindex or 1])
    # "1990. It was …" alone is a sentence, not a list
    return found if len(found) > 1 else []


def _start(tag: str, line: str) -> str:
    number = _NUMBERED.match(line) if tag == "ol" else None
    return f' start="{int(number[1])}"' if number and number[1] != "1" else ""

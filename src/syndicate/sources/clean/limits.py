"""What is refused or thinned out before anything costly looks at it: size, depth, illegal characters."""

import re
from collections.abc import Iterator
from html.entities import html5

from syndicate.model import Problem
from syndicate.sources.clean.allowed import BLOCKS, RAW, TAGS, VOID

MAX_BYTES = 2_000_000
MAX_DEPTH = 100
# html5ever needs time quadratic in the depth of open elements: with fewer tags than this it cannot matter
_MANY_TAGS = 2_000

# everything that XML 1.0 (section 2.2, Char) forbids, and the C1 controls, which nobody means
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_MANY_AMPERSANDS = 50_000
_MANY_REFERENCES = 5_000
_REFERENCE = re.compile(r"&(?:(#[0-9]+;|#[xX][0-9a-fA-F]+;)|([A-Za-z][A-Za-z0-9]*(?:;|(?![A-Za-z0-9=]))))?")
_LEFT_OUT = ("iframe", "object", "embed", "form")

_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"  # comment
    r"|<[!?][^>]*(?:>|\Z)|</(?![A-Za-z])[^>]*(?:>|\Z)"  # bogus comment
    r"|<(/?)([A-Za-z][^\s/>]*)"  # a tag's name, then its attributes
    r"((?:[^>\"'=]|=\s*+(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))?|[\"'])*+)(?:>|\Z)"
    r"|([^<]+|<)",
    re.DOTALL,
)
# their content is text to a parser, up to their own end tag
_RAW = {name: re.compile(rf"</{name}(?![A-Za-z0-9])", re.IGNORECASE) for name in RAW}
_IMPLIED_END = {
    "li": ({"li"}, {"ul", "ol"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "tr": ({"tr", "td", "th"}, {"table"}),
    "td": ({"td", "th"}, {"table", "tr"}),
    "th": ({"td", "th"}, {"table", "tr"}),
}


def legal(text: str) -> str:
    """``text`` with only characters legal in XML 1.0 and line feeds as the only line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    return _ILLEGAL.sub("", text)


def refusal(html: str, place: str) -> Problem | None:
    """A fatal problem when the article is too large, else None."""
    size = len(html) if len(html) > MAX_BYTES else len(html.encode("utf-8", "replace"))
    if size <= MAX_BYTES:
        return None
    reason = f"the article holds {size / 1e6:.1f} MB of HTML; at most {MAX_BYTES / 1e6:.0f} MB are taken"
    return Problem(place, reason, "split the article, or link to pictures instead of embedding them")


def left_out(html: str, place: str) -> Iterator[Problem]:
    """Warnings about what a reader of the page saw and a reader of the article will not."""
    lower = html.lower()
    for tag in _LEFT_OUT:
        if count := lower.count(f"<{tag}"):
            reason = f"{count} <{tag}> left out"
            yield Problem(place, reason, "link to what it shows, readers cannot see it", fatal=False)


def too_many_ampersands(html: str, place: str) -> Problem | None:
    """A fatal problem for what only an attack holds; ``html`` has been through ``plain_references``."""
    if html.count("&#38;") <= _MANY_AMPERSANDS:
        return None
    reason = f"the article holds more than {_MANY_AMPERSANDS} ampersands"
    return Problem(place, reason, "this is no article; take it out of the source")


def plain_references(html: str) -> str:
    """The same HTML with every character reference numeric, where there are very many of them.

    html5ever needs time quadratic in the number of ampersands in one text.
    """
    return _REFERENCE.sub(_numeric, html) if html.count("&") > _MANY_REFERENCES else html


def _numeric(found: re.Match[str]) -> str:
    if found[1]:
        return found[0]
    name = found[2] or ""
    characters = html5.get(name, "")
    return "".join(f"&#{ord(c)};" for c in characters) if characters else f"&#38;{name}"


def shallow(html: str) -> str:
    """The same HTML with at most ``MAX_DEPTH`` elements open at any point, everything closed in order.

    HTML with few tags is returned as it is. Otherwise only allowed tags are left, so that the parser
    after it sees exactly the tags that were counted here. Linear time.
    """
    if html.count("<") <= _MANY_TAGS:
        return html
    writer = _Shallow()
    at = 0
    while match := _TOKEN.match(html, at):
        closing, name, attributes, text = match.groups()
        name, at = (name or "").lower(), match.end()
        if text:
            writer.out.append(text if text != "<" else "&lt;")
        elif name in _RAW and not closing:
            end = _RAW[name].search(html, at)
            at = end.start() if end else len(html)
        elif name in TAGS:
            writer.close(name) if closing else writer.open(name, attributes)
    return writer.finish()


class _Shallow:
    """Writes tags, closing in order what HTML lets people leave open."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.stack: list[str] = []
        self.open_count: dict[str, int] = {}

    def open(self, name: str, attributes: str) -> None:
        if self.stack and self.stack[-1] == "p" and name in BLOCKS:
            self._pop()
        ends, bounds = _IMPLIED_END.get(name, (set(), set()))
        while ends and (at := self._last(ends, bounds)) is not None and len(self.stack) > at:
            self._pop()
        if name in VOID:
            self.out.append(f"<{name} {attributes.rstrip('/')}>")
        elif len(self.stack) < MAX_DEPTH:
            self.out.append(f"<{name} {attributes}>")
            self.stack.append(name)
            self.open_count[name] = self.open_count.get(name, 0) + 1

    def _last(self, ends: set[str], bounds: set[str]) -> int | None:
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at] in ends:
                return at
            if self.stack[at] in bounds:
                return None
        return None

    def close(self, name: str) -> None:
        while self.open_count.get(name) and self._pop() != name:
            pass

    def _pop(self) -> str:
        name = self.stack.pop()
        self.open_count[name] -= 1
        self.out.append(f"</{name}>")
        return name

    def finish(self) -> str:
        while self.stack:
            self._pop()
        return "".join(self.out)

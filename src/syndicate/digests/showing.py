"""Showing: a mail or page as staff look at it before it goes out. Nothing in it leads anywhere; it is dark when asked.

Whoever serves what comes out says with a policy of its own that nothing in it runs; this only makes it look right.
"""

import re
from html import escape

from syndicate.digests.slots import NAMES, cleared, filled
from syndicate.languages import direction, visible

_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"prefers-color-scheme\s*:\s*(dark|light)", re.IGNORECASE)
_LINK = re.compile(r"<(?P<tag>a|area)\b(?P<rest>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_LEADS = re.compile(r"""\s(?:href|target|ping|title)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)
_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
# A media query that always, or never, is true.
_ALWAYS, _NEVER = "min-width: 0px", "max-width: 0px"

PLAIN = """<!doctype html>
<html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>{title}</title>
<style>pre {{ margin: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .95rem/1.5 ui-monospace, Menlo,
Consolas, "Noto Sans Mono", monospace; }}</style></head>
<body><pre>{text}</pre></body></html>
"""


def shown(html: str, *, dark: bool) -> str:
    """``html`` with its links taken off (what they led to is their title) and the colours of one scheme only."""
    made = _STYLE.sub(lambda one: one[1] + _scheme(one[2], dark) + one[3], html)
    return _coloured(_LINK.sub(_still, made), dark)


def plain(text: str, subject: str, language: str, *, dark: bool) -> str:
    """The text part as a page."""
    made = PLAIN.format(
        language=escape(language), direction=direction(language), title=escape(subject), text=escape(text)
    )
    return _coloured(made, dark)


def for_somebody(part: str, name: str, nowhere: str, *, is_html: bool) -> str:
    """``part`` of a digest with its slots filled: a name, no address, and links to ``nowhere``."""
    values = {**dict.fromkeys(NAMES, nowhere), "name": cleared(visible(name)), "email": ""}
    return filled(part, {key: escape(value) for key, value in values.items()} if is_html else values)


def _scheme(style: str, dark: bool) -> str:
    return _SCHEME.sub(lambda one: _ALWAYS if (one[1].lower() == "dark") is dark else _NEVER, style)


def _coloured(html: str, dark: bool) -> str:
    """The browser's own colours, too; after everything else the head says of it."""
    scheme = "dark" if dark else "light"
    rule = f"<style>:root {{ color-scheme: {scheme} !important; }}</style>"
    return _HEAD.sub(lambda head: f"{head[0]}{rule}", html, count=1)


def _still(link: re.Match[str]) -> str:
    found = _HREF.search(link["rest"])
    if found is None:
        return link[0]
    target = next(one for one in found.groups() if one is not None).replace('"', "&quot;")
    return f'<{link["tag"]} href="#" title="{target}"{_LEADS.sub("", link["rest"])}>'

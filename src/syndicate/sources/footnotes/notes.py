"""One note: its text without label and back link, as inline HTML; and what it lacks."""

import re
from dataclasses import dataclass

from lxml import etree

from syndicate.sources.clean import tree
from syndicate.sources.clean.allowed import BLOCKS, TABLES
from syndicate.sources.clean.tree import Element

MARK = "footnote-mark"
"""The element that stands for a reference until its number is known; ``key`` names the note."""

_BACK = re.compile(
    r"[\s\u00a0]*[\[(]?(?:[↩↑^⏎⤴↵⮐⇧△▲🔙]|back|Jump to)?[\ufe0e\ufe0f\u200d\])]*[\s\u00a0]*\Z", re.I
)
_LABEL = re.compile(
    r"[\s\u00a0]*(?:\[\s*(\d{1,3}|[*†‡§]+)\s*\]|(\d{1,3})(?:[.)]|\s|\Z)|([*†‡§]+))[\s\u00a0]*"
)
_BREAKS = re.compile(r"\s*<br/>(?:\s|<br/>)*")
_EDGES = re.compile(r"\A(?:<br/>)+|(?:<br/>)+\Z")
_NO_ADDRESS = re.compile(r"[^,，،]{0,60}[,，،]\s*[,，،][^,，،]{0,60}")
_ADDRESS = re.compile(r"https?://|www\.|doi\.org|\bdoi:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A note that has no number yet. ``label`` is how the source called it."""

    key: str
    label: str
    html: str
    text: str
    has_link: bool


def draft(key: str, block: Element, callers: frozenset[str], label: str = "") -> Draft:
    """Read the note in ``block``; links back to ``callers`` (ids) and the leading label are left out."""
    for link in tree.elements(block, "a"):
        if _is_back_link(link, callers):
            _remove_or_unwrap(link)
    printed = strip_label(block)
    flatten(block)
    _keep_language(block)
    has_link = next(block.iter("a"), None) is not None
    html = _EDGES.sub("", _BREAKS.sub("<br/>", tree.serialise(block)))
    return Draft(key, label or printed or key, html, tree.plain_text(block), has_link)


def _keep_language(block: Element) -> None:
    """What the block says of its language is said by a ``span`` around the note."""
    if language := block.get("lang"):
        span = etree.Element("span", {"dir": block.get("dir") or "auto", "lang": language})
        span.text, block.text = block.text, None
        span.extend(list(block))
        block.append(span)


def _is_back_link(link: Element, callers: frozenset[str]) -> bool:
    href = link.get("href", "")
    if href.startswith("#") and href[1:] in callers:
        return True
    return "#" in href and bool(_BACK.match(tree.text_of(link)))


def _remove_or_unwrap(link: Element) -> None:
    """A back link that wraps the note's label (Word) is taken out by ``strip_label``."""
    text = tree.text_of(link)
    found = _LABEL.match(text)
    if _BACK.match(text) or (found and found.end() == len(text)):
        tree.remove(link)
    else:
        tree.unwrap(link)


def strip_label(block: Element) -> str:
    """Take ``[1]``, ``1.`` or ``*`` from the start of a note and return it bare."""
    first = _first_text(block)
    if first is None:
        return ""
    found = _LABEL.match(first.text or "")
    if not found:
        return ""
    first.text = (first.text or "")[found.end() :]
    return next(group for group in found.groups() if group)


def _first_text(node: Element) -> Element | None:
    """The element in which the text of ``node`` begins."""
    if (node.text or "").strip():
        return node
    for child in node:
        if (found := _first_text(child)) is not None:
            return found
        if (child.tail or "").strip():
            return None
    return None


def flatten(block: Element) -> None:
    """Make what the note holds inline: paragraphs and the like become lines."""
    for node in tree.elements(block, *(BLOCKS | TABLES)):
        if tree.text_of(node).strip() and _something_before(node, block):
            node.addprevious(etree.Element("br"))
        if node.get("lang"):
            node.tag = "span"
        else:
            tree.unwrap(node)
    for node in tree.elements(block):
        node.attrib.pop("id", "")
        if node.tag == MARK:
            tree.remove(node)


def _something_before(node: Element, block: Element) -> bool:
    parent, previous = node.getparent(), node.getprevious()
    if parent is None:
        return False
    before = (previous.tail if previous is not None else parent.text) or ""
    return (
        previous is not None
        or bool(before.strip())
        or (parent is not block and _something_before(parent, block))
    )


def missing_address(note: Draft) -> str:
    """The place in a note where an address was meant to be and is not (``Vesti,, (Date…``), else empty."""
    if note.has_link or _ADDRESS.search(note.text):
        return ""
    found = _NO_ADDRESS.search(note.text)
    return f"“{found[0].strip()}”" if found else ""

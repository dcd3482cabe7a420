"""Notes without links: ``[1]`` in the text, ``[1] the note`` in paragraphs of their own after it."""

import re
from collections.abc import Iterator

from lxml import etree

from syndicate.sources.clean import tree
from syndicate.sources.clean.tree import Element
from syndicate.sources.footnotes.linked import drop_separator
from syndicate.sources.footnotes.notes import MARK, Draft, draft

_NOTE = re.compile(r"[\s\u00a0]*\[(\d{1,3})\][\s\u00a0]*\S")
_CALL = re.compile(r"\[(\d{1,3})\]")
_UNKNOWN = re.compile(r"\[\^([^\]\s]{1,40})\]")
_NOT_TEXT = {"code", "pre", "kbd", "samp", "a", MARK}


def collect(root: Element) -> list[Draft]:
    """Take the paragraphs of notes out of the tree and put marks where ``[n]`` calls them."""
    _one_note_a_paragraph(root)
    blocks = _notes(root)
    called = {number for text in _texts(root, set(blocks.values())) for number in _CALL.findall(text)}
    if not called & set(blocks):
        return []
    drafts = []
    for number, block in blocks.items():
        drafts.append(draft(f"plain-{number}", block, frozenset(), label=number))
        previous = block.getprevious()
        tree.remove(block)
        drop_separator(previous)
    for node in [root, *tree.elements(root)]:
        _mark_calls(node, set(blocks))
    return drafts


def _one_note_a_paragraph(root: Element) -> None:
    """Part a paragraph of several notes at its line breaks: ``[1] …<br/>[2] …``."""
    for node in tree.elements(root, "p"):
        if not _NOTE.match(tree.text_of(node)):
            continue
        for line_break in node.findall("br"):
            if _CALL.match((line_break.tail or "").strip()):
                _split_at(node, line_break)


def _split_at(node: Element, line_break: Element) -> None:
    rest = etree.Element("p", {name: value for name in ("lang", "dir") if (value := node.get(name))})
    parent = line_break.getparent()
    if parent is None:
        return
    paragraph = parent
    rest.text, line_break.tail = (line_break.tail or "").lstrip(), None
    for child in list(line_break.itersiblings()):
        rest.append(child)
    paragraph.remove(line_break)
    paragraph.addnext(rest)


def _notes(root: Element) -> dict[str, Element]:
    """Number -> paragraph, for the last run of paragraphs that are numbered upwards from 1."""
    found: dict[str, Element] = {}
    for node in tree.elements(root, "p", "li", "div"):
        match = _NOTE.match(tree.text_of(node))
        if not match or next(node.iterdescendants("p", "li", "div"), None) is not None:
            continue
        if match[1] == "1":
            found = {}
        if match[1] not in found:
            found[match[1]] = node
    return found


def _texts(root: Element, left_out: set[Element]) -> Iterator[str]:
    if root in left_out or root.tag in _NOT_TEXT:
        return
    yield root.text or ""
    for child in root:
        yield from _texts(child, left_out)
        yield child.tail or ""


def _mark_calls(node: Element, numbers: set[str]) -> None:
    inside_code = any(e.tag in _NOT_TEXT for e in (node, *node.iterancestors()))
    if not inside_code and node.text:
        node.text = _put_marks(node, 0, node.text, numbers)
    parent = node.getparent()
    if parent is None or not node.tail or any(e.tag in _NOT_TEXT for e in node.iterancestors()):
        return
    node.tail = _put_marks(parent, parent.index(node) + 1, node.tail, numbers)


def _put_marks(parent: Element, at: int, text: str, numbers: set[str]) -> str:
    """Insert a mark into ``parent`` for each call in ``text``; returns the text before the first."""
    before, last = "", None
    start = 0
    for call in _CALL.finditer(text):
        if call[1] not in numbers:
            continue
        piece = text[start : call.start()]
        if last is None:
            before = piece
        else:
            last.tail = piece
        last = etree.Element(MARK, {"key": f"plain-{call[1]}"})
        parent.insert(at, last)
        at, start = at + 1, call.end()
    if last is None:
        return text
    last.tail = text[start:]
    return before


def lost(root: Element, drafts: list[Draft]) -> list[str]:
    """Calls in the text that no note answers: ``[^x]`` always, ``[9]`` only where plain notes are used."""
    text = " ".join(_texts(root, set()))
    labels = _UNKNOWN.findall(text)
    if any(d.key.startswith("plain-") for d in drafts):
        labels += _CALL.findall(text)
    return list(dict.fromkeys(labels))

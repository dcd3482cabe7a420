"""Between the text of a clean fragment and its tree. The parser here reads only what nh3 wrote."""

import re
from collections.abc import Iterator
from html import unescape

from lxml import etree

from syndicate.sources.clean.allowed import BLOCKS, TABLES, VOID
from syndicate.sources.clean.limits import MAX_DEPTH, legal

Element = etree._Element

# nh3 (html5ever's serialiser) always quotes values with " and escapes " < > in them
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s[^\s="<>]+="[^"]*")*)\s*/?>|([^<]+)|<')
_ATTRIBUTE = re.compile(r'\s([^\s="<>]+)="([^"]*)"')
_XML_NAME = re.compile(r"[a-z][a-z-]*\Z")
_SPACE = re.compile(r"[ \t\n\f\r]+")
_BREAKING = BLOCKS | TABLES | {"br"}


def parse(html: str) -> Element:
    """A ``div`` holding the fragment. Elements deeper than ``MAX_DEPTH`` are dissolved into their text."""
    root = etree.Element("div")
    node, too_deep = root, 0
    depth = 0
    for closing, tag, attributes, text in _TOKEN.findall(legal(html)):
        if not tag:
            append_text(node, _decoded(text or "<"))
        elif closing:
            if too_deep:
                too_deep -= 1
            else:
                parent = node.getparent()
                node, depth = (parent, depth - 1) if parent is not None else (node, depth)
        elif depth >= MAX_DEPTH:
            too_deep += tag not in VOID
        else:
            child = etree.SubElement(node, tag, _attributes(attributes))
            if tag not in VOID:
                node, depth = child, depth + 1
    return root


def _decoded(text: str) -> str:
    """The characters meant; a reference may mean one that XML forbids, though the text itself is legal."""
    return legal(unescape(text)) if "&" in text else text


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(text):
        name = "lang" if name == "xml:lang" else name
        if _XML_NAME.match(name):
            found.setdefault(name, _decoded(value))
    return found


def append_text(node: Element, text: str) -> None:
    """Put text at the end of what ``node`` holds."""
    if len(node):
        node[-1].tail = (node[-1].tail or "") + text
    else:
        node.text = (node.text or "") + text


def unwrap(node: Element) -> None:
    """Take the element away and leave its children and text where it stood."""
    parent = node.getparent()
    if parent is None:
        return
    place = parent.index(node)
    _text_before(parent, place, node.text or "")
    tail, children = node.tail or "", list(node)
    node.tail = None
    parent.remove(node)
    for offset, child in enumerate(children):
        parent.insert(place + offset, child)
    _text_before(parent, place + len(children), tail)


def remove(node: Element) -> None:
    """Take the element away with all it holds; what follows it stays."""
    parent = node.getparent()
    if parent is None:
        return
    place = parent.index(node)
    tail = node.tail or ""
    node.tail = None
    parent.remove(node)
    _text_before(parent, place, tail)


def _text_before(parent: Element, place: int, text: str) -> None:
    if not text:
        return
    if place == 0:
        parent.text = (parent.text or "") + text
    else:
        before = parent[place - 1]
        before.tail = (before.tail or "") + text


def elements(root: Element, *tags: str) -> list[Element]:
    """The elements below ``root`` in document order, as a list: the tree may be changed meanwhile."""
    return [e for e in root.iter(*tags) if e is not root]


def serialise(root: Element) -> str:
    """What ``root`` holds, as XHTML-compatible text, stripped of surrounding space."""
    return "".join(_pieces(root)).strip()


def _pieces(root: Element) -> Iterator[str]:
    yield escape(root.text or "")
    for child in root:
        yield f"<{child.tag!s}{''.join(_pairs(child))}"
        if child.tag in VOID:
            yield "/>"
        else:
            yield ">"
            yield from _pieces(child)
            yield f"</{child.tag}>"
        yield escape(child.tail or "")


def _pairs(node: Element) -> Iterator[str]:
    for name, value in sorted(node.attrib.items()):
        yield f' {name!s}="{escape(str(value)).replace(chr(34), "&quot;")}"'


def escape(text: str) -> str:
    """Text as XML character data."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_of(node: Element) -> str:
    """All the text in an element as it stands, its tail left out."""
    return "".join(str(piece) for piece in node.itertext())


def plain_text(root: Element) -> str:
    """The text a reader sees: space collapsed, a line for each block, pictures left out."""
    lines = "".join(_words(root)).split("\0")
    return "\n".join(line for line in (_SPACE.sub(" ", x).strip() for x in lines) if line)


def _words(root: Element) -> Iterator[str]:
    edge = "\0" if root.tag in _BREAKING else ""
    yield edge
    yield root.text or ""
    for child in root:
        yield from _words(child)
        yield child.tail or ""
    yield edge

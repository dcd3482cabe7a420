"""The shape of a fragment: sane ids, heading levels, and nesting that every parser reads the same way."""

import re

from syndicate.sources.clean.allowed import BLOCKS, MEDIA
from syndicate.sources.clean.tree import Element, elements, remove, text_of, unwrap

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_DIRECTIONS = frozenset({"ltr", "rtl", "auto"})
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_-]+")
_P_ENDS_AT = BLOCKS | {"table"}
_PARENTS = {"li": {"ul", "ol"}, "dt": {"dl"}, "dd": {"dl"}}
_NUMBER = re.compile(r"-?\d{1,6}\Z")
_NUMERIC = ("width", "height", "colspan", "rowspan", "span", "start", "value")
# what a paragraph may hold instead of text and still be worth keeping
_CONTENT = MEDIA | {"img", "hr", "br"}


def rename_ids(root: Element) -> dict[str, str]:
    """Make ids sane ([A-Za-z][\\w-]*) and unique; ``fn:1`` becomes ``fn-1``. Returns what became of each."""
    became: dict[str, str] = {}
    taken: set[str] = set()
    for node in elements(root):
        if name := node.attrib.pop("name", ""):
            node.set("id", node.get("id") or str(name))
        if (old := node.get("id")) is None:
            continue
        new = sane_id(old)
        if not new or new in taken:
            del node.attrib["id"]
            continue
        taken.add(new)
        became.setdefault(old, new)
        node.set("id", new)
    return became


def sane_id(text: str) -> str:
    """``text`` as an id: letters, digits, ``-`` and ``_`` of ASCII, a letter first; may be empty."""
    text = _NOT_IN_ID.sub("-", text).strip("-_")[:80].strip("-_")
    return f"n{text}" if text[:1].isdigit() else text


def mend(root: Element) -> None:
    """Undo nesting that HTML parsers would read differently, and drop attributes without a meaning."""
    _mend_nesting(root)
    _mend_attributes(root)


def _mend_nesting(root: Element) -> None:
    for node in elements(root):
        parent = node.getparent()
        if parent is None:
            continue
        if node.tag in _PARENTS and not _is_item_of(parent, _PARENTS[node.tag]):
            node.tag = "div"
        if node.tag == "p" and next(node.iterdescendants(*_P_ENDS_AT), None) is not None:
            node.tag = "div"
        if (node.tag == "a" and _inside(node, "a")) or (node.tag in HEADINGS and _inside(node, *HEADINGS)):
            unwrap(node)
    for node in elements(root, "pre"):
        node.text = (node.text or "").lstrip("\n")


def _is_item_of(parent: Element, lists: set[str]) -> bool:
    """Whether ``parent`` is such a list, or a group in a ``dl`` (HTML, section 4.4.9)."""
    above = parent.getparent()
    return parent.tag in lists or (
        parent.tag == "div" and above is not None and above.tag == "dl" and "dl" in lists
    )


def _inside(node: Element, *tags: str) -> bool:
    return next(node.iterancestors(*tags), None) is not None


def _level_headings(root: Element) -> None:
    """Levels run from h2 without a skip, keeping which heading stands below which (WCAG 2, technique G141)."""
    above: list[tuple[int, int]] = []
    for node in elements(root, *HEADINGS):
        level = int(node.tag[1])
        while above and above[-1][0] >= level:
            above.pop()
        new = min(above[-1][1] + 1 if above else 2, 6)
        above.append((level, new))
        node.tag = f"h{new}"


def _mend_attributes(root: Element) -> None:
    for node in elements(root):
        for name in _NUMERIC:
            if (value := node.get(name)) is not None and not _NUMBER.match(value.strip()):
                del node.attrib[name]
        if (direction := node.get("dir")) is not None and direction.lower() not in _DIRECTIONS:
            del node.attrib["dir"]
        if node.get("class") == "":
            del node.attrib["class"]
        if node.tag in ("audio", "video"):
            node.set("controls", "controls")


def tidy(root: Element) -> None:
    """Take away what carries nothing: bare spans, empty paragraphs and headings, links that lead nowhere.

    Headings are levelled after that, when those that stay are known.
    """
    for node in reversed(elements(root)):
        if (node.tag == "span" and not node.attrib) or (node.tag == "a" and not _anchors(node)):
            unwrap(node)
        elif _is_vain(node):
            remove(node)
    _level_headings(root)


def _is_vain(node: Element) -> bool:
    if node.tag in ("audio", "video"):
        return not node.get("src") and node.find("source") is None
    return node.tag in ("p", *HEADINGS) and not _holds_anything(node)


def _anchors(node: Element) -> bool:
    return bool(node.get("href") or node.get("id"))


def _holds_anything(node: Element) -> bool:
    if next(node.iter(*_CONTENT), None) is not None:
        return True
    return any(e.get("id") for e in node.iter()) or bool(text_of(node).strip())

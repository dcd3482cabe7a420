"""Notes that are called by a link: Markdown, Pandoc, kramdown, WordPress blocks and plugins, Word."""

import re
from collections.abc import Iterator

from lxml import etree

from syndicate.sources.clean import tree
from syndicate.sources.clean.tree import Element
from syndicate.sources.footnotes.notes import MARK, Draft, draft

_CALL = re.compile(
    r"[\s\u00a0]*[\[(]?\s*(?:note\s|nb\s)?(\d{1,3}|[*†‡§]{1,4}|[a-z]|[ivxl]{1,6})(?::\d+)?\s*[\])]?[\s\u00a0]*\Z"
)
_NOTE_ID = re.compile(
    r"(?:user-content-)?(?:fn|ftn|footnote|note|endnote|edn|sdfootnote|sdendnote|cite[-_]note|easy-footnote)",
    re.IGNORECASE,
)
_NOTE_BLOCKS = ("li", "p", "dd", "div", "aside", "td", "section")
_HEADING = re.compile(
    r"\W*(?:(?:foot|end)?notes?|references?|sources?|dipnot(?:lar)?|notlar|kaynak(?:ça|lar)?|son\s?notlar"
    r"|примечани[ея]|сноски|источники|литература|الهوامش|هوامش|المراجع|المصادر|qeydlər|istinadlar|mənbələr"
    r"|ескертпелер|сілтемелер|дереккөздер|fußnoten|anmerkungen|quellen|einzelnachweise|notes de bas de page|références"
    r"|notas?(?: al pie)?|referencias|fuentes|注释|注釋|脚注|参考文献|註)\W*\Z",
    re.IGNORECASE,
)
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")


def collect(root: Element) -> list[Draft]:
    """Take linked notes out of the tree and put marks where they are called."""
    inline = list(_inline_notes(root))
    targets = {node.get("id", ""): node for node in tree.elements(root) if node.get("id")}
    calls = [(a, block) for a in tree.elements(root, "a") if (block := _called(a, targets)) is not None]
    blocks = list(dict.fromkeys([block for _, block in calls] + list(_uncalled(root, [b for _, b in calls]))))
    callers = {block: _names([a for a, b in calls if b is block]) for block in blocks}
    for number, block in enumerate(blocks):
        for call in (a for a, b in calls if b is block):
            _put_mark(call, f"link-{number}")
    drafts = [draft(f"link-{n}", block, callers[block]) for n, block in enumerate(blocks)]
    for block in blocks:
        _take_out(block)
    return inline + drafts


def _inline_notes(root: Element) -> Iterator[Draft]:
    """``<sup class="modern-footnotes-footnote">1</sup><span class="…__note">note</span>``."""
    for number, note in enumerate(tree.elements(root, "span")):
        call = note.getprevious()
        if note.get("class") != "modern-footnotes-footnote__note" or call is None or call.tag != "sup":
            continue
        key = f"inline-{number}"
        found = draft(key, note, frozenset(), label=tree.text_of(call).strip())
        _put_mark(call, key)
        tree.remove(note)
        yield found


def _called(link: Element, targets: dict[str, Element]) -> Element | None:
    """The block of the note that ``link`` calls, or None when it is a link like any other."""
    name = link.get("href", "")[1:] if link.get("href", "").startswith("#") else ""
    target = targets.get(name)
    if target is None or not _CALL.match(tree.text_of(link)):
        return None
    block = target if target.tag in _NOTE_BLOCKS else next(target.iterancestors(*_NOTE_BLOCKS), None)
    if block is None or block.getparent() is None or block in set(link.iterancestors()):
        return None
    return block if (_NOTE_ID.match(name) and not _is_back(link, block)) or _answers(block, link) else None


def _is_back(link: Element, block: Element) -> bool:
    """Whether it is the note that links to its caller (in Word both look alike): callers come first."""
    root = link.getroottree()
    order = list(root.iter("a", block.tag))
    return "ref" in link.get("href", "").lower() or order.index(block) < order.index(link)


def _answers(block: Element, link: Element) -> bool:
    """Whether the block links back to the reference, and stands after it."""
    names = _names([link])
    back = any(a.get("href", "")[1:] in names for a in block.iter("a") if a.get("href", "").startswith("#"))
    return back and not _is_back(link, block)


def _names(links: list[Element]) -> frozenset[str]:
    """The ids by which a note may link back: those of the reference and of what closely surrounds it."""
    found = set()
    for link in links:
        around = [link, *(a for a in link.iterancestors("sup", "span"))]
        around += [e for e in link.iter() if e is not link]
        found |= {name for e in around if (name := e.get("id"))}
    return frozenset(found)


def _uncalled(root: Element, called: list[Element]) -> Iterator[Element]:
    """Items of the same lists as the called notes, and of lists that say they are notes."""
    lists = [block.getparent() for block in called if block.tag == "li"]
    for node in tree.elements(root, "ol", "ul"):
        holder = next(node.iterancestors("section", "div"), None)
        says_so = "footnotes" in node.get("class", "") or (
            holder is not None and holder.get("class") == "footnotes" and node.tag == "ol"
        )
        nested = next(node.iterancestors("li"), None) is not None
        if node in lists or (says_so and not nested):
            yield from node.findall("li")


def _put_mark(call: Element, key: str) -> None:
    """Replace a reference, and the ``sup`` or ``span`` that holds nothing else, by a mark."""
    parent = call.getparent()
    while parent is not None and parent.tag in ("sup", "span") and _is_alone(call, parent):
        call, parent = parent, parent.getparent()
    mark = etree.Element(MARK, {"key": key})
    mark.tail, call.tail = call.tail, None
    if parent is not None:
        parent.replace(call, mark)


def _is_alone(call: Element, parent: Element) -> bool:
    text = tree.text_of(parent).strip().strip("[]() ")
    return len(parent) == 1 and text == tree.text_of(call).strip().strip("[]() ")


def _take_out(block: Element) -> None:
    """Remove a note; then the list, box, rule and heading that held only notes."""
    holder, previous = block.getparent(), block.getprevious()
    tree.remove(block)
    while holder is not None and holder.getparent() is not None and not _holds(holder):
        previous, parent = holder.getprevious(), holder.getparent()
        tree.remove(holder)
        holder = parent
    drop_separator(previous)


def _holds(holder: Element) -> bool:
    rest = [e for e in holder if e.tag not in ("hr", "br") and not is_notes_heading(e)]
    return bool(rest) or bool(tree.text_of(holder).strip() and not len(holder))


def drop_separator(node: Element | None) -> None:
    """Take away a rule or a heading such as "Notes" that now stands last."""
    while node is not None and (node.tag == "hr" or is_notes_heading(node)):
        following, previous = node.getnext(), node.getprevious()
        if following is not None or (node.tail or "").strip():
            return
        tree.remove(node)
        node = previous


def is_notes_heading(node: Element) -> bool:
    """Whether it is a heading (or a bold line) over notes, in any shipped language."""
    is_line = node.tag == "p" and len(node) == 1 and node[0].tag in ("b", "strong") and not node.text
    return (node.tag in _HEADINGS or is_line) and bool(_HEADING.match(tree.text_of(node)))


def lost(root: Element) -> list[str]:
    """Labels of links that call a note which is not there; they become plain ``[9]``."""
    labels = []
    for link in tree.elements(root, "a"):
        name = link.get("href", "").rpartition("#")[2]
        found = _CALL.match(tree.text_of(link))
        in_sup = next(link.iterancestors("sup"), None) is not None or link.find("sup") is not None
        if "#" in link.get("href", "") and found and in_sup and _NOTE_ID.match(name.lstrip("_")):
            labels.append(found[1])
            tree.unwrap(link)
    return labels

"""Clean HTML read as runs of text, and excerpts made of whole sentences or words of it.

An excerpt is never cut HTML: the fragment is read into plain runs first, and a template dresses them again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import lxml.etree
import lxml.html

from syndicate.digests.columns import columns, cut, ends_sentence
from syndicate.digests.links import safe_url
from syndicate.digests.slots import cleared
from syndicate.languages import normalise, visible
from syndicate.model import LanguageTagError

_APART = {"blockquote", "figure", "aside", "table", "li", "pre", "details", "dl"}
_BLOCKS = {
    "p",
    "div",
    "li",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "br",
    "tr",
    "td",
    "figcaption",
    "dd",
    "dt",
}
_MISSED = {"ul", "ol", "dl", "table", "blockquote", "pre"}
_MARKS = {"em": "em", "i": "em", "cite": "em", "strong": "strong", "b": "strong"}
_SILENT = {"script", "style", "template", "title", "head"}


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of plain text with one dress.

    ``mark`` is ``em``, ``strong`` or empty; ``language`` is set where it differs from the text around;
    ``note`` is the number of the footnote that this run refers to (``text`` is then that number).
    """

    text: str
    mark: str = ""
    url: str = ""
    language: str = ""
    note: int = 0


Paragraph = tuple[Run, ...]


def paragraphs(html: str, first: int = 12) -> tuple[Paragraph, ...]:
    """The ``first`` plain paragraphs of a fragment, up to a quotation, list or table that would be missed.

    Headings and figures are passed over. A fragment that has no paragraph is one as a whole.
    """
    root = _parsed(html)
    found = tuple(islice(filter(None, (_tidy(_runs(p, Run(""))) for p in _leading(root))), first))
    return found or tuple(filter(None, (_tidy(_runs(root, Run(""))),)))


def _leading(root: lxml.html.HtmlElement) -> Iterator[lxml.html.HtmlElement]:
    """Paragraphs that follow on each other: what stands behind a list may speak of it."""
    begun = False
    for element in root.iter():
        if element.tag in _MISSED and begun:
            return
        if element.tag == "p" and not any(a.tag in _APART for a in element.iterancestors()):
            begun = True
            yield element


def inline(html: str) -> Paragraph:
    """A whole fragment as one paragraph: a footnote, a short biography."""
    return _tidy(_runs(_parsed(html), Run("")))


def plain(text: str) -> Paragraph:
    """Plain text as a paragraph; empty for no text."""
    return _tidy([Run(text)])


def text_of(paragraph: Paragraph) -> str:
    """The words of a paragraph; a note reference is one U+FFFC."""
    return "".join("\ufffc" if run.note else run.text for run in paragraph)


def whole_text(html: str) -> str:
    """All words of a fragment, note numbers left out: for counting reading time."""
    return " ".join("".join(run.text for run in _runs(_parsed(html), Run("")) if not run.note).split())


def excerpt(source: Sequence[Paragraph], room: int) -> tuple[Paragraph, ...]:
    """The first paragraphs of ``source`` within ``room`` columns, the last cut at a sentence or a word."""
    taken: list[Paragraph] = []
    for paragraph in source:
        size = columns(text_of(paragraph))
        if size > room and taken and room < 160:
            break
        taken.append(clipped(paragraph, room))
        room -= size
        if room <= 0:
            break
    return _concluded(taken)


def _concluded(taken: list[Paragraph]) -> tuple[Paragraph, ...]:
    """Without a last paragraph that announces what is not there any more ("She said:")."""
    announces = len(taken) > 1 and text_of(taken[-1]).rstrip().endswith((":", "："))
    return tuple(taken[:-1] if announces else taken)


def clipped(paragraph: Paragraph, room: int) -> Paragraph:
    """``paragraph`` within ``room`` columns; an ellipsis shows where a sentence was broken off."""
    text = text_of(paragraph)
    end = cut(text, room)
    if end >= len(text):
        return paragraph
    runs = tuple(_until(paragraph, end))
    return runs if ends_sentence(text[:end]) else (*_stripped(runs), Run("…"))


def _until(paragraph: Paragraph, end: int) -> Iterator[Run]:
    for run in paragraph:
        size = 1 if run.note else len(run.text)
        if end <= 0:
            return
        yield run if size <= end else replace(run, text=run.text[:end])
        end -= size


def _stripped(runs: Paragraph) -> Paragraph:
    return (*runs[:-1], replace(runs[-1], text=runs[-1].text.rstrip(" ,;:–—-،、，"))) if runs else ()


def _parsed(html: str) -> lxml.html.HtmlElement:
    try:
        return lxml.html.fragment_fromstring(html or " ", create_parent="div")
    except (lxml.etree.LxmlError, ValueError):
        return lxml.html.fragment_fromstring(visible(html).replace("<", "&lt;") or " ", create_parent="div")


def _runs(element: lxml.html.HtmlElement, dress: Run) -> Iterator[Run]:
    """The runs below ``element`` in order, by a stack of our own: hostile depth must not end the program."""
    stack: list[tuple[lxml.html.HtmlElement | str, Run]] = [(element, dress)]
    while stack:
        node, worn = stack.pop()
        if isinstance(node, str):
            yield replace(worn, text=node)
            continue
        worn = _dressed(node, worn)
        inner: list[tuple[lxml.html.HtmlElement | str, Run]] = [(node.text or "", worn)]
        for child in node:
            if isinstance(child.tag, str) and child.tag not in _SILENT:
                inner.append((child, worn))
            inner.append((child.tail or "", worn))
        if node.tag in _BLOCKS:
            inner = [(" ", worn), *inner, (" ", worn)]
        stack.extend(reversed(inner))


def _dressed(node: lxml.html.HtmlElement, worn: Run) -> Run:
    if node.tag == "a" and (number := _note_number(node)):
        return replace(worn, note=number, url="")
    if node.tag == "a":
        return replace(worn, url=safe_url(node.get("href", "")))
    if node.get("lang"):
        worn = replace(worn, language=_tag(node.get("lang")))
    return replace(worn, mark=_MARKS.get(node.tag, worn.mark))


def _note_number(node: lxml.html.HtmlElement) -> int:
    target = node.get("href", "")
    number = target.removeprefix("#fn-")
    return int(number) if target.startswith("#fn-") and number.isascii() and number.isdigit() else 0


def _tag(language: str) -> str:
    try:
        return normalise(language)
    except LanguageTagError:
        return ""


def _tidy(runs: Iterator[Run] | list[Run]) -> Paragraph:
    """White space collapsed over run borders, neighbours in one dress joined, edges trimmed."""
    tidy: list[Run] = []
    spaced = True
    for run in runs:
        text = _collapsed(run.text, spaced)
        if run.note:
            text = str(run.note) if run.text.strip() else ""
        if not text:
            continue
        spaced = text.endswith(" ")
        if tidy and not run.note and replace(tidy[-1], text="") == replace(run, text=""):
            tidy[-1] = replace(tidy[-1], text=tidy[-1].text + text)
        else:
            tidy.append(replace(run, text=text))
    while tidy and not tidy[-1].text.strip():
        tidy.pop()
    if tidy and not tidy[-1].note:
        tidy[-1] = replace(tidy[-1], text=tidy[-1].text.rstrip())
    return tuple(tidy)


def _collapsed(text: str, spaced: bool) -> str:
    """One line of safe text that keeps a single space at either edge, unless one stands before already."""
    core = cleared(visible(text))
    before = " " if text[:1].isspace() and not spaced else ""
    after = " " if core and text[-1:].isspace() else ""
    return before + core + after

"""Footnotes in every form met in the wild, brought to the one of ``model.Footnote``.

clean HTML -> notes called by links (Markdown, Pandoc, kramdown, WordPress, Word)
           -> notes called by plain ``[1]`` -> numbers in order of first reference -> body without notes
"""

from dataclasses import dataclass

from lxml import etree

from syndicate.model import Footnote, Problem
from syndicate.sources.clean import tree
from syndicate.sources.clean.tree import Element
from syndicate.sources.footnotes import linked, notes, plain
from syndicate.sources.footnotes.notes import Draft

__all__ = ["Noted", "extract"]


@dataclass(frozen=True, slots=True)
class Noted:
    """A body whose references are canonical and whose list of notes is gone; the notes; warnings."""

    html: str
    footnotes: tuple[Footnote, ...] = ()
    problems: tuple[Problem, ...] = ()


def extract(html: str, *, place: str) -> Noted:
    """Find references and notes in clean HTML and join them both ways (see :class:`model.Footnote`).

    Every note is kept, also one that nothing refers to; it comes last. Warnings under ``place`` name
    references without a note, notes without a reference and notes whose source has no address.
    """
    if not _may_have_notes(html):
        return Noted(html)
    root = tree.parse(html)
    drafts = [*linked.collect(root), *plain.collect(root)]
    lost = [*linked.lost(root), *plain.lost(root, drafts)]
    numbered = _number(root, drafts)
    problems = [_lost(place, label) for label in dict.fromkeys(lost)]
    problems += [problem for n, draft, count in numbered for problem in _doubts(place, n, draft, count)]
    footnotes = tuple(Footnote(n, draft.html, count) for n, draft, count in numbered)
    return Noted(tree.serialise(root), footnotes, tuple(problems))


def _may_have_notes(html: str) -> bool:
    return "[" in html or "<sup" in html or "#" in html


def _number(root: Element, drafts: list[Draft]) -> list[tuple[int, Draft, int]]:
    """(number, note, references) in order of first reference; the marks in the body become references."""
    by_key = {draft.key: draft for draft in drafts}
    numbers: dict[str, int] = {}
    counts: dict[str, int] = {}
    for mark in tree.elements(root, notes.MARK):
        key = mark.get("key", "")
        number = numbers.setdefault(key, len(numbers) + 1)
        counts[key] = counts.get(key, 0) + 1
        _write_reference(mark, number, counts[key])
    for key in by_key:
        numbers.setdefault(key, len(numbers) + 1)
    return [(n, by_key[key], counts.get(key, 0)) for key, n in numbers.items()]


def _write_reference(mark: Element, number: int, count: int) -> None:
    mark.tag = "sup"
    mark.attrib.clear()
    suffix = f"-{count}" if count > 1 else ""
    link = etree.SubElement(mark, "a", {"id": f"fnref-{number}{suffix}", "href": f"#fn-{number}"})
    link.text = str(number)
    around = mark.getparent()
    if around is not None and around.tag == "sup" and tree.text_of(around).strip() == link.text:
        tree.unwrap(around)


def _lost(place: str, label: str) -> Problem:
    return Problem(
        place, f"the reference [{label}] has no note", "add the note, or take the reference out", False
    )


def _doubts(place: str, number: int, draft: Draft, count: int) -> list[Problem]:
    found = []
    if not count:
        reason = f"nothing in the text refers to note {number}; it is shown last"
        found.append(Problem(place, reason, f"put a reference to it into the text: {draft.text[:60]}", False))
    if missing := notes.missing_address(draft):
        reason = f"note {number} names a source without its address: {missing}"
        found.append(Problem(place, reason, "write the address of the source between the two commas", False))
    return found

"""The allow-list: hostile HTML in; a well-formed, absolute, accessible fragment out.

    HTML -> limits (size, depth) -> nh3 (parse as browsers do, allow-list) -> tree -> addresses
         -> structure (ids, headings, alt) -> languages of foreign runs -> XHTML-compatible text

The result can stand inside Atom's ``<div xmlns="…xhtml">``, inside RSS and inside a mail: void elements are
closed, attributes quoted, no entities but the five of XML, only characters legal in XML 1.0 (section 2.2).
Cleaning is idempotent: cleaning the result again gives the same fragment.
"""

from collections.abc import Callable
from dataclasses import dataclass

import nh3

from syndicate.model import Image, Problem
from syndicate.sources.clean import accessible, addresses, foreign, limits, structure, tree
from syndicate.sources.clean.addresses import absolute
from syndicate.sources.clean.allowed import ATTRIBUTES, CLASSES, DROPPED_WHOLE, SCHEMES, TAGS
from syndicate.sources.clean.limits import legal
from syndicate.sources.clean.tree import Element

__all__ = ["Cleaned", "absolute", "fragment", "legal"]

_NH3 = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(DROPPED_WHOLE),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    allowed_classes={tag: set(names) for tag, names in CLASSES.items()},
    url_schemes=set(SCHEMES),
    link_rel=None,
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean fragment, its plain text (one block a line), its pictures and the addresses it links to.

    ``links`` are absolute http(s), each once, in order. ``problems`` are warnings, unless one is fatal:
    then the fragment is empty and the article must be left out.
    """

    html: str
    text: str
    images: tuple[Image, ...] = ()
    links: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def fragment(
    html: str, *, base_url: str, language: str, place: str, prepare: Callable[[Element], None] | None = None
) -> Cleaned:
    """Clean one fragment of hostile HTML, as it stands in an article in ``language`` at ``base_url``.

    ``place`` is what problems are reported under. ``prepare`` may change the allowed tree before addresses
    are made absolute: a source gives the pictures it serves itself their addresses there. Never raises
    for any input; linear in its length.
    """
    if refusal := limits.refusal(html, place):
        return Cleaned("", "", problems=(refusal,))
    plain = limits.plain_references(legal(html))
    if refusal := limits.too_many_ampersands(plain, place):
        return Cleaned("", "", problems=(refusal,))
    allowed = _NH3.clean(limits.shallow(plain))
    if refusal := limits.refusal(allowed, place):
        return Cleaned("", "", problems=(refusal,))
    root = tree.parse(allowed)
    if prepare is not None:
        prepare(root)
    problems = list(limits.left_out(html, place))
    addresses.make_absolute(root, base_url)
    ids = structure.rename_ids(root)
    structure.mend(root)
    images = accessible.describe_images(root, place, problems)
    foreign.mark(root, language)
    structure.tidy(root)
    addresses.resolve_fragments(root, base_url, ids)
    return Cleaned(
        tree.serialise(root), tree.plain_text(root), images, addresses.links(root, base_url), tuple(problems)
    )

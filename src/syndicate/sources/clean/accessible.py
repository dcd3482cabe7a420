"""Pictures that everybody can follow: each with an alternative text, or said to lack one."""

import re

from syndicate.model import Image, Problem
from syndicate.sources.clean.tree import Element, elements, plain_text, remove

_ALT_LENGTH = 400
_DIGITS = 7
# editors put the file's name where a description belongs
_FILE_NAME = re.compile(r"\S{1,200}\.(?:png|jpe?g|gif|webp|svg|avif)", re.IGNORECASE)


def describe_images(root: Element, place: str, problems: list[Problem]) -> tuple[Image, ...]:
    """Give every picture an ``alt``, drop those without an address, and list what is left."""
    found: dict[str, Image] = {}
    for node in elements(root, "img"):
        source = node.get("src", "")
        if not source and node.get("srcset"):
            source = node.get("srcset", "").split()[0].rstrip(",")
            node.set("src", source)
        if not source or _is_tracker(node):
            _drop(node, place, problems)
            continue
        image = _describe(node, source, place, problems)
        found.setdefault(image.url, image)
    return tuple(found.values())


def _is_tracker(node: Element) -> bool:
    return node.get("width") in ("0", "1") and node.get("height") in ("0", "1")


def _drop(node: Element, place: str, problems: list[Problem]) -> None:
    if not _is_tracker(node):
        label = node.get("alt") or "without alternative text"
        reason = f"a picture ({label[:60]}) has no address that can be loaded and was left out"
        problems.append(Problem(place, reason, "give it an http(s) address", fatal=False))
    remove(node)


def _describe(node: Element, source: str, place: str, problems: list[Problem]) -> Image:
    caption = _caption(node)
    if _FILE_NAME.fullmatch(node.get("alt", "")):
        del node.attrib["alt"]
    if node.get("alt") is None:
        node.set("alt", caption[:_ALT_LENGTH].strip())
        if not caption:
            reason = f"the picture {source} has no alternative text"
            problems.append(
                Problem(place, reason, 'describe it, or say alt="" if it is decoration', fatal=False)
            )
    return Image(source, node.get("alt", ""), caption, _pixels(node, "width"), _pixels(node, "height"))


def _caption(node: Element) -> str:
    figure = next(node.iterancestors("figure"), None)
    caption = figure.find(".//figcaption") if figure is not None else None
    return plain_text(caption).replace("\n", " ") if caption is not None else ""


def _pixels(node: Element, name: str) -> int | None:
    value = node.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < _DIGITS else None

"""MJML to HTML, with the traps of mjml-python 1.4 (mrml 6) closed.

mrml checks nothing: unknown elements vanish, a missing ``alt`` stays missing, and attribute values are written
with the escapes of a Rust string (``\\u{301}``, doubled backslashes), which no mail client reads.
"""

import re
import unicodedata
from html import escape
from html.entities import name2codepoint

from lxml import etree

from syndicate.digests.slots import CLOSE, OPEN
from syndicate.model import TemplateError

_KNOWN = frozenset(
    {
        "mjml",
        "mj-head",
        "mj-title",
        "mj-breakpoint",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-raw",
        "mj-style",
    }
    | {"mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-text", "mj-image", "mj-button"}
    | {"mj-divider", "mj-spacer", "mj-table", "mj-hero", "mj-social", "mj-social-element", "mj-preview"}
)
_TAG = re.compile(r"<[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_DECLARED = "".join(
    f'<!ENTITY {name} "&#{code};">'
    for name, code in name2codepoint.items()
    if name not in ("amp", "lt", "gt", "quot")
)
_ENTITIES = f"<!DOCTYPE mjml [{_DECLARED}]>".encode()


def to_html(mjml: str, name: str, label: str) -> str:
    """The HTML of a filled MJML template; ``label`` names the message to screen readers.

    Raises TemplateError, with ``name`` of the template and the line as filled in, for MJML that is not
    well-formed or that mrml would drop in silence.
    """
    from mjml import mjml2html

    _check(mjml, name)
    try:
        html: str = mjml2html(_TAG.sub(_spelled_tag, mjml), fonts={}, disable_comments=False)
    except ValueError as error:
        raise TemplateError(f"{name}: {error}") from error
    html = html.replace(f"&#x{ord(OPEN):x};", OPEN).replace(f"&#x{ord(CLOSE):x};", CLOSE)
    return html.replace('role="article"', f'role="article" aria-label="{escape(label)}"', 1)


def _check(mjml: str, name: str) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(_ENTITIES + mjml.strip().encode(), parser)
    except etree.XMLSyntaxError as error:
        line, _ = error.position
        rows = mjml.strip().splitlines()
        shown = rows[line - 1].strip()[:120] if 0 < line <= len(rows) else ""
        raise TemplateError(
            f"{name}: not well-formed once filled in, line {line}: {error.msg} in {shown!r}"
        ) from error
    for element in root.iter(etree.Element):
        _check_element(element, name)


def _check_element(element: etree._Element, name: str) -> None:
    tag = str(element.tag)
    if tag.startswith("mj") and tag not in _KNOWN:
        raise TemplateError(
            f"{name}: <{tag}> would be dropped without a word; use one of {', '.join(sorted(_KNOWN))}"
        )
    in_attributes = element.getparent() is not None and element.getparent().tag == "mj-attributes"  # type: ignore[union-attr]
    if tag in ("mj-image", "img") and element.get("alt") is None and not in_attributes:
        raise TemplateError(f'{name}: <{tag} src={element.get("src")!r}> has no alt; decoration says alt=""')


def _spelled_tag(tag: re.Match[str]) -> str:
    return _VALUE.sub(lambda value: "".join(map(_spelled, value[0])), tag[0])


def _spelled(character: str) -> str:
    """A character as itself where mrml writes it so, else as a numeric reference, which it leaves alone."""
    if character == "\\" or (character.isascii() and not character.isprintable()):
        return f"&#x{ord(character):x};"
    is_plain = character.isascii() or (
        unicodedata.category(character)[0] in "LNPS" and not unicodedata.combining(character)
    )
    return character if is_plain and character not in "\uff9e\uff9f" else f"&#x{ord(character):x};"

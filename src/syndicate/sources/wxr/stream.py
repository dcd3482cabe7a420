"""The export file as a stream of elements, each thrown away when it was looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lxml import etree

from syndicate.model import SourceError
from syndicate.sources.prolog import has_doctype

Element = etree._Element

_CHUNK = 1 << 16
_HEADERS = 1 << 20


def elements(path: Path, *names: str) -> Iterator[Element]:
    """The elements of these local names, in order; one is empty after the next was asked for.

    Raises SourceError for a DOCTYPE, for a file that cannot be opened, and where the XML breaks off.
    """
    parser = etree.XMLPullParser(
        ("end",), resolve_entities=False, no_network=True, huge_tree=True, load_dtd=False
    )
    wanted = frozenset(names)
    try:
        with path.open("rb") as file:
            _refuse_doctype(file, path)
            while chunk := file.read(_CHUNK):
                parser.feed(chunk)
                yield from _finished(parser, wanted)
            parser.close()
            yield from _finished(parser, wanted)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error})") from None
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{path}:{error.lineno}: is no well-formed WXR file ({error.msg})") from None


def _finished(parser: etree.XMLPullParser, wanted: frozenset[str]) -> Iterator[Element]:
    for _, element in parser.read_events():
        if not isinstance(element, Element):
            continue
        if str(element.tag).rpartition("}")[2] in wanted:
            yield element
        parent = element.getparent()
        # what stands in the channel is done with at its end; what stands deeper belongs to it
        if parent is not None and str(parent.tag) == "channel":
            element.clear()
            while element.getprevious() is not None:
                del parent[0]


def _refuse_doctype(file: IO[bytes], path: Path) -> None:
    """UTF-16 too: without its NULs its markup is ASCII."""
    head = file.read(_HEADERS).replace(b"\0", b"").decode("latin-1")
    file.seek(0)
    if has_doctype(head):
        raise SourceError(f"{path}: has a DOCTYPE, which is refused (it may hold a trap)")


def text(element: Element, name: str) -> str:
    """The text of the first child of this local name, or empty."""
    for child in element:
        if str(child.tag).rpartition("}")[2] == name:
            return child.text or ""
    return ""


def encoded(element: Element, namespace: str) -> str:
    """``content:encoded`` or ``excerpt:encoded``: the same name in two namespaces."""
    for child in element:
        tag = str(child.tag)
        if tag.endswith("}encoded") and namespace in tag:
            return child.text or ""
    return ""

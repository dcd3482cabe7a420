"""Every address in a fragment: absolute, of a harmless scheme, or gone."""

import re
from urllib.parse import urljoin, urlsplit

from syndicate.sources.clean.allowed import LAZY, SCHEMES
from syndicate.sources.clean.tree import Element, elements

_ADDRESSES = ("href", "src", "poster", "cite")
_WITHOUT_HOST = frozenset({"mailto", "tel"})
_EDGE = "".join(map(chr, range(0x21)))
_INSIDE = re.compile(r"[\t\n\r]")
_UNSAFE = {ord(c): f"%{ord(c):02X}" for c in ' "<>`{}|\\^'}
# our own notes (see model.Footnote) stand outside the body
_NOTE = re.compile(r"#fn(?:ref)?-\d+(?:-\d+)?\Z")
_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*)([^,]*)")
_DESCRIPTOR = re.compile(r"\d+(?:\.\d+)?[wxh]\Z")


def absolute(address: str, base_url: str) -> str:
    """``address`` joined to ``base_url``, or empty when that gives nothing that is safe to follow.

    Read as browsers do (WHATWG URL, section 4.4): space at the edges and line breaks inside do not count.
    """
    address = _INSIDE.sub("", address.strip(_EDGE))
    try:
        joined = urljoin(base_url, address)
        parts = urlsplit(joined)
        known = parts.scheme in SCHEMES and (parts.scheme in _WITHOUT_HOST or bool(parts.hostname))
        _ = parts.port
    except ValueError:
        return ""
    return joined.translate(_UNSAFE) if known and address else ""


def make_absolute(root: Element, base_url: str) -> None:
    """Make ``href``, ``src``, ``srcset``, ``poster`` and ``cite`` absolute, and drop what cannot be."""
    here = base_url.partition("#")[0]
    for node in elements(root):
        if node.tag == "img":
            _promote_lazy(node)
        for name in _ADDRESSES:
            if (value := node.get(name)) is not None:
                _put(node, name, _local(value.strip(), here) or absolute(value, base_url))
        if (candidates := node.get("srcset")) is not None:
            _put(node, "srcset", _srcset(candidates, base_url))


def _put(node: Element, name: str, value: str) -> None:
    if value:
        node.set(name, value)
    else:
        del node.attrib[name]


def _local(href: str, here: str) -> str:
    """``#id`` for a link within the page itself; empty for any other. Whether the id exists is seen later."""
    if href.startswith("#"):
        return href if len(href) > 1 else ""
    if here and href.startswith(f"{here}#") and len(href) > len(here) + 1:
        return href[len(here) :]
    return ""


def _promote_lazy(node: Element) -> None:
    """The true address of a picture that a script would have loaded."""
    for name in reversed(LAZY):
        if value := node.attrib.pop(name, ""):
            node.set("src", str(value))


def _srcset(text: str, base_url: str) -> str:
    """The candidates of a srcset (HTML, section 4.8.4.2.1) that can be made absolute."""
    kept = []
    for address, descriptor in _CANDIDATE.findall(text):
        url, ends_here = address.rstrip(","), address.endswith(",")
        size = "" if ends_here else descriptor.strip()
        if (url := absolute(url, base_url).replace(",", "%2C")) and (not size or _DESCRIPTOR.match(size)):
            kept.append(f"{url} {size}".strip())
    return ", ".join(kept)


def resolve_fragments(root: Element, base_url: str, ids: dict[str, str]) -> None:
    """Point ``#old`` to the id it became; what is not in this fragment is an address of the page."""
    present = {node.get("id") for node in elements(root)}
    for node in elements(root, "a"):
        href = node.get("href", "")
        if not href.startswith("#") or _NOTE.match(href):
            continue
        target = ids.get(href[1:], href[1:])
        _put(node, "href", f"#{target}" if target in present else absolute(href, base_url))


def links(root: Element, base_url: str) -> tuple[str, ...]:
    """The http(s) addresses of other pages that are linked to, each once, in order."""
    own = base_url.partition("#")[0] + "#"
    hrefs = (node.get("href", "") for node in elements(root, "a"))
    return tuple(
        dict.fromkeys(h for h in hrefs if h.startswith(("http://", "https://")) and not h.startswith(own))
    )

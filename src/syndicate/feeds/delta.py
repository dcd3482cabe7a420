"""Only what a client does not have yet of a feed (RFC 3229 with the instance manipulation "feed"). Pure.

A delta is the document without the entries that the client's older version had in the same words. What else the
document says (title, links, tombstones) stays, but for ``fh:complete`` (RFC 5005, 2): a client that believed it would
throw away every entry that the delta leaves out.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from syndicate.feeds.feed import ROOT

_ATOM = "{http://www.w3.org/2005/Atom}"
_COMPLETE = "{http://purl.org/syndication/history/1.0}complete"
_CLIENTS = ("newsboat/", "python-reader/")


def has_deltas(path: str) -> bool:
    """Whether versions of a file of the public tree are remembered: the RSS and Atom feeds of a whole language."""
    folder, _, name = path.rpartition("/")
    return folder.count("/") == 1 and folder.startswith(f"{ROOT}/") and name in {"rss.xml", "atom.xml"}


def takes_deltas(instance_manipulations: str, user_agent: str) -> bool:
    """Whether a client that sends these (A-IM, User-Agent) really handles 226.

    rss2email asks for deltas and loses the posts; feedparser asks for whoever uses it. So only clients that were seen
    to handle them get one.
    """
    asked = {part.partition(";")[0].strip().lower() for part in instance_manipulations.split(",")}
    return "feed" in asked and user_agent.lower().startswith(_CLIENTS)


def entries(document: bytes) -> dict[str, str]:
    """Id -> hash of every entry of an RSS or Atom document. Entries without an id, or that share one, are left out."""
    found = [(_id(entry), _hash(entry)) for entry in _entries(_parsed(document))]
    times = Counter(identity for identity, _ in found)
    return {identity: mark for identity, mark in found if identity and times[identity] == 1}


def delta(document: bytes, known: Mapping[str, str]) -> bytes:
    """``document`` without the entries that ``known`` (:func:`entries` of an older version) holds unchanged."""
    root = _parsed(document)
    same = {identity for identity, mark in entries(document).items() if known.get(identity) == mark}
    for node in [*(e for e in _entries(root) if _id(e) in same), *root.iter(_COMPLETE)]:
        _remove(node)
    whole: bytes = etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
    return whole


def _parsed(document: bytes) -> etree._Element:
    # Our own documents, yet nothing outside of them is read.
    return etree.fromstring(
        document, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    )


def _entries(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.iterchildren(f"{_ATOM}entry")
    for channel in root.iterchildren("channel"):
        yield from channel.iterchildren("item")


def _id(entry: etree._Element) -> str:
    return (entry.findtext(f"{_ATOM}id") or entry.findtext("guid") or "").strip()


def _hash(entry: etree._Element) -> str:
    whole: bytes = etree.tostring(entry, method="c14n", with_comments=False)
    return hashlib.sha256(whole).hexdigest()[:32]


def _remove(node: etree._Element) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)

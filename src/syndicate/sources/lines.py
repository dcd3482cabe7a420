"""Small pieces of what sources say about an article: one line of text from HTML, who wrote it, what it hashes to."""

import hashlib
import re
from html import unescape

import nh3

from syndicate.languages import slug, visible
from syndicate.model import Credit

_WORDS = 10
_EDGE = re.compile(r"[\s,;:–—-]+\Z")


def line(html: str) -> str:
    """HTML (a title, a name, a label) as one line of plain text: markup out, entities decoded once."""
    return visible(unescape(nh3.clean(html, tags=set())) if "<" in html or "&" in html else html)


def first_words(text: str, limit: int = 70) -> str:
    """The beginning of a text, to stand for a missing title; empty for no text."""
    words = visible(text[:1000]).split(" ")
    start = " ".join(words[:_WORDS])[:limit]
    return f"{_EDGE.sub('', start)}…" if start and (len(words) > _WORDS or len(text) > limit) else start


def credit(name: str, key: str = "") -> Credit | None:
    """A person as printed; ``key`` where the source has a short name of its own. None for no name."""
    printed = line(name)
    return Credit(slug(key or printed), printed) if printed else None


def fingerprint(*parts: str) -> str:
    """16 hex digits of sha256 over all parts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

"""What goes in and what comes out of similar posts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One published article as similar posts see it; everything is plain text.

    ``links`` are the ids of the stories that its text links to: from them the newsroom's own idea of
    "related" is learnt, so the visible text of those links should not be in ``text``. ``published`` is aware.
    """

    id: str
    story: str
    language: str
    title: str
    text: str
    published: datetime
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another story to read next, in the version ``article``. ``score`` only orders; 0.0 is a mere filler."""

    article: str
    story: str
    language: str
    score: float

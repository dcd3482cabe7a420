"""One entry as any kind of feed tells it, before it is judged. Everything in it is still hostile."""

from dataclasses import dataclass
from datetime import datetime

from syndicate.model import Image


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in a feed."""

    name: str
    url: str = ""
    photo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``html`` is the content, ``summary`` HTML too. ``alternates`` are (hreflang, address), ``categories``
    (term, scheme, label). ``base`` is xml:base or empty. Dates are UTC."""

    id: str = ""
    link: str = ""
    title: str = ""
    html: str = ""
    summary: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    language: str = ""
    base: str = ""
    authors: tuple[Person, ...] = ()
    translators: tuple[Person, ...] = ()
    categories: tuple[tuple[str, str, str], ...] = ()
    images: tuple[Image, ...] = ()
    alternates: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A whole feed. ``faults`` are (line or 0, what is malformed); ``deleted`` ids that have a tombstone."""

    entries: tuple[Entry, ...] = ()
    link: str = ""
    language: str = ""
    date: datetime | None = None
    authors: tuple[Person, ...] = ()
    deleted: tuple[str, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()

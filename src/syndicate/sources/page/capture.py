"""What a page says, before it is cleaned."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Capture:
    """``body`` and ``bio_html`` are still hostile. ``said`` holds date, url and language where the page says them.

    ``alternates`` are the addresses of all language versions, its own included, where the page lists them.
    """

    title: str
    body: str
    also_in: tuple[str, ...] = ()
    author: str = ""
    bio_html: str = ""
    bio: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    alternates: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

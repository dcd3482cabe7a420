"""What a newsroom says of its folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownSettings:
    """One folder of articles.

    ``url`` is the pattern of an article's address, with ``{language} {slug} {key} {year} {month} {day}``.
    ``media_url`` is where pictures found beside the articles will be served. ``authors`` is a folder of
    ``*.yaml``, ``tags`` a file of ``{slug: {language: label}}``. ``timezone`` (IANA) is that of dates without
    an offset. ``include`` and ``exclude`` are globs on paths relative to ``path``; no ``include`` takes all.
    """

    name: str
    path: Path
    languages: tuple[str, ...]
    default_language: str
    url: str
    media_url: str
    authors: Path | None = None
    tags: Path | None = None
    timezone: str = "UTC"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

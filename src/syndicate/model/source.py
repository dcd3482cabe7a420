"""What a source says about one thing it holds, compared with what was known of it."""

from dataclasses import dataclass

from syndicate.model.article import Manuscript, MediaFile
from syndicate.model.author import Author
from syndicate.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Found:
    """New or changed content under ``key``. ``fingerprint`` is opaque: given back next time as known.

    One key may hold several manuscripts (a feed document, a WXR file) or none (an authors' file).
    ``problems`` are warnings about content that was nevertheless taken; ``media`` belongs to the authors.
    """

    key: str
    fingerprint: str
    manuscripts: tuple[Manuscript, ...] = ()
    authors: tuple[Author, ...] = ()
    problems: tuple[Problem, ...] = ()
    media: tuple[MediaFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """Same content as before, new fingerprint (a file's date moved): remember it, do nothing else."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Gone:
    """What was known under ``key`` is no longer there."""

    key: str


SourceItem = Found | Touched | Gone | Problem

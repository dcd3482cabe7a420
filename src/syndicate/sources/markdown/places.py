"""What a path says: language, group, slug. ``tr/2024-01-02-title.md``, ``title.tr.md``, ``title/index.tr.md``."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from syndicate import languages
from syndicate.model import LanguageTagError

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|\d{3}))?\Z")
# three-letter names of folders and suffixes that are also codes of small languages
_NOT_LANGUAGES = frozenset(
    {"new", "art", "man", "bin", "day", "den", "car", "dev", "doc", "lib", "pub", "tag", "cat", "old", "out"}
    | {"min", "max", "raw", "src", "tmp", "ads"}
)
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d-")
_INDEX = ("index", "readme")


@dataclass(frozen=True, slots=True)
class Place:
    """``language`` is empty where the path names none; ``slug`` is the name without date, suffix and language."""

    language: str
    group: str
    slug: str


@lru_cache(maxsize=4096)
def language_tag(name: str, wanted: tuple[str, ...]) -> str:
    """``name`` as a canonical language tag when it is one that is in use, else an empty string."""
    if not _TAG.match(name):
        return ""
    try:
        tag = languages.normalise(name)
    except LanguageTagError:
        return ""
    if tag in wanted or languages.primary(tag) in wanted:
        return tag
    return tag if name.lower() not in _NOT_LANGUAGES and languages.from_name(tag) is not None else ""


def of(key: str, wanted: tuple[str, ...]) -> Place:
    """Read the path ``key``; ``wanted`` are the site's languages."""
    *folders, name = key.split("/")
    stem, language = _suffix(name.rpartition(".")[0], wanted)
    for folder in folders if not language else ():
        language = language_tag(folder, wanted)
        if language:
            break
    kept = [folder for folder in folders if not language or language_tag(folder, wanted) != language]
    is_index = stem.lower() in ("", *_INDEX)
    group = "/".join(kept if is_index and kept else [*kept, stem])
    slug = kept[-1] if is_index and kept else stem
    return Place(language, group, _DATE.sub("", slug, count=1) or slug)


def address(pattern: str, *, key: str, slug: str, language: str, day: datetime) -> str:
    """An address by its pattern: ``{language} {slug} {key} {year} {month} {day}``; other braces stay."""
    parts = {
        "language": language,
        "slug": slug,
        "key": quote(key.rpartition(".")[0]),
        "year": f"{day:%Y}",
        "month": f"{day:%m}",
        "day": f"{day:%d}",
    }
    return re.sub(r"\{(\w+)\}", lambda found: parts.get(found[1], found[0]), pattern)


def _suffix(stem: str, wanted: tuple[str, ...]) -> tuple[str, str]:
    """(name, language) of ``name.tr``; a name that is nothing but a tag has the name of its folder."""
    name, dot, last = stem.rpartition(".")
    if dot and (tag := language_tag(last, wanted)):
        return name, tag
    if not dot and stem.lower() != "readme" and (tag := language_tag(stem, wanted)) and tag in wanted:
        return "", tag
    return stem, ""

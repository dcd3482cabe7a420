"""BCP 47 language tags in one canonical form (RFC 5646, sections 2.1 and 2.1.1)."""

import re
from functools import lru_cache

from syndicate.model import LanguageTagError

SHIPPED: tuple[str, ...] = ("tr", "en", "ru", "ar", "az", "kk", "de", "fr", "es", "zh")
"""The languages the interface and the mails are written in."""

# RFC 5646 section 2.1, without the 4 to 8 letter languages: none is registered, and they are
# how "english" or "turkish" would pass for a tag.
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<extlang>[a-z]{3}(?:-[a-z]{3}){0,2}))?"
    r"(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*)"
    r"(?P<private>-x(?:-[a-z0-9]{1,8})+)?"
)
_LONGEST = 100
# Preferred-Value of the IANA registry for the deprecated languages people still write.
_DEPRECATED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "sr"}
# Grandfathered tags (RFC 5646 section 2.2.8) that have a modern name.
_GRANDFATHERED = {
    "i-klingon": "tlh",
    "i-lux": "lb",
    "i-navajo": "nv",
    "no-bok": "nb",
    "no-nyn": "nn",
    "zh-guoyu": "cmn",
    "zh-hakka": "hak",
    "zh-min-nan": "nan",
    "zh-xiang": "hsn",
}


@lru_cache(maxsize=1024)
def normalise(tag: str) -> str:
    """The canonical spelling of ``tag``: ``zh_tw`` -> ``zh-TW``, ``AZ-cyrl`` -> ``az-Cyrl``, ``iw`` -> ``he``.

    Raises LanguageTagError when ``tag`` is not a well-formed tag with a language in it.
    """
    text = tag.strip().replace("_", "-").lower()
    text = _GRANDFATHERED.get(text, text)
    found = _TAG.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise LanguageTagError(
            f"{tag[:40]!r} is not a language tag; write one like 'tr', 'en-GB' or 'zh-Hant'"
        )
    return _canonical(found)


def _canonical(found: re.Match[str]) -> str:
    # An extended language is its own language since RFC 4646: zh-yue is yue (RFC 5646, section 4.5).
    language = (found["extlang"] or found["language"]).split("-")[0]
    parts = [_DEPRECATED.get(language, language)]
    if found["script"]:
        parts.append(found["script"].title())
    if found["region"]:
        parts.append(found["region"].upper())
    return "-".join(parts) + found["variants"] + found["extensions"] + (found["private"] or "")


def primary(tag: str) -> str:
    """The language alone: ``zh-TW`` -> ``zh``. Raises LanguageTagError."""
    return normalise(tag).split("-")[0]


def script_of(tag: str) -> str:
    """The script subtag (``az-Cyrl`` -> ``Cyrl``), or an empty string when the tag names none."""
    found = _TAG.fullmatch(normalise(tag).lower())
    return (found["script"] or "").title() if found else ""


def region_of(tag: str) -> str:
    """The region subtag (``zh-TW`` -> ``TW``), or an empty string when the tag names none."""
    found = _TAG.fullmatch(normalise(tag).lower())
    return (found["region"] or "").upper() if found else ""


def is_cjk(tag: str) -> bool:
    """Whether the language is set in Chinese, Japanese or Korean type (fonts, line height, no italics)."""
    return primary(tag) in {"zh", "ja", "ko", "yue", "cmn", "nan", "hak", "hsn", "wuu", "lzh"}

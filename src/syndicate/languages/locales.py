"""Babel's locale for a tag: the one place that decides which CLDR data a language is printed by."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from syndicate.languages.tags import normalise

if TYPE_CHECKING:
    from babel import Locale


@lru_cache(maxsize=256)
def locale_for(tag: str) -> Locale:
    """The nearest CLDR locale of ``tag``, else of its language, else English.

    Plain ``en`` is World English (``en-001``): readers are in many countries, so "24 August 2022" and
    "A, B and C"; ``en-US`` is there for who wants it.
    """
    return find_locale("en-001" if normalise(tag) == "en" else tag) or find_locale("en-001") or _english()


def find_locale(tag: str) -> Locale | None:
    """The CLDR locale of ``tag`` or of the tag shortened from its end, or None."""
    from babel import Locale, UnknownLocaleError

    parts = normalise(tag).split("-")
    while parts:
        try:
            return Locale.parse("-".join(parts), sep="-")
        except (UnknownLocaleError, ValueError):
            parts.pop()
    return None


def _english() -> Locale:
    from babel import Locale

    return Locale("en")

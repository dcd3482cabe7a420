"""Which language a post is in and which posts are its translations, by whichever plugin says so.

Polylang Pro: ``lang`` and ``translations`` {slug: id}. wp-rest-polylang: ``polylang_current_lang`` and
``polylang_translations`` [{locale, id}]. WPML REST API: ``wpml_current_locale`` and ``wpml_translations``, a list
or (since 2.0) an object of {locale, id, href}. Multilingual Bridge: ``language_code``.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from syndicate.languages import detect, match, normalise
from syndicate.model import LanguageTagError

Json = dict[str, Any]

_LANGUAGE_FIELDS = ("lang", "polylang_current_lang", "wpml_current_locale", "language_code", "wpml_language")
_SET_FIELDS = ("translations", "polylang_translations", "wpml_translations")
_SURE = 0.6


def declared(item: Json, languages: Sequence[str]) -> str:
    """The tag a plugin gives the post (``tr_TR`` as ``tr`` where that is what we take), or empty."""
    for name in _LANGUAGE_FIELDS:
        value = item.get(name)
        if isinstance(value, str) and value:
            with suppress(LanguageTagError):
                tag = normalise(value)
                return match(tag, languages) or tag
    return ""


def guessed(text: str, languages: Sequence[str], default: str) -> str:
    """The language of a text nobody has labelled: the only one, the detected one, the default; or empty."""
    if len(languages) == 1:
        return languages[0]
    guess = detect(text, languages)
    return guess.language if guess.confidence >= _SURE and guess.language != "und" else default


def members(item: Json) -> tuple[int, ...]:
    """The ids of the translation set of a post, itself included, smallest first."""
    found = {number for name in _SET_FIELDS for number in _ids(item.get(name))}
    return tuple(sorted(found | {int(item["id"])}))


def _ids(value: Any) -> Iterable[int]:
    held = list(value.values()) if isinstance(value, Mapping) else value
    entries: list[Any] = held if isinstance(held, list) else []
    for entry in entries:
        number = entry.get("id") if isinstance(entry, Mapping) else entry
        if isinstance(number, int | str) and str(number).isdecimal() and int(number) > 0:
            yield int(number)


def group(item: Json, known: Mapping[str, str]) -> str:
    """The name of the story: the smallest id of the set, or what any of the set was called before."""
    held = [known[str(number)].partition("@")[2] for number in members(item) if str(number) in known]
    before = [int(name) for name in held if name.isdecimal()]
    return str(min([*before, *members(item)]))


def passes(ids: Mapping[str, frozenset[int]], default: str) -> tuple[str, ...]:
    """The values of ``lang=`` worth asking for, given the newest ids that each of them brought.

    Where all bring the same the parameter means nothing here, and one pass without it is enough. A language
    that brings what another one brought is not set up at the site: it fell back to that other one.
    """
    ordered = sorted(ids, key=lambda language: language != default)
    distinct: dict[frozenset[int], str] = {}
    for language in ordered:
        if ids[language]:
            distinct.setdefault(ids[language], language)
    kept = tuple(distinct.values())
    filtering = len(kept) > 1 or (len(kept) == 1 and any(not found for found in ids.values()))
    return kept if filtering else ("",)

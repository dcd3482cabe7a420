"""What languages are called: in themselves, in a reader's language, and back from a name to a tag."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from syndicate.languages.locales import find_locale
from syndicate.languages.tags import SHIPPED, normalise, primary
from syndicate.model import LanguageTagError

# As a language names itself standing alone in a menu, where CLDR has an adjective or nothing.
_ENDONYMS = {
    "az": "Azərbaycanca",
    "ba": "Башҡортса",
    "crh": "Qırımtatarca",
    "kk": "Қазақша",
    "zh-Hans": "简体中文",
    "zh-CN": "简体中文",
    "zh-Hant": "繁體中文",
    "zh-TW": "繁體中文",
}
# Other names that pages and lists use.
_ALIASES = {
    "Azeri": "az",
    "Azərbaycan dili": "az",
    "Azerice": "az",
    "Azerbaycanca": "az",
    "Azerbaycan Türkçesi": "az",
    "Қазақ тілі": "kk",
    "Türk dili": "tr",
    "Türkiye Türkçesi": "tr",
    "Русский язык": "ru",
    "По-русски": "ru",
    "اللغة العربية": "ar",
    "عربي": "ar",
    "Farsi": "fa",
    "Mandarin": "zh",
    "汉语": "zh",
    "漢語": "zh",
    "中国語": "zh",
    "Chinese (Simplified)": "zh-Hans",
    "Chinese (Traditional)": "zh-Hant",
    "中文（简体）": "zh-Hans",
    "中文（繁體）": "zh-Hant",
    "Castellano": "es",
    "Kyrgyz": "ky",
    "Uighur": "ug",
}
# (language, reader): where CLDR's name is not what people say.
_SAID = {("az", "tr"): "Azerbaycanca"}
# CLDR names Chinese by script; people write the country.
_BY_SCRIPT = {
    "zh-CN": "zh-Hans",
    "zh-SG": "zh-Hans",
    "zh-TW": "zh-Hant",
    "zh-HK": "zh-Hant",
    "zh-MO": "zh-Hant",
}
_NOT_LANGUAGES = frozenset({"und", "mul", "mis", "zxx"})
_BRACKETED = re.compile(r"\s*[(（\[][^)）\]]*[)）\]]\s*$")
_EDGES = " \t\r\n\u00a0.,;:!|/·•*\"'“”«»"


def endonym(tag: str) -> str:
    """What a language calls itself, capitalised as it stands alone: ``tr`` -> ``Türkçe``, ``ru`` -> ``Русский``.

    Falls back to the English name, then to the tag. Raises LanguageTagError.
    """
    tag = normalise(tag)
    if tag in _ENDONYMS:
        return _ENDONYMS[tag]
    locale = find_locale(tag)
    own = locale.get_display_name(locale) if locale and locale.language == primary(tag) else None
    return capital(own, primary(tag)) if own else name_in(tag, "en")


def name_in(tag: str, reader: str) -> str:
    """What the reader's language calls ``tag``, cased as inside a sentence: (``tr``, ``en``) -> ``Turkish``.

    Falls back to the name of the primary language, then to English, then to the tag.
    """
    tag = _BY_SCRIPT.get(normalise(tag), normalise(tag))
    if said := _SAID.get((tag, primary(reader))):
        return said
    for tongue in (reader, "en"):
        locale = find_locale(tongue)
        names = locale.languages if locale else {}
        for key in (tag.replace("-", "_"), primary(tag)):
            if key in names:
                return _noun(str(names[key]), primary(tongue))
    return tag


def from_name(text: str) -> str | None:
    """The tag that a name or a code stands for, or None: ``Türkçe``, ``Turkish``, ``土耳其语``, ``TR`` -> ``tr``.

    Case, accents and the Turkish i make no difference. Known are CLDR's names of every language in itself, in
    English and in each shipped language, and the codes of the languages CLDR knows.
    """
    for name in (text, _BRACKETED.sub("", text)):
        tag = _from_code(name) or _names().get(_fold(name)) or _endonyms().get(_fold(name))
        if tag:
            return tag
    return None


def _from_code(text: str) -> str | None:
    english = find_locale("en")
    try:
        tag = normalise(text)
    except LanguageTagError:
        return None
    known = english.languages if english else {}
    return tag if primary(tag) in known and primary(tag) not in _NOT_LANGUAGES else None


def _fold(name: str) -> str:
    """A name without case, accents and edges; all four Turkish and Latin i are one."""
    name = name.strip(_EDGES).replace("ı", "i").replace("İ", "i").casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(bare.split())


def _noun(name: str, reader: str) -> str:
    """CLDR's Azerbaijani names are adjectives (``türk``), which stand alone only with ``dili``."""
    is_adjective = reader == "az" and name[:1].islower() and not name.endswith("dili")
    return f"{name} dili" if is_adjective else name


def capital(name: str, language: str) -> str:
    """First letter large; Georgian and scripts without case stay, Turkish and Azerbaijani i becomes İ."""
    if name[:1] == "i" and language in {"tr", "az", "crh"}:
        return "İ" + name[1:]
    return name[:1].title() + name[1:]


@cache
def _names() -> dict[str, str]:
    """Folded name -> tag: aliases and endonyms by hand first, then the names in each shipped language."""
    known = {_fold(name): tag for name, tag in _ALIASES.items()}
    for tag, name in _ENDONYMS.items():
        known.setdefault(_fold(name), tag)
    for reader in ("en", *SHIPPED):
        for tag, name in _called(reader):
            known.setdefault(_fold(name), tag)
            known.setdefault(_fold(_noun(name, reader)), tag)
    return known


@cache
def _endonyms() -> dict[str, str]:
    """Folded endonym -> tag for every language of CLDR; loaded only for a name not found otherwise."""
    from babel.localedata import locale_identifiers

    known: dict[str, str] = {}
    for identifier in sorted(locale_identifiers()):
        if "_" not in identifier:
            for tag, name in _called(identifier):
                if tag == identifier:
                    known.setdefault(_fold(name), tag)
    return known


def _called(reader: str) -> Iterator[tuple[str, str]]:
    """(tag, name) of each language in the language ``reader``; plain languages before their variants."""
    locale = find_locale(reader)
    names = locale.languages if locale else {}
    for key in sorted(names, key=lambda k: (k.count("_"), k)):
        try:
            yield normalise(key), str(names[key])
        except LanguageTagError:
            continue

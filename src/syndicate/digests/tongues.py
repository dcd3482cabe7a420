"""The language of the interface's own words, which is not always the edition's.

Ten languages have a catalogue. An edition in another one borrows the words of the nearest
(:func:`syndicate.languages.interface`), and these must say what they are: a screen reader would spell
"Unsubscribe" as Japanese, and a Persian line would set an English full stop on the wrong side.
"""

import unicodedata

from markupsafe import Markup, escape

from syndicate.languages import direction, interface, isolate, primary
from syndicate.languages.tags import region_of, script_of

# How each catalogue is written; its language may also be written otherwise (zh-TW, az-Arab, kk-Latn).
_SCRIPTS = {"ru": "Cyrl", "kk": "Cyrl", "ar": "Arab", "zh": "Hans"}
_TRADITIONAL = frozenset({"TW", "HK", "MO"})


def spoken(language: str) -> str:
    """The tag of the interface's words in an edition of ``language``: ``language`` itself where they are in it.

    ``tr-CY`` -> ``tr-CY``, ``ja`` -> ``en``, ``zh-TW`` -> ``zh-Hans``.
    """
    words = interface(language)
    if primary(words) != primary(language):
        return words
    script = _SCRIPTS.get(words, "Latn")
    return language if _written(language, script) == script else f"{words}-{script}"


def is_borrowed(language: str) -> bool:
    """Whether an edition of ``language`` borrows the interface's words from another language or script."""
    return spoken(language) != language


def first_strong(text: str) -> str:
    """``ltr`` or ``rtl`` by the first strong character (UAX 9, P2), empty when there is none."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return ""


def apart(text: str, base: str) -> Markup:
    """``text`` escaped; in ``<bdi>`` where it runs against ``base`` (``ltr`` or ``rtl``)."""
    safe = escape(text)
    return Markup("<bdi>{}</bdi>").format(safe) if first_strong(text) not in ("", base) else safe


def apart_plain(text: str, base: str) -> str:
    """``text``; between isolates where it runs against ``base``."""
    return isolate(text) if first_strong(text) not in ("", base) else text


def marked(words: str, language: str) -> str:
    """Words of the interface in a page of ``language``: as they are, or, borrowed, with their ``lang`` and ``dir``."""
    if not is_borrowed(language):
        return words
    tongue = spoken(language)
    return Markup('<span lang="{}" dir="{}">{}</span>').format(tongue, direction(tongue), words)


def marked_plain(words: str, language: str) -> str:
    """The same for plain text: between isolates where they run against the text."""
    return apart_plain(words, direction(language)) if is_borrowed(language) else words


def quoted(text: str, own: str, words: str) -> Markup:
    """A name of the language ``own`` among ``words`` of another, with its ``lang`` and ``dir``."""
    return Markup('<bdi lang="{}" dir="{}">{}</bdi>').format(own, first_strong(text) or direction(own), text)


def quoted_plain(text: str, own: str, words: str) -> str:
    """The same for plain text: between isolates where it runs against ``words``."""
    return apart_plain(text, direction(words))


def within(text: str, language: str, own: str = "") -> Markup:
    """A name inside a sentence of the interface, in a page of ``language``; ``own`` is the name's language."""
    return quoted(text, own or language, "") if is_borrowed(language) else apart(text, direction(language))


def within_plain(text: str, language: str, own: str = "") -> str:
    """The same for plain text: between isolates where the name runs against borrowed words."""
    return quoted_plain(text, own or language, spoken(language)) if is_borrowed(language) else text


def _written(language: str, usual: str) -> str:
    """The script of a tag, by its subtag, its country or its direction, else the usual one."""
    if primary(language) == "zh" and region_of(language) in _TRADITIONAL:
        usual = "Hant"
    elif direction(language) == "rtl":
        usual = "Arab"
    return script_of(language) or usual

"""An article's text becomes lines, and each line becomes terms: what two articles can have in common.

    text -> lines (each with a key, so that boilerplate can be found) -> words -> folded, stemmed terms

Words are runs of letters, marks and digits. Scripts written without spaces (Han, kana, Thai, Lao, Khmer,
Burmese) and Hangul give overlapping pairs of characters instead of words: word tokenizers fail there.
Turkish and Azerbaijani fold I to ı and İ to i, and a proper noun loses what follows its apostrophe
("Türkiye'nin" is "Türkiye").
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

_DOTTED = {"tr", "az", "crh", "tt", "gag"}
_DOTLESS_FOLD = str.maketrans({"I": "ı", "İ": "i"})
_APOSTROPHES = "'’ʼ＇"
_SUFFIX = re.compile(rf"(?<=\w)[{_APOSTROPHES}]\w+")
_ELISION = re.compile(rf"\b\w{{1,2}}[{_APOSTROPHES}](?=\w)")
_POSSESSIVE = re.compile(rf"(?<=\w)[{_APOSTROPHES}]s\b")
_ELIDING = {"fr", "it", "ca", "oc"}
# Joiners that say nothing about meaning, soft hyphens, Arabic tatweel, and the marks Arabic and Hebrew may omit.
_SILENT = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u0640\u064b-\u065f\u0670\u0591-\u05bd\u05bf-\u05c7]")
# ``\w`` leaves out combining marks, which would cut every Hindi word at its vowel signs.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0610-\u061a\u06d6-\u06dc\u06df-\u06e8\u0711\u0730-\u074a\u07a6-\u07b0"
    "\u0900-\u0963\u0966-\u0df3\u0e31-\u0e4e\u0eb1-\u0ece\u0f71-\u0fbc\u102b-\u109d\u17b4-\u17d3\u1a17-\u1b73"
)
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
)
_WORD = re.compile(rf"\d+(?:\.\d+)+|[{_UNSPACED}]+|[\w{_MARKS}]+")
_ASCII_WORD = re.compile(r"\d+(?:\.\d+)+|\w+", re.ASCII)
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]+")
_SPLIT = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_LONGEST = 40

_ALGORITHMS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "cs": "czech", "da": "danish",
    "nl": "dutch", "en": "english", "eo": "esperanto", "et": "estonian", "fi": "finnish", "fr": "french",
    "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian", "id": "indonesian", "ga": "irish",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "no": "norwegian", "nb": "norwegian",
    "nn": "norwegian", "fa": "persian", "pl": "polish", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip


def lines(text: str) -> Iterator[str]:
    """The lines of ``text`` that hold anything, without outer blanks."""
    return (stripped for line in text.splitlines() if (stripped := line.strip()))


def fold(text: str, language: str) -> str:
    """``text`` in one case and one spelling (NFKC), by the rules of ``language`` (a BCP 47 tag)."""
    primary = language.partition("-")[0]
    if not text.isascii():
        text = _SILENT.sub("", unicodedata.normalize("NFKC", text))
    if primary in _DOTTED:
        text = _SUFFIX.sub("", text).translate(_DOTLESS_FOLD)
    elif primary in _ELIDING:
        text = _ELISION.sub("", text)
    elif primary == "en":
        text = _POSSESSIVE.sub("", text)
    return text.lower()


def terms(text: str, language: str) -> list[str]:
    """The terms of one line, in order, repeated as often as they stand there."""
    split = splitter(language)
    return [term for word in words(text, language) for term in split(word)]


def words(text: str, language: str) -> list[str]:
    """The folded words and unspaced runs of one line."""
    return folded_words(fold(text, language))


def folded_words(text: str) -> list[str]:
    """The words and unspaced runs of what is folded already."""
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


@lru_cache(maxsize=64)
def splitter(language: str) -> Callable[[str], tuple[str, ...]]:
    """What turns one of the :func:`words` of ``language`` into its terms."""
    stem = stemmer(language)

    def split(word: str) -> tuple[str, ...]:
        if _UNSPACED_RUN.search(word):
            return tuple(_pairs(word))
        return (stem(word),) if len(word) <= _LONGEST else ()

    return split


def _pairs(word: str) -> Iterator[str]:
    """Overlapping pairs of the characters of an unspaced run; other letters in it stay whole words."""
    for run in _SPLIT.findall(word):
        if len(run) == 1 or not _UNSPACED_RUN.match(run):
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def stemmer(language: str) -> Callable[[str], str]:
    """The Snowball stemmer of ``language``; for languages without one, the word as it is."""
    import Stemmer

    algorithm = _ALGORITHMS.get(language.partition("-")[0])
    if algorithm is None or algorithm not in Stemmer.algorithms():
        return str
    found: Callable[[str], str] = Stemmer.Stemmer(algorithm).stemWord
    return found

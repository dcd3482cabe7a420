"""Which language a text is in: by its script first, then by its small words, then by py3langid.

Each step is asked only where the one before leaves a choice: the model costs twenty times what the words cost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import exp, sqrt
from typing import Any

from syndicate.languages.tags import primary


@dataclass(frozen=True, slots=True)
class Guess:
    """``language`` is a tag (``und`` when nothing can be said), ``confidence`` from 0 to 1."""

    language: str
    confidence: float


_UNKNOWN = Guess("und", 0.0)
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[#@]\w+|\[\d+\]")
# Enough to be sure, little enough to be quick on a 10 MB body.
_SAMPLE = 6000
# Script -> (its letters, the languages written in it, most likely first).
_SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Arab": (
        "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
        ("ar", "fa", "ur", "ug", "ps"),
    ),
    "Cyrl": (
        "\u0400-\u052f\u1c80-\u1c8f",
        ("ru", "kk", "uk", "bg", "sr", "be", "ky", "mk", "mn", "tg", "tt"),
    ),
    "Kana": ("\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f", ("ja",)),
    "Hani": ("\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af", ("zh",)),
    "Hang": ("\u1100-\u11ff\u3130-\u318f\uac00-\ud7af", ("ko",)),
    "Hebr": ("\u0590-\u05ff", ("he", "yi")),
    "Grek": ("\u0370-\u03ff\u1f00-\u1fff", ("el",)),
    "Armn": ("\u0530-\u058f", ("hy",)),
    "Geor": ("\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2f", ("ka",)),
    "Deva": ("\u0900-\u097f", ("hi", "mr", "ne", "sa")),
    "Beng": ("\u0980-\u09ff", ("bn", "as")),
    "Guru": ("\u0a00-\u0a7f", ("pa",)),
    "Gujr": ("\u0a80-\u0aff", ("gu",)),
    "Taml": ("\u0b80-\u0bff", ("ta",)),
    "Telu": ("\u0c00-\u0c7f", ("te",)),
    "Knda": ("\u0c80-\u0cff", ("kn",)),
    "Mlym": ("\u0d00-\u0d7f", ("ml",)),
    "Sinh": ("\u0d80-\u0dff", ("si",)),
    "Thai": ("\u0e00-\u0e7f", ("th",)),
    "Laoo": ("\u0e80-\u0eff", ("lo",)),
    "Mymr": ("\u1000-\u109f", ("my",)),
    "Khmr": ("\u1780-\u17ff", ("km",)),
    "Ethi": ("\u1200-\u137f", ("am", "ti")),
    "Latn": ("A-Za-z\u00aa\u00ba\u00c0-\u024f\u0250-\u02af\u1e00-\u1eff", ()),
}
_LETTERS = {script: re.compile(f"[{letters}]") for script, (letters, _) in _SCRIPTS.items()}
_BEYOND_LATIN = re.compile("[\u0250-\u1dff\u1f00-\u1fff\u2070-\U0010ffff]")
_ELSEWHERE = frozenset(language for _, languages in _SCRIPTS.values() for language in languages)
# Languages with a second script; taken into account only for a candidate, being rare or declining.
_SECOND_SCRIPTS = frozenset(
    {
        ("Latn", "sr"),
        ("Cyrl", "uz"),
        ("Cyrl", "tk"),
        ("Arab", "ku"),
        ("Arab", "ckb"),
        ("Arab", "sd"),
        ("Hani", "yue"),
    }
)
# Letters that one language uses in nearly every sentence and its neighbours do not. The weight is a log
# probability per letter, added to py3langid's, which is trained on long text and weak on one sentence.
_TELLING: tuple[tuple[str, str, float], ...] = (
    ("az", "əƏ", 4.0),
    ("tr", "ğışĞİŞ", 0.7),
    ("az", "ğışĞİŞ", 0.5),
    ("kk", "әғқңұһӘҒҚҢҰҺ", 3.0),
    ("kk", "өүіӨҮІ", 1.0),
    ("ky", "өүңӨҮҢ", 1.0),
    ("tt", "әҗңһӘҖҢҺ", 2.0),
    ("uk", "їєґЇЄҐ", 3.0),
    ("uk", "іІ", 1.0),
    ("be", "ўЎ", 4.0),
    ("be", "іІ", 1.0),
    ("ru", "ыэъЫЭЪ", 0.5),
    ("fa", "پچژگکی", 1.0),
    ("ar", "ةىكيأإ", 1.0),
    ("ur", "ٹڈڑںےہ", 3.0),
    ("de", "äöüßÄÖÜ", 0.3),
    ("es", "ñ¿¡Ñ", 3.0),
)
# Small words that one of these languages uses all the time and its neighbours (also those not listed here) do not:
# no "de", "bir" or "при". A quarter to a twentieth of a text's words.
_SMALL_WORDS = {
    "en": "the of and is was that with are by from which this has have it at were their its but they been would",
    "tr": "ve için olarak ile gibi çok değil kadar ancak ise göre oldu ama olduğu olduğunu tarafından üzerinde kendi "
    "tüm etti dedi bazı ilgili diye ayrıca sadece böyle şekilde fazla üzere sahip nedeniyle bunun yer ilk yıl yılında",
    "az": "və üçün ilə kimi çox isə hər haqqında ən lakin artıq edən deyil",
    "ru": "и что это как был была было были его она они также который которая которые бы ещё еще чтобы этот этого об "
    "чем будет может если когда нет её лет года году себя очень можно нужно всех всё этом том тем",
    "kk": "және үшін бұл бір деп болып осы туралы оның жылы арқылы кейін",
    "ar": "في إلى على التي الذي أن هذا هذه كان كانت عن إن قد كما بين",
    "de": "der und das dem nicht mit ist von für auf eine einen einer sich werden wird auch nach durch über zu",
    "fr": "les et est dans une du pour sur avec qui aux ces été sont ont cette leur mais où nous elle",
    "es": "el los y las pero más fue muy también sus este años hay desde hasta está",
}
_LANGUAGES_OF = {word: language for language, words in _SMALL_WORDS.items() for word in words.split()}
_WORD = re.compile(r"[^\W\d_]+")
_LEAST_SHARE, _LEAST_DISTINCT, _LEAST_MOST = 0.05, 3, 0.8


def detect(text: str, candidates: Sequence[str] = ()) -> Guess:
    """The language of ``text`` (plain, any length), one of ``candidates`` where these are given.

    ``und`` with confidence 0 when there is nothing to read, or when its script is that of no candidate.
    """
    sample = _NOISE.sub(" ", text[:_SAMPLE])
    script, share = _script(sample)
    wanted = {primary(tag): tag for tag in reversed(candidates)}
    allowed = _allowed(script, tuple(wanted))
    if not allowed:
        return _UNKNOWN
    # without candidates there are kin that the small words were not chosen against
    plain = allowed[0] if not allowed[1:] else _by_small_words(sample, allowed) if wanted else ""
    language, confidence = (plain, 1.0) if plain else _likeliest(sample, allowed)
    return Guess(wanted.get(language, language), round(confidence * share, 4))


def _script(text: str) -> tuple[str, float]:
    """The script most letters are in, and its share. Kana among Han is Japanese however little it is."""
    asked = tuple(_LETTERS) if _BEYOND_LATIN.search(text) else ("Latn",)
    counts = Counter({script: len(_LETTERS[script].findall(text)) for script in asked})
    if counts["Kana"] * 10 > counts["Hani"] > 0:
        counts["Kana"] += counts.pop("Hani")
    # A Chinese or Korean character says as much as several letters of an alphabet.
    for script in ("Hani", "Hang", "Kana"):
        counts[script] *= 3
    script, most = counts.most_common(1)[0]
    return (script, most / counts.total()) if most else ("", 0.0)


def _by_small_words(text: str, allowed: Sequence[str]) -> str:
    """The language whose small words are in the text while hardly any other's are; empty where that is not plain."""
    words = _WORD.findall(text.casefold())
    hits = [word for word in words if word in _LANGUAGES_OF]
    if len(set(hits)) < _LEAST_DISTINCT or len(hits) < _LEAST_SHARE * len(words):
        return ""
    (language, most), *_ = Counter(_LANGUAGES_OF[word] for word in hits).most_common(1)
    is_plain = most >= _LEAST_MOST * len(hits) and language in allowed
    return (
        language
        if is_plain and len({w for w in hits if _LANGUAGES_OF[w] == language}) >= _LEAST_DISTINCT
        else ""
    )


@lru_cache(maxsize=1024)
def _allowed(script: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The languages to choose from: those of the script, of ``wanted`` where given. None for no script."""
    if not script:
        return ()
    written = _SCRIPTS[script][1] or tuple(
        lang for lang in _model_languages() if lang not in _ELSEWHERE | {"zh", "ja"}
    )
    return (
        tuple(language for language in wanted if language in written or _is_free(language, script))
        if wanted
        else written
    )


def _is_free(language: str, script: str) -> bool:
    """Whether we do not know the script of a language and so cannot rule it out (only Latin is open)."""
    return (script == "Latn" and language not in _ELSEWHERE) or (script, language) in _SECOND_SCRIPTS


def _likeliest(text: str, allowed: Sequence[str]) -> tuple[str, float]:
    scores = _scores(text)
    lowest = min(scores.values())
    ranked = {language: scores.get(language, lowest) + _told(text, language) for language in allowed}
    best = max(ranked, key=lambda language: ranked[language])
    # The scores are sums over the text: the root of its length keeps them from always shouting "certain".
    heat = sqrt(len(text.encode("utf-8", "replace")))
    return best, 1.0 / sum(exp((score - ranked[best]) / heat) for score in ranked.values())


def _told(text: str, language: str) -> float:
    if text.isascii():
        return 0.0
    return sum(
        weight * sum(text.count(c) for c in letters) for lang, letters, weight in _TELLING if lang == language
    )


def _scores(text: str) -> dict[str, float]:
    """Log probability of each language py3langid knows, not normalised."""
    return {str(language): float(score) for language, score in _identifier().rank(text)}


@cache
def _model_languages() -> tuple[str, ...]:
    return tuple(str(language) for language in _identifier().labels)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=False)

"""Dates, numbers, lists and reading time as a language writes them (CLDR, through Babel).

Digits are Latin in every language, Arabic included: CLDR's own default for ``ar`` (``latn`` outside of
Egypt and its neighbours) and what readers meet in addresses and prices; ``ar-EG`` is treated alike, so that one mail
never mixes two sets of digits.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime

from syndicate.languages.locales import locale_for
from syndicate.languages.tags import primary

_WORDS_A_MINUTE = 220
_HAN_A_MINUTE = 500
_UNSPACED_A_MINUTE = 1000
_STYLES = ("full", "long", "medium", "short")
_HAN = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
)
_WORD = re.compile(r"\w+(?:['’\-.]\w+)*")
# Thai, Lao, Burmese, Khmer: written without spaces between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def format_date(moment: datetime | date, tag: str, style: str = "long") -> str:
    """The calendar day of ``moment``: ``full``, ``long``, ``medium`` or ``short``.

    A datetime is printed by its own zone's day: turn it into the reader's zone first.
    Raises ValueError for another style.
    """
    from babel.dates import format_date as babel_date

    if style not in _STYLES:
        raise ValueError(f"date style {style!r} is none of {', '.join(_STYLES)}")
    day = moment.date() if isinstance(moment, datetime) else moment
    return babel_date(day, format=style, locale=locale_for(tag))


def format_number(n: int, tag: str) -> str:
    """``1234567`` as the language groups it, in Latin digits."""
    from babel.numbers import format_decimal

    return format_decimal(n, locale=locale_for(tag), numbering_system="latn")


def format_list(items: Sequence[str], tag: str) -> str:
    """ "A, B and C" in the language; the items are taken as they are. Empty for no items."""
    from babel.lists import format_list as babel_list

    return babel_list(list(items), style="standard", locale=locale_for(tag)) if items else ""


def reading_minutes(text: str, tag: str) -> int:
    """Whole minutes to read plain ``text``, at least 1: words at 220 a minute, Han and kana at 500."""
    characters = len(_HAN.findall(text))
    minutes = characters / _HAN_A_MINUTE
    rest = _HAN.sub(" ", text)
    if primary(tag) in {"th", "lo", "my", "km"}:
        minutes += len(_UNSPACED.findall(rest)) / _UNSPACED_A_MINUTE
        rest = _UNSPACED.sub(" ", rest)
    minutes += len(_WORD.findall(rest)) / _WORDS_A_MINUTE
    return max(1, round(minutes))

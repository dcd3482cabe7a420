"""Text measured in columns: a wide (Chinese, Japanese, Korean) character takes two, a combining mark none."""

import re
import unicodedata
from itertools import accumulate

_UNSEEN = frozenset(
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f\u2066\u2067\u2068\u2069"
)
# What may not begin a line, or stand alone after a cut (JIS X 4051 and Unicode line breaking, the common part).
_CLOSING = frozenset("、。，．：；？！）］｝〕〉》」』】’”…‥—·•・ー々,.;:?!)]}»›%")
_OPENING = frozenset("（［｛〔〈《「『【‘“«‹([{")
# A sentence ends at its mark, with the quotes and note numbers (as U+FFFC) that follow it.
_SENTENCE = re.compile("(?:[.!?…؟۔]+[\"”»’')\\]\ufffc]*(?=\\s|$)|[。！？]+[”』」）\ufffc]*)")
# "Dr.", "Mr.", "3.": a full stop after so short a word is more often none.
_SHORT_WORD = re.compile(r"(?:^|[\s(\"“«])(?:\w{1,3}|\d+)\.$")


def width(character: str) -> int:
    """0, 1 or 2 columns."""
    if unicodedata.combining(character) or character in _UNSEEN:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(text: str) -> int:
    """The columns that ``text`` takes on one line."""
    return sum(map(width, text))


def cut(text: str, room: int) -> int:
    """How many characters of ``text`` to keep within ``room`` columns.

    All, when they fit; else up to the end of a sentence, a word, or, where words are not parted, a character.
    """
    fits = _fitting(text, room)
    if fits == len(text):
        return fits
    found = (m.end() for m in _SENTENCE.finditer(text[: fits + 1]) if m.end() <= fits)
    # A mark that belongs to the full stop is not parted from it.
    ends = [end for end in found if width(text[end]) and _is_end(text[:end])]
    if ends and ends[-1] >= fits * 0.4:
        return ends[-1]
    return _word_end(text, fits)


def ends_sentence(text: str) -> bool:
    """Whether ``text`` stops where a sentence stops, so that no ellipsis is wanted."""
    return bool(re.search("[.!?…؟۔。！？][\"”»’')\\]』」）\ufffc]*$", text))


def shorten(text: str, room: int) -> str:
    """``text`` within ``room`` columns, cut at a word, with an ellipsis where something was left out."""
    if _fitting(text, room) == len(text):
        return text
    return text[: _word_end(text, _fitting(text, room - 1))].rstrip(" ,;:.–—-·،、，") + "…"


def wrap(text: str, room: int = 72, first: str = "", rest: str = "") -> str:
    """Paragraph ``text`` broken into lines of at most ``room`` columns; addresses and long words stay whole.

    ``first`` and ``rest`` are put before the first and the other lines.
    """
    lines, line = [], first
    for piece in _pieces(text):
        if columns(line) + columns(piece.rstrip()) > room and line.strip() and line not in (first, rest):
            lines.append(line.rstrip())
            line = rest
        line += piece.lstrip() if line in (first, rest) else piece
    return "\n".join((*lines, line.rstrip()))


def _pieces(text: str) -> list[str]:
    """What must not be broken, each with the space after it: a word, or one wide character and its marks."""
    pieces: list[str] = []
    for word in re.findall(r"\S+\s*", text):
        pieces.extend(_wide_pieces(word) if not word.startswith(("http://", "https://")) else [word])
    return pieces


def _wide_pieces(word: str) -> list[str]:
    pieces: list[str] = []
    for character in word:
        may_break = pieces and (
            width(character) == 2 or (width(pieces[-1][-1]) == 2 and not character.isspace())
        )
        if may_break and character not in _CLOSING and pieces[-1][-1] not in _OPENING:
            pieces.append(character)
        elif pieces:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _fitting(text: str, room: int) -> int:
    """How many characters fit in ``room`` columns: four to a column at most, for marks can be piled up for ever."""
    return sum(1 for total in accumulate(map(width, text[: 4 * room])) if total <= room)


def _is_end(text: str) -> bool:
    return not _SHORT_WORD.search(text)


def _word_end(text: str, fits: int) -> int:
    """The last place at or before ``fits`` where ``text`` may be cut without hurting a word or a character."""
    space = max(text.rfind(" ", 0, fits + 1), 0)
    if space >= fits * 0.6:
        return space
    while fits > 1 and not _may_cut(text, fits):
        fits -= 1
    return fits


def _may_cut(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    joined = "\u200d" in (before, after) or width(after) == 0 or "\U0001f3fb" <= after <= "\U0001f3ff"
    return not joined and after not in _CLOSING and before not in _OPENING

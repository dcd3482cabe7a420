"""A document read once: the terms of its title and of each line, as numbers.

A term is its CRC-32: no vocabulary has to be shared, and among a million terms a hundred collide, which no
ranking notices. A line is the first eight bytes of its BLAKE2b hash; the title's key is 0.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from syndicate.stories.similar.document import Document
from syndicate.stories.similar.tokenizer import fold, folded_words, lines, splitter

Array = npt.NDArray[Any]

MOST_CHARACTERS = 400_000  # of one article: what comes after it is not looked at
MOST_REPEATS = 2  # a line found in more articles than this is boilerplate
LEAD = 800  # characters of the text whose letters are looked at
_TITLE = np.uint64(0)
_MIX = np.uint32(2_654_435_761)


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """``keys`` (uint64) and ``lengths`` (int32) of the lines, the title first; ``terms`` (uint32) of all lines;
    ``lead`` (uint8), the folded title and first characters in UTF-8."""

    keys: Array
    lengths: Array
    terms: Array
    lead: Array

    def letters(self) -> Array:
        """The runs of four characters of the title and the lead, as numbers (uint32)."""
        return runs(self.lead.tobytes().decode())

    def without(self, boilerplate: Array) -> Array:
        """The terms of the lines whose key is not in ``boilerplate`` (sorted uint64)."""
        kept = ~np.isin(self.keys, boilerplate) | (self.keys == _TITLE)
        left: Array = self.terms[np.repeat(kept, self.lengths)]
        return left


def tokenize(document: Document) -> TokenizedText:
    """Read a document. Its size is bounded by ``MOST_CHARACTERS``."""
    body = list(lines(document.text[:MOST_CHARACTERS]))
    keys = _term_keys(document.language)
    title = " ".join(document.title[:1000].splitlines())
    # folded at once, for folding never makes, joins or parts lines
    folded = fold("\n".join((title, *body)), document.language).split("\n")
    found = [list(chain.from_iterable(map(keys, folded_words(line)))) for line in folded]
    return TokenizedText(
        keys=np.array([0, *map(line_key, body)], np.uint64),
        lengths=np.array([len(line) for line in found], np.int32),
        terms=np.fromiter(chain.from_iterable(found), np.uint32),
        lead=np.frombuffer(_lead(document).encode("utf-8", "replace"), np.uint8),
    )


def _lead(document: Document) -> str:
    return " ".join(fold(f"{document.title[:1000]} {document.text[:LEAD]}", document.language).split())


def runs(text: str) -> Array:
    """Each run of four characters, as a number (uint32)."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    if len(points) < 4:
        return np.zeros(0, np.uint32)
    mixed = points[:-3].copy()
    for n in (1, 2, 3):
        mixed = mixed * _MIX + points[n : len(points) - 3 + n]
    return mixed


@lru_cache(maxsize=64)
def _term_keys(language: str) -> Callable[[str], tuple[int, ...]]:
    """From a word to the numbers of its terms; most words have been seen before."""
    split = splitter(language)
    return lru_cache(maxsize=65_536)(lambda word: tuple(map(term_key, split(word))))


def term_key(term: str) -> int:
    """The number of a term."""
    return zlib.crc32(term.encode())


def line_key(line: str) -> int:
    """The number of a line; never 0."""
    return int.from_bytes(blake2b(line.encode("utf-8", "replace"), digest_size=8).digest(), "little") or 1


def repeated(tokenized: Sequence[TokenizedText], more_than: int) -> Array:
    """The keys (sorted uint64) of the lines that stand in more than ``more_than`` articles."""
    if not tokenized:
        return np.zeros(0, np.uint64)
    keys, counts = np.unique(
        np.concatenate([np.unique(tokens.keys) for tokens in tokenized]), return_counts=True
    )
    often: Array = keys[(counts > more_than) & (keys != _TITLE)]
    return often


def story_key(text: str) -> int:
    """A 62-bit number for an id, a tag or an author."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little") >> 2


def masked_title(document: Document) -> int:
    """The number of the title with its digits masked: equal for "3.2.1 released" and "3.3.0 released"."""
    title = fold(document.title, document.language)
    return story_key("".join("0" if c.isdigit() else c for c in title).replace("00", "0").replace("00", "0"))

"""The snapshot of the last rebuild: its articles, stories, term matrices and lists, as a view of arrays.

Rows are articles in order of id; stories are numbered in order of id too. Nothing is read before it is
asked for, so that one article can be added without loading the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from syndicate.stories.similar.ranking import Ranker
from syndicate.stories.similar.term_matrix import TermMatrix
from syndicate.stories.similar.text_views import TextViews
from syndicate.stories.similar.tokens import Array, story_key
from syndicate.stories.similar.weighting import starts

Arrays = Mapping[str, Array]


class Names:
    """Many texts, found by number or by text."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        self._blob, self._start = arrays[f"{name}_text"], arrays[f"{name}_start"]
        self._keys, self._order = arrays[f"{name}_keys"], arrays[f"{name}_order"]

    def __len__(self) -> int:
        return len(self._start) - 1

    def __getitem__(self, number: int) -> str:
        return bytes(self._blob[self._start[number] : self._start[number + 1]]).decode(
            "utf-8", "surrogatepass"
        )

    def find(self, text: str) -> int | None:
        """The number of ``text``, or None."""
        key = story_key(text)
        at = int(np.searchsorted(self._keys, key))
        while at < len(self._keys) and self._keys[at] == key:
            if self[int(self._order[at])] == text:
                return int(self._order[at])
            at += 1
        return None


def named(name: str, texts: Sequence[str]) -> dict[str, Array]:
    """The arrays of :class:`Names`."""
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    keys = np.array([story_key(text) for text in texts], np.int64)
    order = np.argsort(keys, kind="stable")
    return {
        f"{name}_text": np.frombuffer(b"".join(raw), np.uint8),
        f"{name}_start": starts(np.array([len(text) for text in raw], np.int64)),
        f"{name}_keys": keys[order],
        f"{name}_order": order.astype(np.int32),
    }


def grouped(name: str, groups: Iterable[Iterable[int]]) -> dict[str, Array]:
    """The arrays of a ragged table of int64."""
    members = [sorted(group) for group in groups]
    flat = [number for group in members for number in group]
    return {
        f"{name}_start": starts(np.array([len(group) for group in members], np.int64)),
        f"{name}_members": np.array(flat, np.int64),
    }


class Snapshot:
    """A view of the arrays that ``build`` made."""

    def __init__(self, arrays: Arrays, info: Mapping[str, Any]) -> None:
        self._arrays = arrays
        self.languages: list[str] = list(info["languages"])
        self.articles_count, self.stories_count = int(info["articles"]), int(info["stories"])
        self.keep = int(info["keep"])
        self.ranker = Ranker(info["ranker"]["method"], tuple(info["ranker"]["weights"]))
        self._matrices: dict[str, TermMatrix] = {}
        self._text_views: dict[str, TextViews] = {}

    @cached_property
    def ids(self) -> Names:
        """The article ids, by row."""
        return Names(self._arrays, "ids")

    @cached_property
    def stories(self) -> Names:
        """The story ids, by number."""
        return Names(self._arrays, "stories")

    @cached_property
    def story_of(self) -> Array:
        """The story (int32) of each row."""
        return self._arrays["story_of"]

    @cached_property
    def language_of(self) -> Array:
        """The language (int16 into ``languages``) of each row."""
        return self._arrays["language_of"]

    @cached_property
    def days(self) -> Array:
        """The day (float64, since 1970 UTC) of each row."""
        return self._arrays["days"]

    @cached_property
    def masked(self) -> Array:
        """The title with masked digits (int64) of each row."""
        return self._arrays["masked"]

    @cached_property
    def list_stories(self) -> Array:
        """int32 (rows, LISTED): the stories most alike, best first, -1 where there are no more."""
        return self._arrays["list_stories"]

    @cached_property
    def list_scores(self) -> Array:
        """float32 (rows, LISTED), descending."""
        return self._arrays["list_scores"]

    @cached_property
    def repeated_lines(self) -> Array:
        """The keys of lines that already stand in as many articles as a line may."""
        return self._arrays["repeated_lines"]

    def members(self, name: str, number: int) -> Array:
        """Row ``number`` of the ragged table ``name``: ``rows_of`` a story, ``tags`` or ``authors`` of a row."""
        start = self._arrays[f"{name}_start"]
        return self._arrays[f"{name}_members"][start[number] : start[number + 1]]

    def matrix(self, language: str) -> TermMatrix | None:
        """The term matrix of a language, or None where it had no articles."""
        if language not in self._matrices and language in self.languages:
            number = self.languages.index(language)
            self._matrices[language] = TermMatrix(_Part(self._arrays, f"matrix{number}_"))
        return self._matrices.get(language)

    def text_views(self, language: str) -> TextViews:
        """The text views of a language; there only when the ranker was calibrated."""
        if language not in self._text_views:
            number = self.languages.index(language)
            self._text_views[language] = TextViews(_Part(self._arrays, f"views{number}_"))
        return self._text_views[language]


class _Part(Mapping[str, Array]):
    """Those arrays whose name begins with a prefix."""

    def __init__(self, arrays: Arrays, prefix: str) -> None:
        self._arrays, self._prefix = arrays, prefix

    def __getitem__(self, name: str) -> Array:
        return self._arrays[self._prefix + name]

    def __iter__(self) -> Any:
        return (n.removeprefix(self._prefix) for n in self._arrays if n.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)

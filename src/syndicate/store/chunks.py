"""Long lists of values in pieces that every database takes as parameters of one statement."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

SIZE = 500


def chunks(values: Sequence[T], size: int = SIZE) -> Iterator[Sequence[T]]:
    """Pieces of at most ``size``; none of an empty list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]

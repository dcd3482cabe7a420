"""Which article is in which document: RFC 5005, section 4, by arithmetic alone.

::

    sequence order   0 . . . . 9 | 10 . . . 19 | 20 . . . . . . . 36
    documents          archive 1 |   archive 2 |  subscription document

A full page is cut off only when another full one stays behind, so the subscription document never shrinks to
nothing, every article is in exactly one document, and a page that was cut stays as it is while articles are added.
The first two pages are cut together: an archive page must name a neighbour, and one alone has none to name for ever.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """Places ``first`` up to (not including) ``end`` in sequence order. ``number`` None: the subscription document.

    ``previous`` is the number of the next older archive page, None when there is none.
    """

    number: int | None
    first: int
    end: int
    previous: int | None

    def __len__(self) -> int:
        return self.end - self.first


@dataclass(frozen=True, slots=True)
class Cut:
    """All documents of one feed: ``archives`` the oldest first, each exactly one page long, and ``current``."""

    archives: tuple[Page, ...]
    current: Page

    @property
    def is_complete(self) -> bool:
        """Whether the subscription document holds everything (RFC 5005, section 2)."""
        return not self.archives


def cut(count: int, page_size: int) -> Cut:
    """The documents for ``count`` places in sequence order.

    The subscription document holds between ``page_size`` and ``2 * page_size - 1`` places; before the first archive
    pages are cut, all of up to ``3 * page_size - 1``. A withdrawn article keeps its place and leaves it empty:
    count it, or later pages would move.
    Raises ValueError for a negative count or a page size below 1.
    """
    if count < 0 or page_size < 1:
        raise ValueError(f"cannot cut {count} places into pages of {page_size}")
    full = count // page_size - 1
    full = full if full > 1 else 0
    archives = tuple(
        Page(number, (number - 1) * page_size, number * page_size, number - 1 or None)
        for number in range(1, full + 1)
    )
    return Cut(archives, Page(None, full * page_size, count, full or None))

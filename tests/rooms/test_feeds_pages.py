"""RFC 5005 by arithmetic: every place in exactly one document, pages that stay as they were cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.feeds import cut

counts = st.integers(0, 5000)
sizes = st.integers(1, 200)


@given(counts, sizes)
def test_every_place_is_in_exactly_one_document(count: int, size: int) -> None:
    pieces = cut(count, size)
    places = [place for page in (*pieces.archives, pieces.current) for place in range(page.first, page.end)]
    assert places == list(range(count))


@given(counts, sizes)
def test_archives_are_full_and_the_current_document_is_never_thin(count: int, size: int) -> None:
    pieces = cut(count, size)
    assert all(len(page) == size for page in pieces.archives)
    assert len(pieces.current) <= (3 if pieces.is_complete else 2) * size - 1
    assert len(pieces.current) >= min(size, count)
    assert pieces.is_complete == (count < 3 * size)
    assert len(pieces.archives) != 1


@given(counts, st.integers(0, 500), sizes)
def test_an_archive_page_never_changes_when_articles_are_added(count: int, more: int, size: int) -> None:
    before, after = cut(count, size), cut(count + more, size)
    assert after.archives[: len(before.archives)] == before.archives


@given(counts, sizes)
def test_the_chain_of_previous_pages_visits_them_all(count: int, size: int) -> None:
    pieces = cut(count, size)
    by_number = {page.number: page for page in pieces.archives}
    visited, page = [], pieces.current
    while page.previous is not None:
        page = by_number[page.previous]
        visited.append(page.number)
    assert visited == list(range(len(pieces.archives), 0, -1))


@pytest.mark.parametrize(("count", "size"), [(-1, 10), (10, 0), (0, -1)])
def test_nonsense_is_refused(count: int, size: int) -> None:
    with pytest.raises(ValueError, match="cannot cut"):
        cut(count, size)

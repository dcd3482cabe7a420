"""Which feeds there are, and which articles belong to each."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from syndicate.feeds.feed import ALL, FeedKey, FeedScope
from syndicate.feeds.pages import Cut, Page, cut
from syndicate.model import Tag, UnsafeValue


class Member(Protocol):
    """What decides where an article belongs."""

    @property
    def language(self) -> str: ...
    @property
    def people(self) -> Sequence[str]: ...
    @property
    def tags(self) -> Sequence[Tag]: ...


M = TypeVar("M", bound=Member)


def members(articles: Iterable[M]) -> dict[FeedKey, list[M]]:
    """Every feed with its articles, in the order given (give them in order of arrival).

    An article is in the feeds of its language and of all languages: the site's, its people's, its tags'.
    Whatever cannot be part of an address has no feed of its own.
    """
    found: dict[FeedKey, list[M]] = {}
    for one in articles:
        for key in _keys(one):
            found.setdefault(key, []).append(one)
    return found


def documents(key: FeedKey, count: int, page_size: int, archives: Iterable[FeedScope]) -> Cut:
    """The documents of a feed with ``count`` articles; without archives only the newest ``page_size`` are told."""
    if key.scope in archives:
        return cut(count, page_size)
    return Cut((), Page(None, max(0, count - page_size), count, None))


def _keys(one: Member) -> list[FeedKey]:
    wanted = [(FeedScope.SITE, "")]
    wanted += [(FeedScope.AUTHOR, person) for person in dict.fromkeys(one.people)]
    wanted += [(FeedScope.TAG, slug) for slug in dict.fromkeys(tag.slug for tag in one.tags)]
    found: list[FeedKey] = []
    for language in (one.language, ALL):
        for scope, slug in wanted:
            try:
                found.append(FeedKey(language, scope, slug))
            except UnsafeValue:
                continue
    return found

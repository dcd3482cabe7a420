"""Which entries are one story in several languages."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from syndicate.sources.feed.entry import Entry

Absolute = Callable[[Entry, str], str]


def groups(
    keyed: Sequence[tuple[str, Entry]], how: str, known: Mapping[str, str], absolute: Absolute
) -> dict[str, str]:
    """Key to group. An entry keeps the group it had; a newcomer joins one that any of its links names."""
    if how.startswith("category:"):
        return {key: _by_category(key, entry, how.removeprefix("category:")) for key, entry in keyed}
    if how == "hreflang":
        return _by_links(keyed, known, absolute)
    return {key: key for key, _ in keyed}


def _by_category(key: str, entry: Entry, scheme: str) -> str:
    return next((term for term, its, _ in entry.categories if its == scheme and term), key)


def _by_links(
    keyed: Sequence[tuple[str, Entry]], known: Mapping[str, str], absolute: Absolute
) -> dict[str, str]:
    """Entries that name each other, or the same third address, are one story: sets of addresses, united."""
    leader: dict[str, str] = {}

    def find(url: str) -> str:
        while leader.setdefault(url, url) != url:
            leader[url] = leader[leader[url]]
            url = leader[url]
        return url

    pages = Counter(absolute(entry, entry.link) for _, entry in keyed)
    addresses = {}
    for key, entry in keyed:
        # a page that several entries link to (a home page, the subject of two notes) says nothing of their story
        own = [link for link in (absolute(entry, entry.link),) if pages[link] == 1]
        others = [absolute(entry, href) for _, href in entry.alternates]
        addresses[key] = [link for link in (*own, *others) if link] or [key]
        for link in addresses[key]:
            leader[find(link)] = find(addresses[key][0])
    before = {group_of(mark) for mark in known.values()} - {""}
    names = _names(leader, find, before)
    return {key: group_of(known.get(key, "")) or names[find(links[0])] for key, links in addresses.items()}


def _names(leader: Mapping[str, str], find: Callable[[str], str], before: set[str]) -> dict[str, str]:
    """The name of each set: one it had before, else the first of its addresses."""
    sets: dict[str, list[str]] = {}
    for url in leader:
        sets.setdefault(find(url), []).append(url)
    return {head: min(set(urls) & before or urls) for head, urls in sets.items()}


def group_of(mark: str) -> str:
    """The group in a remembered fingerprint."""
    return mark.split("|", 2)[2] if mark.count("|") >= 2 else ""

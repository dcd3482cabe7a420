"""Deltas of feeds: what an older copy lacks and no more, and never an entry lost on the way."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.rooms.feeds_samples import SITE, START, complete

from syndicate.feeds import Feed, FeedKey, Tombstone, render
from syndicate.feeds.delta import delta, entries, has_deltas, takes_deltas

RSS = 0
ATOM = 1


def written(edition: dict[int, int], form: int, **changes: object) -> bytes:
    """A feed whose article ``number`` has had that many corrections, newest first."""
    items = []
    for number, corrections in sorted(edition.items(), reverse=True):
        item = complete(number)
        text = f"{item.article.body_html}<p>{corrections}</p>"
        items.append(replace(item, article=replace(item.article, body_html=text)))
    values: dict[str, object] = {"title": "T", "description": "D", "updated": START, "is_complete": True}
    feed = Feed(key=FeedKey("en"), items=tuple(items), site=SITE, **(values | changes))  # type: ignore[arg-type]
    return render(feed)[form].body


EDITIONS = st.dictionaries(st.integers(1, 8), st.integers(0, 2), max_size=6)


@settings(max_examples=40, deadline=None)
@given(EDITIONS, EDITIONS, st.sampled_from([RSS, ATOM]))
def test_an_old_copy_and_the_delta_make_the_new_one(
    old: dict[int, int], new: dict[int, int], form: int
) -> None:
    before, after = written(old, form), written(new, form)
    known, wanted = entries(before), entries(after)
    told = entries(delta(after, known))
    assert len(known) == len(old)
    assert len(wanted) == len(new)
    assert told == {one: mark for one, mark in wanted.items() if known.get(one) != mark}
    assert {one: (known | told)[one] for one in wanted} == wanted


@pytest.mark.parametrize("form", [RSS, ATOM])
def test_a_delta_says_nothing_that_makes_a_client_forget(form: int) -> None:
    document = written({1: 0, 2: 0}, form)
    changed = delta(document, entries(document))
    assert b"fh:complete" in document
    assert b"complete/>" not in changed
    assert entries(changed) == {}
    assert len(changed) < len(document) / 2
    root = etree.fromstring(changed)
    assert root.findtext(".//{*}title") == "T"
    assert changed.startswith(b"<?xml")


def test_tombstones_stay() -> None:
    grave = Tombstone("tag:strait.example.org,2026:gone", START, "https://strait.example.org/gone")
    document = written({1: 0}, ATOM, tombstones=(grave,))
    assert b"deleted-entry" in delta(document, entries(document))


@pytest.mark.parametrize(
    "items",
    [
        "<item><guid>a</guid><title>1</title></item><item><guid>a</guid><title>2</title></item>",
        "<item><title>1</title></item>",
        "<item><guid> </guid></item>",
    ],
)
def test_entries_that_cannot_be_told_apart_are_always_sent(items: str) -> None:
    document = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()
    changed = etree.fromstring(delta(document, entries(document)))
    assert len(changed.findall(".//item")) == items.count("<item>")


@pytest.mark.parametrize(
    ("path", "has"),
    [
        ("feeds/en/rss.xml", True),
        ("feeds/all/atom.xml", True),
        ("feeds/en/feed.json", False),
        ("feeds/en/tag/energy/rss.xml", False),
        ("feeds/en/archive/1/rss.xml", False),
        ("feeds/rss.xml", False),
        ("media/en/rss.xml", False),
    ],
)
def test_which_documents_have_deltas(path: str, has: bool) -> None:
    assert has_deltas(path) is has


@pytest.mark.parametrize(
    ("asked", "client", "takes"),
    [
        ("feed", "newsboat/2.21.0 (Linux 6.1.0; x86_64) libcurl/7.88.1", True),
        ("vcdiff, feed;q=0.5", "python-reader/3.26 (+https://github.com/lemon24/reader)", True),
        ("FEED", "Newsboat/2.36", True),
        ("feed", "rss2email/3.13.1 (https://github.com/rss2email/rss2email)", False),
        ("feed", "feedparser/6.0.14 +https://github.com/kurtmckee/feedparser/", False),
        ("feed", "", False),
        ("feed", "Mozilla/5.0 newsboat/2", False),
        ("feeds", "newsboat/2.21", False),
        ("", "newsboat/2.21", False),
    ],
)
def test_only_clients_that_were_seen_to_take_deltas_get_them(asked: str, client: str, takes: bool) -> None:
    assert takes_deltas(asked, client) is takes

"""Rendering a feed: ours in three formats against plain feedgen in two, side by side in one process."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from feedgen.feed import FeedGenerator

from bench import site
from syndicate.feeds import Feed, FeedKey, render
from syndicate.model import Article, Byline, CompleteArticle, Credit, SimilarPost, Site, Tag, Translation

ARTICLES, WORDS, ROUNDS = 50, 850, 15
START = datetime(2026, 1, 1, tzinfo=UTC)
SITE = Site(
    name={"en": "Newsroom"},
    description={"en": "News of everything"},
    url=site.SITE,
    public_url="https://news.newsroom.example.org",
    id_authority="newsroom.example.org,2026",
    languages=("tr", "en", "ru"),
    timezone="UTC",
    postal_address="1 Example Street",
)


def run() -> dict[str, Any]:
    """CPU seconds of one feed of 50 articles, the median of 15 rounds, the two taking turns."""
    items = tuple(_complete(n) for n in range(ARTICLES, 0, -1))
    ours, plain = _take_turns(lambda: _ours(items), lambda: _plain(items))
    size = sum(len(item.article.body_html) for item in items) // len(items)
    return {
        "ratio": round(ours / plain, 3),
        "ours": round(ours * 1000, 2),
        "against": round(plain * 1000, 2),
        "unit": "CPU milliseconds a feed",
        "what": f"RSS, Atom and JSON Feed of {ARTICLES} articles of {size / 1000:.1f} kB with bios, similar posts, "
        "translations and repairs, against plain feedgen's RSS and Atom of the same bodies",
    }


def _take_turns(*tasks: Callable[[], object]) -> list[float]:
    taken: list[list[float]] = [[] for _ in tasks]
    for task in tasks:
        task()
    for _ in range(ROUNDS):
        for times, task in zip(taken, tasks, strict=True):
            began = time.process_time()
            task()
            times.append(time.process_time() - began)
    return [statistics.median(times) for times in taken]


def _ours(items: tuple[CompleteArticle, ...]) -> object:
    return render(
        Feed(key=FeedKey("en"), title="Newsroom", description="News", items=items, site=SITE, updated=START)
    )


def _plain(items: tuple[CompleteArticle, ...]) -> object:
    feed = FeedGenerator()
    feed.id(SITE.url)
    feed.title("Newsroom")
    feed.description("News")
    feed.link(href=SITE.url)
    feed.updated(START)
    for item in items:
        one, entry = item.article, feed.add_entry(order="append")
        entry.id(one.id)
        entry.title(one.title)
        entry.link(href=one.url)
        entry.author({"name": one.authors[0].name})
        entry.published(one.published)
        entry.updated(one.changed)
        entry.content(one.body_html, type="html")
    return feed.atom_str(), feed.rss_str()


def _complete(number: int) -> CompleteArticle:
    text = site.text("en", WORDS, number).split()
    paragraphs = (" ".join(text[n : n + 80]) for n in range(0, len(text), 80))
    at = START + timedelta(days=number)
    article = Article(
        id=f"tag:{SITE.id_authority}:{number}",
        story=str(number),
        sequence=number,
        available=at,
        changed=at,
        content_hash="0" * 64,
        source="bench",
        key=str(number),
        group=str(number),
        language="en",
        title=f"Article {number}",
        url=f"{SITE.url}/en/{number}/",
        published=at,
        body_html="".join(f"<p>{escape(one)}</p>" for one in paragraphs),
        authors=(Credit("ayse-demir", "Ayşe Demir"),),
        tags=(Tag("water", "Water"),),
    )
    return CompleteArticle(
        article,
        bylines=(Byline("ayse-demir", "Ayşe Demir"),),
        translations=(Translation("tr", f"Yazı {number}", f"{SITE.url}/tr/{number}/"),),
        similar=tuple(
            SimilarPost(f"tag:x:{n}", f"s{n}", "en", f"Post {n}", f"{SITE.url}/en/s{n}/") for n in range(3)
        ),
    )

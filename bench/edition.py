"""A digest to measure with: invented Turkish articles, composed with the templates of this repository."""

from datetime import UTC, date, datetime
from html import escape
from pathlib import Path

from bench import site
from syndicate.digests import Digest, EditionArticle, EditionContent, Sender, compose, sender
from syndicate.model import Article, Bio, Byline, CompleteArticle, Credit, Newsletter, SimilarPost, Site

BASE = "https://news.newsroom.example.org"
WHEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
TEMPLATES = (Path(__file__).resolve().parent.parent / "templates",)
STORIES, WORDS = 20, 160
SITE = Site(
    name={"tr": "Haber Odası"},
    description={"tr": "Her şeyin haberi"},
    url=site.SITE,
    public_url=BASE,
    id_authority="newsroom.example.org,2026",
    languages=("tr",),
    timezone="Europe/Istanbul",
    postal_address="1 Example Street",
)
NEWSLETTER = Newsletter(
    key="weekly",
    title={"tr": "Haftalık"},
    languages=("tr",),
    cadence="weekly",
    at="08:00",
    timezone="Europe/Istanbul",
)


def turkish(stories: int = STORIES) -> tuple[Digest, Sender]:
    """About 60 kB of HTML and the text that goes with it; less with fewer stories."""
    items = tuple(EditionArticle(_complete(n)) for n in range(stories))
    content = EditionContent(
        newsletter=NEWSLETTER,
        site=SITE,
        issue_date=date(2026, 11, 23),
        language="tr",
        web_url=f"{BASE}/tr/archive/weekly/2026-11-23/",
        lead=items[0],
        items=items[1:],
        archive_url=f"{BASE}/tr/archive/weekly/",
    )
    return compose(content, TEMPLATES), sender(
        NEWSLETTER, SITE, "tr", "weekly@news.newsroom.example.org", archive_url=content.archive_url
    )


def _complete(number: int) -> CompleteArticle:
    text = site.text("tr", WORDS, number)
    key = f"author-{number % 6}"
    article = Article(
        id=f"tag:{SITE.id_authority}:{number}",
        story=str(number),
        sequence=number,
        available=WHEN,
        changed=WHEN,
        content_hash="0" * 64,
        source="bench",
        key=str(number),
        group=str(number),
        language="tr",
        title=" ".join(text.split()[:7]),
        url=f"{site.SITE}/tr/{number}/",
        published=WHEN,
        body_html=f"<p>{escape(text)}</p>",
        authors=(Credit(key, "Ayşe Demir"),),
    )
    bio = Bio("tr", f"<p>{escape(text[:200])}</p>", text[:200])
    similar = tuple(
        SimilarPost(f"tag:x:{n}", f"s{number}-{n}", "tr", f"Yazı {n}", f"{site.SITE}/tr/s{n}/")
        for n in range(2)
    )
    return CompleteArticle(article, bylines=(Byline(key, "Ayşe Demir", bio=bio),), similar=similar)

"""A trial: a tiny edition with everything that templates may meet, composed for nobody and kept nowhere."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from syndicate.digests import EditionArticle, EditionContent, archive_page, compose
from syndicate.model import (
    Article,
    Bio,
    Byline,
    CompleteArticle,
    Credit,
    Footnote,
    Image,
    Newsletter,
    SimilarPost,
    Site,
    Tag,
    Translation,
)

_URL = "https://www.example.org/trial/"


def compose_all(
    site: Site, newsletters: Sequence[Newsletter], templates: Sequence[Path], now: datetime
) -> int:
    """Compose a mail and an archive page for each newsletter and language; returns how many mails.

    Raises TemplateError naming the file and the line of a mistake.
    """
    made = 0
    for newsletter in newsletters:
        for language in newsletter.languages:
            content = _content(site, newsletter, language, now)
            compose(content, templates)
            archive_page(content, templates)
            made += 1
    return made


def _content(site: Site, newsletter: Newsletter, language: str, now: datetime) -> EditionContent:
    lead, item = (EditionArticle(_article(n, language, now), is_fallback=n > 1) for n in (1, 2))
    return EditionContent(
        newsletter=newsletter,
        site=site,
        issue_date=now.date(),
        language=language,
        reads=(language,),
        lead=lead,
        items=(item,),
        on_the_web=(EditionArticle(_article(3, language, now), corrected=now.date()),),
        web_url=f"{_URL}web/",
        archive_url=f"{_URL}archive/",
    )


def _article(number: int, language: str, now: datetime) -> CompleteArticle:
    note = '<sup><a id="fnref-1" href="#fn-1">1</a></sup>'
    article = Article(
        source="trial", key=f"trial-{number}", group=f"trial-{number}", language=language, title=f"Trial {number}",
        url=f"{_URL}{number}/", published=now, body_html=f"<p>A trial.{note}</p><blockquote><p>Yes.</p></blockquote>",
        summary="A trial.", footnotes=(Footnote(1, "A note."),), images=(Image(f"{_URL}{number}.jpg", "A picture"),),
        tags=(Tag("trial", "Trial"),), authors=(Credit("a-writer", "A Writer"),), state_note="Corrected.",
        id=f"tag:example.org,2026:{number}", story=f"trial-{number}", sequence=number, available=now, changed=now,
        content_hash="",
    )  # fmt: skip
    return CompleteArticle(
        article=article,
        bylines=(Byline("a-writer", "A Writer", bio=Bio(language, "Writes.", "Writes.")),),
        translations=(Translation("en", "Trial", _URL),),
        similar=(SimilarPost("tag:example.org,2026:9", "trial-9", language, "Another", f"{_URL}9/"),),
    )

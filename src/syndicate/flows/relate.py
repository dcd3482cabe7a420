"""Relate: keep the lists of similar posts true after articles changed.

One query per changed article and a patch of its neighbours' lists; never a recomputation of the rest, except
the first time, when there is nothing to patch.
"""

import re
from collections.abc import Collection, Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.flows.progress import Progress, silent
from syndicate.model import Article
from syndicate.store import Database, articles

if TYPE_CHECKING:
    from syndicate.stories.similar import Document, Index

_TAG = re.compile(r"<[^>]+>")
_ANCHOR = re.compile(r'<a\b[^>]*\bhref="([^"]*)"[^>]*>.*?</a>', re.DOTALL)


def relate(database: Database, folder: Path, count: int, progress: Progress = silent) -> int:
    """Bring the index in ``folder`` and every stored list up to date; returns how many lists changed.

    The database knows which changes the index has not seen, so one that was interrupted is made good next time.
    """
    with database.read() as connection:
        changed, removed = articles.unrelated(connection)
        is_lost = not folder.exists() and articles.count(connection) > 0
    if not changed and not removed and not is_lost:
        return 0
    from syndicate.stories.similar import Index

    index = Index.open(folder)
    progress("similar posts", 0)
    touched = _rebuild(database, index) if index.needs_rebuild else _update(database, index, changed, removed)
    index.save()
    _write_lists(database, index, touched, count)
    with database.begin() as connection:
        articles.set_related(connection, [*changed, *removed])
    progress("similar posts", len(touched), len(touched))
    return len(touched)


def _write_lists(database: Database, index: "Index", touched: Collection[str], count: int) -> None:
    with database.begin() as connection:
        languages = articles.languages(connection, touched)
        lists = (
            (one, [n.article for n in index.similar(one, (language,), count)])
            for one, language in languages.items()
        )
        articles.set_similar(connection, lists)


def _rebuild(database: Database, index: "Index") -> Collection[str]:
    with database.read() as connection:
        stories = articles.stories_by_url(connection)
        ids: list[str] = []

        def documents() -> Iterator["Document"]:
            for one in articles.every(connection):
                ids.append(one.id)
                yield document(one, stories)

        index.rebuild(documents())
    return ids


def _update(
    database: Database, index: "Index", changed: Collection[str], removed: Collection[str]
) -> Collection[str]:
    with database.read() as connection:
        found = articles.by_id(connection, changed)
        stories = articles.stories_by_url(connection, {url for a in found.values() for url in a.links})
    return index.update([document(one, stories) for one in found.values()], removed)


def document(article: Article, stories: dict[str, str]) -> "Document":
    """What the index needs to know of an article; links to other stories are named by story."""
    from syndicate.stories.similar import Document

    return Document(
        id=article.id,
        story=article.story,
        language=article.language,
        title=article.title,
        text=plain(_without_own_links(article.body_html, stories)),
        published=article.published,
        tags=tuple(tag.slug for tag in article.tags),
        authors=tuple(credit.key for credit in article.authors),
        links=tuple(dict.fromkeys(stories[url] for url in article.links if url in stories)),
    )


def _without_own_links(html: str, stories: dict[str, str]) -> str:
    """Cut the words of links to our own stories: they are what is learnt from, and often are the title."""
    return _ANCHOR.sub(lambda m: "" if unescape(m[1]) in stories else m[0], html)


def plain(html: str) -> str:
    """The words of clean HTML, block by block on lines of their own."""
    return unescape(_TAG.sub("", re.sub(r"</(?:p|li|h\d|blockquote|td|div)>", "\n", html)))

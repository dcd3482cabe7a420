"""Compose: an edition's articles, with all that is appended, become its digest and its page in the archive."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from syndicate.digests import Digest, EditionArticle, EditionContent, Sibling, compose
from syndicate.model import (
    Article,
    Author,
    CompleteArticle,
    Draft,
    Edition,
    Newsletter,
    Placement,
    SimilarPost,
    Site,
    Translation,
)
from syndicate.store import Connection, articles, authors
from syndicate.stories import bylines

if TYPE_CHECKING:
    from syndicate.stories.similar import Index


@dataclass(frozen=True, slots=True)
class Instalment:
    """An issue that is composed: of what, of which local day, and what it is called in addresses.

    ``draft`` holds the editor's notes and subjects.
    """

    newsletter: Newsletter
    day: date
    name: str
    draft: Draft = field(default_factory=Draft)


@dataclass(frozen=True, slots=True)
class Composer:
    """Where the parts of a digest are. ``similar`` is the folder of the index of similar posts."""

    site: Site
    templates: tuple[Path, ...]
    similar: Path
    similar_count: int

    def digests(
        self,
        connection: Connection,
        issue: Instalment,
        editions: Sequence[Edition],
        now: datetime,
    ) -> list[Mapping[str, Any]]:
        """Each edition rendered, as values for the store."""
        contents = self.contents(connection, issue, editions, now)
        return [asdict(compose(content, self.templates)) for content in contents]

    def contents(
        self,
        connection: Connection,
        issue: Instalment,
        editions: Sequence[Edition],
        now: datetime,
    ) -> list[EditionContent]:
        """What each edition says; nothing that is not out at ``now`` is named."""
        shelf = self._shelf(connection, editions, now)
        return [self._content(shelf, issue, edition, editions) for edition in editions]

    def content(
        self,
        connection: Connection,
        issue: Instalment,
        edition: Edition,
        editions: Sequence[Edition],
        now: datetime,
    ) -> EditionContent:
        """What one edition says; ``editions`` are all of the issue."""
        return self._content(self._shelf(connection, [edition], now), issue, edition, editions)

    def archive_path(self, newsletter: str, name: str, edition: Edition) -> str:
        """Where an edition of the issue ``name`` is shown on the web, below the public tree: those of rarer cadences
        beside the newsletter's own."""
        cadence = f"-{edition.cadence}" if edition.cadence else ""
        return f"{edition.language}/archive/{newsletter}/{name}{cadence}/"

    def _shelf(self, connection: Connection, editions: Sequence[Edition], now: datetime) -> "_Shelf":
        from syndicate.stories.similar import Index

        ids = {item.article_id for edition in editions for item in edition.items}
        index = Index.open(self.similar) if self.similar_count else None
        return _Shelf(self, connection, ids, index, now)

    def _content(
        self,
        shelf: "_Shelf",
        issue: Instalment,
        edition: Edition,
        editions: Sequence[Edition],
    ) -> EditionContent:
        items = [
            (item.placement, shelf.item(item.article_id, item.is_fallback, edition, issue))
            for item in edition.items
        ]
        lead = next((item for place, item in items if place is Placement.LEAD), None)
        language = edition.language
        return EditionContent(
            newsletter=issue.newsletter,
            site=self.site,
            issue_date=issue.day,
            language=language,
            reads=edition.reads,
            lead=lead,
            items=tuple(item for place, item in items if place is Placement.ITEM),
            on_the_web=tuple(item for place, item in items if place is Placement.WEB),
            web_url=f"{self.site.public_url}/{self.archive_path(issue.newsletter.key, issue.name, edition)}",
            archive_url=f"{self.site.public_url}/{language}/archive/{issue.newsletter.key}/",
            feeds=self.feeds(language),
            siblings=self._siblings(issue, edition, editions),
            note=issue.draft.notes.get(language, ""),
            given_subject=issue.draft.subjects.get(language, ""),
        )

    def feeds(self, language: str) -> tuple[tuple[str, str], ...]:
        """(media type, address) of the language's feeds, for autodiscovery."""
        folder = f"{self.site.public_url}/feeds/{language}"
        return (
            ("application/atom+xml", f"{folder}/atom.xml"),
            ("application/rss+xml", f"{folder}/rss.xml"),
            ("application/feed+json", f"{folder}/feed.json"),
        )

    def _siblings(
        self, issue: Instalment, edition: Edition, editions: Iterable[Edition]
    ) -> tuple[Sibling, ...]:
        """The same issue in other languages, for readers of the same cadence."""
        others = (e for e in editions if e.is_main and e.cadence == edition.cadence)
        return tuple(
            Sibling(
                one.language,
                f"{self.site.public_url}/{self.archive_path(issue.newsletter.key, issue.name, one)}",
            )
            for one in others
            if one.language != edition.language
        )


class _Shelf:
    """The articles of an issue with their authors, translations and similar posts."""

    def __init__(
        self,
        composer: Composer,
        connection: Connection,
        ids: Iterable[str],
        index: "Index | None",
        now: datetime,
    ) -> None:
        self.composer, self.connection, self.index, self.now = composer, connection, index, now
        self.articles = articles.by_id(connection, list(ids))
        people = {c.key for a in self.articles.values() for c in (*a.authors, *a.translators)}
        self.authors: dict[str, Author] = authors.by_key(connection, people)
        self.versions = articles.versions(connection, {a.story for a in self.articles.values()})

    def item(self, article_id: str, is_fallback: bool, edition: Edition, issue: Instalment) -> EditionArticle:
        article = self.articles[article_id]
        complete = CompleteArticle(
            article=article,
            bylines=bylines(article, self.authors, edition.language, self._bio_languages(article, edition)),
            translations=self._translations(article),
            similar=self._similar(article, edition),
        )
        return EditionArticle(complete, is_fallback, _corrected(article, issue))

    def _bio_languages(self, article: Article, edition: Edition) -> tuple[str, ...]:
        """What these readers can read comes before the site's order."""
        return (*edition.reads, article.language, *self.composer.site.languages)

    def _translations(self, article: Article) -> tuple[Translation, ...]:
        others = (one for one in self.versions.get(article.story, ()))
        return tuple(
            Translation(one.language, one.title, one.url)
            for one in others
            if one.id != article.id and one.available <= self.now
        )

    def _similar(self, article: Article, edition: Edition) -> tuple[SimilarPost, ...]:
        """The best others that the group reads and that the edition does not tell itself."""
        if self.index is None:
            return ()
        told = {item.story for item in edition.items}
        wanted = self.composer.similar_count
        near = self.index.similar(article.id, edition.reads, wanted + len(told))
        chosen = [one for one in near if one.story not in told][:wanted]
        found = articles.listed_by_id(self.connection, [one.article for one in chosen])
        out = {one: listed for one, listed in found.items() if listed.available <= self.now}
        posts = articles.similar_posts(out, [one.article for one in chosen])
        return tuple(
            SimilarPost(p.article_id, p.story, p.language, p.title, p.url, p.language != edition.language)
            for p in posts
        )


def restored(values: Mapping[str, Any]) -> Digest:
    """A digest as it came out of the store."""
    return Digest(**{**values, "told": tuple(values["told"]), "on_the_web": tuple(values["on_the_web"])})


def _corrected(article: Article, issue: Instalment) -> date | None:
    """The local day of a correction that readers should know of, unless the issue says so itself, above its stories."""
    if not article.state_note or article.changed <= article.published:
        return None
    if issue.draft.notes.get(article.language) == article.state_note:
        return None
    return article.changed.astimezone(ZoneInfo(issue.newsletter.timezone)).date()

"""Publish: articles become feeds in the public tree. Only what changed is rendered, only changed bytes are written.

listed articles -> feeds -> documents -> fingerprint the same? -> kept
                                                          \\-> whole articles -> bytes -> files
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from syndicate import __version__, feeds
from syndicate.feeds import Feed, FeedKey, FeedScope, FeedSummary, Tombstone
from syndicate.feeds.feed import ROOT
from syndicate.feeds.landing import assets, feed_page, landing
from syndicate.feeds.members import documents, members
from syndicate.feeds.pages import Cut, Page
from syndicate.feeds.pings import is_topic
from syndicate.flows.press import Press, PressReport, mark, template_mark
from syndicate.flows.progress import Progress, silent
from syndicate.model import ArticleState, CompleteArticle, SimilarPost, Site, Translation
from syndicate.store import Connection, Database, PublicTree, articles, authors, corrections, moved, pings
from syndicate.store.articles import Listed
from syndicate.stories import bylines

VERSION = f"{__version__} 1"
"""Part of every fingerprint: raise it when the same articles must be rendered in another way."""

TOMBSTONES = 100
"""How many of the withdrawn a subscription document still tells of, newest first."""


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """``signs_up``: there are newsletters, and pages about feeds say where to sign up."""

    page_size: int
    archives: tuple[FeedScope, ...]
    templates: tuple[Path, ...]
    moved: Mapping[str, str] = field(default_factory=dict)
    signs_up: bool = False


def publish(
    database: Database,
    site: Site,
    settings: FeedSettings,
    tree: PublicTree,
    now: datetime,
    progress: Progress = silent,
) -> PressReport:
    """Bring every feed, the OPML list and the landing pages up to date as of ``now``."""
    shelf = _Shelf(database, site, settings, now)
    press = Press(database, tree, now, tell=_hubs_told(site, now))
    printed: set[str] = set()
    for done, key in enumerate(shelf.feeds, start=1):
        printed |= _print_feed(press, shelf, key)
        progress("feeds", done, len(shelf.feeds))
    printed |= _print_directory(press, shelf)
    press.clear(ROOT, printed)
    if settings.moved:
        with database.begin() as connection:
            moved.rename(connection, settings.moved, now)
    return press.report


def _hubs_told(site: Site, now: datetime) -> Callable[[Connection, Collection[str]], None]:
    """Queues a ping for each feed that changed, to each hub."""

    def tell(connection: Connection, paths: Collection[str]) -> None:
        topics = [f"{site.public_url}/{path}" for path in paths if is_topic(path)]
        pings.queue(connection, site.hubs, topics, now)

    return tell


class _Shelf:
    """What all feeds are made from: light rows of every article that is or was out."""

    def __init__(self, database: Database, site: Site, settings: FeedSettings, now: datetime) -> None:
        self.database, self.site, self.settings = database, site, settings
        with database.read() as connection:
            everything = articles.listed(connection)
            self.authors = authors.every(connection)
            self.reasons = corrections.withdrawal_notes(connection)
        self.site_mark = mark(VERSION, site)
        self.titles: dict[FeedKey, str] = {}
        self.item_marks: dict[tuple[str, bool], str] = {}
        self.listed = [one for one in everything if one.available <= now]
        self.by_id = {one.id: one for one in self.listed}
        self.feeds: dict[FeedKey, list[Listed]] = members(self.listed)
        self.out: dict[str, list[Listed]] = {}
        for one in self.listed:
            if one.state is ArticleState.PUBLISHED:
                self.out.setdefault(one.story, []).append(one)

    @cached_property
    def author_marks(self) -> Mapping[str, str]:
        return {key: mark(author) for key, author in self.authors.items()}

    def translations(self, one: Listed) -> tuple[Translation, ...]:
        return tuple(Translation(o.language, o.title, o.url) for o in self._others(one))

    def _others(self, one: Listed) -> list[Listed]:
        """The other versions of the story, in the site's order of languages."""
        others = [o for o in self.out.get(one.story, ()) if o.id != one.id]
        return sorted(others, key=lambda o: self.rank(o.language))

    def similar(self, one: Listed) -> tuple[SimilarPost, ...]:
        return articles.similar_posts(self.by_id, one.similar)

    def rank(self, language: str) -> tuple[int, str]:
        order = self.site.languages
        return (order.index(language) if language in order else len(order), language)

    def item_mark(self, one: Listed, is_archive: bool) -> str:
        """Changes with all that a feed says of an article. Asked for in a dozen feeds, made once."""
        found = self.item_marks.get((one.id, is_archive))
        if found is None:
            found = self.item_marks[one.id, is_archive] = mark(*self._said(one, is_archive))
        return found

    def _said(self, one: Listed, is_archive: bool) -> Iterator[object]:
        # Plain strings: on a large site this runs for every article, and the repr of a dataclass is slow.
        yield one.content_hash
        yield one.changed
        yield [self.author_marks.get(person, "") for person in one.people]
        yield [(o.id, o.language, o.title, o.url) for o in self._others(one)]
        if not is_archive:
            yield [(p.article_id, p.language, p.title, p.url) for p in self.similar(one)]

    def languages_of(self, key: FeedKey) -> tuple[FeedKey, ...]:
        """The same feed in the site's other languages, where it exists."""
        if key.language == feeds.ALL:
            return ()
        others = (FeedKey(language, key.scope, key.slug) for language in self.site.languages)
        return tuple(other for other in others if other != key and other in self.feeds)

    def title(self, key: FeedKey) -> str:
        if key not in self.titles:
            self.titles[key] = self._title(key)
        return self.titles[key]

    def _title(self, key: FeedKey) -> str:
        language = self.spoken(key)
        name = self.site.text(self.site.name, language)
        if key.scope is FeedScope.AUTHOR:
            return f"{self._author_name(key.slug, language)} · {name}"
        return f"{self._tag_label(key)} · {name}" if key.scope is FeedScope.TAG else name

    def spoken(self, key: FeedKey) -> str:
        return self.site.languages[0] if key.language == feeds.ALL else key.language

    def _author_name(self, key: str, language: str) -> str:
        author = self.authors.get(key)
        return author.name_in(language) if author else key

    def _tag_label(self, key: FeedKey) -> str:
        """The label as printed in the feed's language, of the newest article that has the tag."""
        wanted = self.spoken(key)
        ordered = sorted(self.feeds[key], key=lambda one: (one.language != wanted, -one.sequence))
        labels = (tag.label for one in ordered for tag in one.tags if tag.slug == key.slug)
        return next(labels, key.slug)

    def complete(self, page: Sequence[Listed]) -> tuple[CompleteArticle, ...]:
        """The articles of a page with all that is appended, newest first."""
        with self.database.read() as connection:
            whole = articles.by_id(connection, [one.id for one in page])
        ordered = sorted(page, key=lambda one: (one.published, one.sequence), reverse=True)
        return tuple(
            CompleteArticle(
                article=whole[one.id],
                bylines=bylines(whole[one.id], self.authors, one.language, self.site.languages),
                translations=self.translations(one),
                similar=self.similar(one),
            )
            for one in ordered
        )


def _print_feed(press: Press, shelf: _Shelf, key: FeedKey) -> set[str]:
    rows = shelf.feeds[key]
    cut = documents(key, len(rows), shelf.settings.page_size, shelf.settings.archives)
    return {_print_page(press, shelf, key, cut, page) for page in (*cut.archives, cut.current)}


def _print_page(press: Press, shelf: _Shelf, key: FeedKey, cut: Cut, page: Page) -> str:
    rows = shelf.feeds[key]
    out = [one for one in rows[page.first : page.end] if one.state is ArticleState.PUBLISHED]
    is_archive = page.number is not None
    graves = () if is_archive else _tombstones(rows, shelf.reasons)
    siblings = () if is_archive else shelf.languages_of(key)
    is_complete = cut.is_complete and page.first == 0
    name = key.page_folder(page.number)
    title = shelf.title(key)
    items = [shelf.item_mark(one, is_archive) for one in out]
    fingerprint = mark(shelf.site_mark, title, graves, siblings, page, is_complete, items)

    def make() -> Iterable[feeds.Document]:
        return feeds.render(
            Feed(
                key=key,
                title=title,
                description=shelf.site.text(shelf.site.description, shelf.spoken(key)),
                items=shelf.complete(out),
                site=shelf.site,
                updated=_updated(out, graves, rows),
                tombstones=graves,
                translations=siblings,
                page=page.number,
                previous_archive=page.previous,
                is_complete=is_complete,
                home="" if key.scope is FeedScope.SITE else f"{shelf.site.public_url}/{key.folder}/",
            )
        )

    press.print(name, fingerprint, make)
    return name


def _tombstones(rows: Sequence[Listed], reasons: Mapping[str, str]) -> tuple[Tombstone, ...]:
    withdrawn = [one for one in rows if one.state is ArticleState.WITHDRAWN]
    newest = sorted(withdrawn, key=lambda one: (one.changed, one.sequence), reverse=True)
    return tuple(
        Tombstone(one.id, one.changed, one.url, reasons.get(one.id, "")) for one in newest[:TOMBSTONES]
    )


def _updated(out: Sequence[Listed], graves: Sequence[Tombstone], rows: Sequence[Listed]) -> datetime:
    moments = [one.changed for one in out] + [grave.when for grave in graves]
    return max(moments, default=max(one.changed for one in rows))


def _print_directory(press: Press, shelf: _Shelf) -> set[str]:
    """OPML and landing pages. Feeds that tell of nothing any more are not listed."""
    summaries = [
        FeedSummary(
            key=key,
            title=shelf.title(key),
            description=shelf.site.text(shelf.site.description, shelf.spoken(key)),
            updated=max(one.changed for one in rows),
            count=sum(one.state is ArticleState.PUBLISHED for one in rows),
        )
        for key, rows in shelf.feeds.items()
    ]
    living = {summary.key: summary for summary in summaries if summary.count}
    look = mark(template_mark(shelf.settings.templates), shelf.settings.signs_up)
    printed = {_print_feed_page(press, shelf, summary, look) for summary in living.values()}
    return printed | _print_lists(press, shelf, list(living.values()), look)


def _print_feed_page(press: Press, shelf: _Shelf, summary: FeedSummary, look: str) -> str:
    """The page for people in the folder of an author's or a topic's feed."""
    key, name = summary.key, f"{summary.key.folder}/"
    if key.scope is FeedScope.SITE:
        return name
    siblings, given = shelf.languages_of(key), shelf.settings
    press.print(
        name,
        mark(shelf.site_mark, summary, siblings, look),
        lambda: [feed_page(summary, siblings, shelf.site, given.templates, signs_up=given.signs_up)],
    )
    return name


def _print_lists(press: Press, shelf: _Shelf, living: Sequence[FeedSummary], look: str) -> set[str]:
    """OPML, the landing page of all languages and of each, style sheets."""
    languages = [*dict.fromkeys(summary.key.language for summary in living), feeds.ALL]
    given = shelf.settings
    name = f"{ROOT}/"

    def make() -> Iterable[feeds.Document]:
        yield feeds.opml(living, shelf.site)
        for language in dict.fromkeys(languages):
            yield landing(living, shelf.site, language, given.templates, signs_up=given.signs_up)
        yield from assets(given.templates)

    press.print(name, mark(shelf.site_mark, living, look), make)
    return {name}

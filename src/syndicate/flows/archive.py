"""Archive: every approved edition as a web page, and per newsletter and language the list of its issues.

A page is made again when an article on it was corrected, its authors, translations or similar posts changed, so
the archive tells what is true now, while the mail that went out stays as it was (DESIGN law 3).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from syndicate.digests import ArchivedIssue, ArchiveListing, Sibling, archive_index, archive_page
from syndicate.flows.compose import Composer, Instalment
from syndicate.flows.press import Press, PressReport, mark, template_mark
from syndicate.model import ArticleState, Draft, Edition, Issue, Newsletter
from syndicate.store import Database, PublicTree, articles, authors, issues
from syndicate.store import drafts as store_drafts
from syndicate.store.articles import Listed
from syndicate.store.issues import ShownEdition

PREFIX = "archive/"


@dataclass(frozen=True, slots=True)
class _Page:
    path: str
    media_type: str
    body: bytes


def publish_archive(
    database: Database,
    composer: Composer,
    newsletters: Mapping[str, Newsletter],
    tree: PublicTree,
    now: datetime,
) -> PressReport:
    """Bring the archive's pages up to date."""
    with database.read() as connection:
        shown = [(i, e) for i, e in issues.archived(connection) if i.newsletter in newsletters]
        told = {item.article_id for _, one in shown for item in one.edition.items}
        listed = articles.listed_by_id(connection, told)
        related = articles.listed_by_id(connection, {i for one in listed.values() for i in one.similar})
        versions = articles.versions(connection, {one.story for one in listed.values()})
        drafts = store_drafts.of(connection, {issue.id for issue, _ in shown})
        people = {key: mark(one) for key, one in authors.every(connection).items()}
    press = Press(database, tree, now)
    templates = template_mark(composer.templates)
    room = _Room(database, composer, newsletters, listed, related, versions, people, templates, drafts)
    siblings: dict[int, list[Edition]] = {}
    for issue, one in shown:
        siblings.setdefault(issue.id, []).append(one.edition)
    printed = {_print_edition(press, room, issue, one.edition, siblings[issue.id]) for issue, one in shown}
    printed |= _print_lists(press, room, shown)
    press.clear(PREFIX, printed)
    return press.report


@dataclass(frozen=True, slots=True)
class _Room:
    """``listed``: what the editions tell; ``related``: what is similar to it; ``people``: marks of all authors."""

    database: Database
    composer: Composer
    newsletters: Mapping[str, Newsletter]
    listed: Mapping[str, Listed]
    related: dict[str, Listed]
    versions: Mapping[str, list[Listed]]
    people: Mapping[str, str]
    templates: str
    drafts: Mapping[int, Draft]

    def item_mark(self, identity: str) -> str:
        """Changes with all that a page shows of an article."""
        one = self.listed[identity]
        people = [self.people.get(person, "") for person in one.people]
        versions = [(o.language, o.title, o.url) for o in self.versions.get(one.story, ()) if o.id != one.id]
        return mark(one.content_hash, people, versions, articles.similar_posts(self.related, one.similar))


def _print_edition(
    press: Press,
    room: _Room,
    issue: Issue,
    frozen: Edition,
    siblings: Sequence[Edition],
) -> str:
    edition = _without_withdrawn(frozen, room.listed)
    path = room.composer.archive_path(issue.newsletter, issue.name, edition)
    items = [room.item_mark(item.article_id) for item in edition.items]
    languages = [sibling.language for sibling in siblings if sibling.cadence == edition.cadence]
    newsletter = room.newsletters[issue.newsletter]
    draft = room.drafts.get(issue.id, Draft())
    said = [draft.notes.get(edition.language, ""), draft.subjects.get(edition.language, "")]
    instalment = Instalment(newsletter, date.fromisoformat(issue.date), issue.name, draft)
    print_mark = mark(
        edition.selection, items, languages, newsletter, room.composer.site, room.templates, said
    )

    def make() -> Iterable[_Page]:
        with room.database.read() as connection:
            content = room.composer.content(connection, instalment, edition, siblings, press.now)
        yield _Page(f"{path}index.html", "text/html", archive_page(content, room.composer.templates))

    press.print(f"{PREFIX}{path}", print_mark, make)
    return f"{PREFIX}{path}"


def _without_withdrawn(edition: Edition, listed: Mapping[str, Listed]) -> Edition:
    items = tuple(
        item
        for item in edition.items
        if item.article_id in listed and listed[item.article_id].state is ArticleState.PUBLISHED
    )
    return replace(edition, items=items)


def _print_lists(press: Press, room: _Room, shown: Sequence[tuple[Issue, ShownEdition]]) -> set[str]:
    """Editions of rarer cadences are listed only where an issue has no other: they tell the same again."""
    groups: dict[tuple[str, str], list[ArchivedIssue]] = {}
    own = {issue.id for issue, one in shown if not one.edition.cadence}
    for issue, one in shown:
        if one.edition.cadence and issue.id in own:
            continue
        day = date.fromisoformat(issue.date)
        path = room.composer.archive_path(issue.newsletter, issue.name, one.edition)
        url = f"{room.composer.site.public_url}/{path}"
        entry = ArchivedIssue(day, one.subject, url, len(one.edition.items))
        groups.setdefault((issue.newsletter, one.edition.language), []).append(entry)
    return {_print_list(press, room, key, entries, list(groups)) for key, entries in groups.items()}


def _print_list(
    press: Press,
    room: _Room,
    key: tuple[str, str],
    entries: list[ArchivedIssue],
    others: Iterable[tuple[str, str]],
) -> str:
    newsletter, language = key
    base = room.composer.site.public_url
    siblings = tuple(
        Sibling(other, f"{base}/{other}/archive/{newsletter}/")
        for name, other in others
        if name == newsletter and other != language
    )
    listing = ArchiveListing(
        newsletter=room.newsletters[newsletter],
        site=room.composer.site,
        language=language,
        url=f"{base}/{language}/archive/{newsletter}/",
        issues=tuple(entries),
        feeds=room.composer.feeds(language),
        siblings=siblings,
    )
    path = f"{language}/archive/{newsletter}/"

    def make() -> Iterable[_Page]:
        yield _Page(f"{path}index.html", "text/html", archive_index(listing, room.composer.templates))

    press.print(f"{PREFIX}{path}", mark(listing, room.templates), make)
    return f"{PREFIX}{path}"

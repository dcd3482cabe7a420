"""Articles and the stories they belong to."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, bindparam, func, or_, select, type_coerce, update

from syndicate.model import (
    Article,
    ArticleState,
    Credit,
    Footnote,
    HeldArticle,
    Image,
    SimilarPost,
    Story,
    Tag,
)
from syndicate.store import corrections
from syndicate.store.chunks import chunks
from syndicate.store.tables import article


@dataclass(frozen=True, slots=True)
class Listed:
    """What lists and choices need of an article: everything but its body and notes."""

    id: str
    story: str
    language: str
    sequence: int
    source: str
    title: str
    url: str
    state: ArticleState
    published: datetime
    available: datetime
    changed: datetime
    content_hash: str
    authors: tuple[str, ...]
    translators: tuple[str, ...]
    tags: tuple[Tag, ...]
    similar: tuple[str, ...]

    @property
    def people(self) -> tuple[str, ...]:
        return self.authors + self.translators


_HELD = (
    article.c.id,
    article.c.story,
    article.c.language,
    article.c.sequence,
    article.c.key,
    article.c.item,
    article.c.group_key,
    article.c.permanent_id,
    article.c.likeness,
    article.c.state,
    article.c.published,
    article.c.available,
    article.c.changed,
    article.c.content_hash,
    article.c.said,
)
_LIGHT = tuple(
    column for column in article.c if column.name not in ("body_html", "similar", "likeness", "said")
)
_listing = type_coerce(article.c.listing, Text)
_LISTED = (
    article.c.id,
    article.c.story,
    article.c.language,
    article.c.sequence,
    article.c.source,
    article.c.title,
    article.c.url,
    article.c.state,
    article.c.published,
    article.c.available,
    article.c.changed,
    article.c.content_hash,
    article.c.listing,
    article.c.similar,
)


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(article)).scalar_one()


def next_sequence(connection: Connection) -> int:
    """The number after the last one given; numbers are never given twice."""
    return (connection.execute(select(func.max(article.c.sequence))).scalar() or 0) + 1


def held(connection: Connection, source: str) -> list[HeldArticle]:
    """Everything a source ever brought."""
    rows = connection.execute(select(*_HELD).where(article.c.source == source))
    return [_held(row) for row in rows]


def stories_by_url(connection: Connection, urls: Collection[str] | None = None) -> dict[str, str]:
    """Which of ``urls`` are articles of ours: address to story. Without ``urls``, all."""
    query = select(article.c.url, article.c.story)
    if urls is None:
        return {row.url: row.story for row in connection.execute(query)}
    found: dict[str, str] = {}
    for some in chunks(sorted(urls)):
        rows = connection.execute(query.where(article.c.url.in_(some)))
        found.update({row.url: row.story for row in rows})
    return found


def languages(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The language of each article."""
    found: dict[str, str] = {}
    for some in chunks(sorted(ids)):
        query = select(article.c.id, article.c.language).where(article.c.id.in_(some))
        found.update({row.id: row.language for row in connection.execute(query)})
    return found


def save(connection: Connection, value: Article, item: str, likeness: str) -> None:
    """Insert the article, or replace what its id had, as its source has it; what staff said of it is laid over it.

    Its list of similar posts stays, but is to be looked at.
    """
    row = _row(value, item, likeness)
    changed = connection.execute(update(article).where(article.c.id == value.id).values(row))
    if changed.rowcount == 0:
        connection.execute(article.insert().values(row | {"similar": []}))
    corrections.saved(connection, value.id, value.story)


def withdraw(connection: Connection, ids: Collection[str], moment: datetime) -> int:
    """What its source no longer holds is withdrawn: it leaves feeds and lists, its tombstone stays.

    What staff withdrew before it is from then on withdrawn by its source, too. Returns how many were not withdrawn.
    """
    withdrawn = 0
    for some in chunks(sorted(ids)):
        where = (article.c.id.in_(some), article.c.state != ArticleState.WITHDRAWN)
        values = {"state": ArticleState.WITHDRAWN, "changed": moment, "related": False}
        withdrawn += connection.execute(update(article).where(*where).values(values)).rowcount
        corrections.left_source(connection, some)
    return withdrawn


def renumber(connection: Connection, first: int) -> None:
    """Put what arrived with ``first`` and later in order of publication: a first ingest reads files by name."""
    late = select(article.c.id, article.c.sequence).where(article.c.sequence >= first)
    rows = connection.execute(late.order_by(article.c.published, article.c.id)).all()
    moved = [(row.id, n) for n, row in enumerate(rows, start=first) if row.sequence != n]
    if not moved:
        return
    # By way of negative numbers: the sequence is unique at every moment.
    one = update(article).where(article.c.id == bindparam("of")).values(sequence=bindparam("to"))
    connection.execute(one, [{"of": identity, "to": -n} for identity, n in moved])
    connection.execute(update(article).where(article.c.sequence < 0).values(sequence=-article.c.sequence))


def unrelated(connection: Connection) -> tuple[list[str], list[str]]:
    """Articles whose last change the index of similar posts does not know: (published, no longer published)."""
    rows = connection.execute(select(article.c.id, article.c.state).where(article.c.related.is_(False)))
    out: list[str] = []
    gone: list[str] = []
    for row in rows:
        (out if row.state == ArticleState.PUBLISHED else gone).append(row.id)
    return out, gone


def set_related(connection: Connection, ids: Collection[str]) -> None:
    """The index knows of them now."""
    for some in chunks(sorted(ids)):
        connection.execute(update(article).where(article.c.id.in_(some)).values(related=True))


def set_similar(connection: Connection, lists: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Replace the lists of similar posts: (article id, ids of the best others in its language)."""
    for identity, similar in lists:
        connection.execute(update(article).where(article.c.id == identity).values(similar=list(similar)))


def listed(connection: Connection) -> list[Listed]:
    """All articles that are or were out (no drafts), in order of arrival."""
    query = select(*_LISTED).where(article.c.state != ArticleState.DRAFT).order_by(article.c.sequence)
    return [_listed(row) for row in connection.execute(query)]


def listed_by_id(connection: Connection, ids: Collection[str]) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for some in chunks(sorted(ids)):
        rows = connection.execute(select(*_LISTED).where(article.c.id.in_(some)))
        found.update({row.id: _listed(row) for row in rows})
    return found


def by_id(connection: Connection, ids: Collection[str]) -> dict[str, Article]:
    """Whole articles, bodies included."""
    found: dict[str, Article] = {}
    for some in chunks(sorted(ids)):
        rows = connection.execute(select(article).where(article.c.id.in_(some)))
        found.update({row.id: _article(row) for row in rows})
    return found


def stories_since(connection: Connection, since: datetime | None, until: datetime) -> list[Story]:
    """Stories with a version that came out in (since, until], each with all its versions; every body is left out."""
    touched = select(article.c.story).where(article.c.available <= until)
    if since is not None:
        touched = touched.where(article.c.available > since)
    return _stories(connection, select(*_LIGHT).where(article.c.story.in_(touched.distinct())))


def newest(
    connection: Connection,
    languages: Collection[str],
    until: datetime,
    limit: int,
    hints: Collection[str] = (),
) -> list[str]:
    """Ids of the ``limit`` stories that came out last in any of ``languages`` at or before ``until``.

    With ``hints`` (tags' slugs, authors' keys) only stories that name one of them: a rough cut that searches the
    JSON text; the room ``editions`` decides.
    """
    last = func.max(article.c.available)
    stories = (
        select(article.c.story)
        .where(article.c.available <= until, article.c.state == ArticleState.PUBLISHED)
        .where(article.c.language.in_(sorted(languages)))
        .group_by(article.c.story)
        .order_by(last.desc(), article.c.story)
        .limit(limit)
    )
    if hints:
        stories = stories.where(
            or_(*(_listing.contains(f'"{word}"', autoescape=True) for word in sorted(hints)))
        )
    return list(connection.execute(stories).scalars())


def every(connection: Connection) -> Iterator[Article]:
    """All published articles in order of arrival, streamed."""
    query = select(article).where(article.c.state == ArticleState.PUBLISHED).order_by(article.c.sequence)
    for row in connection.execution_options(yield_per=500).execute(query):
        yield _article(row)


def versions(connection: Connection, stories: Collection[str]) -> dict[str, list[Listed]]:
    """The published versions of each story, in order of arrival."""
    found: dict[str, list[Listed]] = {}
    for some in chunks(sorted(stories)):
        where = (article.c.story.in_(some), article.c.state == ArticleState.PUBLISHED)
        for row in connection.execute(select(*_LISTED).where(*where).order_by(article.c.sequence)):
            found.setdefault(row.story, []).append(_listed(row))
    return found


def light(connection: Connection, stories: Collection[str]) -> dict[str, Story]:
    """Stories with all their versions, in any state and in order of arrival; every body is left out, and empty."""
    found: dict[str, Story] = {}
    for some in chunks(sorted(stories)):
        found |= {
            one.id: one for one in _stories(connection, select(*_LIGHT).where(article.c.story.in_(some)))
        }
    return found


def items_of(connection: Connection, story: str) -> dict[str, set[str]]:
    """Source to the keys of the things it holds that a story's versions are in."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(select(article.c.source, article.c.item).where(article.c.story == story)):
        found.setdefault(row.source, set()).add(row.item)
    return found


def similar_of(connection: Connection, story: str) -> dict[str, tuple[str, ...]]:
    """Article to the ids of its similar posts, of each version of a story."""
    query = select(article.c.id, article.c.similar).where(article.c.story == story)
    return {row.id: tuple(row.similar) for row in connection.execute(query)}


def per_source(connection: Connection) -> dict[str, int]:
    """Source to how many articles it ever brought."""
    query = select(article.c.source, func.count()).group_by(article.c.source)
    return {row[0]: row[1] for row in connection.execute(query)}


def similar_posts(found: dict[str, Listed], ids: Sequence[str]) -> tuple[SimilarPost, ...]:
    """The posts behind ``ids``, as far as they are published."""
    return tuple(
        SimilarPost(one.id, one.story, one.language, one.title, one.url)
        for one in (found.get(identity) for identity in ids)
        if one is not None and one.state is ArticleState.PUBLISHED
    )


def _stories(connection: Connection, query: Select[Any]) -> list[Story]:
    grouped: dict[str, list[Article]] = {}
    for row in connection.execute(query.order_by(article.c.story, article.c.sequence)):
        grouped.setdefault(row.story, []).append(_article(row))
    return [Story(story, tuple(versions)) for story, versions in grouped.items()]


def _row(value: Article, item: str, likeness: str) -> dict[str, Any]:
    return {
        "id": value.id,
        "story": value.story,
        "language": value.language,
        "sequence": value.sequence,
        "source": value.source,
        "key": value.key,
        "item": item,
        "group_key": value.group,
        "permanent_id": value.permanent_id,
        "likeness": likeness,
        "state": value.state,
        "published": value.published,
        "available": value.available,
        "changed": value.changed,
        "content_hash": value.content_hash,
        "title": value.title,
        "url": value.url,
        "listing": {
            "authors": [[c.key, c.name] for c in value.authors],
            "translators": [[c.key, c.name] for c in value.translators],
            "tags": [[t.slug, t.label] for t in value.tags],
        },
        "related": False,
        "said": None,
        "body_html": value.body_html,
        "detail": {
            "summary": value.summary,
            "footnotes": [[f.number, f.html, f.references] for f in value.footnotes],
            "images": [[i.url, i.alt, i.caption, i.width, i.height] for i in value.images],
            "series": value.series,
            "state_note": value.state_note,
            "updated": value.updated.isoformat() if value.updated else None,
            "links": list(value.links),
        },
    }


def _article(row: Row[*tuple[Any, ...]]) -> Article:
    detail = row.detail
    return Article(
        id=row.id,
        story=row.story,
        sequence=row.sequence,
        available=row.available,
        changed=row.changed,
        content_hash=row.content_hash,
        source=row.source,
        key=row.key,
        group=row.group_key,
        permanent_id=row.permanent_id,
        language=row.language,
        title=row.title,
        url=row.url,
        published=row.published,
        state=ArticleState(row.state),
        body_html=getattr(row, "body_html", ""),
        summary=detail["summary"],
        footnotes=tuple(Footnote(*f) for f in detail["footnotes"]),
        images=tuple(Image(*i) for i in detail["images"]),
        series=detail["series"],
        state_note=detail["state_note"],
        updated=datetime.fromisoformat(detail["updated"]) if detail["updated"] else None,
        links=tuple(detail["links"]),
        authors=tuple(Credit(*c) for c in row.listing["authors"]),
        translators=tuple(Credit(*c) for c in row.listing["translators"]),
        tags=tuple(Tag(*t) for t in row.listing["tags"]),
    )


def _listed(row: Row[*tuple[Any, ...]]) -> Listed:
    return Listed(
        id=row.id,
        story=row.story,
        language=row.language,
        sequence=row.sequence,
        source=row.source,
        title=row.title,
        url=row.url,
        state=ArticleState(row.state),
        published=row.published,
        available=row.available,
        changed=row.changed,
        content_hash=row.content_hash,
        authors=tuple(key for key, _ in row.listing["authors"]),
        translators=tuple(key for key, _ in row.listing["translators"]),
        tags=tuple(Tag(*t) for t in row.listing["tags"]),
        similar=tuple(row.similar),
    )


def _held(row: Row[*tuple[Any, ...]]) -> HeldArticle:
    """As its source has it, whatever staff made of it."""
    said = row.said or {}
    return HeldArticle(
        id=row.id,
        story=row.story,
        language=row.language,
        sequence=row.sequence,
        key=row.key,
        item=row.item,
        group=row.group_key,
        permanent_id=row.permanent_id,
        likeness=row.likeness,
        state=ArticleState(said.get("state", row.state)),
        published=row.published,
        available=row.available,
        changed=row.changed,
        content_hash=said.get("hash", row.content_hash),
    )

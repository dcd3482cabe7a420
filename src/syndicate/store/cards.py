"""Cards: one narrow row a story, by which staff find it: in order of time, by its words, by the languages it lacks."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select
from sqlalchemy.engine import Row

from syndicate.languages import folded, primary
from syndicate.model import ArticleState
from syndicate.store.chunks import chunks
from syndicate.store.tables import article, card, edition, edition_item, issue
from syndicate.store.told import NEVER

LONGEST = 4000
"""Characters of a story's words that are looked through."""

_COLUMNS = (
    article.c.story,
    article.c.language,
    article.c.state,
    article.c.available,
    article.c.title,
    article.c.listing,
)


@dataclass(frozen=True, slots=True)
class Card:
    """A story, and when its newest version was (or will be) out: its place in the order."""

    story: str
    latest: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stories: those with every word of ``words``; lacking ``without`` (a language); ``unsent``: in no issue."""

    words: str = ""
    without: str = ""
    unsent: bool = False


def refresh(connection: Connection, stories: Collection[str]) -> None:
    """Make the cards of ``stories`` again from their articles, after any of those was saved or withdrawn."""
    for some in chunks(sorted(set(stories))):
        rows = connection.execute(
            select(*_COLUMNS).where(article.c.story.in_(some)).order_by(article.c.story, article.c.sequence)
        )
        made = [_card(story, list(of)) for story, of in groupby(rows, key=lambda row: str(row.story))]
        connection.execute(delete(card).where(card.c.story.in_(some)))
        if made:
            connection.execute(card.insert(), made)


def restore(connection: Connection) -> None:
    """Make all cards where there are none yet: of a database from before there were any."""
    if connection.execute(select(card.c.story).limit(1)).first() is None:
        refresh(connection, connection.execute(select(article.c.story).distinct()).scalars().all())


def stories_of(connection: Connection, ids: Collection[str]) -> set[str]:
    """The stories that articles belong to."""
    found: set[str] = set()
    for some in chunks(sorted(ids)):
        found |= set(connection.execute(select(article.c.story).where(article.c.id.in_(some))).scalars())
    return found


def page(
    connection: Connection, wanted: Wanted, limit: int, before: tuple[datetime, str] | None = None
) -> list[Card]:
    """Newest first; those after the card ``before`` in that order."""
    query = select(card.c.story, card.c.latest).where(*_where(wanted))
    if before:
        latest, story = before
        # The first condition is what an index is entered by.
        query = query.where(
            card.c.latest <= latest,
            or_(card.c.latest < latest, and_(card.c.latest == latest, card.c.story < story)),
        )
    query = query.order_by(card.c.latest.desc(), card.c.story.desc()).limit(limit)
    return [Card(row.story, row.latest) for row in connection.execute(query)]


def _where(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    for word in folded(wanted.words).split():
        yield card.c.words.contains(word, autoescape=True)
    if wanted.without:
        yield ~card.c.languages.contains(f" {wanted.without} ", autoescape=True)
    if wanted.unsent:
        yield ~exists(
            select(edition_item.c.story)
            .join(edition, edition.c.id == edition_item.c.edition)
            .join(issue, issue.c.id == edition.c.issue)
            .where(edition_item.c.story == card.c.story, issue.c.state.not_in(NEVER))
        )


def _card(story: str, rows: Sequence[Row[*tuple[object, ...]]]) -> dict[str, object]:
    out = [str(row.language) for row in rows if row.state == ArticleState.PUBLISHED]
    out = list(dict.fromkeys(tag for one in out for tag in (one, primary(one))))
    return {
        "story": story,
        "latest": max(row.available for row in rows),
        "languages": f" {' '.join(out)} ",
        "words": _words(rows)[:LONGEST],
    }


def _words(rows: Sequence[Row[*tuple[object, ...]]]) -> str:
    said: dict[str, None] = {}
    for row in rows:
        said[row.title] = None
        for kind in ("authors", "translators", "tags"):
            said |= dict.fromkeys(word for pair in row.listing[kind] for word in pair)
    return "\n".join(dict.fromkeys(folded(text) for text in said))

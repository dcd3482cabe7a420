"""What staff say of articles against their sources: withdrawn, or corrected by a note to readers.

    source -> save -> the row as the source has it ---+-> lay over -> the row as readers get it, and `said`
    staff  -> withdraw, put back, note -> correction --+

Everybody else reads the row. What the source says of it goes on being remembered in `said`, so that the next reading of
the source finds nothing new in what did not change there, and what is put back is as the source has it by then.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from syndicate.model import Actor, ArticleState
from syndicate.store.tables import article, correction

NOTE: Final = "note"
WITHDRAWAL: Final = "withdrawal"

_COLUMNS = (
    article.c.id,
    article.c.story,
    article.c.state,
    article.c.published,
    article.c.changed,
    article.c.content_hash,
    article.c.detail,
    article.c.said,
)


@dataclass(frozen=True, slots=True)
class Correction:
    """What staff said of an ``article``: ``note`` is what readers are told (may be empty of what was withdrawn).

    ``is_whole``: the story was withdrawn in every language, those to come included. ``name`` is who, ``at`` when (UTC).
    """

    article: str
    note: str
    is_whole: bool
    name: str
    at: datetime


def of_story(connection: Connection, story: str, kind: str) -> dict[str, Correction]:
    """By article."""
    rows = connection.execute(
        select(correction).where(correction.c.story == story, correction.c.kind == kind)
    )
    return {row.article: _correction(row) for row in rows}


def withdrawal_notes(connection: Connection) -> dict[str, str]:
    """Article to what readers are told of why staff withdrew it, where they are told anything."""
    query = select(correction.c.article, correction.c.note)
    rows = connection.execute(query.where(correction.c.kind == WITHDRAWAL, correction.c.note != ""))
    return {row.article: row.note for row in rows}


def withdraw(
    connection: Connection,
    story: str,
    articles: Collection[str],
    note: str,
    actor: Actor,
    now: datetime,
    *,
    is_whole: bool,
) -> None:
    """Withdraw these articles of a story, whatever their source says from now on."""
    _say(connection, WITHDRAWAL, story, dict.fromkeys(articles, note), actor, now, is_whole=is_whole)


def put_back(connection: Connection, story: str, articles: Collection[str], now: datetime) -> None:
    """As the source has them by now. What comes in further languages is not withdrawn any more either."""
    _hold(connection, articles)
    is_withdrawal = correction.c.kind == WITHDRAWAL
    connection.execute(delete(correction).where(is_withdrawal, correction.c.article.in_(articles)))
    connection.execute(
        update(correction).where(is_withdrawal, correction.c.story == story).values(is_whole=False)
    )
    _lay_over(connection, articles, now)


def tell(connection: Connection, story: str, notes: Mapping[str, str], actor: Actor, now: datetime) -> None:
    """Give these articles of a story a note for readers; an empty one takes it away: the source's own is told again."""
    empty = [identity for identity, note in notes.items() if not note]
    _hold(connection, notes)
    connection.execute(delete(correction).where(correction.c.kind == NOTE, correction.c.article.in_(empty)))
    _lay_over(connection, empty, now)
    _say(connection, NOTE, story, {k: v for k, v in notes.items() if v}, actor, now, is_whole=False)


def saved(connection: Connection, identity: str, story: str) -> None:
    """An article was written as its source has it: what staff said of it, or of its whole story, holds again.

    Whoever writes it holds it: what staff say meanwhile comes after.
    """
    whole = and_(correction.c.story == story, correction.c.is_whole)
    query = select(correction).where(or_(correction.c.article == identity, whole))
    found = connection.execute(query).all()
    if found and not any(one.article == identity and one.kind == WITHDRAWAL for one in found):
        # A version that came after the story was withdrawn is withdrawn by itself from now on.
        for one in [one for one in found if one.is_whole][:1]:
            connection.execute(correction.insert().values({**one._mapping, "article": identity}))
    if found:
        _lay_over(connection, [identity])


def left_source(connection: Connection, articles: Collection[str]) -> None:
    """Of those that staff said something of, remember that their source holds them no more."""
    where = (article.c.id.in_(articles), article.c.said.is_not(None))
    for row in connection.execute(select(article.c.id, article.c.said).where(*where)).all():
        said = {**row.said, "state": ArticleState.WITHDRAWN}
        connection.execute(update(article).where(article.c.id == row.id).values(said=said))


def _lay_over(connection: Connection, articles: Collection[str], now: datetime | None = None) -> None:
    """Make the rows of these articles what staff want them to be. ``now`` is when that was said; None: long ago."""
    rows = _hold(connection, articles)
    if not rows:
        return
    found = _said_of(connection, rows)
    for row in rows:
        withdrawal, note = found.get(row.id, (None, None))
        if withdrawal or note or row.said:
            values = _laid_over(row, withdrawal, note, now)
            connection.execute(update(article).where(article.c.id == row.id).values(values))


def _say(
    connection: Connection,
    kind: str,
    story: str,
    notes: Mapping[str, str],
    actor: Actor,
    now: datetime,
    *,
    is_whole: bool,
) -> None:
    if not notes:
        return
    _hold(connection, notes)
    where = (correction.c.kind == kind, correction.c.article.in_(notes))
    connection.execute(delete(correction).where(*where))
    said = {"kind": kind, "story": story, "is_whole": is_whole, "staff": actor.staff, "name": actor.name}
    rows = [{"article": identity, "note": note, "at": now, **said} for identity, note in notes.items()]
    connection.execute(correction.insert(), rows)
    _lay_over(connection, notes, now)


def _hold(connection: Connection, articles: Collection[str]) -> Sequence[Row[*tuple[Any, ...]]]:
    """The rows, which nobody else writes until the end of the transaction."""
    query = select(*_COLUMNS).where(article.c.id.in_(articles)).order_by(article.c.id)
    return connection.execute(query.with_for_update()).all()


def _said_of(
    connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]
) -> dict[str, tuple[Correction | None, Correction | None]]:
    """(withdrawal, note) by article."""
    query = select(correction).where(correction.c.article.in_([row.id for row in rows]))
    own = {(one.article, one.kind): _correction(one) for one in connection.execute(query)}
    return {row.id: (own.get((row.id, WITHDRAWAL)), own.get((row.id, NOTE))) for row in rows}


def _laid_over(
    row: Row[*tuple[Any, ...]], withdrawal: Correction | None, note: Correction | None, now: datetime | None
) -> dict[str, Any]:
    """The columns of an article; of what is not published nothing can be withdrawn."""
    said = row.said or {
        "state": row.state,
        "hash": row.content_hash,
        "note": row.detail["state_note"],
        "updated": row.detail["updated"],
    }
    is_gone = withdrawal is not None and said["state"] == ArticleState.PUBLISHED
    state = ArticleState.WITHDRAWN if is_gone else ArticleState(said["state"])
    told = withdrawal.note if withdrawal and is_gone else note.note if note else said["note"]
    corrected = max([*([note.at] if note else []), *_moments(said["updated"])], default=None)
    return {
        "state": state,
        "related": article.c.related if state == row.state else False,
        "changed": _changed(row, withdrawal if is_gone else None, note, now),
        "content_hash": _hash(said["hash"], state, told) if is_gone or note else said["hash"],
        "detail": {**row.detail, "state_note": told, "updated": corrected and corrected.isoformat()},
        "said": said if withdrawal or note else None,
    }


def _changed(
    row: Row[*tuple[Any, ...]], withdrawal: Correction | None, note: Correction | None, now: datetime | None
) -> datetime:
    """A tombstone keeps the hour of the withdrawal, whatever the source does meanwhile."""
    if withdrawal:
        published: datetime = row.published
        return max(withdrawal.at, published)
    moments: list[datetime] = [row.changed, *([note.at] if note else []), *([now] if now else [])]
    return max(moments)


def _moments(text: str | None) -> list[datetime]:
    return [datetime.fromisoformat(text)] if text else []


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _correction(row: Row[*tuple[Any, ...]]) -> Correction:
    return Correction(row.article, row.note, row.is_whole, row.name, row.at)

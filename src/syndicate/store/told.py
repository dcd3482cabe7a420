"""Which issues told which stories, and how the newest issues went."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from syndicate.model import Issue, IssueState
from syndicate.store import issues
from syndicate.store.chunks import chunks
from syndicate.store.tables import (
    edition,
    edition_item,
    is_complaint,
    is_correction,
    is_open,
    issue,
    suppression,
    volume,
)

GONE = (IssueState.SENDING, IssueState.PAUSED, IssueState.SENT)
NEVER = (IssueState.CANCELLED, IssueState.EMPTY)
"""States of an issue that tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An edition that tells a story. ``language`` is the version's; ``cutoff`` (UTC) is when it was chosen."""

    story: str
    issue: int
    newsletter: str
    name: str
    state: IssueState
    cutoff: datetime
    edition: int
    language: str
    is_fallback: bool
    is_correction: bool


def tellings(connection: Connection, stories: Collection[str]) -> list[Telling]:
    """Of every issue that was not cancelled and has readers, newest first."""
    names = (issue.c.id, issue.c.newsletter, issue.c.name, issue.c.state, issue.c.cutoff)
    query = (
        select(edition_item.c.story, *names, edition.c.id.label("edition"), edition_item.c.language)
        .add_columns(edition_item.c.is_fallback, is_correction)
        .join(edition, edition.c.id == edition_item.c.edition)
        .join(issue, issue.c.id == edition.c.issue)
        .where(issue.c.state.not_in(NEVER))
        .order_by(issue.c.id.desc(), edition.c.id)
    )
    found: list[Telling] = []
    for some in chunks(sorted(stories)):
        for row in connection.execute(query.where(edition_item.c.story.in_(some))):
            story, number, newsletter, name, state, *rest = row
            found.append(Telling(story, number, newsletter, name, IssueState(state), *rest))
    return found


def after(connection: Connection, newsletter: str, moment: datetime, limit: int) -> list[int]:
    """The first issues of a newsletter from ``moment`` on, oldest first, without corrections."""
    query = select(issue.c.id).where(issue.c.newsletter == newsletter, issue.c.slot >= moment, ~is_correction)
    return list(connection.execute(query.order_by(issue.c.slot).limit(limit)).scalars())


def open_issues(connection: Connection) -> list[Issue]:
    """Those that are not done, oldest first."""
    return _read(connection, select(issue.c.id).where(is_open).order_by(issue.c.slot, issue.c.id))


def last_gone(connection: Connection, newsletter: str, limit: int) -> list[Issue]:
    """The newest issues of a newsletter of which mail went out, newest first."""
    query = select(issue.c.id).where(issue.c.newsletter == newsletter, issue.c.state.in_(GONE))
    return _read(connection, query.order_by(issue.c.slot.desc()).limit(limit))


def spoken(connection: Connection, number: int) -> dict[int, str]:
    """The language of each edition of an issue."""
    query = select(edition.c.id, edition.c.language).where(edition.c.issue == number)
    return {row.id: row.language for row in connection.execute(query)}


def complaints(connection: Connection, since: datetime) -> tuple[int, datetime | None]:
    """How many complained since, and when the last did."""
    where = (is_complaint, suppression.c.at >= since)
    number, last = connection.execute(select(func.count(), func.max(suppression.c.at)).where(*where)).one()
    return number, last


def handed_over(connection: Connection, since: datetime) -> int:
    """Messages that carriers took since the day of ``since`` (UTC)."""
    day = since.date().isoformat()
    where = (volume.c.day >= day, ~volume.c.carrier.endswith(" suppressions", autoescape=True))
    query = select(func.coalesce(func.sum(volume.c.messages), 0)).where(*where)
    return int(connection.execute(query).scalar_one())


def _read(connection: Connection, ids: Select[Any]) -> list[Issue]:
    return [issues.get(connection, number) for number in connection.execute(ids).scalars().all()]

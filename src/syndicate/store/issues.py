"""Issues and their editions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from syndicate.model import DeliveryState, Edition, EditionItem, Issue, IssueState, NotFound, Placement
from syndicate.store.chunks import chunks
from syndicate.store.tables import delivery, edition, edition_item, is_correction, issue

_PLANNING = 0x504C414E  # any number that no other lock of ours has


@dataclass(frozen=True, slots=True)
class FrozenEdition:
    """An edition with its digest as it was rendered (see ``digests``), both as the store holds them."""

    edition: Edition
    digest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShownEdition:
    """What lists and fingerprints need of an edition."""

    edition: Edition
    subject: str


class Standing(NamedTuple):
    """How far planning is: what of it changes when anybody plans or cancels. Compared, to notice that somebody did."""

    editions: int
    cutoffs: dict[tuple[str, str], datetime]


def add(
    connection: Connection,
    newsletter: str,
    slot: datetime,
    date: str,
    since: datetime | None,
    cutoff: datetime,
    state: IssueState,
    choices: Mapping[str, Any],
    now: datetime,
    name: str = "",
    note: str = "",
    corrects: str = "",
) -> int | None:
    """Insert the issue; ``name`` is the date unless given. None when its slot, or its name, has one already."""
    values = {
        "newsletter": newsletter,
        "slot": slot,
        "date": date,
        "name": name or date,
        "since": since,
        "cutoff": cutoff,
        "state": state,
        "planned_at": now,
        "choices": choices,
        "note": note,
        "corrects": corrects,
    }
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    query = insert(issue).values(values).on_conflict_do_nothing().returning(issue.c.id)
    made: int | None = connection.execute(query).scalar()
    return made


def hold_planning(connection: Connection) -> None:
    """Until the end of the transaction nobody else plans: what was decided on is compared with what is there now.

    SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_PLANNING})"))


def standing(connection: Connection, newsletter: str, before: int | None = None) -> Standing:
    """``before``: as far as issues that are older than that one say."""
    newest = connection.execute(select(func.max(edition.c.id))).scalar() or 0
    return Standing(newest, last_cutoffs(connection, newsletter, before))


def add_edition(connection: Connection, issue_id: int, value: Edition, digest: Mapping[str, Any]) -> int:
    values = {
        "issue": issue_id,
        "language": value.language,
        "reads": " ".join(value.reads),
        "cadence": value.cadence,
        "is_main": value.is_main,
        "subject": digest["subject"],
        "digest": digest,
    }
    identity = int(connection.execute(edition.insert().values(values).returning(edition.c.id)).scalar_one())
    rows = [
        {
            "edition": identity,
            "position": position,
            "story": item.story,
            "article": item.article_id,
            "language": item.language,
            "placement": item.placement,
            "is_fallback": item.is_fallback,
        }
        for position, item in enumerate(value.items)
    ]
    connection.execute(edition_item.insert(), rows)
    return identity


def delete_unsent(connection: Connection, issue_id: int) -> bool:
    """Take back a plan of which nothing was handed over yet; False when something was, or may have been."""
    states = (IssueState.PLANNED, IssueState.APPROVED, IssueState.EMPTY, IssueState.FOLDED)
    if _held(connection, issue_id).state not in states or _has_begun(connection, issue_id):
        return False
    connection.execute(delete(delivery).where(delivery.c.issue == issue_id))
    # Editions and their items go with the issue, on both databases.
    connection.execute(delete(issue).where(issue.c.id == issue_id))
    return True


def clear_plan(connection: Connection, issue_id: int, choices: Mapping[str, Any]) -> bool:
    """Take the editions and the ledger's lines of a planned issue away, for new ones, chosen as in ``choices``; False
    when it is not planned any more, or something of it was handed over."""
    if _held(connection, issue_id).state is not IssueState.PLANNED or _has_begun(connection, issue_id):
        return False
    connection.execute(delete(delivery).where(delivery.c.issue == issue_id))
    connection.execute(delete(edition).where(edition.c.issue == issue_id))
    connection.execute(update(issue).where(issue.c.id == issue_id).values(choices=choices))
    return True


def find(connection: Connection, newsletter: str, name: str, slot: datetime | None = None) -> Issue | None:
    """The issue of a name, or else of a slot. Cancelled ones too: neither is ever used twice."""
    for is_it in [issue.c.name == name] + ([issue.c.slot == slot] if slot else []):
        row = connection.execute(select(issue).where(issue.c.newsletter == newsletter, is_it)).first()
        if row:
            return _issue(row)
    return None


def newest(connection: Connection, newsletter: str, *but: IssueState) -> Issue | None:
    """The issue of the latest slot, of those not in the states ``but``; a correction has none."""
    where = (issue.c.newsletter == newsletter, issue.c.state.not_in(but), ~is_correction)
    row = connection.execute(select(issue).where(*where).order_by(issue.c.slot.desc()).limit(1)).first()
    return _issue(row) if row else None


def folded(connection: Connection, newsletter: str) -> list[Issue]:
    """Those folded since the newest issue that was not, oldest first: their stories are still to be told."""
    last = newest(connection, newsletter, IssueState.FOLDED)
    query = select(issue).where(issue.c.newsletter == newsletter, issue.c.state == IssueState.FOLDED)
    if last:
        query = query.where(issue.c.slot > last.slot)
    return [_issue(row) for row in connection.execute(query.order_by(issue.c.slot))]


def get(connection: Connection, issue_id: int) -> Issue:
    """Raises NotFound."""
    row = connection.execute(select(issue).where(issue.c.id == issue_id)).first()
    if row is None:
        raise NotFound(f"there is no issue {issue_id}; see: syndicate issue list")
    return _issue(row)


def state_of(connection: Connection, issue_id: int) -> IssueState:
    """That alone, for whoever asks again and again: an issue is large. Raises NotFound."""
    found = connection.execute(select(issue.c.state).where(issue.c.id == issue_id)).scalar()
    if found is None:
        raise NotFound(f"there is no issue {issue_id}; see: syndicate issue list")
    return IssueState(found)


def every(connection: Connection, newsletter: str | None = None, limit: int = 50) -> list[Issue]:
    """Newest first."""
    query = select(issue).order_by(issue.c.slot.desc(), issue.c.id.desc()).limit(limit)
    if newsletter:
        query = query.where(issue.c.newsletter == newsletter)
    return [_issue(row) for row in connection.execute(query)]


def page(
    connection: Connection,
    newsletter: str = "",
    state: str = "",
    before: tuple[datetime, int] | None = None,
    limit: int = 25,
) -> list[Issue]:
    """Newest first, those after ``before`` (slot, number) in that order; of one newsletter, in one state."""
    query = select(issue).order_by(issue.c.slot.desc(), issue.c.id.desc()).limit(limit)
    if newsletter:
        query = query.where(issue.c.newsletter == newsletter)
    if state:
        query = query.where(issue.c.state == state)
    if before:
        slot, number = before
        later = and_(issue.c.slot == slot, issue.c.id < number)
        query = query.where(issue.c.slot <= slot, or_(issue.c.slot < slot, later))
    return [_issue(row) for row in connection.execute(query)]


def subjects(connection: Connection, ids: Collection[int]) -> dict[int, list[tuple[int, str, str, str]]]:
    """Issue to (edition, language, cadence, subject) of its main editions."""
    columns = (edition.c.issue, edition.c.id, edition.c.language, edition.c.cadence, edition.c.subject)
    query = select(*columns).where(edition.c.issue.in_(ids), edition.c.is_main)
    found: dict[int, list[tuple[int, str, str, str]]] = {}
    for row in connection.execute(query.order_by(edition.c.cadence, edition.c.language)):
        found.setdefault(row.issue, []).append((row.id, row.language, row.cadence, row.subject))
    return found


def choices(connection: Connection, issue_id: int) -> Mapping[str, Any]:
    """Per language, [story, verdict, article, language, detail] of every story that was looked at."""
    found = connection.execute(select(issue.c.choices).where(issue.c.id == issue_id)).scalar_one()
    return dict(found)


def in_state(connection: Connection, *states: IssueState) -> list[Issue]:
    """Oldest first: what is owed longest goes first."""
    query = select(issue).where(issue.c.state.in_(states)).order_by(issue.c.slot, issue.c.id)
    return [_issue(row) for row in connection.execute(query)]


def move(connection: Connection, issue_id: int, to: IssueState, *expected: IssueState) -> bool:
    """Change the state if it is one of ``expected``; False when it was not."""
    where = (issue.c.id == issue_id, issue.c.state.in_(expected))
    return connection.execute(update(issue).where(*where).values(state=to)).rowcount == 1


def hold(connection: Connection, issue_id: int) -> Issue:
    """The issue, which nobody else changes until the end of the transaction. Raises NotFound."""
    connection.execute(select(issue.c.id).where(issue.c.id == issue_id).with_for_update()).first()
    return get(connection, issue_id)


def approve(connection: Connection, issue_id: int, not_before: datetime | None) -> bool:
    """Freeze a planned issue; nothing of it leaves before ``not_before``. False when it was not planned."""
    where = (issue.c.id == issue_id, issue.c.state == IssueState.PLANNED)
    values = {"state": IssueState.APPROVED, "not_before": not_before}
    return connection.execute(update(issue).where(*where).values(values)).rowcount == 1


def take_back(connection: Connection, issue_id: int, now: datetime) -> bool:
    """Make an approved issue of which nothing may have left a planned one again; False when it is too late."""
    where = (issue.c.id == issue_id, issue.c.state == IssueState.APPROVED, issue.c.not_before > now)
    values = {"state": IssueState.PLANNED, "not_before": None}
    return connection.execute(update(issue).where(*where).values(values)).rowcount == 1


def keep_back(connection: Connection, issue_id: int, note: str) -> bool:
    """Make an approved issue one that is planned and waits, and say why; False when it is not approved (any more)."""
    where = (issue.c.id == issue_id, issue.c.state == IssueState.APPROVED)
    values = {"state": IssueState.PLANNED, "not_before": None, "note": note}
    return connection.execute(update(issue).where(*where).values(values)).rowcount == 1


def let_go(connection: Connection, issue_id: int, now: datetime) -> bool:
    """Let an approved issue leave now; False when nothing held it."""
    where = (issue.c.id == issue_id, issue.c.state == IssueState.APPROVED, issue.c.not_before > now)
    return connection.execute(update(issue).where(*where).values(not_before=now)).rowcount == 1


def begin(connection: Connection, issue_id: int, now: datetime) -> bool:
    """Whether it may be handed over from now on. After this nobody can take it back: both ask the same row."""
    is_free = or_(issue.c.not_before.is_(None), issue.c.not_before <= now)
    is_ready = or_(issue.c.state == IssueState.SENDING, and_(issue.c.state == IssueState.APPROVED, is_free))
    query = update(issue).where(issue.c.id == issue_id, is_ready).values(state=IssueState.SENDING)
    return connection.execute(query).rowcount == 1


def last_cutoffs(
    connection: Connection, newsletter: str, before: int | None = None
) -> dict[tuple[str, str], datetime]:
    """Per (cadence, language), the cutoff of the newest issue with a main edition of it that was not cancelled; of
    those older than the issue ``before``, where given."""
    query = (
        select(edition.c.cadence, edition.c.language, func.max(issue.c.cutoff).label("cutoff"))
        .join(issue, issue.c.id == edition.c.issue)
        .where(*_counting(newsletter, before), edition.c.is_main)
        .group_by(edition.c.cadence, edition.c.language)
    )
    return {(row.cadence, row.language): row.cutoff for row in connection.execute(query)}


def last_of_cadences(
    connection: Connection, newsletter: str, before: int | None = None
) -> dict[str, tuple[int, datetime]]:
    """Cadence to (number, cutoff) of the newest issue with an edition of it that was not cancelled; of those older than
    the issue ``before``, where given."""
    query = (
        select(edition.c.cadence, func.max(issue.c.id).label("id"), func.max(issue.c.cutoff).label("cutoff"))
        .join(issue, issue.c.id == edition.c.issue)
        .where(*_counting(newsletter, before))
        .group_by(edition.c.cadence)
    )
    return {row.cadence: (row.id, row.cutoff) for row in connection.execute(query)}


def told(
    connection: Connection,
    newsletter: str,
    stories: Collection[str],
    *,
    only_main: bool,
    before: int | None = None,
) -> dict[tuple[str, str], set[str]]:
    """Per (cadence, language), which of ``stories`` editions that were not cancelled have told; those of issues older
    than ``before``, where given."""
    found: dict[tuple[str, str], set[str]] = {}
    for some in chunks(sorted(stories)):
        query = (
            select(edition.c.cadence, edition.c.language, edition_item.c.story)
            .join(edition, edition.c.id == edition_item.c.edition)
            .join(issue, issue.c.id == edition.c.issue)
            .where(edition_item.c.story.in_(some), *_counting(newsletter, before))
            .distinct()
        )
        for row in connection.execute(query.where(edition.c.is_main) if only_main else query):
            found.setdefault((row.cadence, row.language), set()).add(row.story)
    return found


def archived(connection: Connection) -> list[tuple[Issue, ShownEdition]]:
    """The main editions of every issue that was approved, newest issue first; digests are left where they are."""
    shown = (IssueState.APPROVED, IssueState.SENDING, IssueState.PAUSED, IssueState.SENT)
    query = select(issue).where(issue.c.state.in_(shown)).order_by(issue.c.slot.desc(), issue.c.id.desc())
    found = [_issue(row) for row in connection.execute(query)]
    made = _shown(connection, [one.id for one in found])
    return [(one, edition) for one in found for edition in made.get(one.id, ())]


def _shown(connection: Connection, ids: Sequence[int]) -> dict[int, list[ShownEdition]]:
    """The main editions of each issue, by language."""
    names = ("id", "issue", "language", "reads", "cadence", "is_main", "subject")
    query = select(*(edition.c[name] for name in names)).where(edition.c.is_main)
    query = query.order_by(edition.c.cadence, edition.c.language, edition.c.id)
    found: dict[int, list[ShownEdition]] = {}
    for some in chunks(ids):
        rows = connection.execute(query.where(edition.c.issue.in_(some))).all()
        items = _items(connection, [row.id for row in rows])
        for row in rows:
            one = ShownEdition(_edition(row, items.get(row.id, ())), row.subject)
            found.setdefault(row.issue, []).append(one)
    return found


def editions(connection: Connection, issue_id: int) -> list[FrozenEdition]:
    """The issue's editions, main ones first."""
    query = (
        select(edition)
        .where(edition.c.issue == issue_id)
        .order_by(edition.c.is_main.desc(), edition.c.cadence, edition.c.language, edition.c.id)
    )
    rows = connection.execute(query).all()
    items = _items(connection, [row.id for row in rows])
    return [FrozenEdition(_edition(row, items.get(row.id, ())), row.digest) for row in rows]


def languages(connection: Connection, issue_id: int) -> dict[int, str]:
    """Edition to language, main ones first."""
    query = (
        select(edition.c.id, edition.c.language)
        .where(edition.c.issue == issue_id)
        .order_by(edition.c.is_main.desc(), edition.c.cadence, edition.c.language, edition.c.id)
    )
    return {row.id: row.language for row in connection.execute(query)}


def chosen(connection: Connection, issue_id: int) -> set[str]:
    """The articles in an issue's editions."""
    query = select(edition_item.c.article).join(edition, edition.c.id == edition_item.c.edition)
    return set(connection.execute(query.where(edition.c.issue == issue_id).distinct()).scalars())


def _held(connection: Connection, issue_id: int) -> Issue:
    """An issue that is to be taken away: nobody enters a line of it into the ledger meanwhile. Raises NotFound."""
    connection.execute(select(issue.c.id).where(issue.c.id == issue_id).with_for_update())
    return get(connection, issue_id)


def _has_begun(connection: Connection, issue_id: int) -> bool:
    """Whether something of it was handed over, or may have been."""
    begun = or_(delivery.c.handed_at.is_not(None), delivery.c.state == DeliveryState.CLAIMED)
    query = select(delivery.c.id).where(delivery.c.issue == issue_id, begun).limit(1)
    return connection.execute(query).first() is not None


def _counting(newsletter: str, before: int | None) -> list[ColumnElement[bool]]:
    where = [issue.c.newsletter == newsletter, issue.c.state != IssueState.CANCELLED, ~is_correction]
    return where if before is None else [*where, issue.c.id < before]


def _items(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[EditionItem, ...]]:
    found: dict[int, list[EditionItem]] = {}
    for some in chunks(ids):
        query = select(edition_item).where(edition_item.c.edition.in_(some))
        for row in connection.execute(query.order_by(edition_item.c.edition, edition_item.c.position)):
            place = Placement(row.placement)
            item = EditionItem(row.story, row.article, row.language, place, row.is_fallback)
            found.setdefault(row.edition, []).append(item)
    return {identity: tuple(items) for identity, items in found.items()}


def _edition(row: Row[*tuple[Any, ...]], items: tuple[EditionItem, ...]) -> Edition:
    return Edition(row.language, tuple(row.reads.split()), items, row.is_main, row.id, row.cadence)


def _issue(row: Row[*tuple[Any, ...]]) -> Issue:
    state = IssueState(row.state)
    times = (row.since, row.cutoff)
    return Issue(
        row.id,
        row.newsletter,
        row.slot,
        row.date,
        *times,
        state,
        row.name,
        row.note,
        row.not_before,
        row.corrects,
    )

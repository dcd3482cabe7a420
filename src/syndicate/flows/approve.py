"""Approve: a planned issue is frozen, and leaves when nobody can take it back any more.

look (objections, how many people) -> approve -> enough people did? -> APPROVED, not before … -> the clock sends
                                             <- take back, until then
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from syndicate.digests.preflight import Finding
from syndicate.editions import counting, leaves, needed, to_utc
from syndicate.flows.house import House
from syndicate.flows.preflight import stops
from syndicate.flows.prepare import apply
from syndicate.flows.seen import Outdated, check, mark, subject_of
from syndicate.flows.tally import tally_of
from syndicate.model import Actor, ArticleState, Issue, IssueState, SyndicateError, UnsafeValue
from syndicate.store import Connection, Database, approvals, articles, audit, issues, tallies
from syndicate.store.approvals import Approval, Drafted
from syndicate.store.tallies import Tally

MISCOUNTED = (
    "That is not the number of people who will get it. Look again, and type the number that is shown."
)
NO_TIME = "That is not a date and a time, like 2026-05-04 08:00."
TOO_LATE = "It cannot be taken back any more: it may be leaving. Pause it, or cancel it."


@dataclass(frozen=True, slots=True)
class Wish:
    """How it is to be approved. ``leave`` is when it is to leave (UTC; None: at its slot, or now when that is over).

    ``undo`` is how long it can be taken back (None: as config.toml has it); ``people`` the number that somebody typed
    (None: nobody was asked); ``seen`` the mark of the page (see ``seen``).
    """

    leave: datetime | None = None
    undo: timedelta | None = None
    people: int | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be known before approving. ``withdrawn`` are titles of stories that are in it and must not go out.

    ``stops`` are reasons of preflight against it: whoever approves it all the same has been told.
    ``needed`` is how many other people have to approve still; ``given`` are the approvals that count. ``languages``
    is edition number to language, in the order in which editions are shown.
    """

    issue: Issue
    tally: Tally
    languages: dict[int, str]
    withdrawn: tuple[str, ...]
    stops: tuple[Finding, ...]
    given: tuple[Approval, ...]
    needed: int
    drafted: Drafted | None
    mark: str


def outlook(house: House, number: int, now: datetime) -> Outlook:
    """Raises NotFound."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
    counted = tally_of(house.database, number, now)
    reasons = stops(house, number, now) if issue.state is IssueState.PLANNED else ()
    with house.database.read() as connection:
        given, drafted = approvals.of(connection, number), approvals.drafted(connection, number)
        counts = _counting(given, drafted)
        return Outlook(
            issue=issue,
            tally=counted,
            languages=issues.languages(connection, number),
            withdrawn=tuple(withdrawn(connection, number)),
            stops=reasons,
            given=tuple(one for one in given if one.staff in counts),
            needed=needed(_wanted(house, issue), counts),
            drafted=drafted,
            mark=mark(connection, number),
        )


def approve(house: House, number: int, actor: Actor, now: datetime, wish: Wish | None = None) -> Issue:
    """Say that an issue may go out; the issue as it is then: planned still when another person has to say so, too.

    Asked again, it changes nothing. Raises SyndicateError when a story in it was withdrawn, when ``wish.people`` is
    not how many it goes to, or it is over; Outdated when somebody did something else meanwhile.
    """
    wish = wish or Wish()
    while True:
        apply(house, number, now)
        with house.database.read() as connection:
            issue, drafted = issues.get(connection, number), approvals.drafted(connection, number)
            objected = withdrawn(connection, number)
        if issue.state in _APPROVED:
            return issue
        if objected:
            raise SyndicateError(
                f"withdrawn since it was planned: {', '.join(objected)}; plan it with --again"
            )
        _look_at_people(house, number, now, wish)
        found = _approve(house, issue, drafted, actor, now, wish)
        if found:
            return found


def take_back(house: House, number: int, actor: Actor, now: datetime, seen: str | None = None) -> Issue:
    """Make an approved issue of which nothing has left a planned one again, everything as it was.

    Asked again, it changes nothing. Raises SyndicateError when it is too late.
    """
    with house.database.begin() as connection:
        issue = issues.hold(connection, number)
        if issue.state is IssueState.PLANNED:
            return issue
        check(connection, number, seen)
        if not issues.take_back(connection, number, now):
            raise SyndicateError(TOO_LATE)
        approvals.clear(connection, number)
        audit.note(connection, actor, "issue.take-back", subject_of(number), now)
        return issues.get(connection, number)


def keep_back(database: Database, due: Iterable[Issue]) -> dict[int, str]:
    """Approved issues of ``due`` with a story that was withdrawn since wait for staff again. Number to why."""
    with database.read() as connection:
        objected = {one.id: ", ".join(withdrawn(connection, one.id)) for one in due}
    kept: dict[int, str] = {}
    for number, titles in objected.items():
        why = f"withdrawn since it was approved: {titles}"
        if titles and _kept_back(database, number, why):
            kept[number] = why
    return kept


def _kept_back(database: Database, number: int, why: str) -> bool:
    with database.begin() as connection:
        if not issues.keep_back(connection, number, why):
            return False
        approvals.clear(connection, number)
        return True


def let_go(house: House, number: int, actor: Actor, now: datetime, seen: str | None = None) -> Issue:
    """Let an approved issue leave at once: nobody can take it back any more. Asked again, it changes nothing."""
    with house.database.begin() as connection:
        issue = issues.hold(connection, number)
        if not issue.is_held(now):
            return issue
        check(connection, number, seen)
        issues.let_go(connection, number, now)
        audit.note(connection, actor, "issue.let-go", subject_of(number), now)
        return issues.get(connection, number)


def local_moment(house: House, number: int, text: str) -> datetime:
    """``2026-05-04 08:00`` (or with a T), as clocks of the issue's newsletter show it, in UTC.

    Raises NotFound, and UnsafeValue for what is no time.
    """
    with house.database.read() as connection:
        newsletter = house.newsletters.get(issues.get(connection, number).newsletter)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UnsafeValue(NO_TIME) from error
    zone = newsletter.timezone if newsletter else house.site.timezone
    return to_utc(moment.date(), moment.time().replace(tzinfo=None), zone)


def withdrawn(connection: Connection, number: int) -> list[str]:
    """Titles of the issue's articles that were withdrawn since it was planned."""
    listed = articles.listed_by_id(connection, issues.chosen(connection, number))
    return sorted(one.title for one in listed.values() if one.state is not ArticleState.PUBLISHED)


_APPROVED = (IssueState.APPROVED, IssueState.SENDING, IssueState.PAUSED, IssueState.SENT)


def _look_at_people(house: House, number: int, now: datetime, wish: Wish) -> None:
    if wish.people is not None and wish.people != tally_of(house.database, number, now).owed:
        raise SyndicateError(MISCOUNTED)


def _approve(
    house: House, issue: Issue, drafted: Drafted | None, actor: Actor, now: datetime, wish: Wish
) -> Issue | None:
    """None when the draft was changed meanwhile: what would go out is not what was looked at."""
    with house.database.begin() as connection:
        found = issues.hold(connection, issue.id)
        if found.state in _APPROVED:
            return found
        check(connection, issue.id, wish.seen)
        if approvals.drafted(connection, issue.id) != drafted:
            return None
        approvals.add(connection, issue.id, actor.staff, now)
        given = approvals.of(connection, issue.id)
        missing = needed(_wanted(house, found), _counting(given, drafted))
        note = partial(audit.note, connection, actor, subject=subject_of(issue.id), now=now)
        if missing:
            note(action="issue.approve-first", missing=missing)
            return found
        moment = _leaves(house, found, now, wish)
        if not issues.approve(connection, issue.id, moment):
            raise Outdated(f"issue {issue.id} is {found.state}; it can become approved only from planned")
        note(action="issue.approve", leaves=moment.isoformat(), people=_people(connection, issue.id))
        return issues.get(connection, issue.id)


def _leaves(house: House, issue: Issue, now: datetime, wish: Wish) -> datetime:
    undo = house.undo if wish.undo is None else wish.undo
    return leaves(now, issue.slot, undo, wish.leave)


def _people(connection: Connection, number: int) -> int:
    counted = tallies.get(connection, number)
    return counted.owed if counted else 0


def _wanted(house: House, issue: Issue) -> int:
    newsletter = house.newsletters.get(issue.newsletter)
    return newsletter.approvals if newsletter else 1


def _counting(given: list[Approval], drafted: Drafted | None) -> frozenset[int]:
    return counting({one.staff: one.at for one in given}, drafted.at if drafted else None)

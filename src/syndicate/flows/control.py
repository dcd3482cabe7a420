"""What staff do with issues: send, pause, resume, cancel, and settle what is in doubt. ``approve`` comes before."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from syndicate.flows.approve import withdrawn
from syndicate.flows.house import House
from syndicate.flows.progress import Progress, silent
from syndicate.flows.run import publish_pages
from syndicate.flows.seen import Outdated, check, subject_of
from syndicate.flows.send import SendReport, send_issues
from syndicate.flows.tally import recount
from syndicate.flows.timetable import closed_until
from syndicate.model import Actor, DeliveryState, Issue, IssueState, SyndicateError
from syndicate.store import Connection, audit, claims, deliveries, issues, subscribers, tallies
from syndicate.store.witness import count, pass_over
from syndicate.subscribers import canonical


class Ruling(StrEnum):
    """What staff say of a mail that may have gone out."""

    DELIVERED = "delivered"
    RESEND = "resend"
    GIVE_UP = "give up"


_SETTLED = {
    Ruling.DELIVERED: DeliveryState.ACCEPTED,
    Ruling.RESEND: DeliveryState.PLANNED,
    Ruling.GIVE_UP: DeliveryState.FAILED,
}


def send(house: House, number: int, clock: Callable[[], datetime], progress: Progress = silent) -> SendReport:
    """Send one issue now, in closed hours, too, and say so. Raises SyndicateError unless it is approved, or a send of
    it was interrupted."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        objected = withdrawn(connection, number)
    if issue.state not in (IssueState.APPROVED, IssueState.SENDING, IssueState.SENT):
        raise SyndicateError(f"issue {number} is {issue.state}; only an approved one is sent")
    if objected:
        raise SyndicateError(f"withdrawn since it was planned: {', '.join(objected)}; cancel the issue")
    if issue.state is IssueState.SENT:
        return SendReport()
    if issue.is_held(clock()):
        raise SyndicateError(
            f"issue {number} leaves at {issue.not_before:%Y-%m-%d %H:%M} UTC, and can be taken back until then; "
            f"not to wait: syndicate issue send {number} --now"
        )
    publish_pages(house, clock())
    newsletter = house.newsletters.get(issue.newsletter)
    opened = closed_until(newsletter, clock()) if newsletter else None
    with house.carrier() as carrier:
        report = send_issues(house.mailroom(carrier), dict(house.newsletters), [issue], clock, progress)
    recount(house.database, number, clock())
    if opened:
        report.problems.append(
            f"issue {number}: sent by hand, though {issue.newsletter} sends nothing before {opened:%Y-%m-%d %H:%M} UTC"
        )
    return report


def owe_missing(
    house: House, number: int, actor: Actor, now: datetime, seen: str | None = None
) -> Mapping[str, int]:
    """Owe an issue again to those who certainly did not get it; how many by what becomes of them.

    Their consent is asked again when they are mailed, and the Message-ID is the same. Asked again, it changes nothing.
    Raises SyndicateError for an issue that was not sent, or with a story that was withdrawn; Outdated when somebody
    did something else meanwhile.
    """
    expected = (IssueState.SENT, IssueState.SENDING, IssueState.APPROVED)
    with house.database.begin() as connection:
        found = issues.hold(connection, number)
        check(connection, number, seen)
        if found.state not in expected:
            raise SyndicateError(f"issue {number} is {found.state}; only what was sent has somebody missing")
        _refuse_withdrawn(connection, number)
        counted = deliveries.owe_missing(connection, number)
        if again := counted[deliveries.AGAIN]:
            issues.move(connection, number, IssueState.APPROVED, *expected)
            _note(connection, actor, "issue.send-missing", number, now, people=again)
        return counted


def pause(house: House, number: int, actor: Actor, now: datetime, seen: str | None = None) -> Issue:
    """Hand nothing more over; a sender that runs notices before its next message."""
    with house.database.begin() as connection:
        if _is_done(connection, number, seen, IssueState.PAUSED):
            return issues.get(connection, number)
        moved = _move(connection, number, IssueState.PAUSED, IssueState.APPROVED, IssueState.SENDING)
        claims.recall(connection, issue=number)
        _note(connection, actor, "issue.pause", number, now)
        return moved


def resume(house: House, number: int, actor: Actor, now: datetime, seen: str | None = None) -> Issue:
    with house.database.begin() as connection:
        if _is_done(connection, number, seen, IssueState.APPROVED, IssueState.SENDING):
            return issues.get(connection, number)
        moved = _move(connection, number, IssueState.APPROVED, IssueState.PAUSED)
        _note(connection, actor, "issue.resume", number, now)
        return moved


def cancel(house: House, number: int, actor: Actor, now: datetime, seen: str | None = None) -> int:
    """Cancel what cannot have been handed over yet; returns how many deliveries that were."""
    cancellable = (IssueState.PLANNED, IssueState.APPROVED, IssueState.SENDING, IssueState.PAUSED)
    with house.database.begin() as connection:
        if _is_done(connection, number, seen, IssueState.CANCELLED):
            return 0
        _move(connection, number, IssueState.CANCELLED, *cancellable)
        cancelled = deliveries.cancel(connection, number, now)
        _note(connection, actor, "issue.cancel", number, now, people=cancelled)
        return cancelled


def settle(
    house: House,
    number: int,
    ruling: Ruling,
    only: Collection[int] | None,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> int:
    """A person's word on an issue's mails in doubt, of all (None) or ``only`` of these deliveries; returns how many.

    ``RESEND`` owes them again; whoever got the first one gets a second, with the same Message-ID. Asked again, it
    changes nothing. Raises NotFound; SyndicateError for what cannot be sent again; Outdated when somebody did
    something else meanwhile.
    """
    with house.database.begin() as connection:
        issue = issues.hold(connection, number)
        check(connection, number, seen)
        if ruling is Ruling.RESEND:
            _refuse_to_resend(connection, issue)
        settled = deliveries.settle_unsure(
            connection, number, _SETTLED[ruling], settled_as(ruling), now, only
        )
        if settled and ruling is Ruling.RESEND and issue.state is IssueState.SENT:
            issues.move(connection, number, IssueState.APPROVED, IssueState.SENT)
        if settled:
            _note(connection, actor, f"issue.settle {ruling}", number, now, people=settled)
        return settled


def settled_as(ruling: Ruling) -> str:
    """The reason that the ledger keeps."""
    return f"settled by staff: {ruling}"


def deliveries_to(house: House, number: int, addresses: Sequence[str]) -> list[int]:
    """The deliveries of an issue to these addresses. Raises SyndicateError for one that was not owed it, and
    UnsafeValue for what is no address."""
    with house.database.read() as connection:
        issues.get(connection, number)
        return _deliveries_to(connection, number, addresses)


def held_back(house: House) -> str:
    """Why all sending is held; empty when it is not."""
    with house.database.read() as connection:
        return house.witness.objection(count(connection))


def confirm_restored(house: House) -> int:
    """A person has looked: this is the database to send from. Returns the claim that is counted on from."""
    seen = house.witness.last_known()
    with house.database.begin() as connection:
        counted = pass_over(connection, seen)
    house.witness.write(counted)
    return counted.claims


def _deliveries_to(connection: Connection, number: int, addresses: Sequence[str]) -> list[int]:
    """The deliveries of an issue to these addresses. Raises SyndicateError for one that was not owed it."""
    found = []
    for address in addresses:
        person = subscribers.by_canonical(connection, canonical(address))
        delivery = deliveries.find(connection, number, person.id) if person else None
        if delivery is None:
            raise SyndicateError(f"issue {number} was not owed to one of these addresses; see: issue report")
        found.append(delivery)
    return found


def _refuse_withdrawn(connection: Connection, number: int) -> None:
    if objected := withdrawn(connection, number):
        raise SyndicateError(f"withdrawn since it was sent: {', '.join(objected)}; it is not sent again")


def _refuse_to_resend(connection: Connection, issue: Issue) -> None:
    if issue.state is IssueState.CANCELLED:
        raise SyndicateError(f"issue {issue.id} was cancelled: nothing of it is sent any more")
    _refuse_withdrawn(connection, issue.id)


def _is_done(connection: Connection, number: int, seen: str | None, *wanted: IssueState) -> bool:
    """Whether an issue is what it was to become. Raises Outdated when it is something else than the page showed."""
    if issues.hold(connection, number).state in wanted:
        return True
    check(connection, number, seen)
    return False


def _note(
    connection: Connection, actor: Actor, action: str, number: int, now: datetime, **detail: int
) -> None:
    audit.note(connection, actor, action, subject_of(number), now, **detail)
    tallies.outdated(connection, number)


def _move(connection: Connection, number: int, to: IssueState, *expected: IssueState) -> Issue:
    found = issues.get(connection, number)
    if not issues.move(connection, number, to, *expected):
        wanted = " or ".join(expected)
        raise Outdated(f"issue {number} is {found.state}; it can become {to} only from {wanted}")
    return issues.get(connection, number)

"""What staff do with issues: approve, send, pause, resume, cancel, and settle what is in doubt."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from syndicate.flows.house import House
from syndicate.flows.progress import Progress, silent
from syndicate.flows.run import publish_pages
from syndicate.flows.send import SendReport, send_issues
from syndicate.flows.timetable import closed_until
from syndicate.model import ArticleState, DeliveryState, Issue, IssueState, SyndicateError
from syndicate.store import Connection, articles, claims, deliveries, issues, subscribers
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


def approve(house: House, number: int) -> Issue:
    """Freeze the issue. Raises SyndicateError when a story in it was withdrawn, or it is not waiting for approval."""
    with house.database.begin() as connection:
        withdrawn = _withdrawn(connection, number)
        if withdrawn:
            raise SyndicateError(
                f"withdrawn since it was planned: {', '.join(withdrawn)}; plan it with --again"
            )
        return _move(connection, number, IssueState.APPROVED, IssueState.PLANNED)


def send(house: House, number: int, clock: Callable[[], datetime], progress: Progress = silent) -> SendReport:
    """Send one issue now, in closed hours, too, and say so. Raises SyndicateError unless it is approved, or a send of
    it was interrupted."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        withdrawn = _withdrawn(connection, number)
    if issue.state not in (IssueState.APPROVED, IssueState.SENDING, IssueState.SENT):
        raise SyndicateError(f"issue {number} is {issue.state}; only an approved one is sent")
    if withdrawn:
        raise SyndicateError(f"withdrawn since it was planned: {', '.join(withdrawn)}; cancel the issue")
    if issue.state is IssueState.SENT:
        return SendReport()
    publish_pages(house, clock())
    newsletter = house.newsletters.get(issue.newsletter)
    opened = closed_until(newsletter, clock()) if newsletter else None
    with house.carrier() as carrier:
        report = send_issues(house.mailroom(carrier), dict(house.newsletters), [issue], clock, progress)
    if opened:
        report.problems.append(
            f"issue {number}: sent by hand, though {issue.newsletter} sends nothing before {opened:%Y-%m-%d %H:%M} UTC"
        )
    return report


def owe_missing(house: House, number: int) -> Mapping[str, int]:
    """Owe an issue again to those who certainly did not get it; how many by what becomes of them.

    Their consent is asked again when they are mailed, and the Message-ID is the same. Raises SyndicateError for an
    issue that was not sent.
    """
    with house.database.begin() as connection:
        counted = deliveries.owe_missing(connection, number)
        expected = (IssueState.SENT, IssueState.SENDING, IssueState.APPROVED)
        _move(connection, number, IssueState.APPROVED, *expected)
        return counted


def pause(house: House, number: int) -> Issue:
    """Hand nothing more over; a sender that runs notices before its next message."""
    with house.database.begin() as connection:
        moved = _move(connection, number, IssueState.PAUSED, IssueState.APPROVED, IssueState.SENDING)
        claims.recall(connection, issue=number)
        return moved


def resume(house: House, number: int) -> Issue:
    with house.database.begin() as connection:
        return _move(connection, number, IssueState.APPROVED, IssueState.PAUSED)


def cancel(house: House, number: int, now: datetime) -> int:
    """Cancel what cannot have been handed over yet; returns how many deliveries that were."""
    cancellable = (IssueState.PLANNED, IssueState.APPROVED, IssueState.SENDING, IssueState.PAUSED)
    with house.database.begin() as connection:
        _move(connection, number, IssueState.CANCELLED, *cancellable)
        return deliveries.cancel(connection, number, now)


def settle(house: House, number: int, ruling: Ruling, only: Sequence[str], now: datetime) -> int:
    """A person's word on an issue's mails in doubt, of all or ``only`` of these addresses; returns how many.

    ``RESEND`` owes them again; whoever got the first one gets a second, with the same Message-ID. Raises NotFound,
    and UnsafeValue for what is no address.
    """
    with house.database.begin() as connection:
        issue = issues.get(connection, number)
        ids = _deliveries_to(connection, number, only)
        reason = f"settled by staff: {ruling}"
        settled = deliveries.settle_unsure(connection, number, _SETTLED[ruling], reason, now, ids)
        if settled and ruling is Ruling.RESEND and issue.state is IssueState.SENT:
            issues.move(connection, number, IssueState.APPROVED, IssueState.SENT)
        return settled


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


def _move(connection: Connection, number: int, to: IssueState, *expected: IssueState) -> Issue:
    found = issues.get(connection, number)
    if not issues.move(connection, number, to, *expected):
        wanted = " or ".join(expected)
        raise SyndicateError(f"issue {number} is {found.state}; it can become {to} only from {wanted}")
    return issues.get(connection, number)


def _withdrawn(connection: Connection, number: int) -> list[str]:
    """Titles of the issue's articles that were withdrawn since it was planned."""
    frozen = issues.editions(connection, number)
    ids = {item.article_id for one in frozen for item in one.edition.items}
    listed = articles.listed_by_id(connection, ids)
    return sorted(one.title for one in listed.values() if one.state is not ArticleState.PUBLISHED)

"""Run: the whole journey once. What is due is planned and sent; a second run finds nothing to do."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.flows.approve import keep_back
from syndicate.flows.archive import publish_archive
from syndicate.flows.hear_back import hear
from syndicate.flows.house import House
from syndicate.flows.ingest import IngestReport, ingest
from syndicate.flows.nightly import pull
from syndicate.flows.once import prune
from syndicate.flows.ping import send_pings
from syndicate.flows.plan import PlanReport
from syndicate.flows.post import deliver_post
from syndicate.flows.press import PressReport
from syndicate.flows.progress import Progress, silent
from syndicate.flows.publish import publish
from syndicate.flows.send import SendReport, send_issues
from syndicate.flows.tally import recount
from syndicate.flows.timetable import ring, sendable
from syndicate.model import CarrierError, IssueState
from syndicate.store import claims, issues
from syndicate.store.lock import only_one

PATIENCE = 60.0
"""Seconds that a run waits for another that reads the sources, or publishes."""


@dataclass(slots=True)
class RunReport:
    """What each step did; ``problems`` are sentences on what stopped nothing."""

    ingest: IngestReport
    feeds: PressReport = field(default_factory=PressReport)
    plans: list[PlanReport] = field(default_factory=list)
    archive: PressReport = field(default_factory=PressReport)
    send: SendReport = field(default_factory=SendReport)
    problems: list[str] = field(default_factory=list)


def run(house: House, clock: Callable[[], datetime], progress: Progress = silent) -> RunReport:
    """Ingest, publish, plan what is due, send what is approved, publish the archive; mail who signed up."""
    report = RunReport(ingest_all(house, clock(), progress))
    report.problems = listen(house, clock())
    report.problems += deliver_post(house, clock).problems
    report.feeds = publish_feeds(house, clock(), progress)
    report.problems += send_pings(house, clock()).problems
    for number, newsletter in enumerate(house.newsletters.values(), 1):
        report.plans += ring(house.planner, [newsletter], clock())
        progress("plan", number, len(house.newsletters))
    report.archive = publish_pages(house, clock())
    report.send = send_approved(house, clock, progress)
    return report


def listen(house: House, now: datetime) -> list[str]:
    """Hear what came back before more goes out; sentences on what could not be heard, which stops nothing else."""
    problems = []
    if house.hooks:
        hear(house.database, house.hooks, house.key, now)
    prune(house.database, now)
    try:
        pull(house, "sendgrid", now)
    except CarrierError as error:
        problems.append(str(error))
    return problems


def ingest_all(
    house: House, now: datetime, progress: Progress = silent, only: str = "", patience: float = PATIENCE
) -> IngestReport:
    """Ingest every source, or the one named. Raises Busy when another process still does after ``patience`` seconds."""
    origins = (house.origin(only),) if only else house.origins
    authority, tree = house.site.id_authority, house.tree
    with only_one(house.lock.with_name("ingest.lock"), "reading the sources", patience):
        return ingest(
            house.database, authority, origins, tree, house.similar, house.similar_count, now, progress
        )


def publish_feeds(house: House, now: datetime, progress: Progress = silent) -> PressReport:
    """Bring feeds up to date. Raises Busy when another process, or thread, publishes for longer than a minute."""
    with _publishing(house):
        return publish(house.database, house.site, house.feeds, house.tree, now, progress)


def publish_pages(house: House, now: datetime) -> PressReport:
    """Bring the archive up to date. Raises Busy as :func:`publish_feeds` does."""
    with _publishing(house):
        return publish_archive(house.database, house.composer, house.newsletters, house.tree, now)


def _publishing(house: House) -> AbstractContextManager[None]:
    """Two that publish at once would note the same page twice, and one might write what the other knows to be old."""
    return only_one(house.lock.with_name("publish.lock"), "publishing", PATIENCE)


def send_approved(house: House, clock: Callable[[], datetime], progress: Progress = silent) -> SendReport:
    """Send whatever is approved and may leave now, and what an interrupted sender left."""
    with house.database.read() as connection:
        approved = issues.in_state(connection, IssueState.APPROVED, IssueState.SENDING)
        is_left = bool(claims.unfinished(connection))
    approved = [issue for issue in approved if issue.newsletter in house.newsletters]
    due, waiting = sendable(house.database, house.newsletters, approved, clock())
    kept = keep_back(house.database, due)
    due = [issue for issue in due if issue.id not in kept]
    report = SendReport()
    if due or is_left:
        with house.carrier() as carrier:
            report = send_issues(house.mailroom(carrier), dict(house.newsletters), due, clock, progress)
    for issue in due:
        recount(house.database, issue.id, clock())
    report.waiting |= waiting
    report.problems += [
        f"issue {number}: {why}; prepare it again, or cancel it" for number, why in kept.items()
    ]
    return report

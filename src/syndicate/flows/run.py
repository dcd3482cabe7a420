"""Run: the whole journey once. What is due is planned and sent; a second run finds nothing to do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.editions import latest_slot
from syndicate.flows.archive import publish_archive
from syndicate.flows.hear_back import hear
from syndicate.flows.house import House
from syndicate.flows.ingest import IngestReport, ingest
from syndicate.flows.nightly import pull
from syndicate.flows.plan import PlanReport, plan_issue
from syndicate.flows.press import PressReport
from syndicate.flows.progress import Progress, silent
from syndicate.flows.publish import publish
from syndicate.flows.send import SendReport, send_issues
from syndicate.model import CarrierError, IssueState
from syndicate.store import claims, issues


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
    """Ingest, publish, plan what is due, send what is approved, publish the archive."""
    report = RunReport(ingest_all(house, clock(), progress))
    report.problems = listen(house, clock())
    report.feeds = publish_feeds(house, clock(), progress)
    for newsletter in house.newsletters.values():
        now = clock()
        report.plans.append(plan_issue(house.planner, newsletter, latest_slot(newsletter, now), now))
        progress("plan", len(report.plans), len(house.newsletters))
    report.archive = publish_pages(house, clock())
    report.send = send_approved(house, clock, progress)
    return report


def listen(house: House, now: datetime) -> list[str]:
    """Hear what came back before more goes out; sentences on what could not be heard, which stops nothing else."""
    problems = []
    if house.hooks:
        hear(house.database, house.hooks, house.key, now)
    try:
        pull(house, "sendgrid", now)
    except CarrierError as error:
        problems.append(str(error))
    return problems


def ingest_all(house: House, now: datetime, progress: Progress = silent, only: str = "") -> IngestReport:
    """Ingest every source, or the one named."""
    origins = (house.origin(only),) if only else house.origins
    authority, tree = house.site.id_authority, house.tree
    return ingest(house.database, authority, origins, tree, house.similar, house.similar_count, now, progress)


def publish_feeds(house: House, now: datetime, progress: Progress = silent) -> PressReport:
    return publish(house.database, house.site, house.feeds, house.tree, now, progress)


def publish_pages(house: House, now: datetime) -> PressReport:
    return publish_archive(house.database, house.composer, house.newsletters, house.tree, now)


def send_approved(house: House, clock: Callable[[], datetime], progress: Progress = silent) -> SendReport:
    """Send whatever is approved, and what an interrupted sender left."""
    with house.database.read() as connection:
        due = issues.in_state(connection, IssueState.APPROVED, IssueState.SENDING)
        is_left = bool(claims.unfinished(connection))
    due = [issue for issue in due if issue.newsletter in house.newsletters]
    if not due and not is_left:
        return SendReport()
    with house.carrier() as carrier:
        return send_issues(house.mailroom(carrier), dict(house.newsletters), due, clock, progress)

"""``syndicate issue …``: list, plan, look, approve, send, pause, resume, cancel."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house

if TYPE_CHECKING:
    from syndicate.flows.house import House
    from syndicate.flows.plan import PlanReport
    from syndicate.model import Choice, Issue

issue = typer.Typer(no_args_is_help=True, help="Issues of newsletters: plan, look, approve, send.")
app.add_typer(issue, name="issue")

Number = Annotated[int, typer.Argument(metavar="ISSUE", help="The number that `issue list` shows.")]


@issue.command("list")
def list_issues(
    newsletter: Annotated[str, typer.Option(help="Only this newsletter.")] = "",
    upcoming: Annotated[bool, typer.Option("--upcoming", help="The next issue of each newsletter.")] = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Issues, newest first; or, with --upcoming, what would go to how many if it were now."""
    opened = house(config)
    if upcoming:
        _upcoming(opened, newsletter, as_json)
        return
    from syndicate.flows.issues import overview

    rows = overview(opened, newsletter)
    if as_json:
        show.json(rows)
        return
    columns = ("issue", "newsletter", "date", "state", "editions", "owed", "handed over")
    cells = [
        (r.issue.id, r.issue.newsletter, r.issue.date, r.issue.state, r.editions, r.owed, r.accepted)
        for r in rows
    ]
    show.table("", columns, cells)


@issue.command()
def plan(
    newsletter: str,
    again: Annotated[
        bool, typer.Option("--again", help="Take back a plan of which nothing went out.")
    ] = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Plan the issue of the newest slot; every story is in or out with its reason."""
    from syndicate.editions import latest_slot
    from syndicate.flows.plan import plan_issue

    opened = house(config)
    moment = now()
    wanted = opened.newsletter(newsletter)
    report = plan_issue(opened.planner, wanted, latest_slot(wanted, moment), moment, again)
    _print_plan(report, as_json)


@issue.command("show")
def show_issue(number: Number, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """One issue: its editions, why each story is in or out, and what became of its deliveries."""
    from syndicate.flows.issues import account

    told = account(house(config), number)
    if as_json:
        show.json(told)
        return
    show.line(f"{told.issue.newsletter} {told.issue.date}: {told.issue.state}")
    columns = ("edition", "language", "reads", "subject", "planned", "handed over", "other")
    rows = [
        (
            e.id,
            e.language,
            " ".join(e.reads),
            e.subject,
            e.states.get("planned", 0),
            e.states.get("accepted", 0),
            sum(e.states.values()) - e.states.get("planned", 0) - e.states.get("accepted", 0),
        )
        for e in told.editions
    ]
    show.table("Editions", columns, rows)
    _choices(told.choices, told.titles)
    if told.reasons:
        show.table("Not mailed, or in doubt", ("reason", "people"), told.reasons.items())


@issue.command()
def preview(
    number: Number,
    output: Annotated[Path, typer.Option(help="A folder for the files.")] = Path("var/preview"),
    config: Config = CONFIG,
) -> None:
    """Write every edition's HTML and text as a reader would see it, without sending anything."""
    from syndicate.flows.issues import preview as write

    for path in write(house(config), number, output):
        show.line(str(path))


@issue.command()
def approve(number: Number, config: Config = CONFIG) -> None:
    """Freeze a planned issue and let it be sent. Refused when a story in it was withdrawn meanwhile."""
    from syndicate.flows.issues import approve as approve_issue

    show.line(_state(approve_issue(house(config), number)))


@issue.command()
def send(number: Number, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Send an approved issue. What was handed over before is not handed over again."""
    from syndicate.flows.issues import send as send_issue

    opened = house(config)
    with show.progress(as_json) as progress:
        report = send_issue(opened, number, now, progress)
    states = {state: n for counts in report.states.values() for state, n in counts.items()}
    if as_json:
        show.json(states)
    else:
        show.line(", ".join(f"{n} {state}" for state, n in states.items()) or "nothing was owed any more")


@issue.command()
def pause(number: Number, config: Config = CONFIG) -> None:
    """Stop handing over, until `issue resume`."""
    from syndicate.flows.issues import pause as pause_issue

    show.line(_state(pause_issue(house(config), number)))


@issue.command()
def resume(number: Number, config: Config = CONFIG) -> None:
    """Let a paused issue be sent again."""
    from syndicate.flows.issues import resume as resume_issue

    show.line(_state(resume_issue(house(config), number)))


@issue.command()
def cancel(number: Number, config: Config = CONFIG) -> None:
    """Hand nothing of this issue over any more; its stories may come in the next one."""
    from syndicate.flows.issues import cancel as cancel_issue

    cancelled = cancel_issue(house(config), number, now())
    show.line(f"{cancelled} deliveries cancelled")


def _upcoming(opened: "House", only: str, as_json: bool) -> None:
    from syndicate.flows.issues import upcoming

    wanted = [opened.newsletter(only)] if only else list(opened.newsletters.values())
    told = [upcoming(opened, newsletter, now()) for newsletter in wanted]
    if as_json:
        show.json(told)
        return
    for one in told:
        show.line(f"{one.newsletter}: next on {one.date} at {one.local} ({one.slot:%Y-%m-%d %H:%M} UTC)")
        rows = [(language, n, one.readers.get(language, 0)) for language, n in one.stories.items()]
        if rows:
            show.table("If it were now", ("language", "stories", "readers"), rows)
        else:
            show.line("  If it were now: nothing new, no mail")
        _choices(one.choices, one.titles)


def _print_plan(report: "PlanReport", as_json: bool) -> None:
    if as_json:
        values = {"issue": report.issue, "new": report.is_new, "owed": report.owed}
        show.json(values | {"skipped": report.skipped, "empty": report.empty})
        return
    made = "planned now" if report.is_new else "was planned before"
    show.line(
        f"issue {report.issue.id}, {report.issue.newsletter} {report.issue.date}, {made}: {report.issue.state}"
    )
    for language, number in report.owed.items():
        show.line(f"  {language}: {number} readers")
    for language in report.empty:
        show.line(f"  {language}: nothing new, no edition")
    for reason, number in report.skipped.items():
        show.line(f"  {number} readers skipped: {reason}")


def _choices(choices: "dict[str, tuple[Choice, ...]]", titles: dict[str, str]) -> None:
    for language, made in choices.items():
        if not made:
            continue
        rows = ((titles.get(c.story, c.story), c.verdict, c.language, c.detail) for c in made)
        show.table(f"Stories for {language}", ("story", "verdict", "in", "detail"), rows)


def _state(changed: "Issue") -> str:
    return f"issue {changed.id}, {changed.newsletter} {changed.date}: {changed.state}"

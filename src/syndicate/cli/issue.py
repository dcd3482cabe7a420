"""``syndicate issue …``: list, plan, look. What staff do with one is in ``control``."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house

if TYPE_CHECKING:
    from syndicate.flows.house import House
    from syndicate.flows.plan import PlanReport
    from syndicate.flows.upcoming import Coming, Upcoming
    from syndicate.model import Choice, Issue

issue = typer.Typer(no_args_is_help=True, help="Issues of newsletters: plan, look, approve, send.")
app.add_typer(issue, name="issue")

ZONES = 40
"""Zones shown of a newsletter that follows its readers; --json has all."""

OUT = 5
"""Stories shown of each reason why stories are out."""

Number = Annotated[int, typer.Argument(metavar="ISSUE", help="The number that `issue list` shows.")]


@issue.command("list")
def list_issues(
    newsletter: Annotated[str, typer.Option(help="Only this newsletter.")] = "",
    upcoming: Annotated[bool, typer.Option("--upcoming", help="The next issues of each newsletter.")] = False,
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
    if newsletter and not rows:
        opened.newsletter(newsletter)
    if as_json:
        show.json(rows)
        return
    if not rows:
        show.line("no issue yet; see: syndicate issue list --upcoming")
    columns = ("issue", "newsletter", "date", "state", "editions", "owed", "handed over")
    cells = [
        (r.issue.id, r.issue.newsletter, r.issue.name, r.issue.state, r.editions, r.owed, r.accepted)
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
    from syndicate.flows.timetable import plan_now

    opened = house(config)
    report = plan_now(opened.planner, opened.newsletter(newsletter), now(), again)
    _print_plan(report, as_json)


@issue.command("show")
def show_issue(number: Number, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """One issue: its editions, why each story is in or out, and what became of its deliveries."""
    from syndicate.flows.issues import account

    told = account(house(config), number)
    if as_json:
        show.json(told)
        return
    one = told.issue
    show.line(state_of(one))
    if one.note:
        show.line(one.note)
    if one.corrects:
        show.line(f"corrects story {one.corrects}, for those who got it")
    else:
        show.line(f"stories from {_moment(one.since)} to {_moment(one.cutoff)}")
    rows = [
        (" ".join((*e.reads, e.cadence)).rstrip(), *_numbers(e.states), len(e.articles), e.subject)
        for e in told.editions
    ]
    columns = ("for readers of", "handed over", "planned", "other", "stories", "subject")
    show.table("Editions", columns, rows)
    outcomes = [(state, number, reason) for state, reason, number in told.deliveries]
    show.table("Deliveries", ("state", "people", "reason"), outcomes)
    main = (e.articles for e in told.editions if e.is_main)
    _choices(told.choices, told.titles, [article for articles in main for article in articles])


@issue.command()
def preview(
    number: Number,
    output: Annotated[Path, typer.Option(help="A folder for the files.")] = Path("var/preview"),
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Write every edition's HTML and text as a reader would see it, without sending anything."""
    from syndicate.flows.issues import preview as write

    written = write(house(config), number, output)
    if as_json:
        show.json(written)
        return
    for path in written:
        show.line(str(path))
    if not written:
        show.line(f"issue {number} has no edition: nothing was new")


def _upcoming(opened: "House", only: str, as_json: bool) -> None:
    from syndicate.flows.upcoming import upcoming

    wanted = [opened.newsletter(only)] if only else list(opened.newsletters.values())
    told = [upcoming(opened, newsletter, now()) for newsletter in wanted]
    if as_json:
        show.json(told)
        return
    for one in told:
        _print_upcoming(one)


def _print_upcoming(one: "Upcoming") -> None:
    for n, coming in enumerate(one.slots):
        show.line(f"{one.newsletter}: {'then' if n else 'next'} {_coming(coming)}")
        for zone in coming.zones[:ZONES] if not n else ():
            show.line(f"    {zone.local} {zone.zone}: {zone.readers} readers")
    if not one.slots:
        show.line(f"{one.newsletter}: no issue is to come; look at cron")
    rows = [(language, n, one.readers.get(language, 0)) for language, n in one.stories.items()]
    show.table("If it were now", ("language", "stories", "readers"), rows)
    if not rows:
        show.line("  if it were now: nothing new, no mail")
    for reason, number in one.skipped.items() if rows else ():
        show.line(f"  {number} readers would get nothing: {reason}")
    gaps = [
        (
            " ".join(gap.lacks),
            " ".join(gap.has),
            _moment(gap.until, "no more"),
            one.titles.get(gap.story, gap.story),
        )
        for gap in one.missing
    ]
    show.table("Not translated yet", ("missing in", "is in", "waited for until", "story"), gaps)
    _choices(one.choices, one.titles)
    show.line()


def _coming(one: "Coming") -> str:
    if one.is_instant:
        return f"as soon as a story is ready, not before {one.local} ({_moment(one.moment)})"
    told = f"on {one.name[:10]} at {one.local} ({_moment(one.moment)}), {' and '.join(one.cadences)}"
    if not one.zones:
        return told
    number, last = sum(zone.readers for zone in one.zones), one.zones[-1]
    return f"{told}: {number} readers in {len(one.zones)} zones, the last at {_moment(last.moment)}"


def _print_plan(report: "PlanReport", as_json: bool) -> None:
    if as_json:
        values = {"issue": report.issue, "new": report.is_new, "owed": report.owed}
        show.json(values | {"skipped": report.skipped, "empty": report.empty})
        return
    made = "planned now" if report.is_new else "was planned before"
    show.line(f"{state_of(report.issue)} ({made})")
    if report.folded:
        show.line(f"  {report.folded} slots were missed before it; their stories are in it")
    show.table("", ("language", "readers"), report.owed.items())
    for language in report.empty if report.is_new else ():
        show.line(f"  {language}: nothing new, no edition")
    for reason, number in report.skipped.items():
        show.line(f"  {number} readers skipped: {reason}")


def _choices(
    choices: "dict[str, tuple[Choice, ...]]", titles: dict[str, str], order: Sequence[str] = ()
) -> None:
    """Per language, what is in, each on its line, as ``order`` has it; then what is out, by its reason."""
    place = {article: n for n, article in enumerate(order)}
    for language, made in choices.items():
        inside = sorted((c for c in made if c.article_id), key=lambda c: place.get(c.article_id, len(place)))
        if not made:
            continue
        show.line()
        show.line(f"Stories for {language}: {len(inside)} in, {len(made) - len(inside)} out")
        show.items([_in(choice, language, titles) for choice in inside], len(inside), "  in   ")
        for reason, some in _by_reason(made).items():
            show.said(f"out  {reason}: {len(some)}")
            show.items([titles.get(c.story, c.story) + _detail(c) for c in some], OUT, " " * 9)


def _in(choice: "Choice", language: str, titles: dict[str, str]) -> str:
    title = titles.get(choice.article_id) or titles.get(choice.story, choice.story)
    return title if choice.language == language else f"[{choice.language}] {title}"


def _by_reason(made: "Sequence[Choice]") -> "dict[str, list[Choice]]":
    groups: dict[str, list[Choice]] = {}
    for choice in made:
        if not choice.article_id:
            groups.setdefault(choice.verdict, []).append(choice)
    return groups


def _detail(choice: "Choice") -> str:
    return f" ({choice.detail})" if choice.detail else ""


def _numbers(states: dict[str, int]) -> tuple[int, int, int]:
    """Handed over, planned, and all else."""
    accepted, planned = states.get("accepted", 0), states.get("planned", 0)
    return accepted, planned, sum(states.values()) - accepted - planned


def _moment(moment: "datetime | None", otherwise: str = "the first") -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else otherwise


def state_of(changed: "Issue") -> str:
    return f"issue {changed.id}, {changed.newsletter} {changed.name}: {changed.state}"

"""``init``, ``serve``, ``status``, ``doctor``: the installation itself."""

import shutil
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house
from syndicate.cli.command import serve as serve_house

if TYPE_CHECKING:
    from syndicate.model import Problem


@app.command()
def init(folder: Path, as_json: AsJson = False) -> None:
    """Make a folder with a commented config.toml and places for articles and lists."""
    from syndicate.flows.begin import begin

    written = begin(folder)
    if as_json:
        show.json(written)
        return
    for path in written:
        show.line(str(path))
    program = "syndicate" if shutil.which("syndicate") else str(Path(sys.argv[0]).absolute())
    show.line(f"Next: cd {quote(str(folder))} && {program} doctor && {program} run")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    clock: Annotated[
        bool, typer.Option("--clock", help="Do everything in time, too, as `syndicate clock` does.")
    ] = False,
    config: Config = CONFIG,
) -> None:
    """Serve feeds, archive, the readers' pages and the staff console."""
    from syndicate.cli.clock import as_line

    serve_house(house(config), host, port, as_line if clock else None)


@app.command()
def status(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """What there is, in numbers, what waits for somebody, and everything that is wrong now."""
    from syndicate.flows.standing import standing
    from syndicate.flows.status import problems, totals, waiting

    opened = house(config)
    there, wrong, waits = totals(opened), problems(opened), waiting(opened)
    stands = standing(opened, now())
    if as_json:
        show.json({"totals": there, "waiting": waits, "problems": wrong, "clock": stands})
        return
    rows = [
        ("articles", there.articles),
        ("stories", there.stories),
        ("feeds", there.feeds),
        ("editions", there.editions),
        *((f"deliveries, {state}", n) for state, n in there.states.items()),
        *((f"subscribers, {state}", n) for state, n in there.subscribers.items()),
    ]
    show.table("", ("what", "number"), rows)
    show.said(stands.summary, "")
    for one in (*stands.sentences, *waits):
        show.said(one, "")
    _print_problems(wrong)


def _print_problems(wrong: "list[tuple[str, Problem]]") -> None:
    """By source, what was left out first."""
    for source in dict.fromkeys(source for source, _ in wrong):
        found = [problem for name, problem in wrong if name == source]
        fatal = sum(problem.fatal for problem in found)
        show.line(f"{source}: {fatal} left out, warned of {len(found) - fatal}")
        for problem in found:
            show.problem(problem)


@app.command()
def doctor(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Check that everything a run needs is there: secret, database, folders, templates, sources, mail, clock."""
    from syndicate.flows.doctor import Level, examine

    findings = examine(house(config), now())
    if as_json:
        show.json(findings)
    else:
        for finding in findings:
            show.said(f"{finding.what}: {finding.detail}", f"{finding.level:9}")
            if finding.advice:
                show.said(finding.advice, " " * 11)
    if any(finding.level is Level.BAD for finding in findings):
        print("syndicate: something above needs mending", file=sys.stderr)  # noqa: T201
        raise typer.Exit(1)

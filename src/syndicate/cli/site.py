"""``init``, ``serve``, ``status``, ``doctor``: the installation itself."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from syndicate.cli import show
from syndicate.cli.command import CONFIG, AsJson, Config, app, house
from syndicate.cli.command import serve as serve_house


@app.command()
def init(folder: Path) -> None:
    """Make a folder with a commented config.toml and places for articles and lists."""
    from syndicate.flows.begin import begin

    for path in begin(folder):
        show.line(str(path))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    config: Config = CONFIG,
) -> None:
    """Serve feeds, archive and the unsubscribe page."""
    serve_house(house(config), host, port)


@app.command()
def status(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """What there is, in numbers, and everything that is wrong now."""
    from syndicate.flows.status import problems, totals

    opened = house(config)
    there, wrong = totals(opened), problems(opened)
    if as_json:
        show.json({"totals": there, "problems": wrong})
        return
    rows = [
        ("articles", there.articles),
        ("stories", there.stories),
        ("feeds", there.feeds),
        ("editions", there.editions),
        ("deliveries", there.deliveries),
        *((f"subscribers, {state}", n) for state, n in there.subscribers.items()),
    ]
    show.table("", ("what", "number"), rows)
    for source, problem in wrong:
        show.line(show.problem(source, problem))


@app.command()
def doctor(config: Config = CONFIG) -> None:
    """Check that everything a run needs is there: settings, database, folders, templates, sources."""
    from syndicate.flows.doctor import examine

    findings = examine(house(config))
    for finding in findings:
        show.line(f"{'ok  ' if finding.is_fine else 'BAD '} {finding.what}: {finding.detail}")
    if not all(finding.is_fine for finding in findings):
        print("syndicate: something above needs mending", file=sys.stderr)  # noqa: T201
        raise typer.Exit(1)

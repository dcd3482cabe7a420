"""``ingest``, ``publish``, ``run``, ``similar``: from articles to feeds and digests."""

import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicate.cli import show
from syndicate.cli.command import CONFIG, AsJson, Config, app, house
from syndicate.model import SyndicateError

if TYPE_CHECKING:
    from syndicate.flows.house import House
    from syndicate.flows.ingest import IngestReport
    from syndicate.flows.run import RunReport

SHOWN = 20
similar = typer.Typer(no_args_is_help=True, help="Similar posts: how good they are.")
app.add_typer(similar, name="similar")


def now() -> datetime:
    return datetime.now(UTC)


@app.command()
def ingest(
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Read what is new or changed at the sources."""
    from syndicate.flows.run import ingest_all

    opened = house(config)
    with show.progress(as_json) as progress:
        report = ingest_all(opened, now(), progress, source)
    if as_json:
        show.json(_ingested(report))
    else:
        show.line(
            f"{report.added} new, {report.changed} changed, {report.withdrawn} withdrawn, "
            f"{len(report.problems)} problems"
        )
        problems(report)
    if report.failed_sources:
        raise typer.Exit(1)


@app.command()
def publish(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Build the feeds and the archive: only what changed is written."""
    from syndicate.flows.ping import send_pings
    from syndicate.flows.run import publish_feeds, publish_pages

    opened = house(config)
    with show.progress(as_json) as progress:
        feeds = publish_feeds(opened, now(), progress)
        pings = send_pings(opened, now())
        archive = publish_pages(opened, now())
    written, removed = [*feeds.written, *archive.written], [*feeds.removed, *archive.removed]
    if as_json:
        kept = feeds.kept + archive.kept
        show.json({"written": written, "removed": removed, "kept": kept, "pings": pings})
    else:
        show.line(f"{len(written)} files written, {len(removed)} removed, in {opened.tree.root}")
    show.warnings(pings.problems)


@app.command()
def run(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Everything once: ingest, publish, plan what is due, send. A second run finds nothing to do."""
    from syndicate.flows.run import run as run_once

    opened = house(config)
    with show.progress(as_json) as progress:
        report = run_once(opened, now, progress)
    if as_json:
        show.json(summary(opened, report))
    else:
        _print_summary(opened, report)
    if report.ingest.failed_sources:
        raise typer.Exit(1)


@similar.command("eval")
def evaluate(
    collection: Annotated[Path, typer.Argument(help="COLLECTION.jsonl or .jsonl.gz")],
    output: Annotated[Path, typer.Option(help="Where the predictions go.")],
    as_json: AsJson = False,
) -> None:
    """Predict similar posts for a collection of articles, with the product's own code."""
    from syndicate.stories.similar.evaluate import evaluate as predict

    try:
        result = predict(collection, output)
    except (UnicodeDecodeError, EOFError, zlib.error) as error:
        raise SyndicateError(
            f"{collection}: not JSON Lines in UTF-8, plain or whole gzip: {error}"
        ) from error
    if as_json:
        show.json(result)
    else:
        told = f"{result.articles} articles of {result.stories} stories in {' '.join(result.languages)}"
        show.line(f"{told}; {result.entries} similar posts by {result.method}: {output}")
        for problem in result.problems[:SHOWN]:
            show.problem(problem)
        if len(result.problems) > SHOWN:
            show.line(f"  … and {len(result.problems) - SHOWN} more")


def problems(report: "IngestReport", limit: int = SHOWN) -> None:
    """The gravest problems, each with its place, and how many more there are."""
    failed = set(report.failed_sources)
    gravest = sorted(report.problems, key=lambda one: (one[1].place not in failed, not one[1].fatal))
    for source, problem in gravest[:limit]:
        show.problem(replace(problem, place=f"{source}: {problem.place}"))
    if len(report.problems) > limit:
        show.line(f"  … and {len(report.problems) - limit} more: syndicate status")


def summary(opened: "House", report: "RunReport") -> dict[str, Any]:
    """What a run did and what there is now, as data."""
    from syndicate.flows.status import totals

    return {
        "ingest": _ingested(report.ingest),
        "files_written": len(report.feeds.written) + len(report.archive.written),
        "issues": [
            {
                "newsletter": plan.issue.newsletter,
                "date": plan.issue.date,
                "name": plan.issue.name,
                "state": plan.issue.state,
                "new": plan.is_new,
                "editions": len(plan.editions),
                "owed": plan.owed,
                "skipped": plan.skipped,
                "empty": list(plan.empty),
            }
            for plan in report.plans
        ],
        "accepted": report.send.accepted,
        "totals": totals(opened),
    }


def _ingested(report: "IngestReport") -> dict[str, Any]:
    return {
        "added": report.added,
        "changed": report.changed,
        "withdrawn": report.withdrawn,
        "problems": [
            {"source": s, "place": p.place, "reason": p.reason, "advice": p.advice, "fatal": p.fatal}
            for s, p in report.problems
        ],
    }


def _print_summary(opened: "House", report: "RunReport") -> None:
    from syndicate.flows.status import totals

    there = totals(opened)
    written = len(report.feeds.written) + len(report.archive.written)
    rows: list[tuple[str, object, str]] = [
        ("articles", there.articles, f"{report.ingest.added} new, {report.ingest.changed} changed"),
        ("stories", there.stories, ""),
        ("feeds", there.feeds, f"{written} files written"),
        ("editions", there.editions, _planned(report)),
        ("deliveries", there.deliveries, f"{report.send.accepted} handed over now"),
        ("problems", there.problems, "syndicate status lists them" if there.problems else ""),
    ]
    show.table("", ("what", "in all", "this run"), rows)
    languages = [(language, number) for language, number in there.per_language.items()]
    if languages:
        show.table("Deliveries per language", ("language", "handed over"), languages)
    for plan in report.plans:
        for language in plan.empty if plan.is_new else ():
            show.line(
                f"{plan.issue.newsletter} {plan.issue.name}: no edition in {language}, nothing new in it"
            )
    problems(report.ingest, 8)
    show.put_off(report.send)
    show.warnings(report.problems)
    show.line(f"Feeds: {opened.tree.root / 'feeds' / 'index.html'}")
    show.line(f"Mail:  {opened.carrier_place}")


def _planned(report: "RunReport") -> str:
    new = [plan for plan in report.plans if plan.is_new]
    return ", ".join(f"{p.issue.newsletter} {p.issue.name}: {p.issue.state}" for p in new) or "no issue due"

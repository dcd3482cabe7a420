"""``syndicate subscribers …``: lists in and out, one person, erasure."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house
from syndicate.model import SubscriberStatus

if TYPE_CHECKING:
    from syndicate.flows.house import House

subscribers = typer.Typer(no_args_is_help=True, help="Subscribers: lists in and out, one person, erasure.")
app.add_typer(subscribers, name="subscribers")


IgnoreUnknown = Annotated[
    bool, typer.Option("--ignore-unknown", help="Pass over columns that mean nothing here.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Report what would become of each line; change nothing.")
]


@subscribers.command()
def sync(
    files: Annotated[list[Path] | None, typer.Argument(help="CSV files; default: subscribers/*.csv")] = None,
    ignore_unknown: IgnoreUnknown = False,
    dry_run: DryRun = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Merge CSV files into the database. Nobody who left is brought back; a second run changes nothing."""
    opened = house(config)
    paths = files or sorted(opened.lists.glob("*.csv"))
    if not paths:
        print(f"syndicate: {opened.lists}: no CSV file there", file=sys.stderr)  # noqa: T201
    _merge(opened, paths, as_json, ignore_unknown=ignore_unknown, is_rehearsal=dry_run)


@subscribers.command("import")
def import_list(
    file: Path,
    report: Annotated[
        Path | None,
        typer.Option(help="Where each line's fate is told; default: reports/ beside the database."),
    ] = None,
    ignore_unknown: IgnoreUnknown = False,
    dry_run: DryRun = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Merge one CSV file into the database: the whole of it, or nothing when it is interrupted."""
    _merge(house(config), [file], as_json, report=report, ignore_unknown=ignore_unknown, is_rehearsal=dry_run)


def _merge(opened: "House", paths: Sequence[Path], as_json: bool, **how: Any) -> None:
    from syndicate.flows.lists import Wanted
    from syndicate.flows.lists import sync as merge_lists

    with show.progress(as_json) as told:
        wanted = Wanted(list(opened.newsletters), opened.key, now(), opened.reports, progress=told, **how)
        report = merge_lists(opened.database, paths, wanted)
    if as_json:
        show.json({"counts": report.counts, "lines": report.lines, "reports": report.files})
        return
    show.line(", ".join(f"{n} {fate}" for fate, n in report.counts.items()) or "no lines")
    for place, fate, reason in report.lines:
        show.said(f"{fate}: {place}: {reason}")
    for path in report.files:
        show.line(f"each line's fate: {path}")


@subscribers.command()
def export(
    output: Path,
    newsletter: Annotated[str, typer.Option(help="Only its subscribers.")] = "",
    language: Annotated[str, typer.Option(help="Only who reads it.")] = "",
    status: Annotated[SubscriberStatus | None, typer.Option(help="Only who is in this state.")] = None,
    config: Config = CONFIG,
) -> None:
    """Write everyone as a CSV file that `sync` reads."""
    from syndicate.flows.lists import export as write
    from syndicate.languages import normalise
    from syndicate.store.lists import Chosen

    opened = house(config)
    chosen = Chosen(
        opened.newsletter(newsletter).key if newsletter else "",
        normalise(language) if language else "",
        status or "",
    )
    show.line(f"{write(opened.database, output, chosen)} subscribers written to {output}")


@subscribers.command()
def add(
    email: str,
    languages: Annotated[str, typer.Option(help="In order of preference: 'tr en'.")],
    newsletters: Annotated[str, typer.Option(help="Keys of config.toml, separated by spaces.")],
    name: str = "",
    timezone: str = "UTC",
    source: Annotated[str, typer.Option(help="Where the consent came from.")] = "staff",
    config: Config = CONFIG,
) -> None:
    """Add one person who has given consent."""
    from syndicate.flows.lists import add as add_one

    opened = house(config)
    cells = {
        "email": email,
        "name": name,
        "languages": languages,
        "timezone": timezone,
        "newsletters": newsletters,
        "consent_at": now().isoformat(),
        "consent_source": source,
    }
    show.line(add_one(opened.database, cells, list(opened.newsletters), opened.key, now()))


@subscribers.command("show")
def show_one(email: str, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Everything held about one person: preferences, consent, what was sent and what became of it."""
    from syndicate.flows.subscribe import held_about

    held = held_about(house(config), email)
    if as_json:
        show.json(held)
        return
    person = held.subscriber
    show.said(f"{person.status}, reads {' '.join(person.languages)}, {person.timezone}", "")
    if held.suppressed:
        show.line(f"not mailed: {held.suppressed}")
    newsletters = ", ".join(s.newsletter for s in person.subscriptions)
    show.line(f"newsletters: {newsletters or 'none'}")
    consent = [(one.at, one.what, one.newsletter, one.source, one.origin) for one in held.consent]
    show.table("Consent", ("when", "what", "newsletter", "from", "by way of"), consent)
    show.table("Deliveries", ("issue", "state", "reason", "when"), held.deliveries)
    asked = [(one.at, one.state, " ".join(one.wish.newsletters), one.reason) for one in held.signups]
    show.table("Sign-ups", ("when", "state", "newsletters", "reason"), asked)


@subscribers.command()
def unsubscribe(email: str, newsletter: str, config: Config = CONFIG) -> None:
    """End one subscription; effective for mail not yet handed over."""
    from syndicate.flows.subscribe import find
    from syndicate.flows.subscribe import unsubscribe as end

    opened = house(config)
    person = find(opened.database, email)
    ended = end(opened.database, person.id, opened.newsletter(newsletter).key, "staff", now())
    show.line("unsubscribed" if ended else "was not subscribed")


@subscribers.command()
def erase(email: str, config: Config = CONFIG) -> None:
    """Delete all that is held about a person; a keyed hash keeps lists from bringing them back."""
    from syndicate.flows.fates import forget_traces
    from syndicate.flows.subscribe import erase as erase_one
    from syndicate.subscribers import canonical

    opened = house(config)
    erase_one(opened.database, email, opened.key, now())
    is_clean = forget_traces(opened.database, opened.reports, canonical(email))
    show.line("erased" if is_clean else "erased; the database's log forgets it once nobody reads in it")

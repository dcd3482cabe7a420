"""``syndicate issue preflight|test``: what is looked at, and tried, before an issue goes out."""

from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, house
from syndicate.cli.issue import Number, issue
from syndicate.model import COMMAND_LINE, SyndicateError

if TYPE_CHECKING:
    from syndicate.flows.preflight import Preflight

Ask = Annotated[bool, typer.Option("--ask", help="Ask links, name servers and the spam filter first.")]
To = Annotated[list[str], typer.Option("--to", metavar="ADDRESS", help="Who gets it; may be given again.")]
Languages = Annotated[
    list[str] | None, typer.Option("--language", help="Only this language; may be given again.")
]


@issue.command()
def preflight(number: Number, ask: Ask = False, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """What a careful sender looks at. Exit status 1 when something should be mended before it goes out."""
    from syndicate.flows.preflight import ask_now, look

    opened = house(config)
    if ask:
        ask_now(opened, number, COMMAND_LINE, now)
    found = look(opened, number, now())
    if as_json:
        show.json(
            {"issue": number, "asked": found.asked.at if found.asked else None, "checks": found.results}
        )
    else:
        _print(found)
    if any(one.level == "stop" for one in found.results):
        raise typer.Exit(1)


@issue.command("test")
def try_out(
    number: Number, to: To, language: Languages = None, config: Config = CONFIG, as_json: AsJson = False
) -> None:
    """Mail the issue to somebody as a test, by the configured carrier; it counts for nothing."""
    from syndicate.flows.rehearse import rehearse

    tried = rehearse(house(config), number, [(one, "") for one in to], language or [], COMMAND_LINE, now)
    if as_json:
        show.json(tried)
    for one in tried if not as_json else ():
        show.said(f"{one.language}: {one.state}{f': {one.detail}' if one.detail else ''}", "")
    if lost := sum(not one.is_gone for one in tried):
        raise SyndicateError(f"{lost} of {len(tried)} test mails were not taken")


def _print(found: "Preflight") -> None:
    from syndicate.digests.preflight import advice, sentence, title

    for one in found.results:
        show.line(f"{one.level}: {title(one.check, 'en')}")
        for finding in one.findings:
            place = f"{finding.language}: " if finding.language else ""
            show.said(place + sentence(finding, "en"))
        if one.level in ("note", "stop"):
            show.line(f"  -> {advice(one.check, 'en')}")
    if found.asked is None:
        show.line("links, name servers and the spam filter: syndicate issue preflight NUMBER --ask")

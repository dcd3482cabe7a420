"""``syndicate issue send|pause|resume|cancel|report|settle``, and ``syndicate restored``."""

from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house
from syndicate.cli.issue import Number, issue, state_of
from syndicate.model import COMMAND_LINE, DeliveryState

if TYPE_CHECKING:
    from syndicate.flows.control import Ruling
    from syndicate.flows.report import Report
    from syndicate.model import Issue


@issue.command()
def send(
    number: Number,
    missing: Annotated[
        bool, typer.Option("--missing", help="To those, too, who certainly did not get it before.")
    ] = False,
    at_once: Annotated[
        bool, typer.Option("--now", help="Do not wait until it can be taken back no more, nor for its time.")
    ] = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Send an approved issue. What was handed over before is not handed over again."""
    from syndicate.flows.approve import let_go
    from syndicate.flows.control import owe_missing
    from syndicate.flows.control import send as send_issue

    opened = house(config)
    owed = owe_missing(opened, number, COMMAND_LINE, now()) if missing else {}
    if at_once:
        let_go(opened, number, COMMAND_LINE, now())
    with show.progress(as_json) as progress:
        report = send_issue(opened, number, now, progress)
    states = {state: n for counts in report.states.values() for state, n in counts.items() if n}
    if as_json:
        show.json(states)
        return
    for what, people in owed.items():
        show.line(f"{people} {what}")
    show.line(", ".join(f"{n} {state}" for state, n in states.items()) or "nothing was owed any more")
    show.put_off(report)


@issue.command()
def pause(number: Number, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Stop handing over, until `issue resume`; a sender that runs stops before its next message."""
    from syndicate.flows.control import pause as pause_issue

    _tell(pause_issue(house(config), number, COMMAND_LINE, now()), as_json)


@issue.command()
def resume(number: Number, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Let a paused issue be sent again."""
    from syndicate.flows.control import resume as resume_issue

    _tell(resume_issue(house(config), number, COMMAND_LINE, now()), as_json)


@issue.command()
def cancel(number: Number, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Hand nothing of this issue over any more; its stories may come in the next one."""
    from syndicate.flows.control import cancel as cancel_issue

    cancelled = cancel_issue(house(config), number, COMMAND_LINE, now())
    if as_json:
        show.json({"issue": number, "cancelled": cancelled})
    else:
        show.line(f"issue {number}: cancelled, {cancelled} people were not mailed it")


@issue.command()
def report(
    number: Number,
    names: Annotated[
        str,
        typer.Option(metavar="STATES", help="List the people in these states: 'unsure failed', or 'all'."),
    ] = "",
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Who got it, who did not, and why: every fate counted; with --names, each person's."""
    from syndicate.flows.report import names as named
    from syndicate.flows.report import report as told

    states = _states(names)
    opened = house(config)
    found = told(opened, number)
    people = list(named(opened, number, *states)) if names else []
    if as_json:
        show.json({"report": found, "names": people} if names else found)
        return
    _print_report(found)
    rows = [(p.id, p.email or "(erased)", p.language, p.state, p.reason, p.settled_at) for p in people]
    show.table("People", ("delivery", "address", "language", "state", "reason", "when"), rows)


@issue.command()
def settle(
    number: Number,
    delivered: Annotated[bool, typer.Option("--delivered", help="They got it.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="Send it again; some may get it twice.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="They did not get it, and will not.")] = False,
    only: Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="Only of this person.")] = None,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Decide about mails that may have gone out when a sender died. Events of the carrier do so by themselves."""
    from syndicate.flows.control import deliveries_to
    from syndicate.flows.control import settle as settle_issue

    opened = house(config)
    ruling = _ruling(delivered=delivered, resend=resend, give_up=give_up)
    some = deliveries_to(opened, number, only) if only else None
    settled = settle_issue(opened, number, ruling, some, COMMAND_LINE, now())
    if as_json:
        show.json({"issue": number, "settled": settled, "as": ruling})
        return
    show.line(f"issue {number}: {settled} settled as {ruling}")
    if ruling == "resend" and settled:
        show.line(f"they are mailed with: syndicate issue send {number}")


@app.command()
def restored(
    confirm: Annotated[
        bool, typer.Option("--confirm", help="I have looked: this is the database to send from.")
    ] = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """After a backup was restored: why sending is held, and, with --confirm, that it goes on."""
    from syndicate.flows.control import confirm_restored, held_back

    opened = house(config)
    reason = held_back(opened)
    if confirm:
        confirm_restored(opened)
    if as_json:
        show.json({"held": reason, "confirmed": confirm})
    elif confirm:
        show.line("confirmed: sending goes on from this database")
    else:
        show.said(f"{reason or 'nothing is held: the database is as new as what went out'}", "")


def _print_report(found: "Report") -> None:
    show.line(state_of(found.issue))
    confirmed = f", {found.confirmed} known to have arrived" if found.confirmed else ""
    show.line(f"owed to {found.owed} people{confirmed}")
    show.table("Fates", ("state", "people"), found.states.items())
    states = [state for state in found.states if any(state in of for of in found.languages.values())]
    rows = [(lang, *(of.get(state, 0) for state in states)) for lang, of in found.languages.items()]
    show.table("Languages", ("language", *states), rows)
    reasons = [(state, number, reason) for state, reason, number in found.reasons if reason]
    show.table("Reasons", ("state", "people", "reason"), reasons)
    if found.waiting:
        when = f"from {found.due:%Y-%m-%d %H:%M} UTC on" if found.due else "now"
        show.line(f"{found.waiting} are still to be handed over, {when}")


def _states(text: str) -> list[DeliveryState]:
    """Raises SyndicateError naming those there are; none for ``all``."""
    if text in ("", "all"):
        return []
    try:
        return [DeliveryState(word) for word in text.replace(",", " ").split()]
    except ValueError as error:
        raise typer.BadParameter(f"{error}; there are: {', '.join(DeliveryState)}, all") from error


def _ruling(*, delivered: bool, resend: bool, give_up: bool) -> "Ruling":
    from syndicate.flows.control import Ruling

    chosen = [v for v, is_chosen in zip(Ruling, (delivered, resend, give_up), strict=True) if is_chosen]
    if len(chosen) != 1:
        raise typer.BadParameter("say one of --delivered, --resend and --give-up")
    return chosen[0]


def _tell(changed: "Issue", as_json: bool) -> None:
    if as_json:
        show.json(changed)
    else:
        show.line(state_of(changed))

"""``syndicate issue approve|take-back``: whether an issue may go out, and when."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, house
from syndicate.cli.issue import Number, issue, state_of
from syndicate.model import COMMAND_LINE, Actor, IssueState, Role, SyndicateError

if TYPE_CHECKING:
    from syndicate.flows.house import House
    from syndicate.model import Issue

By = Annotated[str, typer.Option("--by", metavar="EMAIL", help="The member of staff who says so.")]


@issue.command()
def approve(
    number: Number,
    by: By = "",
    at: Annotated[
        str, typer.Option(metavar="'YYYY-MM-DD HH:MM'", help="When it leaves, in the newsletter's time zone.")
    ] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Let it be taken back for as long as config.toml says.")
    ] = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Freeze a planned issue and let it be sent. Refused when a story in it was withdrawn meanwhile."""
    from syndicate.flows.approve import Wish, local_moment
    from syndicate.flows.approve import approve as approve_issue

    opened = house(config)
    leave = local_moment(opened, number, at) if at else None
    wish = Wish(leave, None if undo else timedelta(0))
    _tell(approve_issue(opened, number, _actor(opened, by), now(), wish), as_json)


@issue.command("take-back")
def take_back(number: Number, by: By = "", config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Make an approved issue of which nothing has left a planned one again."""
    from syndicate.flows.approve import take_back as take_issue_back

    opened = house(config)
    _tell(take_issue_back(opened, number, _actor(opened, by), now()), as_json)


def _actor(opened: "House", email: str) -> Actor:
    if not email:
        return COMMAND_LINE
    from syndicate.flows import accounts

    member = accounts.find(opened, email)
    if member.disabled_at or not member.role.may(Role.SENDER):
        raise SyndicateError("only a sender or an admin approves; see: syndicate staff list")
    return Actor(member.id, member.name, member.role)


def _tell(changed: "Issue", as_json: bool) -> None:
    if as_json:
        show.json(changed)
        return
    show.line(state_of(changed))
    if changed.state is IssueState.PLANNED:
        show.line(f"somebody has to approve it: syndicate issue approve {changed.id} --by EMAIL")
    if changed.is_held(now()):
        show.said(
            f"it leaves at {changed.not_before:%Y-%m-%d %H:%M} UTC; until then: syndicate issue take-back {changed.id}",
            "",
        )

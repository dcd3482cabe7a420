"""``syndicate staff …``: who may use the console. The first admin is made here."""

from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import show
from syndicate.cli.articles import now
from syndicate.cli.command import CONFIG, AsJson, Config, app, house
from syndicate.model import COMMAND_LINE, Role

if TYPE_CHECKING:
    from syndicate.flows.house import House
    from syndicate.model import StaffMember

staff = typer.Typer(no_args_is_help=True, help="Staff: who may use the console.")
app.add_typer(staff, name="staff")


@staff.command()
def add(
    email: str,
    name: Annotated[str, typer.Option(help="As the others see them.")],
    role: Annotated[Role, typer.Option(help="Each may do what those before it may.")] = Role.VIEWER,
    language: Annotated[str, typer.Option(help="Of the console.")] = "en",
    config: Config = CONFIG,
) -> None:
    """Make an account, and print the link by which its owner chooses a password: once, within 48 hours."""
    from syndicate.flows import accounts

    opened = house(config)
    _link(opened, accounts.add(opened, email, name, role, language, COMMAND_LINE, now()))


@staff.command("list")
def list_members(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Who there is, in which role, and how they stand."""
    from syndicate.flows import accounts

    members = accounts.members(house(config))
    if as_json:
        show.json(members)
        return
    rows = [(one.email, one.name, one.role, _standing(one)) for one in members]
    show.table("Staff", ("address", "name", "role", "standing"), rows)


@staff.command()
def link(email: str, config: Config = CONFIG) -> None:
    """A new link for who lost the password or the device. What they had works no more."""
    from syndicate.flows import accounts

    opened = house(config)
    member = accounts.find(opened, email)
    _link(opened, accounts.new_link(opened, member.id, COMMAND_LINE, now()))


@staff.command()
def role(email: str, role: Role, config: Config = CONFIG) -> None:
    """Change what somebody may do; it holds from their next request on."""
    from syndicate.flows import accounts

    opened = house(config)
    accounts.change_role(opened, accounts.find(opened, email).id, role, COMMAND_LINE, now())
    show.line(f"{role} from now on")


@staff.command()
def disable(email: str, config: Config = CONFIG) -> None:
    """Nobody signs in by this account any more; its sessions and tokens end at once."""
    from syndicate.flows import accounts

    opened = house(config)
    accounts.disable(opened, accounts.find(opened, email).id, COMMAND_LINE, now())
    show.line("disabled")


@staff.command()
def enable(email: str, config: Config = CONFIG) -> None:
    """Let a disabled account be used again, with the password it had."""
    from syndicate.flows import accounts

    opened = house(config)
    accounts.enable(opened, accounts.find(opened, email).id, COMMAND_LINE, now())
    show.line("enabled")


def _link(opened: "House", secret: str) -> None:
    """On standard output only: whoever has it has the account."""
    show.line(f"{opened.site.public_url}/staff/welcome/{secret}")


def _standing(one: "StaffMember") -> str:
    if one.disabled_at:
        return "disabled"
    if not one.has_password:
        return "invited"
    return "second factor" if one.has_totp else "password only"

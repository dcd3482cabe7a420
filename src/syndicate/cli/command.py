"""``syndicate``: the verbs and the options they share."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli import logs
from syndicate.cli.ending import Interrupted, ended
from syndicate.model import SyndicateError

if TYPE_CHECKING:
    from syndicate.flows.duties import Told
    from syndicate.flows.house import House

    Serve = Callable[[House, str, int, Callable[[Told], None] | None], None]

Config = Annotated[Path, typer.Option("--config", help="The settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
CONFIG = Path("config.toml")

app = typer.Typer(
    name="syndicate",
    help="Stories in several languages become feeds and per-language e-mail digests, each sent once.",
    no_args_is_help=True,
    add_completion=False,
    # Boxes around a help text would cost as much as everything else that is read for it.
    rich_markup_mode=None,
    context_settings={"max_content_width": 110},
    pretty_exceptions_enable=False,
)


@dataclass(slots=True)
class _Doors:
    """What ``app`` hands in: how to open the house, how to serve it, and how to keep its time."""

    open_house: "Callable[[Path], House] | None" = None
    serve: "Serve | None" = None
    keep_time: "Callable[[House, Callable[[Told], None]], None] | None" = None


_doors = _Doors()


def command(
    open_house: "Callable[[Path], House]",
    serve: "Serve",
    keep_time: "Callable[[House, Callable[[Told], None]], None]",
) -> None:
    """Run the console command; never returns."""
    # each registers its verbs
    from syndicate.cli import (  # noqa: F401
        ahead,
        approve,
        articles,
        bounces,
        clock,
        control,
        issue,
        readers,
        site,
        staff,
        story,
    )

    _doors.open_house, _doors.serve, _doors.keep_time = open_house, serve, keep_time
    raise SystemExit(ended(app))


def house(config: Path) -> "House":
    """The house that ``config`` describes."""
    if _doors.open_house is None:
        raise AssertionError("the command was started by command()")
    opened = _doors.open_house(config)
    logs.settle(opened.log_format, opened.log_level)
    return opened


def keep_time(opened: "House", tell: "Callable[[Told], None]") -> None:
    """Run the clock until interrupted; ``tell`` hears of everything that is done."""
    if _doors.keep_time is None:
        raise AssertionError("the command was started by command()")
    _doors.keep_time(opened, tell)


def serve(opened: "House", host: str, port: int, tell: "Callable[[Told], None] | None" = None) -> None:
    """Serve until interrupted: that is how serving is done. With ``tell`` the clock runs beside it."""
    if _doors.serve is None:
        raise AssertionError("the command was started by command()")
    try:
        with suppress(Interrupted):
            _doors.serve(opened, host, port, tell)
    except SystemExit as end:
        # The server has said why; its own status means nothing to our callers.
        raise SyndicateError(f"{host}:{port} cannot be listened on; choose another --host or --port") from end

"""``syndicate clock``: the timetable's daemon, until it is interrupted."""

from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from syndicate.cli import show
from syndicate.cli.command import CONFIG, AsJson, Config, app, house, keep_time
from syndicate.cli.ending import Interrupted
from syndicate.cli.logs import anonymous

if TYPE_CHECKING:
    from syndicate.flows.duties import Told


@app.command()
def clock(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Do everything in time, until interrupted: sources, feeds, issues, mail, what comes back. Two may run at once."""
    opened = house(config)
    try:
        with suppress(Interrupted):
            keep_time(opened, _as_json if as_json else as_line)
    finally:
        opened.database.close()


def _as_json(told: "Told") -> None:
    problems = [anonymous(one) for one in told.problems]
    show.json_line({**asdict(told), "problems": problems})


def as_line(told: "Told") -> None:
    """Print what happened."""
    facts = [
        _fact(value) if name == "state" else f"{name}: {_fact(value)}" for name, value in told.what.items()
    ]
    show.said(f"{told.at:%Y-%m-%d %H:%M:%S} UTC {told.duty}: {', '.join(facts)}".rstrip(" :"), "")
    show.warnings(told.problems)


def _fact(value: object) -> str:
    if not isinstance(value, list):
        return str(value)
    return "; ".join(" ".join(str(part) for part in one.values()) for one in value)

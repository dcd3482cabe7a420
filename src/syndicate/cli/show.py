"""How results are shown: a rich table and progress bars on a terminal, plain lines elsewhere, JSON on demand."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from syndicate.flows.progress import Progress, silent
from syndicate.languages import visible
from syndicate.model import Problem


def line(text: str) -> None:
    print(text)  # noqa: T201


def problem(source: str, found: Problem) -> str:
    """One line of it. It quotes names of files and articles: no escape sequence of theirs reaches a terminal."""
    return visible(f"{'left out' if found.fatal else 'warning'}  {source}: {found}")


def json(data: Any) -> None:
    """One JSON document on standard output, datetimes in ISO 8601."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    line(orjson.dumps(data, option=options, default=str).decode())


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; numbers stand right."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        _plain_table(title, columns, cells)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for n, column in enumerate(columns):
        numeric = bool(cells) and all(row[n].replace(",", "").isdigit() or not row[n] for row in cells)
        made.add_column(column, justify="right" if numeric else "left")
    for row in cells:
        made.add_row(*(Text(cell) for cell in row))
    Console().print(made)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """A bar per stage on a terminal; elsewhere a line when a stage ends."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        lines = _Lines()
        yield lines
        lines.close()


def _plain_table(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    if title:
        line(title)
    widths = [max(len(row[n]) for row in (columns, *cells)) for n in range(len(columns))]
    for row in (columns, *cells):
        line("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


class _Lines:
    """For logs and pipes: one line a stage, written when the next begins."""

    def __init__(self) -> None:
        self.stage, self.done = "", 0

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        if stage != self.stage:
            self.close()
        self.stage, self.done = stage, done

    def close(self) -> None:
        if self.stage:
            print(f"{self.stage}: {self.done}", file=sys.stderr, flush=True)  # noqa: T201
        self.stage = ""


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int | None = None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report

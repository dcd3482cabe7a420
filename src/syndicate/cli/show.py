"""How results are shown: a rich table and progress bars on a terminal, plain lines elsewhere, JSON on demand."""

import os
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any

from syndicate.cli.ending import Interrupted
from syndicate.cli.logs import anonymous
from syndicate.flows.progress import Progress, silent
from syndicate.model import Problem

if TYPE_CHECKING:
    from syndicate.flows.send import SendReport


MINUTE = 60.0


def line(text: str = "") -> None:
    print(text)  # noqa: T201


def said(text: str, indent: str = "  ") -> None:
    """A line that holds what others wrote (titles, file names, reasons): nothing in it commands the terminal."""
    line(indent + _safe(text))


def problem(found: Problem, indent: str = "  ") -> None:
    """One line of it. It quotes names of files and articles."""
    said(f"{'left out' if found.fatal else 'warning'}: {found}", indent)


def items(texts: Sequence[str], limit: int, indent: str = "    ") -> None:
    """A list, each on one line of the terminal, and how many more there are."""
    for text in texts[:limit]:
        line(indent + _cut(_safe(text), _width() - len(indent)))
    if len(texts) > limit:
        line(f"{indent}… and {len(texts) - limit} more (all of them with --json)")


def json(data: Any) -> None:
    """One JSON document on standard output, in UTF-8 whatever the locale, datetimes in ISO 8601."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(data, option=options, default=_plain))


def json_line(data: Any) -> None:
    """One JSON document on a line of standard output, at once: for whoever follows a command that goes on."""
    import orjson

    made = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE, default=_plain)
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; numbers stand right, and on a terminal the widest column is cut rather than wrapped."""
    cells = [[_safe(_shown(cell)) for cell in row] for row in rows]
    if not cells:
        return
    numeric = [all(row[n].isdecimal() or not row[n] for row in cells) for n in range(len(columns))]
    widths = [max(_cells(row[n]) for row in (columns, *cells)) for n in range(len(columns))]
    if sys.stdout.isatty():
        _rich_table(title, columns, cells, numeric, widths)
    else:
        _plain_table(title, columns, cells, numeric, widths)


def _rich_table(
    title: str,
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    widths: Sequence[int],
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    made = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None)
    made.padding = (0, 2, 0, 0)
    room = console.width - sum(widths) - 2 * len(widths)
    widest = widths.index(max(widths))
    for n, column in enumerate(columns):
        width = max(8, widths[n] + min(room, 0)) if n == widest else widths[n]
        made.add_column(column, justify="right" if numeric[n] else "left", no_wrap=True, width=width)
    for row in cells:
        made.add_row(*(Text(cell, overflow="ellipsis") for cell in row))
    console.print(made)


def _plain_table(
    title: str,
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    widths: Sequence[int],
) -> None:
    if title:
        line(title)
    for row in (columns, *cells):
        padded = (
            " " * (width - _cells(cell)) + cell if right else cell + " " * (width - _cells(cell))
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        line(("  " + "  ".join(padded)).rstrip())


def put_off(report: "SendReport") -> None:
    """What is tried again later, and lanes that failed while others went on."""
    for number, waiting in report.waiting.items():
        when = f"from {waiting.due:%Y-%m-%d %H:%M} UTC on" if waiting.due else "as soon as may be"
        line(f"issue {number}: {waiting.number} put off, to be tried again {when}, by: syndicate run")
    warnings(report.problems)


def warnings(problems: Iterable[str]) -> None:
    """Sentences on what stopped nothing, each once, on standard error: without addresses."""
    for problem in dict.fromkeys(problems):
        print(f"syndicate: warning: {anonymous(problem)}", file=sys.stderr)  # noqa: T201


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """A bar per stage on a terminal; elsewhere a line when a stage ends. An interruption waits for mail on the wire."""
    with _progress(quiet) as told, _careful(told) as careful:
        yield careful


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        lines = _Lines()
        try:
            yield lines
        finally:
            lines.close()


@contextmanager
def _careful(told: Progress) -> Iterator[Progress]:
    """While mail is handed over, Ctrl-C and SIGTERM wait for what is on the wire, which would be in doubt otherwise."""
    careful = _Careful(told)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ours = [number for number, handler in before.items() if callable(handler)]
    for number in ours:
        signal.signal(number, careful.interrupt)
    try:
        yield careful
    finally:
        for number in ours:
            signal.signal(number, before[number])


class _Careful:
    def __init__(self, told: Progress) -> None:
        self.told, self.is_sending, self.is_asked = told, False, False

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        self.told(stage, done, total)
        self.is_sending = stage.startswith("send ")
        if self.is_asked:
            # The sender finishes what is on the wire when this reaches it; a second signal does not wait.
            self.is_sending = False
            raise Interrupted

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_asked or not self.is_sending:
            raise Interrupted
        self.is_asked = True
        with suppress(OSError):
            # Not print: the signal may have come in the middle of one.
            os.write(2, b"\nsyndicate: ending after the mail on the wire; once more ends at once\n")


class _Lines:
    """For logs and pipes: one line a stage, written when the next begins; of a long send one a minute."""

    def __init__(self) -> None:
        self.stage, self.done, self.total = "", 0, 0
        self.began = self.told = 0.0

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        if stage != self.stage:
            self.close()
            self.began = self.told = monotonic()
        self.stage, self.done, self.total = stage, done, total or 0
        if stage.startswith("send ") and monotonic() - self.told >= MINUTE:
            self.told = monotonic()
            self._say(f"{stage}: {done} of {self.total}{self._rate()}{self._left()}")

    def close(self) -> None:
        if self.stage:
            self._say(f"{self.stage}: {self.done}{self._rate()}")
        self.stage = ""

    def _rate(self) -> str:
        took = monotonic() - self.began
        return f", {self.done / took:.0f} a second" if took > 1 and self.stage.startswith("send ") else ""

    def _left(self) -> str:
        rest = (self.total - self.done) * (monotonic() - self.began) / max(1, self.done)
        return f", {rest / 60:.0f} minutes left" if rest > MINUTE else ""

    def _say(self, text: str) -> None:
        # Work does not stop because nobody listens to how far it is.
        with suppress(BrokenPipeError):
            print(text, file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Done a second, as it goes now."""

        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int | None = None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report


def _shown(cell: object) -> str:
    """Moments to the minute; everything else as it says itself."""
    from datetime import datetime

    return f"{cell:%Y-%m-%d %H:%M} UTC" if isinstance(cell, datetime) else "" if cell is None else str(cell)


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


def _safe(text: str) -> str:
    from syndicate.languages import visible

    return visible(text)


def _width() -> int:
    """The terminal's; no limit where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes: Chinese letters take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, width: int) -> str:
    if _cells(text) <= width:
        return text
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1).rstrip() + "…"

"""Bar charts as SVG: the same bytes for the same figures, legible on light and dark."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

WIDTH, ROW, RIGHT = 720, 34, 250
EDGE = 16
STYLE = """\
.ground{fill:#ffffff}
text{font:14px system-ui,sans-serif;fill:#1f2328}
.faint{fill:#59636e}
.bar{fill:#0969da}
.first{fill:#8c959f}
@media (prefers-color-scheme:dark){
.ground{fill:#0d1117}
text{fill:#f0f6fc}
.faint{fill:#9198a1}
.bar{fill:#4493f8}
.first{fill:#656c76}
}"""


class Bar(NamedTuple):
    """One line: its name, how long it is, what is said behind it, whether it is what others are compared with."""

    name: str
    value: float
    told: str
    is_other: bool = False


def rebuild(steps: Mapping[str, Mapping[str, Any]], note: str) -> str:
    """CPU seconds of each run, with memory and files in words."""
    rows = [
        Bar(
            name,
            step["cpu"],
            f"{step['cpu']:.1f} s · {step['peak_mb']:.0f} MB · {step['files_written']:,} files",
            not n,
        )
        for n, (name, step) in enumerate(steps.items())
    ]
    return bars(
        rows, "syndicate run on a site of 10,000 articles: CPU seconds, peak memory, files written", note, 130
    )


def sending(results: Mapping[str, Mapping[str, Any]], note: str) -> str:
    """Messages a second of each way to hand over, on this machine and 20 ms away."""
    arms = (
        ("smtp_vs_smtplib", "against", "smtplib, 32 threads"),
        ("smtp_vs_aiosmtplib", "against", "aiosmtplib, 32 connections"),
        ("smtp_vs_listmonk", "against", "listmonk's path (Go), 32"),
        ("smtp_of_source", "against", "smtp-source (C, no ledger)"),
        ("smtp_vs_smtplib", "ours", "syndicate, 32 connections"),
        ("smtp_delay_vs_smtplib", "against", "20 ms away: smtplib, 16"),
        ("smtp_delay_vs_listmonk", "against", "20 ms away: listmonk's path, 16"),
        ("smtp_delay_vs_smtplib", "ours", "20 ms away: syndicate, 16"),
    )
    rows = [
        Bar(name, results[key][side], f"{results[key][side]:,.0f} a second", side == "against")
        for key, side, name in arms
        if key in results
    ]
    return bars(rows, "Messages of 83 kB to Postfix's smtp-sink, ours with its ledger", note, 225)


def bars(rows: Sequence[Bar], title: str, note: str, left: int) -> str:
    """``left`` pixels are for the names."""
    longest = max(row.value for row in rows)
    drawn = [_row(n, row, longest, left) for n, row in enumerate(rows)]
    height = 56 + ROW * len(rows) + 30
    box = f"{-EDGE} {-EDGE} {WIDTH + 2 * EDGE} {height + 2 * EDGE}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" '
        f'aria-label="{escape(title)}">\n<style>\n{STYLE}\n</style>\n'
        f'<rect class="ground" x="{-EDGE}" y="{-EDGE}" width="100%" height="100%" rx="8"/>\n'
        f'<text x="0" y="20" style="font-weight:600">{escape(title)}</text>\n'
        + "".join(drawn)
        + f'<text class="faint" x="0" y="{height - 8}" style="font-size:12px">{escape(note)}</text>\n</svg>\n'
    )


def _row(n: int, row: Bar, longest: float, left: int) -> str:
    y = 56 + ROW * n
    width = max(2.0, (WIDTH - left - RIGHT) * row.value / longest)
    kind = "first" if row.is_other else "bar"
    return (
        f'<text x="{left - 12}" y="{y + 5}" text-anchor="end">{escape(row.name)}</text>\n'
        f'<rect class="{kind}" x="{left}" y="{y - 10}" width="{width:.1f}" height="20" rx="3"/>\n'
        f'<text x="{left + width + 10:.1f}" y="{y + 5}">{escape(row.told)}</text>\n'
    )

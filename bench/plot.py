"""A bar chart of the runs, as SVG: the same bytes for the same figures, legible on light and dark."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

WIDTH, ROW, LEFT, RIGHT = 720, 34, 130, 250
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


def draw(steps: Mapping[str, Mapping[str, Any]], title: str, note: str) -> str:
    """CPU seconds of each run as a bar, with memory and files in words."""
    longest = max(step["cpu"] for step in steps.values())
    rows = [_row(n, name, step, longest) for n, (name, step) in enumerate(steps.items())]
    height = 56 + ROW * len(rows) + 30
    box = f"{-EDGE} {-EDGE} {WIDTH + 2 * EDGE} {height + 2 * EDGE}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" '
        f'aria-label="{escape(title)}">\n<style>\n{STYLE}\n</style>\n'
        f'<rect class="ground" x="{-EDGE}" y="{-EDGE}" width="100%" height="100%" rx="8"/>\n'
        f'<text x="0" y="20" style="font-weight:600">{escape(title)}</text>\n'
        + "".join(rows)
        + f'<text class="faint" x="0" y="{height - 8}" style="font-size:12px">{escape(note)}</text>\n</svg>\n'
    )


def _row(n: int, name: str, step: Mapping[str, Any], longest: float) -> str:
    y = 56 + ROW * n
    width = max(2.0, (WIDTH - LEFT - RIGHT) * step["cpu"] / longest)
    told = f"{step['cpu']:.1f} s · {step['peak_mb']:.0f} MB · {step['files_written']:,} files"
    return (
        f'<text x="{LEFT - 12}" y="{y + 5}" text-anchor="end">{escape(name)}</text>\n'
        f'<rect class="{"bar" if n else "first"}" x="{LEFT}" y="{y - 10}" width="{width:.1f}" height="20" rx="3"/>\n'
        f'<text x="{LEFT + width + 10:.1f}" y="{y + 5}">{escape(told)}</text>\n'
    )

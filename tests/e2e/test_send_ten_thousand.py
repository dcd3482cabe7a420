"""Ten thousand people, a sender in a browser: approve, take back, two tabs, a lost connection, pause, resume, cancel,
report, settle."""

from pathlib import Path

from tests.journeys.browser import chromium, needs_chromium
from tests.journeys.console_server import console
from tests.journeys.sending_walk import NEWSLETTER, walk

RATE = 150
"""Messages a second: so slow that a busy machine is not done before the walk is."""


@needs_chromium
def test_ten_thousand(tmp_path: Path) -> None:
    with console(tmp_path / "newsroom", NEWSLETTER) as desk, chromium() as browser:
        walk(desk, browser, tmp_path, readers=10_000, rate=RATE, long=True)

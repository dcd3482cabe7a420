"""Ten thousand people, a sender in a browser: approve, take back, pause, resume, cancel."""

from pathlib import Path

from tests.journeys.browser import chromium, needs_chromium
from tests.journeys.console_server import console
from tests.journeys.sending_walk import NEWSLETTER, walk


@needs_chromium
def test_ten_thousand(tmp_path: Path) -> None:
    with console(tmp_path / "newsroom", NEWSLETTER) as desk, chromium() as browser:
        walk(desk, browser, tmp_path, readers=10_000, rate=1_000)

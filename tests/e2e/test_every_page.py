"""Every page of the console in four widths, light and dark, in English, Turkish and Arabic: accessible, never wider.

Pictures go to the folder named by ``PICTURES``, to be looked at; without it they are made and thrown away.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.journeys.browser import chromium, needs_axe, needs_chromium, too_wide, violations
from tests.journeys.console_map import explored
from tests.journeys.console_server import Desk, console

from syndicate.model import Role

pytestmark = [needs_chromium, needs_axe]
WIDTHS = (360, 768, 1280, 1920)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture(scope="module")
def pages(desk: Desk) -> tuple[str, ...]:
    found = explored(desk.client(Role.ADMIN), same=2).pages
    assert len(found) > 25
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["en", "tr", "ar"])
def test_every_page(
    desk: Desk, pages: tuple[str, ...], browser: Browser, tmp_path: Path, language: str, dark: bool
) -> None:
    folder = Path(os.environ.get("PICTURES", tmp_path)) / language / ("dark" if dark else "light")
    page = desk.page(browser, Role.ADMIN, language, dark=dark)
    faults = {path: found for path in pages if (found := _looked_at(page, desk.url, path, folder))}
    assert faults == {}
    page.context.close()


def _looked_at(page: Page, url: str, path: str, folder: Path) -> list[str]:
    """What is wrong with it; each width's picture is in a folder of its own."""
    page.goto(url + path)
    found = violations(page)
    name = re.sub(r"\W+", "-", path.removeprefix("/staff/")).strip("-") or "today"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"wider than {width} px"] if too_wide(page) else []
        page.screenshot(path=folder / str(width) / f"{name}.png", full_page=True)
    return found

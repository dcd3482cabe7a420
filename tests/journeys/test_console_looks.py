"""The console in Chromium: signing in as a person does, and how its pages look to eyes and to screen readers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.journeys.browser import chromium, needs_axe, needs_chromium, too_wide, violations
from tests.journeys.console_server import PASSWORD, Desk, console

from syndicate.flows import accounts
from syndicate.model import COMMAND_LINE, Role

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with console(tmp_path_factory.mktemp("newsroom")) as made:
        yield made
    monkeypatch.undo()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("scripts", [True, False])
def test_in_and_out_again(desk: Desk, browser: Browser, scripts: bool) -> None:
    complaints: list[str] = []
    desk.clock.on(minutes=2)
    page = browser.new_context(java_script_enabled=scripts, locale="en").new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{desk.url}/staff/members/")
    page.get_by_label("E-mail address").fill("admin@gazette.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code from your authenticator").fill(desk.code())
    page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{desk.url}/staff/members/"
    assert page.locator("nav [aria-current=page]").inner_text() == "Staff"

    desk.clock.on(minutes=11)
    page.get_by_label("E-mail address").fill(f"new-{scripts}@gazette.example.org")
    page.get_by_label("Name").fill("Somebody New")
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    link = page.locator(".secret").inner_text()
    assert "/staff/welcome/" in link
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url(f"{desk.url}/staff/sign-in")
    page.goto(f"{desk.url}/staff/account")
    assert "/staff/sign-in" in page.url
    assert complaints == []
    page.context.close()


@needs_axe
@pytest.mark.parametrize(
    ("language", "width", "dark"), [("en", 1280, False), ("tr", 360, True), ("ar", 360, False)]
)
def test_every_page_is_accessible_and_fits(
    desk: Desk, browser: Browser, language: str, width: int, dark: bool
) -> None:
    email = f"{language}@gazette.example.org"
    link = accounts.add(desk.house, email, "Ayşe", Role.VIEWER, language, COMMAND_LINE, desk.clock.now)
    page = desk.page(browser, Role.ADMIN, language, width, dark=dark)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for path in ("account", "members/", "audit/", "confirm"):
        page.goto(f"{desk.url}/staff/{path}")
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        assert violations(page) == [], path
        assert not too_wide(page), path
    page.context.clear_cookies()
    page.goto(f"{desk.url}/staff/sign-in")
    assert violations(page) == []
    page.goto(f"{desk.url}/staff/welcome/{link}")
    assert page.locator("html").get_attribute("lang") == language
    assert violations(page) == []
    assert complaints == []
    page.context.close()

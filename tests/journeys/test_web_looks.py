"""The readers' pages in Chromium: the whole walk, and how every page looks to eyes and to screen readers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from tests.journeys.browser import chromium, needs_axe, needs_chromium, too_wide, violations
from tests.journeys.test_web_sign_up import confirm_link, person
from tests.journeys.web_server import NOW, Served, reader, served

from syndicate.flows import subscribe

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path_factory.mktemp("newsroom"), "[signup]\nper_network = 1000\n") as made:
        yield made
    monkeypatch.undo()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.mark.parametrize("scripts", [True, False])
def test_the_whole_walk(site: Served, browser: Browser, complaints: list[str], scripts: bool) -> None:
    """From the form to erasure, with scripts and without; in another time zone than the newsroom's."""
    address = f"walker-{scripts}@example.org".lower()
    context = browser.new_context(java_script_enabled=scripts, timezone_id="Asia/Almaty", locale="en-GB")
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    _ask(site, page, address)
    assert person(site, address) is None

    page.goto(site.url + confirm_link(site, address))
    page.reload()
    assert person(site, address) is None
    page.get_by_role("button", name="Confirm").click()
    found = person(site, address)
    assert found is not None
    assert (found.languages, found.timezone) == (("en", "tr"), "Asia/Almaty" if scripts else "UTC")
    assert [one.newsletter for one in found.subscriptions] == ["water", "weekly"]

    page.get_by_role("link", name="Change your preferences").click()
    page.get_by_label("Name (optional)").fill("Walker")
    page.get_by_label("Weekly: How often").select_option("monthly")
    page.get_by_role("checkbox", name="Water & cities").uncheck()
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("status").inner_text() == "Saved."
    assert page.get_by_label("Name (optional)").input_value() == "Walker"
    assert _cadences(site, address) == {"weekly": "monthly"}

    page.goto(f"{site.url}/u/{site.house.tokens.make('unsubscribe', found.id, 'weekly')}")
    page.get_by_role("button", name="Yes, unsubscribe me").click()
    assert _cadences(site, address) == {}
    page.get_by_role("radio", name="Too many mails").check()
    page.get_by_label("In your own words").fill("One a year would do.")
    page.get_by_role("button", name="Send").click()
    assert subscribe.held(site.house, found.id).consent[-1].words == "often: One a year would do."
    page.get_by_role("button", name="Undo").click()
    assert "weekly" in _cadences(site, address)

    page.get_by_role("link", name="Get fewer mails instead").click()
    page.get_by_role("link", name="See what we hold about you").click()
    assert address in page.content()
    with page.expect_download() as told:
        page.get_by_role("link", name="CSV").click()
    assert address in told.value.path().read_text(encoding="utf-8-sig")

    page.get_by_role("link", name="Back to your preferences").click()
    page.get_by_role("link", name="Erase everything").click()
    page.get_by_role("button", name="Erase everything").click()
    assert page.locator("h1").inner_text() == "Everything about you is erased."
    assert person(site, address) is None
    assert context.cookies() == []
    context.close()
    # The browser tells of every answer that is not 200: the form with a mistake, and a picture for the tab.
    assert not [one for one in complaints if "422" not in one and "404" not in one]


def _ask(site: Served, page: Page, address: str) -> None:
    """Send the form; the first time without a newsletter."""
    page.goto(f"{site.url}/subscribe")
    assert page.url == f"{site.url}/en/subscribe"
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Second language").select_option("tr")
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("alert").get_by_role("link").inner_text() == "Choose at least one newsletter."
    assert page.get_by_label("E-mail address").input_value() == address
    page.get_by_role("checkbox", name="Weekly").check()
    page.get_by_role("checkbox", name="Water & cities").check()
    page.get_by_role("button", name="Subscribe").click()
    assert page.locator("h1").inner_text() == "Look into your mailbox"


def _cadences(site: Served, address: str) -> dict[str, str]:
    found = person(site, address)
    return {one.newsletter: one.cadence for one in found.subscriptions} if found else {}


def pages(site: Served, language: str) -> Iterator[tuple[str, str]]:
    """(name, address) of each page, for somebody who reads ``language``."""
    tokens = site.house.tokens
    who = reader(site.house, f"looks-{language}@example.org", f"{language} en")
    gone = reader(site.house, f"gone-{language}@example.org", f"{language} en")
    left = reader(site.house, f"left-{language}@example.org", f"{language} en")
    subscribe.unsubscribe_all(site.house.database, left, "test", NOW)
    subscribe.erase_reader(site.house, gone, NOW)
    yield "subscribe", f"/{language}/subscribe"
    yield "asked", f"/{language}/subscribe/sent"
    for name, one in (("somebody", who), ("who left", left), ("who is gone", gone)):
        yield f"unsubscribe, {name}", f"/u/{tokens.make('unsubscribe', one, 'weekly')}?in={language}"
        path = f"/p/{tokens.make('preferences', one, 'weekly')}"
        yield f"preferences, {name}", f"{path}?in={language}"
        if one != left:
            yield f"erase, {name}", f"{path}/erase?in={language}"
    yield "data", f"/p/{tokens.make('preferences', left, 'weekly')}/data?in={language}"
    yield "not found", f"/nowhere?in={language}"
    yield "feeds", f"/feeds/{language}/"
    yield "archive", f"/{language}/archive/weekly/"
    yield "edition", f"/{language}/archive/weekly/2026-05-04/"


@needs_axe
@pytest.mark.parametrize("language", ["tr", "ar"])
def test_every_page_on_a_phone(site: Served, browser: Browser, language: str) -> None:
    faults: list[str] = []
    page = browser.new_page(viewport={"width": 375, "height": 800})
    for name, path in pages(site, language):
        page.goto(site.url + path)
        page.set_viewport_size({"width": 320, "height": 800})
        faults += [f"{name}: too wide for 320 px"] if too_wide(page) else []
        page.set_viewport_size({"width": 375, "height": 800})
        faults += [f"{name}: {fault}" for fault in violations(page)]
        faults += _fault_of_direction(page, name, language)
    page.close()
    assert faults == []


def _fault_of_direction(page: Page, name: str, language: str) -> list[str]:
    html = page.locator("html")
    found = (html.get_attribute("lang"), page.evaluate("getComputedStyle(document.body).direction"))
    expected = (language, "rtl" if language == "ar" else "ltr")
    return [] if found == expected else [f"{name}: {found} is not {expected}"]


@needs_axe
def test_mistakes_in_a_form_and_dark_pages(site: Served, browser: Browser) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(f"{site.url}/ar/subscribe")
    page.locator("button.main").click()
    assert page.locator(".wrong").count() >= 2
    assert page.evaluate("document.activeElement.id") == "email"
    faults = violations(page)
    who = reader(site.house, "dark@example.org", "en")
    page.goto(f"{site.url}/p/{site.house.tokens.make('preferences', who, 'weekly')}")
    faults += violations(page)
    page.locator("summary").click()
    faults += violations(page)
    page.close()
    assert faults == []


def test_the_switch_of_languages(site: Served, browser: Browser) -> None:
    """Keeps the page, and what its buttons lead to, in the language that was chosen."""
    who = reader(site.house, "switch@example.org", "en")
    page = browser.new_page()
    page.goto(f"{site.url}/u/{site.house.tokens.make('unsubscribe', who, 'weekly')}")
    page.locator("summary").click()
    page.get_by_role("link", name="العربية").click()
    assert page.locator("html").get_attribute("dir") == "rtl"
    page.locator("button.main").click()
    assert page.locator("html").get_attribute("lang") == "ar"
    assert page.locator("[aria-current]").inner_text() == "العربية" or page.locator("summary").is_visible()
    page.goto(f"{site.url}/tr/subscribe?newsletter=water")
    page.locator("summary").click()
    page.get_by_role("link", name="Русский").click()
    assert page.url == f"{site.url}/ru/subscribe?newsletter=water"
    assert page.locator("#newsletter-water").is_checked()
    page.close()

"""Make the pictures of the documentation from a fresh run on the sample newsroom.

Every picture shows real output: the job is run in a temporary folder, its mails and pages are opened in Chromium,
and addresses of the sample site are answered from the public tree that the run wrote.
"""

import email
import email.policy
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, Route, sync_playwright

from syndicate.app import open_house
from syndicate.flows.house import House
from syndicate.flows.sign_up import CONFIRM, Asking, ask, confirm
from syndicate.flows.subscribe import held_about
from syndicate.web import application

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHROMIUM = "/usr/bin/chromium"
SITE = "https://news.crossroads.example.org/"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        newsroom = run(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for language, name, width, dark in (
            ("tr", "digest-tr", 600, False),
            ("en", "digest-en-dark", 600, True),
            ("ar", "digest-ar-phone", 375, False),
            ("zh", "digest-zh-phone", 375, False),
        ):
            mail(browser, newsroom, language, name, width, dark)
        for path, name, width, dark in (
            ("feeds/en/", "feeds-en", 800, False),
            ("feeds/ar/", "feeds-ar-phone", 375, True),
            ("tr/archive/weekly/", "archive-tr", 800, False),
        ):
            with opened(browser, newsroom, width, dark) as page:
                page.goto(SITE + path)
                picture(page, name)
        readers_pages(browser, newsroom)
        browser.close()


def readers_pages(browser: Browser, newsroom: Path) -> None:
    """What readers sign up and leave by, from the server itself."""
    with served(newsroom) as (url, house):
        paths = personal(house)
        for name, path, width, dark in (
            ("subscribe-en", "/en/subscribe?newsletter=weekly", 800, False),
            ("subscribe-tr-phone", "/tr/subscribe?newsletter=weekly", 375, False),
            ("subscribe-ar-phone", "/ar/subscribe?newsletter=weekly", 375, True),
            ("confirm-tr-phone", paths["confirm"], 375, False),
            ("preferences-en", f"{paths['preferences']}?in=en", 800, False),
            ("preferences-ar-phone", f"{paths['preferences']}?in=ar", 375, False),
            ("unsubscribe-tr-phone", paths["unsubscribe"], 375, False),
        ):
            scheme = "dark" if dark else "light"
            context = browser.new_context(
                viewport={"width": width, "height": 600}, color_scheme=scheme, timezone_id="Europe/Istanbul"
            )
            page = context.new_page()
            page.goto(url + path, wait_until="networkidle")
            if name.startswith("unsubscribe"):
                page.locator("button.main").click()
            picture(page, name, 1700)
            context.close()


def personal(house: House) -> dict[str, str]:
    """Pages of somebody who signs up, once confirmed and once not."""
    now = datetime.now(UTC)
    links = []
    for address in ("aylin@example.org", "aylin.ozturk@example.org"):
        asking = Asking(
            email=address,
            name="Aylin",
            languages=("tr", "en"),
            newsletters=("weekly", "energy"),
            timezone="Europe/Istanbul",
            language="tr",
            words="",
            page="/tr/subscribe",
            address="192.0.2.1",
        )
        ask(house, asking, now)
        links.append(house.tokens.ticket(CONFIRM, held_about(house, address).signups[-1].id))
    reader = confirm(house, links[0], "192.0.2.1", now).subscriber
    return {
        "confirm": f"/c/{links[1]}",
        "preferences": f"/p/{house.tokens.make('preferences', reader, 'weekly')}",
        "unsubscribe": f"/u/{house.tokens.make('unsubscribe', reader, 'weekly')}",
    }


@contextmanager
def served(newsroom: Path) -> Iterator[tuple[str, House]]:
    house = open_house(newsroom / "config.toml")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(application(house, lambda: datetime.now(UTC)), log_level="warning")
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", house
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        house.database.close()


def run(folder: Path, without: Sequence[str] = ()) -> Path:
    """The job on a copy of the sample newsroom that lacks the stories ``without``."""
    for name in ("articles", "subscribers", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(*without))
    shutil.copy(ROOT / "config.toml", folder)
    command = str(Path(sys.executable).with_name("syndicate"))
    for words in (("subscribers", "sync"), ("run",)):
        subprocess.run([command, *words], cwd=folder, check=True, capture_output=True)
    return folder


def mail(browser: Browser, newsroom: Path, language: str, name: str, width: int, dark: bool) -> None:
    html = next(html for html in mails(newsroom, language))
    with opened(browser, newsroom, width, dark) as page:
        page.route(
            f"{SITE}a-mail", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")
        )
        page.goto(f"{SITE}a-mail")
        picture(page, name)


def mails(newsroom: Path, language: str) -> Iterator[str]:
    for path in sorted((newsroom / "var/outbox").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = message.get_body(("html",))
        if message["Content-Language"] == language and "weekly" in message["List-Id"] and body:
            yield body.get_content()


@contextmanager
def opened(browser: Browser, newsroom: Path, width: int, dark: bool) -> Iterator[Page]:
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    page = context.new_page()
    page.route("**/*", lambda route: answer(route, newsroom / "var/public"))
    yield page
    context.close()


def answer(route: Route, public: Path) -> None:
    path = public / route.request.url.removeprefix(SITE)
    path = path / "index.html" if path.is_dir() else path
    if route.request.url.startswith(SITE) and path.is_file():
        route.fulfill(path=path)
    else:
        route.abort()


def picture(page: Page, name: str, height: int = 1500) -> None:
    """The top of the page: as much as a person sees with a scroll or two."""
    size = page.viewport_size or {"width": 600}
    whole = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(height, whole)}
    page.screenshot(path=HERE / f"{name}.png", full_page=True, clip=clip)


if __name__ == "__main__":
    main()

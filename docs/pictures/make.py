"""Make the pictures of the documentation from a fresh run on the sample newsroom.

Every picture shows real output: the job is run in a temporary folder, its mails and pages are opened in Chromium,
and addresses of the sample site are answered from the public tree that the run wrote.
"""

import email
import email.policy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright

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
        browser.close()


def run(folder: Path) -> Path:
    for name in ("articles", "subscribers", "templates"):
        shutil.copytree(ROOT / name, folder / name)
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

"""README's tour to its end, on the sample newsroom with the installed command: somebody's first issue sent by hand."""

import email
import email.policy
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import pyotp
from playwright.sync_api import Page, expect
from tests.journeys.browser import chromium, needs_chromium

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("syndicate"))
IN_FIVE = "dictionary-of-winds"
"""A story of the sample that comes out later here, in five languages."""
PASSWORD = "seven herons over the harbour"
TITLE = "What the ferry carried home"
STORY = f"""---
title: {TITLE}
date: {{date}}
authors: [ayse-demir]
tags: [railways]
summary: A crossing, told by those who made it.
---
The night ferry to Alat carries railway wagons, lorries and people who have waited for it for days. We asked what
they brought home.
"""


@needs_chromium
def test_a_story_is_written_and_sent_by_hand(tmp_path: Path) -> None:
    for name in ("articles", "subscribers", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(IN_FIVE))
    shutil.copy(ROOT / "config.toml", tmp_path)
    syndicate(tmp_path, "subscribers", "sync")
    syndicate(tmp_path, "run")
    before = set((tmp_path / "var/outbox").glob("*.eml"))
    assert len(before) > 150

    shutil.copytree(ROOT / "articles" / IN_FIVE, tmp_path / "articles" / IN_FIVE)
    (tmp_path / "articles/my-story").mkdir()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    (tmp_path / "articles/my-story/index.en.md").write_text(STORY.format(date=now), encoding="utf-8")
    syndicate(tmp_path, "run")
    assert set((tmp_path / "var/outbox").glob("*.eml")) == before, "it waits for its slot"
    link = syndicate(tmp_path, "staff", "add", "you@example.org", "--name", "You", "--role", "admin")

    with serving(tmp_path) as url, chromium() as browser:
        page = browser.new_context(locale="en").new_page()
        page.set_default_timeout(20_000)
        enter(page, url, re.search(r"/staff/welcome/\S+", link))
        people = send(page, url)

    sent = set((tmp_path / "var/outbox").glob("*.eml")) - before
    assert len(sent) == people > 20
    mails = [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in sent]
    assert len({mail["To"] for mail in mails}) == people, "nobody twice"
    in_english = [mail for mail in mails if mail["Content-Language"] == "en"]
    assert in_english
    assert all(TITLE in mail.get_body(("plain",)).get_content() for mail in in_english)
    assert {mail["Content-Language"] for mail in mails} >= {"en", "tr", "ru", "az", "kk"}


def enter(page: Page, url: str, link: re.Match[str] | None) -> None:
    """The one-time link, a password, an authenticator, signing in."""
    assert link
    page.goto(url + link[0])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    page.get_by_label("E-mail address").fill("you@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Set up").click()
    secret = re.search(r"\b(?:[A-Z2-7]{4} ?){8}\b", page.locator("main").inner_text())
    assert secret, "what the picture says is there to be typed, too"
    page.get_by_label("Code from your authenticator").fill(pyotp.TOTP(secret[0].replace(" ", "")).now())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("recovery codes").first).to_be_visible()


def send(page: Page, url: str) -> int:
    """Prepare, look, approve, let go; how many people the page said it is for."""
    page.goto(f"{url}/staff/issues/")
    page.get_by_role("button", name=re.compile("Prepare now.*Weekly")).click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    page.get_by_label("Note from the editor").first.fill("Written on board.")
    page.get_by_role("button", name="Done: make the editions").click()
    issue = re.search(r"/staff/issues/\d+", page.url)
    assert issue
    page.goto(f"{url}{issue[0]}/preview")
    expect(page.locator("iframe")).to_have_count(5)
    for number in range(5):
        page.locator("iframe").nth(number).scroll_into_view_if_needed()
        inside = page.frame_locator(f"iframe >> nth={number}")
        expect(inside.locator("h1, h2").first).to_be_visible()
    mail = page.frame_locator("iframe").first
    expect(mail.get_by_text("Written on board.").first).to_be_visible()
    page.goto(f"{url}{issue[0]}/preflight")
    page.goto(f"{url}{issue[0]}/send")
    people = int(re.sub(r"\D", "", page.locator("#in-all").inner_text()))
    page.get_by_label(re.compile("until then it can be taken back")).check()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Send now, without waiting").click()
    page.goto(f"{url}{issue[0]}/progress")
    expect(page.get_by_text("Sent", exact=True).first).to_be_visible(timeout=60_000)
    page.goto(f"{url}{issue[0]}/report")
    expect(page.get_by_role("heading", name=re.compile("Report"))).to_be_visible()
    return people


def syndicate(newsroom: Path, *words: str) -> str:
    return subprocess.run(
        [COMMAND, *words], cwd=newsroom, check=True, capture_output=True, text=True, timeout=300
    ).stdout


@contextmanager
def serving(newsroom: Path) -> Iterator[str]:
    """``serve --clock``, as ``make serve`` has it, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [COMMAND, "serve", "--clock", "--port", str(port)],
        cwd=newsroom,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = monotonic() + 60
        while monotonic() < end and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{url}/healthz"):
                break
            sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)

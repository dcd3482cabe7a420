"""Make the pictures of the console (docs/console.md) from a fresh run on the sample newsroom.

Four stories are held back from the first issue, so that there is one to prepare. Some fates of the issue that was sent
are set by hand, for the outbox carries everything: bounces, refusals, mails in doubt.
"""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from make import CHROMIUM, FLAGS, ROOT, SITE, answer, picture, run, served
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import update

from syndicate.flows import accounts, forecast
from syndicate.flows.house import House
from syndicate.flows.prepare import prepare
from syndicate.flows.run import ingest_all, publish_feeds
from syndicate.model import COMMAND_LINE, DeliveryState, Role, Session
from syndicate.staff import new_secret, stored
from syndicate.store import deliveries, issues, tallies
from syndicate.store import staff as store
from syndicate.store.tables import delivery

HELD_BACK = ("dictionary-of-winds", "khorgos-dry-port", "gas-storage-winter", "felt-museum-without-walls")
FATES = (
    (DeliveryState.BOUNCED, 5, "bounced: 550 5.1.1 user unknown"),
    (DeliveryState.REFUSED, 3, "RCPT: 550 5.7.1 denied"),
    (DeliveryState.UNSURE, 4, "the sender was interrupted while handing it over"),
    (DeliveryState.SKIPPED, 2, "unsubscribed"),
)
PHONE, DESK, WIDE = 375, 1180, 1500


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        newsroom = run(Path(folder), without=HELD_BACK)
        with served(newsroom) as (url, house):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            take = photographer(browser, url, house, newsroom / "var/public")
            sent, next_issue = made(house, newsroom)
            story = lead_of(house, sent)
            for name, path in (
                ("today-en", ""),
                ("today-ar-phone-dark", ""),
                ("stories-en", "stories/"),
                ("story-tr-phone", f"stories/{story}/"),
                ("prepare-en", f"issues/{next_issue}/prepare"),
                ("prepare-ar-phone", f"issues/{next_issue}/prepare"),
                ("preview-en-wide", f"issues/{next_issue}/preview"),
                ("preview-tr-phone-dark", f"issues/{next_issue}/preview?width=phone&dark=1"),
                ("preflight-en", f"issues/{next_issue}/preflight"),
                ("test-en", f"issues/{next_issue}/test"),
                ("send-en", f"issues/{next_issue}/send"),
                ("send-tr-phone-dark", f"issues/{next_issue}/send"),
                ("progress-en", f"issues/{sent}/progress"),
                ("report-en", f"issues/{sent}/report"),
                ("report-ar-phone", f"issues/{sent}/report"),
                ("settle-en", f"issues/{sent}/settle"),
                ("missing-en-dark", f"issues/{sent}/missing"),
                ("correct-en", f"stories/{story}/correct"),
                ("withdraw-tr-phone", f"stories/{story}/withdraw"),
                ("subscribers-en", "subscribers/"),
                ("subscriber-en-dark", "subscribers/1/"),
                ("audit-en", "audit/"),
            ):
                take(name, path)


def photographer(browser: Browser, url: str, house: House, public: Path) -> Callable[[str, str], None]:
    """Takes ``NAME-LANGUAGE[-phone|-wide][-dark]``, signed in as an admin; mails find their pictures in ``public``."""
    now = datetime.now(UTC)
    accounts.add(house, "deniz@example.org", "Deniz Aksoy", Role.ADMIN, "en", COMMAND_LINE, now)
    member, secret = accounts.find(house, "deniz@example.org").id, new_secret()
    with house.database.begin() as connection:
        store.set_totp(connection, member, "JBSWY3DPEHPK3PXP", 0, ())
        store.begin_session(
            connection, Session(stored(secret), member, now, now, now, "127.0.0.0/24", "Chromium")
        )

    def opened(words: list[str]) -> Page:
        width = PHONE if "phone" in words else WIDE if "wide" in words else DESK
        with house.database.begin() as connection:
            store.change(connection, member, language=words[1])
        context = browser.new_context(
            viewport={"width": width, "height": 1300}, color_scheme="dark" if "dark" in words else "light"
        )
        context.route(f"{SITE}**", lambda route: answer(route, public))
        context.add_cookies([{"name": "staff", "value": secret, "url": url, "httpOnly": True}])
        return context.new_page()

    def take(name: str, path: str) -> None:
        page = opened(name.split("-"))
        page.goto(f"{url}/staff/{path}", wait_until="networkidle")
        if page.locator("iframe").count():
            # Frames are fetched when they come into sight.
            page.locator("iframe").first.scroll_into_view_if_needed()
            page.wait_for_timeout(1500)
        picture(page, f"console-{name}", 1700 if "phone" in name else 1300)
        page.context.close()

    return take


def made(house: House, newsroom: Path) -> tuple[int, int]:
    """The numbers of an issue that was sent, and of the next, which is being prepared."""
    for story in HELD_BACK:
        shutil.copytree(ROOT / "articles" / story, newsroom / "articles" / story)
    now = datetime.now(UTC)
    ingest_all(house, now)
    publish_feeds(house, now)
    forecast.refresh(house, now)
    with house.database.begin() as connection:
        sent = issues.every(connection, "weekly")[0].id
        ids = [line.id for line in deliveries.lines(connection, sent)]
        for state, number, reason in FATES:
            some, ids = ids[:number], ids[number:]
            connection.execute(
                update(delivery).where(delivery.c.id.in_(some)).values(state=state, reason=reason)
            )
        tallies.outdated(connection, sent)
    return sent, prepare(house, house.newsletters["weekly"], COMMAND_LINE, now).id


def lead_of(house: House, issue: int) -> str:
    """The story that its first edition begins with, as addresses have it."""
    with house.database.read() as connection:
        return quote(issues.editions(connection, issue)[0].edition.items[0].story)


if __name__ == "__main__":
    main()

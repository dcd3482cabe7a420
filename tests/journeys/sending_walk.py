"""A sender's whole walk in a browser: approve, take back, approve, watch, pause, resume, cancel."""

import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

from playwright.sync_api import Browser, expect
from tests.journeys.console_server import Desk
from tests.journeys.web_server import NOW

from syndicate.deliveries import Limits
from syndicate.flows import lists
from syndicate.flows.house import House
from syndicate.flows.lists import Wanted
from syndicate.flows.run import send_approved
from syndicate.flows.send import SendReport
from syndicate.flows.timetable import plan_now
from syndicate.model import Role
from syndicate.store import deliveries

NEWSLETTER = """
[newsletters.blast]
title = { en = "The Blast" }
cadence = "weekly"
weekday = "monday"
at = "09:00"
fallback = ["en"]
approval = true
"""


@dataclass
class Sender:
    """Somebody who sends, ``rate`` messages a second, whatever is approved, again and again."""

    house: House
    desk: Desk
    report: SendReport | None = None
    is_ended: bool = False

    def run(self) -> None:
        while not self.is_ended:
            send_approved(self.house, self.desk.clock)
            sleep(0.05)


def planned(desk: Desk, readers: int, folder: Path) -> int:
    """An issue to ``readers`` that waits for approval."""
    reads = ("en", "tr en", "ar en")
    lines = (f"blast{n}@example.com,,{reads[n % 3]},blast" for n in range(readers))
    file = folder / "blast.csv"
    file.write_text("\n".join(("email,name,languages,newsletters", *lines)) + "\n", encoding="utf-8")
    house = desk.house
    lists.sync(house.database, [file], Wanted(list(house.newsletters), house.key, NOW, house.reports))
    return plan_now(house.planner, house.newsletters["blast"], NOW, again=True).issue.id


def fates(desk: Desk, number: int) -> Counter[str]:
    with desk.house.database.read() as connection:
        counts = deliveries.counts(connection, number)
    found: Counter[str] = Counter()
    for (_, state), n in counts.items():
        found[state] += n
    return found


def wait_until(desk: Desk, number: int, accepted: int) -> None:
    end = monotonic() + 60
    while fates(desk, number)["accepted"] < accepted:
        assert monotonic() < end, "nothing goes out"
        sleep(0.1)


def settled(desk: Desk, number: int) -> int:
    """How many went out once nothing is claimed any more: nothing more may after that."""
    end = monotonic() + 60
    while fates(desk, number)["claimed"]:
        assert monotonic() < end, "the sender goes on"
        sleep(0.1)
    return fates(desk, number)["accepted"]


def walk(desk: Desk, browser: Browser, folder: Path, readers: int, rate: float) -> None:
    number = planned(desk, readers, folder)
    page = desk.page(browser, Role.SENDER)
    page.goto(f"{desk.url}/staff/issues/{number}/send")
    button = page.get_by_role("button", name="Approve")
    page.get_by_label("Type how many people").fill("12")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("not the number")
    page.get_by_label("Type how many people").fill(f"{readers:,}")
    button.click()
    expect(page.get_by_role("heading", name="It leaves")).to_be_visible()

    sender = Sender(replace(desk.house, limits=Limits(per_second=rate)), desk)
    thread = threading.Thread(target=sender.run, daemon=True)
    thread.start()
    try:
        sleep(0.5)
        assert fates(desk, number) == {"planned": readers}, "until its time nothing leaves"
        page.get_by_role("button", name="Take back").click()
        expect(button).to_be_visible()
        page.get_by_label("Type how many people").fill(str(readers))
        button.click()
        desk.clock.on(minutes=6)
        page.goto(f"{desk.url}/staff/issues/{number}/progress")
        expect(page.get_by_text("is sending")).to_be_visible(timeout=20_000)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
        at_pause = settled(desk, number)
        sleep(1)
        assert fates(desk, number) == {"accepted": at_pause, "planned": readers - at_pause}
        page.get_by_role("button", name="Resume").click()
        wait_until(desk, number, at_pause + int(rate / 4))
        page.locator("summary", has_text="Cancel the rest").click()
        page.get_by_role("button", name="Cancel the rest").click()
        expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
        gone = settled(desk, number)
        assert fates(desk, number) == {"accepted": gone, "cancelled": readers - gone}
        assert 0 < gone < readers
        sleep(0.5)
        assert fates(desk, number)["accepted"] == gone, "nothing more"
    finally:
        sender.is_ended = True
        thread.join(60)
        page.context.close()

"""A sender's whole walk in a browser: approve, take back, approve, watch, pause, resume, cancel, report, settle.

Each step is a function of its own, so that a walk can begin earlier (prepare, preview) or look elsewhere in between.
"""

import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from tests.journeys.console_server import Desk
from tests.journeys.web_server import NOW

from syndicate.deliveries import Limits
from syndicate.deliveries.retry import INTERRUPTED
from syndicate.flows import lists
from syndicate.flows.house import House
from syndicate.flows.lists import Wanted
from syndicate.flows.run import send_approved
from syndicate.flows.send import SendReport
from syndicate.flows.tally import recount, recount_moving
from syndicate.flows.timetable import plan_now
from syndicate.model import DeliveryState, Role
from syndicate.store import deliveries
from syndicate.store.tables import delivery

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


def walk(
    desk: Desk, browser: Browser, folder: Path, readers: int, rate: float, *, long: bool = False
) -> None:
    """``long``: with two tabs, and a connection that is lost and comes back."""
    number = planned(desk, readers, folder)
    page = desk.page(browser, Role.SENDER)
    approve(desk, page, number, readers)
    sender = Sender(replace(desk.house, limits=Limits(per_second=rate)), desk)
    thread = threading.Thread(target=sender.run, daemon=True)
    thread.start()
    try:
        take_back_and_approve(desk, page, number, readers)
        if long:
            lose_the_connection(page)
            press_in_two_tabs(desk, page, number)
        pause_and_resume(desk, page, number, readers, rate)
        cancel(desk, page, number, readers)
    finally:
        sender.is_ended = True
        thread.join(60)
    report_and_settle(desk, page, number)
    page.context.close()


def approve(desk: Desk, page: Page, number: int, readers: int) -> None:
    """Only with the number of people, however it is grouped."""
    page.goto(f"{desk.url}/staff/issues/{number}/send")
    button = page.get_by_role("button", name="Approve")
    page.get_by_label("Type how many people").fill("12")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("not the number")
    page.get_by_label("Type how many people").fill(f"{readers:,}")
    button.click()
    expect(page.get_by_role("heading", name="It leaves")).to_be_visible()


def take_back_and_approve(desk: Desk, page: Page, number: int, readers: int) -> None:
    """Until its time nothing leaves; then it does, and the page that watches it says so."""
    sleep(0.5)
    assert fates(desk, number) == {"planned": readers}, "until its time nothing leaves"
    page.get_by_role("button", name="Take back").click()
    button = page.get_by_role("button", name="Approve")
    expect(button).to_be_visible()
    page.get_by_label("Type how many people").fill(str(readers))
    button.click()
    expect(page.get_by_role("button", name="Take back")).to_be_visible()
    desk.clock.on(minutes=6)
    page.goto(f"{desk.url}/staff/issues/{number}/progress")
    expect(page.get_by_text("is sending")).to_be_visible(timeout=20_000)


def lose_the_connection(page: Page) -> None:
    """The page says so, keeps what it shows, and goes on by itself."""
    lost = page.get_by_text("The server does not answer")
    expect(lost).to_be_hidden()
    page.context.set_offline(True)
    expect(lost).to_be_visible()
    before = page.locator("[data-figures]").inner_text()
    page.context.set_offline(False)
    expect(lost).to_be_hidden()
    expect(page.locator("[data-figures]")).not_to_have_text(before, use_inner_text=True)


def press_in_two_tabs(desk: Desk, page: Page, number: int) -> None:
    """What somebody else did meanwhile is not undone by a page that is old."""
    old = page.context.new_page()
    old.route("**/progress.json", lambda route: route.abort())
    old.goto(f"{desk.url}/staff/issues/{number}/progress")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    old.get_by_role("button", name="Pause").click()
    expect(old.get_by_role("status").filter(has_text="Something changed")).to_be_visible()
    expect(old.get_by_role("button", name="Pause")).to_be_visible()
    old.close()


def pause_and_resume(desk: Desk, page: Page, number: int, readers: int, rate: float) -> None:
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    at_pause = settled(desk, number)
    sleep(1)
    assert fates(desk, number) == {"accepted": at_pause, "planned": readers - at_pause}
    page.get_by_role("button", name="Resume").click()
    wait_until(desk, number, at_pause + int(rate / 4))


def cancel(desk: Desk, page: Page, number: int, readers: int) -> None:
    page.locator("summary", has_text="Cancel the rest").click()
    page.get_by_role("button", name="Cancel the rest").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    gone = settled(desk, number)
    assert fates(desk, number) == {"accepted": gone, "cancelled": readers - gone}
    assert 0 < gone < readers
    sleep(0.5)
    assert fates(desk, number)["accepted"] == gone, "nothing more"


def report_and_settle(desk: Desk, page: Page, number: int) -> None:
    """The report has everybody; who was in doubt is settled, one ticked and all the rest."""
    doubt(desk, number, 3)
    before = fates(desk, number)
    page.goto(f"{desk.url}/staff/issues/{number}/report")
    assert figure(page, "Sent") == before["accepted"]
    assert (figure(page, "Cancelled"), figure(page, "In doubt")) == (before["cancelled"], 3)
    page.get_by_role("link", name="See what is known, and settle it").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="They got it").click()
    expect(page.get_by_text("2 mails may have gone out or not")).to_be_visible()
    expect(page.get_by_role("button", name="Send it again")).to_have_count(0), "it was cancelled"
    page.get_by_label("all 2 in doubt").check()
    page.get_by_role("button", name="Give up").click()
    expect(page.get_by_text("No mail of this issue is in doubt.")).to_be_visible()
    assert fates(desk, number) == before + Counter(accepted=1, failed=2, unsure=-3)
    # As the clock does: of many a page counts nothing itself.
    assert number in recount_moving(desk.house.database, desk.clock.on(minutes=1))
    page.get_by_role("link", name="Back to the report").click()
    assert (figure(page, "Sent"), figure(page, "Failed")) == (before["accepted"] + 1, 2)


def doubt(desk: Desk, number: int, people: int) -> None:
    """As if their sender had died."""
    with desk.house.database.begin() as connection:
        ids = [one.id for one in deliveries.lines(connection, number, DeliveryState.ACCEPTED)][:people]
        values = {"state": DeliveryState.UNSURE, "reason": INTERRUPTED}
        connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(values))
    recount(desk.house.database, number, desk.clock.now)


def figure(page: Page, name: str) -> int:
    found = page.locator("dl.counts > div").filter(has=page.locator("dt", has_text=name)).locator("dd")
    return int("".join(one for one in found.inner_text() if one.isdecimal()))

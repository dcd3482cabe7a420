"""Sending from the console: who may, who gets it, in a browser and without, pressed twice, and by two people."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.journeys.browser import chromium, needs_chromium, too_wide, violations
from tests.journeys.console_server import Desk, console
from tests.journeys.sending_walk import NEWSLETTER, fates, walk

from syndicate.flows.run import send_approved
from syndicate.model import IssueState, Role
from syndicate.store import audit, issues


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("send"), NEWSLETTER) as there:
        yield there


def waiting(desk: Desk) -> int:
    with desk.house.database.read() as connection:
        (found,) = issues.in_state(connection, IssueState.PLANNED)
    return found.id


def seen(text: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', text)
    assert found
    return found[1]


def test_a_page_says_who_gets_it_and_lets_only_senders_approve(desk: Desk) -> None:
    number = waiting(desk)
    page = f"/staff/issues/{number}/send"
    for role in (Role.VIEWER, Role.EDITOR):
        shown = desk.client(role).get(page)
        assert (shown.status, "150 people" in shown.text) == (200, True)
        assert "A sender has to approve it." in shown.text
        assert desk.client(role).post(f"/staff/issues/{number}/approve").status == 403
    assert desk.client(Role.SENDER).get("/staff/issues/987/send").status == 404


def test_pressed_ten_times_at_once_it_is_approved_once_and_sent_once(desk: Desk) -> None:
    number = waiting(desk)
    client = desk.client(Role.SENDER)
    page = client.get(f"/staff/issues/{number}/send").text
    fields = {"seen": seen(page), "shown": "150", "when": "now"}
    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda _: client.post(f"/staff/issues/{number}/approve", fields), range(10)))
    assert {one.status for one in replies} == {303}
    with desk.house.database.read() as connection:
        told = [one.action for one in audit.entries(connection, subject=f"issue {number}")]
    assert told == ["issue.approve"]
    send_approved(desk.house, desk.clock)
    assert fates(desk, number) == {"planned": 150}, "it can be taken back still"
    desk.clock.on(minutes=5)
    send_approved(desk.house, desk.clock)
    send_approved(desk.house, desk.clock)
    assert fates(desk, number) == {"accepted": 150}
    late = client.post(f"/staff/issues/{number}/pause", {"seen": fields["seen"]})
    assert late.headers["location"].endswith("progress?said=outdated")
    told = client.get(f"/staff/issues/{number}/progress.json").text
    assert '"state":"sent"' in told
    assert "150 of 150" in told


@needs_chromium
def test_a_sender_approves_takes_back_pauses_resumes_and_cancels(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with chromium() as browser:
        walk(desk, browser, tmp_path_factory.mktemp("list"), readers=2_000, rate=400)
        _look(desk, browser)


def _look(desk: Desk, browser: "object") -> None:
    """Every page in each state there is by now, narrow, from right to left, in the dark."""
    for language, width, dark in (("en", 1280, False), ("ar", 360, True)):
        page = desk.page(browser, Role.SENDER, language, width, dark=dark)  # type: ignore[arg-type]
        for number in (1, 2, 3):
            for name in ("send", "progress"):
                page.goto(f"{desk.url}/staff/issues/{number}/{name}")
                assert not too_wide(page)
                assert not violations(page)
        page.context.close()

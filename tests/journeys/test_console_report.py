"""The report of an issue in the console: its figures, who did not get it, sending to them again, settling doubts."""

import re
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import update
from tests.journeys.browser import chromium, needs_chromium, too_wide, violations
from tests.journeys.console_server import Client, Desk, console
from tests.journeys.web_server import Reply

from syndicate.flows.run import send_approved
from syndicate.model import DeliveryState, IssueState, Role
from syndicate.store import Connection, audit, deliveries, tallies
from syndicate.store.tables import delivery, issue

S = DeliveryState
PAGE = "/staff/issues/1/"
UNKNOWN, DENIED = "bounced: 550 5.1.1 user unknown", "RCPT: 554 <one@example.org>: denied"
LEFT = {
    S.BOUNCED: (6, UNKNOWN),
    S.REFUSED: (4, DENIED),
    S.UNSURE: (3, "the sender was interrupted while handing it over"),
    S.SKIPPED: (2, "unsubscribed"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("report")) as there:
        yield there


@pytest.fixture
def desk(served: Desk) -> Desk:
    """The issue as it may have ended: most got it, some did not."""
    with served.house.database.begin() as connection:
        connection.execute(update(issue).where(issue.c.id == 1).values(state=IssueState.SENT))
        ids = [line.id for line in deliveries.lines(connection, 1)]
        _set(connection, ids, S.ACCEPTED, "")
        for state, (number, reason) in LEFT.items():
            some, ids = ids[:number], ids[number:]
            _set(connection, some, state, reason)
        tallies.outdated(connection, 1)
    return served


def _set(connection: Connection, ids: Sequence[int], state: DeliveryState, reason: str) -> None:
    connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(state=state, reason=reason))


def field(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return found[1]


def figures(text: str) -> dict[str, str]:
    found = re.findall(r"<dt>([^<]+)</dt><dd>(?:<span[^>]*>)?([^<]+)<", text.partition("</dl>")[0])
    return dict(found)


def told(desk: Desk) -> list[str]:
    with desk.house.database.read() as connection:
        return [one.action for one in audit.entries(connection, subject="issue 1")]


def test_a_report_counts_every_fate_and_shows_no_name(desk: Desk) -> None:
    text = desk.client(Role.VIEWER).get(PAGE + "report").text
    assert figures(text) == {
        "Sent": "141", "Delivered": "not known", "Bounced": "6", "Complained": "0",
        "Unsubscribed": "0", "In doubt": "3", "Failed": "4", "Left out": "2",
    }  # fmt: skip
    assert "RCPT: 554 &lt;[address]&gt;: denied" in text
    assert "send-missing" not in text
    assert "/missing" not in text
    assert desk.client(Role.VIEWER).get(PAGE + "missing").status == 403
    assert desk.client(Role.VIEWER).get(PAGE + "settle").status == 403
    assert desk.client(Role.VIEWER).get("/staff/issues/987/report").status == 404


def test_who_did_not_get_it_by_fate_and_reason_without_an_address(desk: Desk) -> None:
    client = desk.client(Role.EDITOR)
    text = client.get(PAGE + "missing").text
    assert "15 people" in text
    assert text.count("/staff/subscribers/") == 15 + 1, "one is the navigation's"
    assert "@" not in text
    keys = dict(re.findall(r'<option value="(\w{12})">([^<]+)</option>', text))
    denied = next(key for key, said in keys.items() if "denied" in said)
    for query, number in (
        ("fate=bounced", 6),
        ("fate=skipped", 2),
        (f"reason={denied}", 4),
        ("reason=x", 15),
    ):
        assert f'<p class="lead">{number} ' in client.get(f"{PAGE}missing?{query}").text, query
    assert "Nobody." in client.get(PAGE + "missing?fate=cancelled").text
    assert "missing.csv" not in text


def test_their_list_is_for_admins_with_their_password_and_kept_in_the_log(desk: Desk) -> None:
    fields = {"fate": "bounced", "reason": ""}
    assert desk.client(Role.SENDER).post(PAGE + "missing.csv", fields).status == 403
    admin = desk.client(Role.ADMIN, fresh=True)
    reply = admin.post(PAGE + "missing.csv", fields)
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    rows = reply.text.splitlines()
    assert len(rows) == 7
    assert all("@example.org" in row and UNKNOWN in row for row in rows[1:])
    assert told(desk)[:2] == ["issue.exported", "issue.export"]
    assert admin.post("/staff/issues/987/missing.csv", fields).status == 404
    desk.clock.on(minutes=11)
    asked = admin.post(PAGE + "missing.csv", fields)
    assert "example.org," not in asked.text
    assert 'type="password"' in asked.text


def test_the_missing_get_it_once_however_often_it_is_pressed(desk: Desk) -> None:
    client = desk.client(Role.SENDER)
    page = client.get(PAGE + "report").text
    assert "4 people certainly did not get it." in page
    seen = {"seen": field(page, "seen")}
    assert desk.client(Role.EDITOR).post(PAGE + "send-missing", seen).status == 403
    where = [client.post(PAGE + "send-missing", seen).headers["location"] for _ in range(2)]
    assert where == [f"{PAGE}report?said=again", f"{PAGE}report?said=outdated"]
    send_approved(desk.house, desk.clock)
    found = figures(client.get(PAGE + "report").text)
    assert (found["Sent"], "Failed" in found) == ("145", False)
    assert told(desk)[0] == "issue.send-missing"


def settle(client: Client, which: str, ruling: str, *ticked: str, **more: str) -> Reply:
    page = client.get(PAGE + "settle").text
    fields = {"which": which, "ruling": ruling, "seen": field(page, "seen"), "shown": field(page, "shown")}
    fields |= {"delivery": ticked[0]} if ticked else {}
    return client.post(PAGE + "settle", fields | more)


def test_doubts_are_settled_by_senders_one_or_all_and_a_late_report_counts_more(desk: Desk) -> None:
    assert 'name="ruling"' not in desk.client(Role.EDITOR).get(PAGE + "settle").text
    client = desk.client(Role.SENDER)
    first = field(client.get(PAGE + "settle").text, "delivery")
    for reply in (settle(client, "ticked", "delivered"), settle(client, "all", "who knows")):
        assert reply.status == 422
    assert settle(client, "ticked", "resend", first).headers["location"].endswith("said=settled")
    assert settle(client, "all", "give up", shown="3").headers["location"].endswith("said=outdated")
    assert settle(client, "all", "give up").headers["location"].endswith("said=settled")
    assert "No mail of this issue is in doubt." in client.get(PAGE + "settle").text
    assert told(desk)[:2] == ["issue.settle give up", "issue.settle resend"]
    send_approved(desk.house, desk.clock)
    found = figures(client.get(PAGE + "report").text)
    assert (found["Sent"], found["Failed"], "In doubt" in found) == ("142", "6", False)


@needs_chromium
def test_its_pages_are_accessible_and_fit_and_today_leads_to_them(desk: Desk) -> None:
    with chromium() as browser:
        for language, width, dark in (("en", 1280, False), ("ar", 360, True)):
            page = desk.page(browser, Role.SENDER, language, width, dark=dark)
            for name in ("report", "missing", "settle"):
                page.goto(f"{desk.url}{PAGE}{name}")
                assert violations(page) == [], (language, name)
                assert not too_wide(page), (language, name)
            page.context.close()
        page = desk.page(browser, Role.SENDER)
        page.goto(f"{desk.url}/staff/")
        page.get_by_role("link", name="3 mails may have gone out or not").click()
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="They got it").click()
        page.get_by_text("2 mails may have gone out or not").wait_for()
        page.get_by_role("link", name="Back to the report").click()
        page.get_by_role("button", name="Send to the missing").click()
        page.get_by_text("They are owed it again").wait_for()
        page.context.close()

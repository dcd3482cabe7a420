"""Subscribers in the console: found, looked up in full, changed, taken in, exported, erased, and noted."""

import csv
import io
from collections.abc import Iterator
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
from tests.journeys.browser import chromium, needs_axe, needs_chromium, too_wide, violations
from tests.journeys.console_server import PASSWORD, Desk, console
from tests.journeys.web_server import Reply, reader

from syndicate.flows import people, subscribe
from syndicate.model import Role, SubscriberStatus
from syndicate.store import audit, subscribers
from syndicate.subscribers import address_hash, canonical

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOME = "/staff/subscribers/"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("people")) as made:
        yield made


def noted(desk: Desk, subject: str) -> list[str]:
    with desk.house.database.read() as connection:
        return [one.action for one in audit.entries(connection, subject=subject)]


def upload(desk: Desk, content: bytes, role: Role = Role.ADMIN, *, token: str | None = None) -> Reply:
    client, line = desk.client(role), b"----part"
    fields = f'\r\nContent-Disposition: form-data; name="_token"\r\n\r\n{client.token if token is None else token}\r\n'
    name = 'form-data; name="file"; filename="../new readers.csv"'
    file = f"\r\nContent-Disposition: {name}\r\nContent-Type: text/csv\r\n\r\n"
    body = (
        b"--" + line + fields.encode() + b"--" + line + file.encode() + content + b"\r\n--" + line + b"--\r\n"
    )
    kind = "multipart/form-data; boundary=" + line.decode()
    return desk.served.ask("POST", f"{HOME}import", body, cookie=client.cookie, content_type=kind)


def ended(desk: Desk, path: str) -> str:
    """The page of an errand once it is not running any more."""
    end = monotonic() + 30
    while "data-again" in (page := desk.client(Role.ADMIN).get(path).text) and monotonic() < end:
        sleep(0.05)
    assert "data-again" not in page
    return page


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("q=READER7", "reader77@example.org", "reader8@example.org"),
        ("q=reader77@example.org", "reader77@example.org", "reader7@example.org"),
        ("q=Reader+12", "reader12@example.org", "reader13@example.org"),
        ("q=@example.org&newsletter=review", "reader299@example.org", "reader298@example.org"),
        ("language=ar", "reader299@example.org", "reader298@example.org"),
        ("status=suppressed", "Nobody like this", "@example.org</bdi>"),
        ("q=%25", "Nobody like this", "@example.org</bdi>"),
        ("q=@nowhere.example", "Nobody like this", "@example.org</bdi>"),
    ],
)
def test_people_are_found(desk: Desk, query: str, there: str, not_there: str) -> None:
    page = desk.client(Role.EDITOR).get(f"{HOME}?{query}").text
    assert there in page
    assert not_there not in page


def test_pages_go_on_until_everybody_was_shown(desk: Desk) -> None:
    seen: set[str] = set()
    query = "newsletter=review"
    for _ in range(10):
        page = desk.client(Role.EDITOR).get(f"{HOME}?{query}").text
        seen |= {word for word in page.replace("<", ">").split(">") if word.endswith("@example.org")}
        if "before=" not in page:
            break
        query = "newsletter=review&before=" + page.split("before=")[1].split('"')[0]
    assert len(seen) == 150


def test_one_person_with_all_that_happened(desk: Desk) -> None:
    number = subscribe.find(desk.house.database, "reader0@example.org").id
    page = desk.client(Role.EDITOR).get(f"{HOME}{number}/?issue=1")
    assert page.status == 200
    assert "Subscribed" in page.text
    assert "The harbour at night" in page.text
    assert "/p/" not in page.text  # nobody's link is shown to staff
    assert "change" not in page.text.split("<main")[1]  # an editor looks
    assert desk.client(Role.EDITOR).get(f"{HOME}999999/").status == 404
    assert desk.client(Role.EDITOR).get(f"{HOME}{number}/?issue=4711").status == 404


def test_why_somebody_got_no_issue(desk: Desk) -> None:
    late = reader(desk.house, "late@example.org", "en", "weekly")
    odd = subscribe.find(desk.house.database, "reader1@example.org").id  # has review only
    weekly = people.person(desk.house, subscribe.find(desk.house.database, "reader0@example.org").id)
    issue = next(one.sent.issue for one in weekly.happenings if one.sent and one.sent.newsletter == "weekly")
    assert people.why_issue(desk.house, weekly.person.id, issue).state == "accepted"
    assert "never subscribed" in people.why_issue(desk.house, odd, issue).reason
    assert people.why_issue(desk.house, late, issue).state == ""


def test_changed_by_staff(desk: Desk) -> None:
    number, sender = reader(desk.house, "changes@example.org", "en", "weekly"), desk.client(Role.SENDER)
    form = {"name": "Ayşe", "language": "tr", "timezone": "Europe/Istanbul", "newsletter": "water"}
    refused = sender.post(f"{HOME}{number}/change", form)
    assert (refused.status, "Say where the consent" in refused.text) == (409, True)
    assert sender.post(f"{HOME}{number}/change", form | {"consent": "a letter of 3 May"}).status == 303
    assert sender.post(f"{HOME}{number}/tags", tags="Press, VIP ,press").status == 303
    known = people.person(desk.house, number)
    assert (known.person.name, known.person.languages, known.tags) == ("Ayşe", ("tr",), ("press", "vip"))
    assert [one.newsletter for one in known.person.subscriptions] == ["water"]
    assert known.left == {"weekly"}
    joined = [one.consent for one in known.happenings if one.consent and one.consent.newsletter == "water"]
    assert (joined[0].what, joined[0].source, joined[0].origin) == (
        "subscribed",
        "staff",
        "a letter of 3 May",
    )
    assert sender.post(f"{HOME}{number}/unsubscribe", newsletter="").status == 303
    assert people.person(desk.house, number).person.subscriptions == ()
    assert noted(desk, f"subscriber {number}")[:3] == [
        "subscriber.unsubscribe", "subscriber.tags", "subscriber.change",
    ]  # fmt: skip
    assert "changes@example.org" in desk.client(Role.EDITOR).get(f"{HOME}?tag=vip").text


def test_added_with_consent_and_never_against_somebodys_word(desk: Desk) -> None:
    sender = desk.client(Role.SENDER)
    form = {"email": "new@example.org", "language": "en", "timezone": "UTC", "newsletter": "weekly"}
    assert sender.post(f"{HOME}add", form).status == 409
    assert sender.post(f"{HOME}add", form | {"consent": "called on 4 May"}).status == 303
    number = subscribe.find(desk.house.database, "new@example.org").id
    assert noted(desk, f"subscriber {number}") == ["subscriber.add"]
    assert desk.client(Role.EDITOR).post(f"{HOME}add", form | {"consent": "x"}).status == 403
    with desk.house.database.begin() as connection:
        hashed = address_hash(desk.house.key, canonical("angry@example.org"))
        subscribers.suppress(connection, hashed, "complained", desk.clock.now)
    assert sender.post(f"{HOME}add", form | {"email": "angry@example.org", "consent": "x"}).status == 409


def test_what_bounced_is_lifted_by_an_admin_with_a_reason_and_a_complaint_by_nobody(desk: Desk) -> None:
    admin = desk.client(Role.ADMIN)
    for reason, status in (("bounced", 303), ("complained", 409), ("unsubscribed", 409)):
        email = f"{reason}@example.net"
        number = reader(desk.house, email, "en", "weekly")
        with desk.house.database.begin() as connection:
            hashed = address_hash(desk.house.key, canonical(email))
            subscribers.suppress_person(connection, number, hashed, reason, desk.clock.now)
        assert admin.post(f"{HOME}{number}/lift", why=" ").status == 409
        assert desk.client(Role.SENDER).post(f"{HOME}{number}/lift", why="typo").status == 403
        assert admin.post(f"{HOME}{number}/lift", why="the mailbox was full").status == status
        is_active = people.person(desk.house, number).person.status is SubscriberStatus.ACTIVE
        assert is_active == (status == 303)
    found = admin.post(f"{HOME}suppressions/look", email="complained@example.net").text
    assert "Not to be mailed" in found
    assert "Mail it again" not in found


def test_erased_after_the_password_with_nothing_left(desk: Desk) -> None:
    number, admin = (
        reader(desk.house, "gone@example.org", "en", "weekly"),
        desk.client(Role.ADMIN, fresh=True),
    )
    desk.clock.on(minutes=11)
    asked = admin.post(f"{HOME}{number}/erase", sure="1")
    assert "_password" in asked.text
    assert people.person(desk.house, number)
    assert admin.post(f"{HOME}{number}/erase", sure="1", _password=PASSWORD).status == 303
    assert admin.get(f"{HOME}{number}/").status == 404
    assert noted(desk, f"subscriber {number}")[0] == "subscriber.erase"


def test_a_list_is_rehearsed_and_then_taken_in(desk: Desk) -> None:
    lines = b"email,languages,newsletters,secret\nlist1@example.com,en,weekly,x\nno address,en,weekly,x\n"
    assert upload(desk, lines, token="wrong").status == 403
    assert upload(desk, lines, Role.SENDER).status == 403
    sent = upload(desk, lines)
    assert sent.status == 303
    page = ended(desk, sent.headers["location"])
    assert "Nothing has changed yet" in page
    assert "new readers.csv" in page
    assert "no address" not in page.split("</table>")[0].split("<table>")[1].replace("not the name", "")
    with desk.house.database.read() as connection:
        assert subscribers.by_canonical(connection, "list1@example.com") is None
    admin = desk.client(Role.ADMIN)
    assert admin.post(sent.headers["location"] + "do").status == 303
    assert "Done." in ended(desk, sent.headers["location"])
    assert subscribe.find(desk.house.database, "list1@example.com").languages == ("en",)
    assert admin.post(sent.headers["location"] + "do").status == 409
    report = admin.get(sent.headers["location"] + "report")
    assert (report.status, "list1@example.com,added" in report.text) == (200, True)
    assert list(desk.house.lock.with_name("uploads").glob("*")) == []


def test_a_file_that_is_no_list_says_what_is_wrong(desk: Desk) -> None:
    page = ended(desk, upload(desk, b"\xff\xfe rubbish").headers["location"])
    assert "nothing was changed" in page
    assert str(desk.house.lock.parent) not in page


def test_a_tag_for_everybody_found(desk: Desk) -> None:
    made = desk.client(Role.SENDER).post(f"{HOME}tag", language="ar", gives="Arabic readers")
    page = ended(desk, made.headers["location"])
    assert "100" in page
    with desk.house.database.read() as connection:
        assert len(people.search(desk.house, "", people.Segment(tag="arabic readers")).people) == 50
        assert audit.entries(connection, subject=f"errand {made.headers['location'].split('/')[-2]}")


def test_an_export_is_whole_harmless_and_noted(desk: Desk) -> None:
    number = reader(desk.house, "formula@example.org", "en", "review")
    form = {"name": "=1+1", "language": "en", "timezone": "UTC", "newsletter": "review"}
    desk.client(Role.SENDER).post(f"{HOME}{number}/change", form)
    assert desk.client(Role.SENDER).post(f"{HOME}export", newsletter="review").status == 403
    made = desk.client(Role.ADMIN, fresh=True).post(f"{HOME}export", newsletter="review")
    assert made.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(made.text)))
    assert len(rows) == 151
    assert next(row["name"] for row in rows if row["email"] == "formula@example.org") == "'=1+1"
    with desk.house.database.read() as connection:
        last, first = audit.entries(connection, subject="subscribers", limit=2)
    assert (first.action, first.detail) == ("subscribers.export", {"chosen": {"newsletter": "review"}})
    assert (last.action, last.detail) == ("subscribers.exported", {"people": 151, "whole": True})


def test_who_signed_up_is_asked_again_once_a_day(desk: Desk) -> None:
    form = b"email=asks%40example.org&language=en&newsletter=weekly&timezone=UTC"
    assert desk.served.post("/en/subscribe", form).status == 200
    sender = desk.client(Role.SENDER)
    assert "has not confirmed" in sender.get(f"{HOME}?q=asks@example.org").text
    end, status = monotonic() + 20, 303
    while status != 409 and monotonic() < end:
        status = sender.post(f"{HOME}asked/again", email="asks@example.org").status
        sleep(0.1)
    assert status == 409  # one of them was mailed


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with chromium() as opened:
        yield opened


@pytest.mark.browser
@needs_chromium
@needs_axe
def test_the_pages_hold_in_every_direction(desk: Desk, browser: "Browser") -> None:
    number = subscribe.find(desk.house.database, "reader0@example.org").id
    paths = ("", f"{number}/", "add", "import", "export", "suppressions")
    for language, width, dark in (("en", 1280, False), ("ar", 360, True)):
        page = desk.page(browser, Role.ADMIN, language, width, dark=dark)
        for path in paths:
            answered = page.goto(f"{desk.url}{HOME}{path}")
            assert answered
            assert answered.ok, path
            assert violations(page) == [], path
            assert not too_wide(page), path
        page.context.close()

"""Before an issue goes out: previews that hostile articles cannot break out of, preflight, test mails."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Route
from tests.journeys.browser import chromium, needs_axe, needs_chromium, too_wide, violations
from tests.journeys.console_server import NOW, Desk, console

from syndicate.flows import prepare, rehearse
from syndicate.flows.house import House
from syndicate.flows.outside import Outside
from syndicate.model import (
    COMMAND_LINE,
    TRIALS,
    CarrierError,
    DeliveryState,
    Draft,
    IssueState,
    Outcome,
    Personal,
    Role,
    SyndicateError,
)
from syndicate.store import audit, deliveries, issues, testers
from syndicate.store.tables import edition

CHECKER = Path(__file__).parents[2].parent / "shared" / "tools" / "eml_check.py"
FRAME = re.compile(r'<iframe sandbox src="([^"]+)"')


def furnish(house: House) -> House:
    """Nobody outside is asked: one link is gone, the name servers are silent, there is no spam filter."""

    def silent(name: str) -> tuple[str, ...]:
        raise CarrierError(f"{name}: no answer")

    outside = Outside(
        links=lambda urls: {url: "answered HTTP 404" if "/en/rain/" in url else "" for url in urls},
        records=silent,
        carrier="smtp",
    )
    return replace(house, outside=outside)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("ahead"), furnish=furnish) as there:
        yield there


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def issue(desk: Desk) -> str:
    with desk.house.database.read() as connection:
        (found,) = issues.in_state(connection, IssueState.PLANNED)
    return f"/staff/issues/{found.id}"


def number(issue: str) -> int:
    return int(issue.rpartition("/")[2])


def frames(text: str) -> list[str]:
    return [one.replace("&amp;", "&") for one in FRAME.findall(text)]


def seen(text: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', text)
    assert found
    return found[1]


# -- preview


def test_each_language_stands_in_a_frame_that_can_do_nothing(desk: Desk, issue: str) -> None:
    client = desk.client(Role.VIEWER)
    page = client.get(f"{issue}/preview").text
    assert len(frames(page)) == 3
    assert "Nehir kıyısında bir okul" in page
    for path in frames(page):
        shown = client.get(path)
        policy = shown.headers["content-security-policy"]
        assert "default-src 'none'; img-src https: data:" in policy
        assert policy.endswith("frame-ancestors 'self'; sandbox")
        assert (shown.headers["cache-control"], shown.headers["referrer-policy"]) == (
            "no-store",
            "no-referrer",
        )
        assert "\ue000" not in shown.text
        assert 'href="http' not in re.sub(r"<(?:link|!--)[^>]*>", "", shown.text)
    path = frames(page)[0]
    assert "img-src 'none'" in client.get(f"{path}?images=off").headers["content-security-policy"]
    assert "<pre>" in client.get(f"{path}?view=text&dark=1").text
    assert "told at length in en" in client.get(f"{path}?view=web").text
    assert client.get(f"{issue}/preview/nothing").status == 404
    assert client.get("/staff/issues/987/preview").status == 404


def test_as_a_subscriber_sees_it_for_those_who_may_look_people_up(desk: Desk, issue: str) -> None:
    client = desk.client(Role.EDITOR)
    found = client.post(f"{issue}/preview/reader", who="reader1@example.org", dark="1")
    where = found.headers["location"]
    assert re.fullmatch(rf"{issue}/preview\?dark=1&reader=\d+", where)
    page = client.get(where).text
    assert "Reader 1<" in page
    assert len(frames(page)) == 1
    assert client.get(frames(page)[0]).status == 200
    by_number = client.post(f"{issue}/preview/reader", who=where.rpartition("=")[2])
    assert by_number.headers["location"].endswith(where.rpartition("&")[2])
    many = client.post(f"{issue}/preview/reader", who="reader1", view="text").text
    assert many.count("?view=text&amp;reader=") == 12
    assert "Nobody like this" in client.post(f"{issue}/preview/reader", who="nobody@example.net").text
    viewer = desk.client(Role.VIEWER)
    for path in (where, frames(page)[0]):
        assert viewer.get(path).status == 403
    assert client.get(f"{issue}/preview?reader=x").status == 404


HOSTILE = """
<link rel="stylesheet" href="/staff/console.css?broke=sheet"><base href="/staff/broke/">
<meta http-equiv="refresh" content="1;url=/staff/?broke=refresh">
<svg xmlns="http://www.w3.org/2000/svg" onload="new Image().src='/staff/?broke=svg'"></svg>
<img src="data:x" onerror="new Image().src='/staff/?broke=handler'"><iframe src="/staff/?broke=frame"></iframe>
<object data="/staff/console.css?broke=object"></object>
<script>new Image().src = "/staff/?broke=script"; window.open("/staff/?broke=window");</script>
"""
LURES = """
<div style="position:fixed;top:140px;left:0;width:90px;height:90px;background:url(/staff/a?broke=style)"></div>
<a href="/staff/?broke=top" target="_top" style="position:fixed;top:0;left:0;width:300px;height:60px;z-index:9">x</a>
<form action="/staff/?broke=form" target="_top">
<button style="position:fixed;top:70px;left:0;width:300px;height:60px;z-index:9">y</button></form>
"""


@contextmanager
def written(desk: Desk, issue: str, more: str) -> Iterator[None]:
    """The English mail with ``more`` in it, as if nothing had been cleaned on the way in."""
    with desk.house.database.read() as connection:
        every = issues.editions(connection, number(issue))
    frozen = next(one for one in every if one.edition.is_main and one.edition.language == "en")
    change = edition.update().where(edition.c.id == frozen.edition.id)
    html = frozen.digest["html"].replace("<body", f"{more}<body", 1)
    with desk.house.database.begin() as connection:
        connection.execute(change.values(digest={**frozen.digest, "html": html}))
    try:
        yield
    finally:
        with desk.house.database.begin() as connection:
            connection.execute(change.values(digest=dict(frozen.digest)))


def broken(desk: Desk, issue: str, browser: Browser, more: str, *, is_guarded: bool) -> tuple[set[str], bool]:
    """What a mail with ``more`` in it got done in its frame, and whether the page around it is still there."""
    page = desk.page(browser, Role.EDITOR)
    asked: set[str] = set()
    # Chromium tells of requests, too, that a policy then forbids.
    page.context.on("response", lambda one: asked.add(one.url.partition("broke=")[2]))
    if not is_guarded:
        page.route("**/preview**", _unguarded)
    with written(desk, issue, more):
        with page.expect_response(re.compile(r"/preview/\d+")):
            page.goto(f"{desk.url}{issue}/preview")
            page.locator("iframe").first.scroll_into_view_if_needed()
        page.frames[1].wait_for_load_state()
        page.wait_for_timeout(200)
        for down in (100, 30):
            box = page.locator("iframe").first.bounding_box() if page.locator("iframe").count() else None
            if box:
                page.mouse.click(box["x"] + 50, box["y"] + down)
                page.wait_for_timeout(300)
        # Until the document in the frame wants to be another one.
        page.wait_for_timeout(1_000)
    is_there = page.url == f"{desk.url}{issue}/preview"
    page.context.close()
    return asked - {""}, is_there


def _unguarded(route: Route) -> None:
    """The same page without what holds the frame back: with it, the test would see nothing, whatever we did."""
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "content-security-policy"}
    body = (
        answer.text().replace("<iframe sandbox", "<iframe").replace('href="#" title=', 'target="_top" href=')
    )
    route.fulfill(status=answer.status, headers=headers, body=body)


@pytest.mark.browser
@needs_chromium
def test_a_hostile_mail_does_not_break_out(desk: Desk, issue: str, browser: Browser) -> None:
    assert broken(desk, issue, browser, HOSTILE + LURES, is_guarded=True) == (set(), True)
    with written(desk, issue, HOSTILE):
        page = desk.page(browser, Role.EDITOR)
        page.goto(f"{desk.url}{frames(desk.client(Role.EDITOR).get(f'{issue}/preview').text)[0]}")
        page.wait_for_timeout(1_200)
        assert "broke" not in page.url, "opened by itself it is in a sandbox, too"
        page.context.close()


@pytest.mark.browser
@needs_chromium
def test_a_mail_that_is_not_guarded_would_break_out(desk: Desk, issue: str, browser: Browser) -> None:
    """Were it not so, the test above would prove nothing."""
    free, _ = broken(desk, issue, browser, HOSTILE, is_guarded=False)
    assert free >= {"sheet", "frame", "object", "script", "svg", "refresh"}
    free, is_there = broken(desk, issue, browser, LURES, is_guarded=False)
    assert "style" in free
    assert not is_there


# -- preflight


def test_preflight_asks_once_and_what_was_said_is_told_where_one_approves(desk: Desk, issue: str) -> None:
    client = desk.client(Role.EDITOR)
    page = client.get(f"{issue}/preflight").text
    assert "Nobody has asked yet." in page
    assert "2 stories are told in another language." in page
    assert "Ask them now" not in desk.client(Role.VIEWER).get(f"{issue}/preflight").text
    for _ in range(3):
        assert client.post(f"{issue}/preflight", seen=seen(page)).status == 303
    end = monotonic() + 20
    while "data-again" in (page := client.get(f"{issue}/preflight").text) and monotonic() < end:
        sleep(0.05)
    assert "https://gazette.example.org/en/rain/" in page
    assert "SpamAssassin is not installed here." in page
    assert "Nobody could say what the records of" in page
    assert "Asked" in page
    with desk.house.database.read() as connection:
        asked = audit.entries(connection, subject=f"preflight of issue {number(issue)}")
    assert [one.action for one in asked] == ["issue.preflight"]
    approving = desk.client(Role.SENDER).get(f"{issue}/send").text
    assert "1 thing should be mended before it goes out." in approving
    assert "answered HTTP 404" in approving


# -- test mails


def outbox(desk: Desk) -> list[Path]:
    return sorted(Path(desk.house.carrier_place).glob("test-*.eml"))


@pytest.fixture(scope="module")
def checker() -> ModuleType | None:
    if not CHECKER.exists():
        return None
    spec = importlib.util.spec_from_file_location("eml_check", CHECKER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


def test_an_editor_mails_a_test_to_themself_once_a_press(
    desk: Desk, issue: str, checker: ModuleType | None, capsys: pytest.CaptureFixture[str]
) -> None:
    client = desk.client(Role.EDITOR)
    page = client.get(f"{issue}/test").text
    assert "Test list" not in page
    with desk.house.database.read() as connection:
        before = deliveries.counts(connection, number(issue))
    pressed = {"seen": seen(page), "language": "tr"}
    answer = client.post(f"{issue}/test/me", pressed)
    assert (answer.status, answer.text.count("On its way")) == (200, 1)
    again = client.post(f"{issue}/test/me", pressed)
    assert again.headers["location"].endswith("said=outdated")
    (mail,) = outbox(desk)
    told = mail.read_text(encoding="ascii")
    assert "To: Editor One <editor@gazette.example.org>" in told
    assert "Subject: =?utf-8?" in told
    with desk.house.database.read() as connection:
        assert deliveries.counts(connection, number(issue)) == before
        (line,) = audit.entries(connection, subject=f"test of issue {number(issue)}")
    assert line.detail == {"mails": 1, "people": 1}
    if checker is None:
        pytest.skip("../shared/tools/eml_check.py is not here: the mail itself was not checked")
    status = checker.main(["--strict", "--quiet", "--any-date", "--lang", "tr", str(mail)])
    assert not status, capsys.readouterr().out


def test_links_in_a_test_mail_change_nothing(desk: Desk) -> None:
    token = re.search(r"/u/([\w-]+)>", outbox(desk)[0].read_text(encoding="ascii"))
    assert token
    for method in ("GET", "POST"):
        assert desk.served.ask(method, f"/u/{token[1]}", host="news.gazette.example.org").status in (
            200,
            404,
            410,
        )


def test_senders_keep_a_list_and_mail_it(desk: Desk, issue: str) -> None:
    client = desk.client(Role.SENDER)
    for path in ("list", "add", "remove"):
        assert desk.client(Role.EDITOR).post(f"{issue}/test/{path}", email="x@example.net").status == 403
    assert client.post(f"{issue}/test/list").status == 422, "there is nobody on it"
    assert client.post(f"{issue}/test/add", email="no address").status == 422
    for email in ("a@example.net", "b@example.net", "a@example.net"):
        assert client.post(f"{issue}/test/add", email=email, name="Tess").status == 303
    before = len(outbox(desk))
    page = client.post(f"{issue}/test/list", seen=seen(client.get(f"{issue}/test").text)).text
    assert page.count("On its way") == 6
    assert len(outbox(desk)) == before + 6
    client.post(f"{issue}/test/remove", email="a@example.net")
    with desk.house.database.read() as connection:
        assert [one.email for one in testers.every(connection)] == ["b@example.net"]
        told = audit.entries(connection, subject="test list")
        everything = " ".join(str(one) for one in audit.entries(connection, limit=50))
    assert [one.detail["people"] for one in told] == [1, 2, 1]
    assert "@" not in everything


def test_what_the_carrier_says_is_told_without_addresses(desk: Desk, issue: str) -> None:
    def refuse() -> object:
        raise CarrierError("mail.example.net:25: no mail for a@example.net today")

    house = replace(desk.house, post=refuse)
    tried = rehearse.rehearse(house, number(issue), [("a@example.net", "")], ["en"], COMMAND_LINE, desk.clock)
    assert [(one.is_gone, one.detail) for one in tried] == [
        (False, "mail.example.net:25: no mail for [address] today")
    ]
    many = [(f"a{n}@example.net", "") for n in range(40)]
    with pytest.raises(SyndicateError, match="too many"):
        rehearse.rehearse(house, number(issue), many, [], COMMAND_LINE, desk.clock)


class Letters:
    """A carrier that fills in by itself, and says no to Turkish."""

    name, lanes, takes = "letters", 1, "letters"

    def __init__(self) -> None:
        self.taken: list[Personal] = []

    def __enter__(self) -> "Letters":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def carry(self, desk: Any) -> None:
        while taken := desk.take(1000):
            for one in taken:
                assert desk.mark((one.delivery,)) == {one.delivery}
                is_refused = one.letter.language == "tr"
                state = DeliveryState.REFUSED if is_refused else DeliveryState.ACCEPTED
                desk.settle(one.delivery, Outcome(state, "550 no" if is_refused else ""))
                self.taken.append(one)


def test_a_carrier_that_fills_in_by_itself_gets_letters(desk: Desk, issue: str) -> None:
    carrier = Letters()
    house = replace(desk.house, post=lambda: carrier)
    to = [("a@example.net", "Tess"), ("b@example.net", "")]
    tried = rehearse.rehearse(house, number(issue), to, ["en", "tr"], COMMAND_LINE, desk.clock)
    assert [(one.place, one.language, one.is_gone) for one in tried] == [
        (0, "en", True),
        (0, "tr", False),
        (1, "en", True),
        (1, "tr", False),
    ]
    assert {one.letter.subject[:6] for one in carrier.taken} == {"[Test]", "[Denem"}
    assert len({one.delivery for one in carrier.taken}) == 4
    assert all(one.delivery < TRIALS for one in carrier.taken)


# -- how it looks, and drafts


@pytest.mark.browser
@needs_axe
@needs_chromium
@pytest.mark.parametrize(
    ("language", "width", "dark", "paths"),
    [("en", 1280, False, ("preview", "preflight")), ("ar", 360, True, ("preview?width=phone", "test"))],
)
def test_pages_are_accessible_and_fit(
    desk: Desk, issue: str, browser: Browser, language: str, width: int, dark: bool, paths: tuple[str, ...]
) -> None:
    page = desk.page(browser, Role.SENDER, language, width, dark=dark)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for path in paths:
        page.goto(f"{desk.url}{issue}/{path}")
        assert violations(page) == [], path
        assert not too_wide(page), path
    assert complaints == []
    page.context.close()


def test_a_draft_is_shown_as_it_would_be_and_changes_nothing(desk: Desk, issue: str) -> None:
    client = desk.client(Role.EDITOR)
    before = frames(client.get(f"{issue}/preview").text)
    draft = Draft(subjects={"en": "By hand {{ name }}"}, notes={"tr": "Merhaba okur"})
    prepare.save(desk.house, number(issue), draft, 0, COMMAND_LINE, NOW)
    page = client.get(f"{issue}/preview").text
    assert "By hand {{ name }}" in page
    assert [path.rpartition("/")[2] for path in frames(page)] == ["en", "tr", "ar"]
    assert "Merhaba okur" in client.get(f"{issue}/preview/tr").text
    assert "stands in the mail" in client.get(f"{issue}/preflight").text
    assert client.get(before[0]).status == 404, "what is frozen is not what would go out"
    prepare.apply(desk.house, number(issue), NOW)
    after = client.get(f"{issue}/preview").text
    assert "By hand" in after
    assert all(path.rpartition("/")[2].isdecimal() for path in frames(after))

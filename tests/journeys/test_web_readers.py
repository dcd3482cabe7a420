"""The links of a mail: leaving, coming back, seeing what one gets. Only a POST changes anything."""

import csv
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from socket import create_server
from time import monotonic, sleep
from urllib.parse import urlencode

import pytest
from tests.journeys.web_server import CONFIG, NOW, Reply, Served, reader, served

from syndicate.flows import subscribe
from syndicate.languages import SHIPPED
from syndicate.model import Subscriber
from syndicate.store import subscribers

COMMAND = str(Path(sys.executable).with_name("syndicate"))
CHROMIUM = Path("/usr/bin/chromium")
ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    "multipart/form-data; boundary=x",
)
_numbers = count(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path_factory.mktemp("newsroom")) as made:
        yield made
    monkeypatch.undo()


class Person:
    """A reader of their own for one test, with what the newsroom holds about them."""

    def __init__(self, site: Served, languages: str = "tr en", newsletters: str = "weekly water") -> None:
        self.site, self.email = site, f"someone{next(_numbers)}@example.org"
        self.id = reader(site.house, self.email, languages, newsletters)

    def link(self, purpose: str = "unsubscribe", newsletter: str = "weekly") -> str:
        token = self.site.house.tokens.make(purpose, self.id, newsletter)
        return f"/{purpose[0]}/{token}"

    @property
    def gets(self) -> set[str]:
        with self.site.house.database.read() as connection:
            person = subscribers.by_id(connection, self.id)
        return {one.newsletter for one in person.subscriptions} if person else set()

    @property
    def now(self) -> Subscriber:
        with self.site.house.database.read() as connection:
            found = subscribers.by_id(connection, self.id)
        assert found is not None
        return found

    @property
    def history(self) -> list[tuple[str, str, str]]:
        with self.site.house.database.read() as connection:
            return [tuple(row[1:]) for row in subscribers.history(connection, self.id)]  # type: ignore[misc]


@pytest.fixture
def person(site: Served) -> Person:
    return Person(site)


def assert_private(reply: Reply, person: Person) -> None:
    """What holds for every page made for one person."""
    assert "set-cookie" not in reply.headers
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["x-robots-tag"] == "noindex"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert person.email not in reply.text
    assert "example.org" not in reply.text.replace("gazette.example.org", "")
    assert "<script" not in reply.text


def test_looking_changes_nothing(site: Served, person: Person) -> None:
    before = person.history
    for path in (person.link(), f"{person.link()}/undo", person.link("preferences")):
        for method in ("GET", "HEAD", "GET"):
            for query in ("", "?List-Unsubscribe=One-Click", "?leave=weekly&everything=1"):
                reply = site.ask(method, path + query)
                assert reply.status == 200
                if method == "GET":
                    assert_private(reply, person)
    assert (person.gets, person.history) == ({"weekly", "water"}, before)


def test_the_page_asks_with_one_button_and_one_for_all(site: Served, person: Person) -> None:
    text = site.get(person.link()).text
    assert (text.count("<form"), text.count("<button"), text.count("<input")) == (2, 2, 0)
    assert text.count(f'<form method="post" action="{person.link()}">') == 2
    assert text.count('name="everything"') == 1
    assert "Haftalık Bakış" in text
    only = site.get(Person(site, newsletters="weekly").link()).text
    assert (only.count("<form"), only.count('name="everything"')) == (1, 0)


def test_leaving_everything_and_taking_all_of_it_back(site: Served, person: Person) -> None:
    left = site.post(person.link(), b"everything=1")
    assert (left.status, person.gets) == (200, set())
    assert left.text.count('type="hidden" name="newsletter"') == 2
    site.post(f"{person.link()}/undo", b"newsletter=weekly&newsletter=water&newsletter=other")
    assert person.gets == {"weekly", "water"}


def test_a_reason_is_kept_and_leaving_can_still_be_taken_back(site: Served, person: Person) -> None:
    site.post(person.link(), ONE_CLICK)
    words = "x" * 1000 + "<script>"
    body = urlencode({"reason": "often", "words": "Every day?\r\n\u202eIt is\u0000 too much " + words})
    told = site.post(f"{person.link()}/reason", body.encode())
    assert (told.status, "Bize bildirdiğiniz için" in told.text) == (200, True)
    held = subscribe.held(site.house, person.id)
    assert held.consent[-1].what == "reason"
    assert held.consent[-1].words.startswith("often: Every day? It is too much xxx")
    assert len(held.consent[-1].words) <= subscribe.LONGEST_REASON
    for nothing in (b"", b"reason=made-up", b"\xff"):
        assert "Bize bildirdiğiniz için" not in site.post(f"{person.link()}/reason", nothing).text
    assert len(subscribe.held(site.house, person.id).consent) == len(held.consent)
    assert site.post(f"{person.link()}/undo").status == 200
    assert person.gets == {"weekly", "water"}


@pytest.mark.parametrize(
    ("body", "kind", "source"),
    [
        (ONE_CLICK, "application/x-www-form-urlencoded", "one-click"),
        (*MULTIPART, "one-click"),
        (b"", "application/x-www-form-urlencoded", "unsubscribe page"),
        (b"", "multipart/form-data; boundary=broken", "unsubscribe page"),
        (b"\xff\x00{", "application/json", "unsubscribe page"),
    ],
)
def test_a_post_ends_one_subscription(
    site: Served, person: Person, body: bytes, kind: str, source: str
) -> None:
    reply = site.post(person.link(), body, kind)
    assert reply.status == 200
    assert "location" not in reply.headers
    assert_private(reply, person)
    assert "Haftalık Bakış" in reply.text
    assert f'action="{person.link()}/undo"' in reply.text
    assert person.gets == {"water"}
    assert person.history[-1] == ("unsubscribed", "weekly", source)
    events = len(person.history)
    assert site.post(person.link(), body, kind).status == 200
    assert len(person.history) == events
    assert site.get(person.link()).text == reply.text


def test_undo(site: Served, person: Person) -> None:
    site.post(person.link(), ONE_CLICK)
    for _ in range(2):
        reply = site.post(f"{person.link()}/undo")
        assert reply.status == 200
        assert_private(reply, person)
        assert "Yeniden abone" in reply.text
        assert person.gets == {"weekly", "water"}
    assert [event[0] for event in person.history[-2:]] == ["unsubscribed", "subscribed"]


def test_undo_gives_nothing_to_who_never_had_it(site: Served) -> None:
    person = Person(site, newsletters="water")
    reply = site.post(f"{person.link()}/undo")
    assert reply.status == 200
    assert "Yeniden abone" not in reply.text
    assert person.gets == {"water"}


def test_a_person_who_was_erased_gets_a_page_and_no_undo(site: Served, person: Person) -> None:
    subscribe.erase(site.house.database, person.email, site.house.key, NOW)
    for reply in (
        site.get(person.link()),
        site.post(person.link(), ONE_CLICK),
        site.post(f"{person.link()}/undo"),
        site.get(person.link("preferences")),
        site.post(person.link("preferences"), b"everything=1"),
    ):
        assert reply.status == 200
        assert "<form" not in reply.text
        assert '<html lang="en"' in reply.text
    assert person.gets == set()


def test_preferences_are_changed_as_a_whole(site: Served, person: Person) -> None:
    path = person.link("preferences")
    shown = site.get(path)
    assert_private(shown, person)
    assert shown.text.count(" checked") == 2
    assert '<bdi lang="tr" dir="ltr">Türkçe</bdi>' in shown.text
    form = [("save", "1"), ("newsletter", "weekly"), ("cadence-weekly", "monthly"), ("name", "Aylin "),
            ("language", "ar"), ("language", ""), ("language", "tr"), ("timezone", "Asia/Baku")]  # fmt: skip
    saved = site.post(path, urlencode(form).encode())
    assert (saved.status, "Kaydedildi" in saved.text or "تم الحفظ" in saved.text) == (200, True)
    now = person.now
    assert (now.name, now.languages, now.timezone) == ("Aylin", ("ar", "tr"), "Asia/Baku")
    assert [(one.newsletter, one.cadence) for one in now.subscriptions] == [("weekly", "monthly")]
    assert '<html lang="ar" dir="rtl">' in saved.text
    assert '<option value="monthly" selected>' in saved.text
    assert '<option value="Asia/Baku" selected>' in saved.text
    assert_private(saved, person)


def test_preferences_that_cannot_be_stay_as_they_are(site: Served, person: Person) -> None:
    form = [("save", "1"), ("newsletter", "weekly"), ("newsletter", "other"), ("cadence-weekly", "hourly"),
            ("language", "fr"), ("language", "<b>"), ("timezone", "Mars/Base")]  # fmt: skip
    assert site.post(person.link("preferences"), urlencode(form).encode()).status == 200
    now = person.now
    assert (now.languages, now.timezone) == (("tr", "en"), "UTC")
    assert [(one.newsletter, one.cadence) for one in now.subscriptions] == [("weekly", "")]


def test_preferences_end_all_and_take_all_back(site: Served, person: Person) -> None:
    path = person.link("preferences")
    everything = site.post(path, b"everything=1")
    assert (everything.status, person.gets) == (200, set())
    assert everything.text.count('name="undo"') == 2
    assert_private(everything, person)
    back = site.post(path, b"undo=water&undo=weekly")
    assert (back.status, person.gets) == (200, {"weekly", "water"})
    assert "Yeniden abone" in back.text
    assert all(source == "preferences page" for what, _, source in person.history if what == "unsubscribed")


def test_what_is_held_can_be_read_and_taken_along(site: Served, person: Person) -> None:
    path = person.link("preferences")
    page, document, table = (site.get(f"{path}/{name}") for name in ("data", "data.json", "data.csv"))
    for reply in (page, document, table):
        assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
        assert person.email in reply.text
    assert "script" not in page.headers["content-security-policy"]
    held = json.loads(document.text)
    assert held["subscriber"]["email"] == person.email
    assert [one["what"] for one in held["consent"]] == ["subscribed", "subscribed"]
    assert set(held) == {"subscriber", "consent", "deliveries", "events", "signups", "suppressed"}
    rows = list(csv.reader(io.StringIO(table.body.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["part", "line", "field", "value"]
    assert ["subscriber", "1", "languages.2", "en"] in rows
    assert ["consent", "2", "source", "form"] in rows


def test_erasing_needs_its_button_and_is_said(site: Served, person: Person) -> None:
    path = person.link("preferences")
    asked = site.get(f"{path}/erase")
    assert asked.text.count("<form") == 1
    assert site.post(f"{path}/erase", b"").status == 200
    assert person.gets == {"weekly", "water"}
    erased = site.post(f"{path}/erase", b"erase=1")
    assert (erased.status, "Hakkınızdaki her şey silindi" in erased.text, "<form" in erased.text) == (
        200,
        True,
        False,
    )
    assert (person.gets, person.history) == (set(), [])
    assert site.get(f"{path}/data").status == 404
    assert site.get(f"{path}/data.json").status == 404
    assert site.get(path).status == 200


@pytest.mark.parametrize("purpose", ["unsubscribe", "preferences"])
def test_a_page_is_in_the_language_that_was_chosen(site: Served, person: Person, purpose: str) -> None:
    path = person.link(purpose)
    page = site.get(f"{path}?in=ar")
    assert '<html lang="ar" dir="rtl">' in page.text
    assert f'action="{path}?in=ar"' in page.text
    assert page.text.count("hreflang=") == len(SHIPPED)
    assert page.text.count("aria-current") == 1
    assert '<html lang="ar" dir="rtl">' in site.post(f"{path}?in=ar", b"everything=1").text
    for nonsense in ("", "xx", "%3Cb%3E", "ar&in=de", "../en"):
        assert site.get(f"{path}?in={nonsense}").status == 200
    assert "&lt;b&gt;" not in site.get(f"{path}?in=%3Cb%3E").text


@pytest.mark.parametrize(
    "host", ["evil.example", "news.gazette.example.org.evil.example", "127.0.0.1@evil", "", "[::1"]
)
def test_a_host_that_is_not_ours_sees_no_page_of_a_person(site: Served, person: Person, host: str) -> None:
    for path in (person.link(), person.link("preferences"), "/en/subscribe", "/site.css"):
        assert site.get(path, host=host).status == 400
    assert site.ask("POST", person.link(), ONE_CLICK, host=host).status == 400
    assert person.gets == {"weekly", "water"}


@pytest.mark.parametrize(
    "host", ["news.gazette.example.org", "NEWS.gazette.example.org:443", "localhost", "[::1]:80"]
)
def test_hosts_that_are_ours(site: Served, person: Person, host: str) -> None:
    assert site.get(person.link(), host=host).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"leave=other", b"undo=other", b"leave=%00", b"\xff", b"&" * 50, b"a=1&" * 50, ONE_CLICK]
)
def test_a_form_that_is_not_ours_changes_nothing(site: Served, person: Person, body: bytes) -> None:
    assert site.post(person.link("preferences"), body).status == 200
    assert person.gets == {"weekly", "water"}


def test_one_person_never_changes_another(site: Served, person: Person) -> None:
    other = Person(site)
    site.post(person.link(), ONE_CLICK)
    site.post(person.link("preferences"), b"everything=1")
    assert other.gets == {"weekly", "water"}


def test_links_that_are_not_ours(site: Served, person: Person) -> None:
    good = person.link()[3:]
    flipped = good[:10] + ("A" if good[10] != "A" else "B") + good[11:]
    wrong_purpose = person.link("preferences")[3:]
    other_newsletter = site.house.tokens.make("unsubscribe", person.id, "gone")
    for token in (
        flipped,
        good[:-4],
        f"{good}AAAA",
        wrong_purpose,
        other_newsletter,
        "x",
        "%ff",
        "%F0%9F%92%A9",
    ):
        for reply in (
            site.get(f"/u/{token}"),
            site.post(f"/u/{token}", ONE_CLICK),
            site.post(f"/u/{token}/undo"),
        ):
            assert reply.status == 404
            assert reply.headers["content-type"] == "text/html; charset=utf-8"
            assert "This link is not valid." in reply.text
            assert '<link rel="stylesheet" href="/site.css">' in reply.text
    assert site.get(f"/p/{good}").status == 404
    assert site.post(f"/p/{good}", b"everything=1").status == 404
    assert person.gets == {"weekly", "water"}


def test_a_body_that_is_far_too_large_is_refused(site: Served, person: Person) -> None:
    reply = site.post(person.link("preferences"), b"everything=1&" + b"x" * 100_000)
    assert reply.status == 413
    assert person.gets == {"weekly", "water"}


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("tr en", '<html lang="tr" dir="ltr">'),
        ("ar", '<html lang="ar" dir="rtl">'),
        ("pt ru", '<html lang="ru" dir="ltr">'),
        ("zh-TW en", '<html lang="zh" dir="ltr">'),
        ("pt", '<html lang="en" dir="ltr">'),
    ],
)
def test_pages_speak_the_language_of_the_reader(site: Served, languages: str, expected: str) -> None:
    person = Person(site, languages)
    # A browser that asks for another language changes nothing: it may be anyone's machine.
    for path in (person.link(), person.link("preferences")):
        assert expected in site.get(path, accept_language="de").text


def test_no_log_names_a_token_or_an_address(
    site: Served, person: Person, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)

    def breaks(*_: object) -> None:
        raise RuntimeError("the database is away")

    site.get(person.link())
    monkeypatch.setattr(subscribe, "standing", breaks)
    reply = site.get(person.link())
    assert reply.status == 500
    assert "Something went wrong" in reply.text
    assert "database" not in reply.text
    assert "the database is away" in caplog.text
    assert person.link()[3:] not in caplog.text
    assert person.email not in caplog.text


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="/usr/bin/chromium is not there")
def test_in_a_browser(site: Served) -> None:
    """Opening changes nothing although scripts run; the buttons work; all fits a small phone."""
    from playwright.sync_api import sync_playwright

    person = Person(site, "ar tr")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = browser.new_page(viewport={"width": 320, "height": 640})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        for path in (person.link(), person.link("preferences")):
            page.goto(site.url + path, wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            assert page.evaluate("getComputedStyle(document.querySelector('button')).cursor") == "pointer"
        assert person.gets == {"weekly", "water"}
        page.goto(site.url + person.link())
        page.locator("button.main").click()
        assert person.gets == {"water"}
        page.locator("form[action$='/undo'] button").click()
        assert person.gets == {"weekly", "water"}
        page.goto(site.url + person.link("preferences"))
        page.locator("button[name=everything]").click()
        assert person.gets == set()
        assert page.context.cookies() == []
        browser.close()
    assert not [text for text in complaints if "favicon" not in text and "404" not in text]


def test_the_server_process_logs_no_request_and_stops_when_told(tmp_path: Path) -> None:
    """As ``syndicate serve`` runs it, in a process of its own."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "SYNDICATE_SECRET": "a secret of the tests"}
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(port)], cwd=tmp_path, env=environment, stdout=file, stderr=file
        )
        try:
            assert answers(port, process, "/healthz") == b"ok\n", log.read_text()
            assert b"This link is not valid." in answers(port, process, "/u/VERY-SECRET-TOKEN")
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert str(port) in log.read_text()
    assert "VERY-SECRET-TOKEN" not in log.read_text()


def answers(port: int, process: subprocess.Popen[bytes], path: str) -> bytes:
    """The body, asking until the server is up or gone."""
    end = monotonic() + 60
    while process.poll() is None and monotonic() < end:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        except ConnectionRefusedError:
            sleep(0.1)
        finally:
            connection.close()
    return b""

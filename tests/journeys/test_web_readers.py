"""The links of a mail: leaving, coming back, seeing what one gets. Only a POST changes anything."""

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
from syndicate.store import subscribers

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


def test_the_page_asks_with_one_button(site: Served, person: Person) -> None:
    text = site.get(person.link()).text
    assert (text.count("<form"), text.count("<button"), text.count("<input")) == (1, 1, 0)
    assert f'<form method="post" action="{person.link()}">' in text
    assert "Haftalık Bakış" in text


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


def test_preferences_end_one_or_all_and_take_back(site: Served, person: Person) -> None:
    path = person.link("preferences")
    shown = site.get(path)
    assert_private(shown, person)
    assert shown.text.count('name="leave"') == 2
    assert '<bdi lang="tr" dir="ltr">Türkçe</bdi>' in shown.text
    one = site.post(path, urlencode({"leave": "water"}).encode())
    assert (one.status, person.gets) == (200, {"weekly"})
    assert one.text.count('name="undo"') == 1
    back = site.post(path, urlencode({"undo": "water"}).encode())
    assert (back.status, person.gets) == (200, {"weekly", "water"})
    assert "Yeniden abone" in back.text
    everything = site.post(path, b"everything=1")
    assert (everything.status, person.gets) == (200, set())
    assert everything.text.count('name="undo"') == 2
    assert 'name="leave"' not in everything.text
    assert_private(everything, person)
    assert all(source == "preferences page" for what, _, source in person.history if what == "unsubscribed")


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
        page.get_by_role("button").click()
        assert person.gets == {"water"}
        page.get_by_role("button").click()
        assert person.gets == {"weekly", "water"}
        page.goto(site.url + person.link("preferences"))
        page.get_by_role("button").last.click()
        assert person.gets == set()
        assert page.context.cookies() == []
        browser.close()
    assert not [text for text in complaints if "favicon" not in text and "404" not in text]


def test_the_server_process_logs_no_request_and_stops_when_told(tmp_path: Path) -> None:
    """As ``syndicate serve`` runs it, in a process of its own."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = (
        "from pathlib import Path; from syndicate.app import open_house, serve; "
        f"serve(open_house(Path('config.toml')), '127.0.0.1', {port})"
    )
    environment = {**os.environ, "SYNDICATE_SECRET": "a secret of the tests"}
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=file, stderr=file
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

"""Signing up: the form, its answers, the mail, the link to confirm; then the whole walk in a browser."""

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from sqlalchemy import select
from tests.journeys.web_server import NOW, Reply, Served, served

from syndicate.flows import sign_up, subscribe
from syndicate.languages import SHIPPED
from syndicate.model import NotFound, Subscriber
from syndicate.store.tables import metadata

CHROMIUM = Path("/usr/bin/chromium")
FORM = (
    ("name", "Aylin"),
    ("language", "tr"),
    ("language", "en"),
    ("newsletter", "weekly"),
    ("newsletter", "water"),
    ("cadence", "monthly"),
    ("timezone", "Asia/Baku"),
    ("website", ""),
)
_numbers = count(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path_factory.mktemp("newsroom"), "[signup]\nper_network = 1000\n") as made:
        yield made
    monkeypatch.undo()


@pytest.fixture
def address() -> str:
    return f"somebody{next(_numbers)}@example.org"


def ask(site: Served, address: str, page: str = "tr", /, **changes: str | tuple[str, ...]) -> Reply:
    """Send the form; ``changes`` replace fields, none of a name for an empty tuple."""
    fields = [(name, value) for name, value in (("email", address), *FORM) if name not in changes]
    for name, values in changes.items():
        fields += [(name, value) for value in ((values,) if isinstance(values, str) else values)]
    return site.post(f"/{page}/subscribe", urlencode(fields).encode())


def mail_to(site: Served, address: str) -> email.message.EmailMessage:
    """The mail that asks to confirm, once the postman has written it."""
    end = monotonic() + 30
    while monotonic() < end:
        for path in sorted(site.house.lock.parent.glob("outbox/confirm-*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if message["To"] and address in str(message["To"]):
                assert isinstance(message, email.message.EmailMessage)
                return message
        sleep(0.05)
    raise AssertionError(f"no mail came to {address}")


def links(message: email.message.EmailMessage) -> list[str]:
    """The paths on our server that the HTML of a mail leads to."""
    body = message.get_body(("html",))
    assert body is not None
    urls = re.findall(r'href="(https://news\.gazette\.example\.org/[^"]*)"', body.get_content())
    return [urlsplit(url.replace("&amp;", "&")).path for url in urls]


def confirm_link(site: Served, address: str) -> str:
    return next(path for path in links(mail_to(site, address)) if path.startswith("/c/"))


def person(site: Served, address: str) -> Subscriber | None:
    try:
        return subscribe.find(site.house.database, address)
    except NotFound:
        return None


def is_asked(site: Served) -> bool:
    with site.house.database.read() as connection:
        query = select(metadata.tables["signup"].c.id).where(metadata.tables["signup"].c.state == "asked")
        return connection.execute(query).first() is not None


def everything(site: Served) -> list[tuple[object, ...]]:
    """Every row of every table, once the postman has nothing to do."""
    end = monotonic() + 30
    while is_asked(site):
        assert monotonic() < end, "the postman does nothing"
        sleep(0.05)
    with site.house.database.read() as connection:
        tables = {table.name: connection.execute(select(table)).all() for table in metadata.sorted_tables}
    return [(name, *row) for name, rows in tables.items() for row in rows]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("tr-TR,tr;q=0.9", "tr"),
        ("pt", "en"),
        ("pt, ar;q=0.5", "ar"),
        ("", "en"),
        ("*;q=0.1", "en"),
        ("zh-TW", "zh"),
    ],
)
def test_the_browser_s_language_is_the_first_guess(site: Served, accepted: str, language: str) -> None:
    for method in ("GET", "HEAD"):
        reply = site.ask(method, "/subscribe?newsletter=weekly", accept_language=accepted)
        assert reply.status == 302
        assert reply.headers["location"] == f"/{language}/subscribe?newsletter=weekly"
        assert reply.headers["vary"] == "Accept-Language"
    assert site.get("/subscribe?newsletter=%0d%0aX:y").headers["location"] == "/en/subscribe"


@pytest.mark.parametrize("language", SHIPPED)
def test_the_form_is_in_every_language(site: Served, language: str) -> None:
    page = site.get(f"/{language}/subscribe?newsletter=water")
    assert page.status == 200
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page.text
    assert page.text.count(" checked") == 1
    assert {f'href="/{other}/subscribe?newsletter=water"' in page.text for other in SHIPPED} == {True}
    assert "set-cookie" not in page.headers
    assert page.headers["content-security-policy"].endswith("script-src 'self'")
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!gazette\.example\.org)', page.text)
    head = site.ask("HEAD", f"/{language}/subscribe?newsletter=water")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(page.body)))


def test_nothing_is_asked_of_who_is_not_offered_it(site: Served) -> None:
    assert site.get("/pt/subscribe").status == 404
    assert " checked" not in site.get("/en/subscribe?newsletter=nonsense").text


def test_asking_confirming_and_what_is_kept(site: Served, address: str) -> None:
    answer = ask(site, address)
    assert answer.status == 200
    assert address not in answer.text
    assert person(site, address) is None
    link = confirm_link(site, address)
    shown = site.get(link)
    assert (shown.status, shown.text.count("<form"), "Haftalık Bakış" in shown.text) == (200, 1, True)
    assert person(site, address) is None
    for _ in range(2):
        done = site.post(link)
        assert (done.status, "Abone oldunuz" in done.text) == (200, True)
    found = person(site, address)
    assert found is not None
    assert (found.name, found.languages, found.timezone) == ("Aylin", ("tr", "en"), "Asia/Baku")
    assert {one.newsletter: one.cadence for one in found.subscriptions} == {"weekly": "monthly", "water": ""}
    kept = subscribe.held(site.house, found.id).consent
    words = re.search(r'class="consent">(.*?)</p>', site.get("/tr/subscribe").text)
    assert words is not None
    assert {one.words for one in kept} == {words[1]}
    assert all(one.origin.startswith("/tr/subscribe from 127.0.0.0/24") for one in kept)
    preferences = re.search(r'href="(/p/[^"]+)"', done.text)
    assert preferences is not None
    assert site.get(preferences[1]).text.count(" checked") == 2


def test_the_answer_is_the_same_for_everybody(site: Served, address: str) -> None:
    unknown = ask(site, address)
    known = ask(site, "first@example.org")
    again = ask(site, address)
    trapped = ask(site, f"robot-{address}", website="https://spam.example")
    for other in (known, again, trapped):
        assert (other.status, other.body) == (unknown.status, unknown.body)
        assert {**other.headers, "date": ""} == {**unknown.headers, "date": ""}
    assert site.get("/tr/subscribe/sent").body == unknown.body
    with pytest.raises(NotFound):
        subscribe.held_about(site.house, f"robot-{address}")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "jürgen@example.org"}, "email"),
        ({"email": "a@b\r\nBcc: c@example.org"}, "email"),
        ({"newsletter": ()}, "newsletter"),
        ({"newsletter": "closed"}, "newsletter"),
        ({"language": ()}, "language"),
        ({"language": "pt"}, "language"),
        ({"language": "ar", "newsletter": "water"}, "newsletter"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"cadence": "hourly"}, "cadence"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    site: Served, address: str, changes: dict[str, str | tuple[str, ...]], field: str
) -> None:
    before = everything(site)
    reply = ask(site, address, **changes)
    assert reply.status == 422
    assert reply.text.count('role="alert"') == 1
    assert f'id="{field}-wrong"' in reply.text
    assert re.search(rf'aria-describedby="[^"]*\b{field}-wrong"', reply.text)
    assert 'value="Aylin"' in reply.text
    if "email" not in changes:
        assert f'value="{address}"' in reply.text
    assert everything(site) == before


def test_what_was_typed_stays_text(site: Served) -> None:
    reply = ask(site, '"><script>alert(1)</script>', name="<b>\u202e")
    assert reply.status == 422
    assert "<script>alert" not in reply.text
    assert "<b>" not in reply.text


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"email=%00&newsletter=%ff", b"&" * 2000, b"a=1&" * 2000])
def test_a_body_that_is_no_form_of_ours(site: Served, body: bytes) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"):
        assert site.post("/en/subscribe", body, kind).status == 422
    assert site.post("/en/subscribe", b"x" * 100_000).status == 413


def test_too_many_from_one_network_are_told_when_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path, "[signup]\nper_network = 2\nin_all = 100\n") as small:
        statuses = [ask(small, f"one{n}@example.org").status for n in range(3)]
        last = ask(small, "first@example.org", "ar")
    assert statuses == [200, 200, 429]
    assert (last.status, last.headers["retry-after"]) == (429, "3600")
    assert '<html lang="ar" dir="rtl">' in last.text


def test_too_many_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path, "[signup]\nin_all = 1\n") as small:
        statuses = [ask(small, f"one{n}@example.org").status for n in range(2)]
        last = ask(small, "first@example.org")
    assert statuses == [200, 503]
    assert (last.status, last.headers["retry-after"]) == (503, "900")


def test_a_link_that_is_not_ours_or_of_another_purpose(site: Served) -> None:
    for token in (
        "x",
        site.house.tokens.make("preferences", 1, "weekly"),
        site.house.tokens.ticket("other", 1),
    ):
        assert site.get(f"/c/{token}").status == 404
        assert site.post(f"/c/{token}").status == 404


def test_a_link_that_has_expired_says_where_to_ask_again(site: Served, address: str) -> None:
    made = sign_up.Asking(
        email=address,
        languages=("ar",),
        newsletters=("weekly",),
        language="ar",
        words="words",
        page="/ar/subscribe",
        address="192.0.2.1",
    )
    sign_up.ask(site.house, made, NOW - timedelta(days=8))
    number = subscribe.held_about(site.house, address).signups[-1].id
    link = f"/c/{site.house.tokens.ticket(sign_up.CONFIRM, number)}"
    for method in ("GET", "HEAD", "POST"):
        assert site.ask(method, link).status == 410
    assert 'href="/ar/subscribe"' in site.get(link).text
    assert 'href="/tr/subscribe"' in site.get(f"{link}?in=tr").text
    assert person(site, address) is None


def test_every_link_of_a_mail_and_every_page_can_be_looked_at_without_any_change(
    site: Served, address: str
) -> None:
    """As mail scanners do: GET and HEAD of all that is linked, from the mail on, page by page."""
    ask(site, address)
    link = confirm_link(site, address)
    site.post(link)
    other = f"other-{address}"
    ask(site, other)
    tokens, who = site.house.tokens, person(site, address)
    assert who is not None
    starts = [*links(mail_to(site, other)), link, "/en/subscribe", "/feeds/en/", "/en/archive/weekly/"]
    starts += [f"/u/{tokens.make('unsubscribe', who.id, 'water')}"]
    before = everything(site)
    seen = crawl(site, starts)
    assert everything(site) == before
    for kind in (
        "/c/",
        "/p/",
        "/u/",
        "/data.json",
        "/data.csv",
        "/erase",
        "/tr/subscribe",
        "/site.css",
        "/subscribe.js",
    ):
        assert any(kind in path for path in seen), kind


def crawl(site: Served, starts: list[str], limit: int = 400) -> set[str]:
    """Everything on our server that the pages lead to, forms' addresses included."""
    waiting, seen = list(starts), set[str]()
    while waiting and len(seen) < limit:
        path = waiting.pop(0)
        if path in seen or (path.startswith("/feeds/") and path.count("/") > 3):
            continue
        seen.add(path)
        assert site.ask("HEAD", path).status < 500
        reply = site.get(path)
        assert reply.status in (200, 301, 302), path
        if reply.headers["content-type"].startswith("text/html"):
            waiting += [found for found in linked(path, reply.text) if found not in seen]
    return seen


def linked(path: str, html: str) -> list[str]:
    found = re.findall(r'(?:href|action|src)="([^"#]+)', html)
    urls = [
        urlsplit(urljoin(f"https://news.gazette.example.org{path}", one.replace("&amp;", "&")))
        for one in found
    ]
    ours = [one for one in urls if one.netloc == "news.gazette.example.org"]
    return [f"{one.path}?{one.query}" if one.query else one.path for one in ours]

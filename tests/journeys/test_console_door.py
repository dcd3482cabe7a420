"""The door of the console: who gets to which page, and whose forms are believed. Asked of every route there is."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from litestar import Litestar
from tests.journeys.console_server import Client, Desk, console
from tests.journeys.web_server import NOW, Reply

from syndicate.flows import accounts
from syndicate.model import COMMAND_LINE, Role
from syndicate.web import application

FORM = "application/x-www-form-urlencoded"
OPEN = {"/staff/sign-in", "/staff/welcome/{secret}", "/staff/console.css", "/staff/console.js"}
"""What nobody has to sign in for."""

CHANGES_ME = {"/staff/sign-out"}
"""What would take the session away that the test goes on with."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with console(tmp_path_factory.mktemp("newsroom")) as made:
        yield made
    monkeypatch.undo()


@pytest.fixture(scope="module")
def routes(desk: Desk) -> list[tuple[str, str, Role]]:
    """(method, path, role) of every page and act behind the door, as Litestar has them."""
    return sorted(behind_the_door(application(desk.house, lambda: NOW)))


def behind_the_door(app: Litestar) -> Iterator[tuple[str, str, Role]]:
    for path, method, needs in all_routes(app):
        if path not in OPEN and method != "OPTIONS":
            assert isinstance(needs, Role), f"{method} {path} is open to everybody"
            yield method, path, needs


def all_routes(app: Litestar) -> Iterator[tuple[str, str, object]]:
    """(path, method, role or None) of everything under ``/staff/``."""
    for one in app.routes:
        if one.path.startswith("/staff"):
            for handler in one.route_handlers:
                for method in handler.http_methods:
                    yield one.path_format, str(method), handler.opt.get("needs")


def concrete(path: str) -> str:
    """``path`` with a number in each parameter's place; nobody has that many of anything."""
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + "987654" + rest.partition("}")[2]
    return path


def sent(client: Client, path: str, token: str = "", **headers: str) -> Reply:
    body = urlencode({"_token": token, "role": "viewer"}).encode() if token else b"role=viewer"
    return client.served.ask("POST", path, body, cookie=client.cookie, content_type=FORM, **headers)


def is_sent_to_sign_in(reply: Reply) -> bool:
    return reply.status == 303 and reply.headers["location"].startswith("/staff/sign-in")


def lines(desk: Desk) -> int:
    """Of the audit log."""
    return accounts.audit_log(desk.house)[0].id


def test_everything_under_staff_says_which_role_it_needs(routes: list[tuple[str, str, Role]]) -> None:
    assert len(routes) >= 20
    assert ("POST", "/staff/members/add", Role.ADMIN) in routes


def test_nobody_gets_in(desk: Desk, routes: list[tuple[str, str, Role]]) -> None:
    for method, path, _ in routes:
        for cookie in ("", "staff=", "staff=guessed", "__Host-staff=guessed"):
            asked = {"cookie": cookie} if cookie else {}
            reply = desk.served.ask(method, concrete(path), b"", **asked)
            assert is_sent_to_sign_in(reply), f"{method} {path} {cookie}"
            assert not reply.body


@pytest.mark.parametrize("role", Role)
def test_who_gets_to_which_page(desk: Desk, routes: list[tuple[str, str, Role]], role: Role) -> None:
    client = desk.client(role)
    for method, path, needs in routes:
        if method == "POST":
            reply = sent(client, concrete(path), "not the token")
            assert reply.status == 403, f"{path}: {reply.status}"
            is_refused = "Your role does not allow this." in reply.text
            assert is_refused == (not role.may(needs)), path
        else:
            reply = client.served.ask(method, concrete(path), b"", cookie=client.cookie)
            assert (reply.status == 403) == (not role.may(needs)), f"{method} {path}: {reply.status}"
            assert reply.status < 500, f"{method} {path}"


def test_no_form_is_believed_that_is_not_ours(desk: Desk, routes: list[tuple[str, str, Role]]) -> None:
    client, other = desk.client(Role.ADMIN), desk.client(Role.ADMIN, fresh=True)
    before = lines(desk)
    attacks: list[tuple[str, dict[str, str]]] = [
        ("", {}),
        ("x" * 43, {}),
        (other.token, {}),
        (client.token, {"origin": "https://evil.example"}),
        (client.token, {"origin": "null"}),
        (client.token, {"origin": f"{desk.url}.evil.example"}),
        (client.token, {"origin": "https://evil.example", "sec_fetch_site": "same-origin"}),
        (client.token, {"sec_fetch_site": "cross-site"}),
        (client.token, {"sec_fetch_site": "same-site"}),
    ]
    for method, path, _ in routes:
        if method != "POST":
            continue
        for token, headers in attacks:
            reply = sent(client, concrete(path), token, **headers)
            assert reply.status == 403, f"{path} {token[:4]} {headers}: {reply.status}"
            assert "This form is out of date" in reply.text
    assert lines(desk) == before


def test_our_own_forms_are_believed(desk: Desk, routes: list[tuple[str, str, Role]]) -> None:
    """So that the test above shows something: with the token, every act is looked at."""
    client = desk.client(Role.ADMIN)
    for method, path, _ in routes:
        if method == "POST" and path not in CHANGES_ME:
            for headers in ({}, {"origin": desk.url}, {"sec_fetch_site": "same-origin"}):
                reply = sent(client, concrete(path), client.token, **headers)
                assert "This form is out of date" not in reply.text, path
                assert reply.status < 500, f"{path}: {reply.status}"


def test_a_program_sends_its_token_in_a_header(desk: Desk) -> None:
    client = desk.client(Role.VIEWER)
    reply = sent(client, "/staff/account/language", "", x_token=client.token)
    assert reply.status == 303
    assert sent(client, "/staff/account/language", "", x_token="wrong").status == 403


ODD = [
    "/staff/members//",
    "/staff/members/%2e",
    "/staff/%6dembers/",
    "/staff%2Fmembers/",
    "//staff/members/",
    "/staff/members;x=1/",
    "/staff/members/?x=/staff/account",
    "/staff/account/../members/",
    "/staff/Members/",
    "/STAFF/members/",
    "/staff/members/%00",
    "/staff/members/add",
    "/staff/members",
]


@pytest.mark.parametrize("path", ODD)
@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "BREW"]
)
def test_no_odd_spelling_gets_past_the_door(desk: Desk, method: str, path: str) -> None:
    viewer = desk.client(Role.VIEWER)
    before = lines(desk)
    for cookie in ("", viewer.cookie):
        asked = {"cookie": cookie} if cookie else {}
        reply = desk.served.ask(method, path, b"", **asked)
        assert reply.status in {204, 303, 400, 403, 404, 405}, f"{method} {path}: {reply.status}"
        assert "gazette.example.org" not in reply.text.replace("https://gazette.example.org", "")
    assert lines(desk) == before


def test_a_host_that_is_not_ours_is_shown_nothing(desk: Desk) -> None:
    client = desk.client(Role.ADMIN)
    for path in ("/staff/members/", "/staff/sign-in", "/staff/account"):
        assert client.get(path, host="evil.example").status == 400


def test_who_lacks_the_second_factor_gets_to_their_account_only(
    desk: Desk, routes: list[tuple[str, str, Role]]
) -> None:
    accounts.add(desk.house, "new@gazette.example.org", "New One", Role.SENDER, "en", COMMAND_LINE, NOW)
    number = accounts.find(desk.house, "new@gazette.example.org").id
    client = Client(desk.served, desk.session(number))
    let_in = set()
    for method, path, needs in routes:
        if path in CHANGES_ME or not Role.SENDER.may(needs):
            continue
        if method == "POST":
            reply = sent(client, concrete(path), "not the token")
        else:
            reply = client.served.ask(method, concrete(path), b"", cookie=client.cookie)
        if reply.headers.get("location") != "/staff/account?said=factor":
            let_in.add(path)
    assert let_in == {
        "/staff/confirm",
        "/staff/account",
        "/staff/account/language",
        "/staff/account/password",
        "/staff/account/second-factor",
        "/staff/account/sessions",
    }


def test_a_great_body_of_a_stranger_is_not_read(desk: Desk) -> None:
    """They are answered while it has not even begun to come."""
    reply = desk.served.ask("POST", "/staff/account/language", b"", content_length="400000000")
    assert is_sent_to_sign_in(reply)

"""Signing in and out over HTTP: cookies, links, throttle, the password asked for again."""

import re
from collections.abc import Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from tests.journeys.console_server import PASSWORD, TOTP, Client, Desk, console
from tests.journeys.web_server import Reply

from syndicate.flows import accounts
from syndicate.model import COMMAND_LINE, Role
from syndicate.staff.totp import matching_step

FORM = "application/x-www-form-urlencoded"
PUBLIC = "news.gazette.example.org"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with console(tmp_path_factory.mktemp("newsroom")) as made:
        yield made
    monkeypatch.undo()


@pytest.fixture(autouse=True)
def _later(desk: Desk) -> None:
    """An hour on: no test's failures make another one wait, and each has a code of its own."""
    desk.clock.on(hours=1, minutes=1)


def sign_in(desk: Desk, email: str, password: str = PASSWORD, code: str = "", **more: str) -> Reply:
    headers = {
        name: more.pop(name) for name in ("host", "cookie", "origin", "accept_language") if name in more
    }
    fields = {"email": email, "password": password, "code": code, **more}
    body = urlencode(fields).encode()
    return desk.served.ask("POST", "/staff/sign-in", body, content_type=FORM, **headers)


def cookie_of(reply: Reply) -> SimpleCookie:
    return SimpleCookie(reply.headers["set-cookie"])


def client_of(desk: Desk, reply: Reply) -> Client:
    assert reply.status == 303, reply.text
    return Client(desk.served, cookie_of(reply)["staff"].value)


def test_a_page_is_gone_on_to_after_signing_in(desk: Desk) -> None:
    reply = desk.served.get("/staff/account?x=1")
    assert reply.headers["location"] == "/staff/sign-in?next=/staff/account%3Fx%3D1"
    page = desk.served.get(reply.headers["location"])
    assert 'name="next" value="/staff/account?x=1"' in page.text
    reply = sign_in(desk, "viewer@gazette.example.org", next="/staff/account?x=1")
    assert (reply.status, reply.headers["location"]) == (303, "/staff/account?x=1")
    assert client_of(desk, reply).get("/staff/account").status == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example/",
        "https://evil.example/staff/",
        "/staff/\\evil.example",
        "/staff//evil.example",
        "/staff/../u/x",
        "/staff/\r\nSet-Cookie: x=1",
        "javascript:alert(1)",
        "/staff/ñ",
        "",
    ],
)
def test_and_nothing_else_is(desk: Desk, elsewhere: str) -> None:
    client = desk.client(Role.VIEWER)
    reply = client.get("/staff/sign-in?" + urlencode({"next": elsewhere}))
    assert (reply.status, reply.headers["location"]) == (303, "/staff/")
    assert "set-cookie" not in reply.headers


def test_the_cookie_over_http_and_over_https(desk: Desk) -> None:
    plain = cookie_of(sign_in(desk, "viewer@gazette.example.org"))["staff"]
    assert (plain["path"], plain["samesite"], plain["max-age"]) == ("/", "Lax", "604800")
    assert plain["httponly"]
    assert not plain["secure"]
    assert not plain["domain"]
    # Asked for by its public name, which is an https one, behind a proxy that does not say so.
    public = sign_in(desk, "viewer@gazette.example.org", host=PUBLIC)
    kept = cookie_of(public)["__Host-staff"]
    assert kept["secure"]
    assert kept["httponly"]
    assert (kept["path"], kept["domain"], kept["samesite"]) == ("/", "", "Lax")
    inside = desk.served.get("/staff/account", host=PUBLIC, cookie=f"__Host-staff={kept.value}")
    assert inside.status == 200
    assert desk.served.get("/staff/account", host=PUBLIC, cookie=f"staff={kept.value}").status == 303


def test_a_cookie_that_was_there_before_is_worth_nothing_after(desk: Desk) -> None:
    planted = desk.client(Role.VIEWER, fresh=True)
    reply = sign_in(desk, "editor@gazette.example.org", cookie=planted.cookie)
    made = client_of(desk, reply)
    assert made.secret != planted.secret
    assert planted.get("/staff/account").status == 303
    unknown = Client(desk.served, "chosen-by-somebody-else")
    made = client_of(desk, sign_in(desk, "editor@gazette.example.org", cookie=unknown.cookie))
    assert made.secret != unknown.secret
    assert unknown.get("/staff/account").status == 303


def test_signing_out_ends_it_for_good(desk: Desk) -> None:
    client = desk.client(Role.VIEWER, fresh=True)
    reply = client.post("/staff/sign-out")
    assert (reply.status, reply.headers["location"]) == (303, "/staff/sign-in")
    assert cookie_of(reply)["staff"]["max-age"] == "0"
    assert client.get("/staff/account").status == 303


def test_another_site_cannot_sign_a_browser_in(desk: Desk) -> None:
    reply = sign_in(desk, "viewer@gazette.example.org", origin="https://evil.example")
    assert reply.status == 403
    assert "set-cookie" not in reply.headers


def test_a_wrong_try_says_the_same_of_everybody(desk: Desk) -> None:
    known = sign_in(desk, "viewer@gazette.example.org", "wrong")
    unknown = sign_in(desk, "nobody@gazette.example.org", "wrong")
    right_without_code = sign_in(desk, "sender@gazette.example.org")
    blind = [re.sub(r"\w+@gazette", "x@gazette", one.text) for one in (known, unknown, right_without_code)]
    assert blind[0] == blind[1] == blind[2]
    assert {one.status for one in (known, unknown, right_without_code)} == {401}
    assert 'role="alert"' in known.text
    assert PASSWORD not in right_without_code.text


def test_who_keeps_failing_is_told_how_long_to_wait(desk: Desk) -> None:
    with desk.house.database.begin() as connection:
        from syndicate.store import staff as store

        for _ in range(20):
            store.note_failure(connection, "network", "127.0.0.0/24", desk.clock.now)
    reply = sign_in(desk, "viewer@gazette.example.org", accept_language="tr")
    assert (reply.status, reply.headers["retry-after"]) == (429, "30")
    assert "Çok fazla deneme yapıldı" in reply.text


def test_from_a_link_to_a_second_factor(desk: Desk) -> None:
    secret = accounts.add(
        desk.house, "ayse@gazette.example.org", "Ayşe", Role.SENDER, "tr", COMMAND_LINE, desk.clock.now
    )
    path = f"/staff/welcome/{secret}"
    assert 'lang="tr"' in desk.served.get(path).text
    for fields, wrong in (
        ({"password": "short", "again": "short"}, "En az 12 karakter"),
        ({"password": PASSWORD, "again": PASSWORD + "!"}, "İki parola aynı değil"),
    ):
        reply = desk.served.post(path, urlencode(fields).encode())
        assert reply.status == 422
        assert wrong in reply.text
    chosen = urlencode({"password": PASSWORD, "again": PASSWORD}).encode()
    assert desk.served.post(path, chosen).headers["location"] == "/staff/sign-in?next=/staff/account"
    assert (desk.served.post(path, chosen).status, desk.served.get(path).status) == (410, 410)

    client = client_of(desk, sign_in(desk, "ayse@gazette.example.org"))
    assert client.get("/staff/audit/").headers["location"] == "/staff/account?said=factor"
    shown = client.post("/staff/account/second-factor").text
    made = re.search(r'name="secret" value="([A-Z2-7]{32})"', shown)
    assert made
    assert "<svg" in shown
    assert matching_step(made[1], "000000", desk.clock.now, 0) == 0
    reply = client.post("/staff/account/second-factor", secret=made[1], code="000000")
    assert reply.status == 422
    import pyotp

    code = pyotp.TOTP(made[1]).at(desk.clock.now)
    reply = client.post("/staff/account/second-factor", secret=made[1], code=code)
    assert len(re.findall(r"<li><code>[a-z2-9]{4}(-[a-z2-9]{4}){3}</code>", reply.text)) == 10
    assert client.get("/staff/audit/").status == 403


def test_the_password_is_asked_for_again_and_nothing_typed_is_lost(desk: Desk) -> None:
    client = desk.client(Role.ADMIN, fresh=True)
    desk.clock.on(minutes=11)
    typed = {"email": "bora@gazette.example.org", "name": 'Bora "B" <b>', "role": "editor", "language": "ar"}
    asked = client.post("/staff/members/add", typed)
    assert asked.status == 200
    assert 'action="/staff/members/add"' in asked.text
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    assert kept["name"] == "Bora &#34;B&#34; &lt;b&gt;"
    assert kept.keys() == {"_token", *typed}
    assert accounts.members(desk.house)[-1].email != typed["email"]

    wrong = client.post("/staff/members/add", {**typed, "_password": "wrong"})
    assert wrong.status == 401
    assert "The password is wrong." in wrong.text
    done = client.post("/staff/members/add", {**typed, "_password": PASSWORD})
    assert re.search(r"https://news\.gazette\.example\.org/staff/welcome/[\w-]{43}<", done.text)
    assert accounts.find(desk.house, typed["email"]).language == "ar"
    again = client.post("/staff/members/add", typed)
    assert again.status == 422
    assert "There is an account with this address." in again.text


def test_a_form_without_fields_is_gone_back_from(desk: Desk) -> None:
    client = desk.client(Role.ADMIN, fresh=True)
    desk.clock.on(minutes=11)
    reply = desk.served.ask(
        "POST", "/staff/members/add", b"", cookie=client.cookie, x_token=client.token,
        referer=f"{desk.url}/staff/members/",
    )  # fmt: skip
    assert reply.headers["location"] == "/staff/confirm?next=/staff/members/"
    page = client.get(reply.headers["location"])
    assert 'name="next" value="/staff/members/"' in page.text
    reply = client.post("/staff/confirm", {"next": "/staff/members/", "_password": PASSWORD})
    assert reply.headers["location"] == "/staff/members/"
    assert client.post("/staff/members/add").status == 422


def test_a_session_that_is_over_comes_back_to_the_page_of_the_form(desk: Desk) -> None:
    client = desk.client(Role.VIEWER, fresh=True)
    desk.clock.on(hours=13)
    reply = desk.served.ask(
        "POST", "/staff/account/language", b"", cookie=client.cookie, referer=f"{desk.url}/staff/account"
    )
    assert reply.headers["location"] == "/staff/sign-in?next=/staff/account"
    elsewhere = desk.served.ask(
        "POST", "/staff/account/language", b"", referer="https://evil.example/staff/x"
    )
    assert elsewhere.headers["location"] == "/staff/sign-in?next=/staff/"


def test_everybody_signs_themselves_out_and_no_one_else(desk: Desk) -> None:
    here, there = (desk.client(Role.EDITOR, fresh=True) for _ in range(2))
    other = desk.client(Role.VIEWER, fresh=True)
    stolen = accounts.account(desk.house, desk.members[Role.VIEWER]).sessions[0].id
    here.post("/staff/account/sessions", only=stolen)
    assert other.get("/staff/account").status == 200
    here.post("/staff/account/sessions")
    assert (here.get("/staff/account").status, there.get("/staff/account").status) == (200, 303)


def test_an_admin_manages_members(desk: Desk) -> None:
    admin = desk.client(Role.ADMIN, fresh=True)
    secret = accounts.add(
        desk.house, "cem@gazette.example.org", "Cem", Role.VIEWER, "en", COMMAND_LINE, desk.clock.now
    )
    number = accounts.find(desk.house, "cem@gazette.example.org").id
    theirs = Client(desk.served, desk.session(number))
    assert admin.post(f"/staff/members/{number}/role", role="editor").status == 303
    assert accounts.find(desk.house, "cem@gazette.example.org").role is Role.EDITOR
    assert admin.post(f"/staff/members/{number}/role", role="owner").status == 409
    assert admin.post(f"/staff/members/{number}/sign-out").status == 303
    assert theirs.get("/staff/account").status == 303
    assert "/staff/welcome/" in admin.post(f"/staff/members/{number}/link").text
    assert desk.served.get(f"/staff/welcome/{secret}").status == 410
    assert admin.post(f"/staff/members/{number}/disable").status == 303
    assert admin.post(f"/staff/members/{number}/link").status == 409
    assert admin.post(f"/staff/members/{number}/enable").status == 303
    refused = admin.post(f"/staff/members/{desk.members[Role.ADMIN]}/disable")
    assert refused.status == 409
    assert "This is the last admin." in refused.text
    for wrong in ("987654", "0", "x", "9" * 30, "%D9%A1"):
        assert admin.post(f"/staff/members/{wrong}/disable").status == 404
    lines = [(one.action, one.subject) for one in accounts.audit_log(desk.house, subject=f"staff {number}")]
    assert lines[0] == ("staff.enable", f"staff {number}")
    page = admin.get(f"/staff/audit/?subject=staff%20{number}&before=x")
    assert page.text.count("<tr>") == len(lines) + 1


def test_a_token_is_shown_once_and_ends(desk: Desk) -> None:
    editor = desk.client(Role.EDITOR, fresh=True)
    made = editor.post("/staff/account/tokens", name="nightly", role="editor", days="30").text
    secret = re.search(r'class="secret">([\w-]{43})<', made)
    assert secret
    assert secret[1] not in editor.get("/staff/account").text
    now = desk.clock.now
    assert accounts.bearer(desk.house, secret[1], "", now + timedelta(days=29)) is not None
    assert accounts.bearer(desk.house, secret[1], "", now + timedelta(days=30)) is None
    assert editor.post("/staff/account/tokens", name="more", role="sender").status == 409
    number = accounts.account(desk.house, desk.members[Role.EDITOR]).tokens[0].id
    assert (
        desk.client(Role.VIEWER, fresh=True).post("/staff/account/tokens/revoke", token=str(number)).status
        == 404
    )
    assert editor.post("/staff/account/tokens/revoke", token=str(number)).status == 303
    assert accounts.bearer(desk.house, secret[1], "", now) is None


def test_pages_are_nobodys_but_the_browsers(desk: Desk) -> None:
    for reply in (desk.client(Role.VIEWER).get("/staff/account"), desk.served.get("/staff/sign-in")):
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "same-origin"
        assert reply.headers["x-content-type-options"] == "nosniff"
        policy = reply.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert TOTP not in reply.text

"""The gate of the API: who gets in, whose role will do, what is taken, and that whatever is sent twice is done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from litestar import Litestar
from tests.journeys.api_server import Programs, lines, programs, told
from tests.journeys.test_console_door import concrete
from tests.journeys.web_server import NOW, Reply

from syndicate.flows import accounts, amend, control, once
from syndicate.model import COMMAND_LINE, Role
from syndicate.store import staff as store
from syndicate.web import application
from syndicate.web.api import here

OPEN = {"/api", "/api/{path}"}
"""What nobody needs a token for: the description, and that there is nothing else."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with programs(tmp_path_factory.mktemp("newsroom")) as made:
        yield made
    monkeypatch.undo()


@pytest.fixture(scope="module")
def routes(api: Programs) -> list[tuple[str, str, Role]]:
    """(method, path, role) of everything there is, as Litestar has it."""
    return sorted(behind_the_gate(application(api.desk.house, lambda: NOW)))


def behind_the_gate(app: Litestar) -> Iterator[tuple[str, str, Role]]:
    for one in app.routes:
        is_open = one.path_format in OPEN or one.path.startswith("/api/openapi.json")
        if f"{one.path}/".startswith("/api/") and not is_open:
            for handler in one.route_handlers:
                for method in set(handler.http_methods) - {"OPTIONS"}:
                    needs = handler.opt.get("needs")
                    assert isinstance(needs, Role), f"{method} {one.path_format} is open to everybody"
                    yield str(method), one.path_format, needs


def forgive(api: Programs) -> None:
    """The network's wrong tokens are forgotten."""
    with api.desk.house.database.begin() as connection:
        store.forget_failures(connection, NOW + timedelta(days=365))


def asked(api: Programs, method: str, path: str, **headers: str) -> Reply:
    """With a body that nobody takes, so that nothing is done."""
    sent = {"idempotency_key": "a-key", "content_type": "application/json", **headers}
    body = b'{"nonsense": 1}' if method == "POST" else b""
    return api.desk.served.ask(method, concrete(path), body, **sent)


@pytest.mark.parametrize("role", Role)
def test_who_may_do_what(api: Programs, routes: list[tuple[str, str, Role]], role: Role) -> None:
    assert ("POST", "/api/issues/{issue}/approve", Role.SENDER) in routes
    bearer = api.client(role).bearer
    before = lines(api)
    for method, path, needs in routes:
        reply = asked(api, method, path, authorization=bearer)
        if not role.may(needs):
            assert reply.status == 403, f"{method} {path}: {reply.status}"
            assert reply.headers["www-authenticate"].endswith(f'scope="{needs}"')
        else:
            wanted = {422, 415} if method == "POST" else {200, 404}
            assert reply.status in wanted, f"{method} {path}: {reply.status} {reply.text}"
    assert lines(api) == before


def test_nobody_gets_in_without_a_token(api: Programs, routes: list[tuple[str, str, Role]]) -> None:
    cookie = api.desk.client(Role.ADMIN).cookie
    for method, path, _ in routes:
        for headers in ({}, {"cookie": cookie}, {"authorization": "Basic YTpi"}):
            reply = asked(api, method, path, **headers)
            assert reply.status == 401, f"{method} {path} {headers}: {reply.status}"
            assert reply.headers["www-authenticate"] == 'Bearer realm="syndicate"'
            assert reply.headers["content-type"] == "application/problem+json"
            assert "set-cookie" not in reply.headers


def test_a_token_that_is_not_valid_any_more(api: Programs) -> None:
    forgive(api)
    house, ends = api.desk.house, NOW - timedelta(seconds=1)
    gone = api.token(api.desk.members[Role.EDITOR], Role.EDITOR, ends)
    for token in (gone, "guessed", "x" * 10_000, "%00", "ü"):
        reply = api.program(token).served.get(
            "/api/me", authorization=f"Bearer {token}".encode().decode("latin-1")
        )
        assert (reply.status, told(reply)["code"]) == (401, "unauthenticated")
        assert 'error="invalid_token"' in reply.headers["www-authenticate"]
    accounts.add(house, "short@gazette.example.org", "Short One", Role.EDITOR, "en", COMMAND_LINE, NOW)
    number = accounts.find(house, "short@gazette.example.org").id
    theirs = api.program(api.token(number, Role.EDITOR))
    assert told(theirs.get("/api/me"))["role"] == "editor"
    accounts.change_role(house, number, Role.VIEWER, COMMAND_LINE, NOW)
    assert told(theirs.get("/api/me"))["role"] == "viewer", "the lesser of the two"
    assert theirs.get("/api/subscribers").status == 403
    accounts.change_role(house, number, Role.SENDER, COMMAND_LINE, NOW)
    refused = theirs.get("/api/me")
    assert (refused.status, told(refused)["code"]) == (403, "second-factor")
    accounts.disable(house, number, COMMAND_LINE, NOW)
    assert theirs.get("/api/me").status == 401


def test_who_keeps_bringing_wrong_tokens_waits_and_disturbs_nobody(api: Programs) -> None:
    forgive(api)
    wrong = api.program("wrong")
    replies = [wrong.get("/api/me") for _ in range(22)]
    assert [one.status for one in replies[:20]] == [401] * 20
    assert replies[-1].status == 429
    assert int(replies[-1].headers["retry-after"]) > 0
    assert api.client(Role.VIEWER).get("/api/me").status == 200
    assert api.desk.served.get("/staff/sign-in").status == 200
    forgive(api)


def test_no_page_of_another_site_may_read_or_do_anything(api: Programs) -> None:
    client = api.client(Role.ADMIN)
    preflight = {"origin": "https://evil.example", "access_control_request_method": "POST"}
    for reply in (
        client.get("/api/subscribers", origin="https://evil.example"),
        client.post("/api/subscribers/3/tags", {"tags": []}, origin="https://evil.example"),
        client.served.ask("OPTIONS", "/api/subscribers/3/tags", b"", **preflight),
    ):
        assert not [name for name in reply.headers if name.startswith("access-control")]
    assert client.get("/api/me", host="evil.example").status == 400


@pytest.mark.parametrize("key", ["", "a b", "x" * 101, "ü", '""'])
def test_a_post_needs_a_key(api: Programs, key: str) -> None:
    client = api.client(Role.ADMIN)
    headers = {"authorization": client.bearer, "content_type": "application/json"}
    for sent in ({"idempotency_key": key}, {}) if not key else ({"idempotency_key": key},):
        reply = client.served.ask("POST", "/api/subscribers/3/tags", b"{}", **headers, **sent)
        assert (reply.status, told(reply)["code"]) == (400, "key")


def test_the_same_request_again_is_answered_again_and_not_done_again(api: Programs) -> None:
    client = api.client(Role.SENDER)
    body = {"email": "once@example.org", "languages": ["en"], "newsletters": ["weekly"], "consent": "a fair"}
    first = client.post("/api/subscribers", body, key="once")
    assert (first.status, told(first)["fate"]) == (200, "added")
    before = lines(api)
    for key in ("once", '"once"'):
        again = client.post("/api/subscribers", body, key=key)
        assert (again.status, again.body) == (first.status, first.body)
        assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert lines(api) == before
    other = client.post("/api/subscribers", {**body, "name": "Other"}, key="once")
    assert (other.status, told(other)["code"]) == (422, "key-reused")
    elsewhere = client.post("/api/subscribers/5/tags", {"tags": []}, key="once")
    assert (elsewhere.status, told(elsewhere)["code"]) == (422, "key-reused")
    assert api.client(Role.ADMIN).post("/api/subscribers", body, key="once").status == 200, (
        "another program's key"
    )


def test_a_refusal_is_an_answer_too(api: Programs) -> None:
    client = api.client(Role.SENDER)
    first = client.post("/api/subscribers/987654/tags", {"tags": ["x"]}, key="refused")
    again = client.post("/api/subscribers/987654/tags", {"tags": ["x"]}, key="refused")
    assert (first.status, again.status, again.body) == (404, 404, first.body)
    assert again.headers["content-type"] == "application/problem+json"


def test_many_at_once_with_one_key_do_it_once(api: Programs) -> None:
    client = api.client(Role.SENDER)

    def send(_: int) -> Reply:
        return client.post("/api/subscribers/11/tags", {"tags": ["at once"]}, key="at-once")

    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(send, range(12)))
    assert {one.status for one in replies} <= {200, 409}
    assert sum(one.status == 200 and "idempotency-replayed" not in one.headers for one in replies) == 1
    assert all(one.headers["retry-after"] for one in replies if one.status == 409)
    assert [subject for _, _, subject in lines(api)].count("subscriber 11") == 1


def test_what_fails_is_not_kept(api: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    client = api.client(Role.SENDER)

    def fail(*_: object) -> None:
        raise RuntimeError("a fault, of reader@example.org")

    with monkeypatch.context() as broken:
        broken.setattr(amend, "set_tags", fail)
        reply = client.post("/api/subscribers/12/tags", {"tags": ["kept"]}, key="failed")
    assert (reply.status, told(reply)["code"]) == (500, "failed")
    assert "@" not in reply.text
    assert client.post("/api/subscribers/12/tags", {"tags": ["kept"]}, key="failed").status == 200


def test_what_failed_and_would_do_more_the_second_time_is_not_begun_again(
    api: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api.client(Role.SENDER)

    def fail(*_: object) -> None:
        raise RuntimeError("half-way")

    with monkeypatch.context() as broken:
        broken.setattr(control, "owe_missing", fail)
        assert client.post("/api/issues/1/missing", {}, key="half-way").status == 500
    again = client.post("/api/issues/1/missing", {}, key="half-way")
    assert (again.status, told(again)["code"]) == (409, "under-way")
    assert client.post("/api/issues/1/missing", {}, key="looked").status == 200


def test_an_answer_of_ours_that_is_not_as_described_is_our_fault(
    api: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here, "held_back", lambda _: None)
    reply = api.client(Role.VIEWER).get("/api/status")
    assert (reply.status, told(reply)["code"]) == (500, "failed")


def test_a_deed_whose_answer_was_lost_is_found_done(api: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server dies between the deed and its answer: as if it did, the answer is not kept."""
    client, clock, began = api.client(Role.SENDER), api.desk.clock, api.desk.clock.now
    paths = {"/api/subscribers/13/tags": {"tags": ["lost"]}, "/api/issues/1/missing": {}}

    def die(*_: object) -> None:
        raise RuntimeError("as if it were killed")

    with monkeypatch.context() as dying:
        dying.setattr(once, "keep", die)
        assert [client.post(path, body, key=path).status for path, body in paths.items()] == [500, 500]
    soon = [client.post(path, body, key=path) for path, body in paths.items()]
    assert [(one.status, told(one)["code"]) for one in soon] == [(409, "under-way")] * 2
    clock.on(minutes=6)
    tags, missing = (client.post(path, body, key=path) for path, body in paths.items())
    assert tags.status == 200
    assert [subject for _, _, subject in lines(api)].count("subscriber 13") == 1
    assert (missing.status, told(missing)["code"]) == (409, "lost"), "a person has to look"
    clock.now = began


TAGS = "/api/subscribers/14/tags"


@pytest.mark.parametrize(
    ("body", "kind", "status", "field"),
    [
        (b'{"tags": ["x"], "colour": 1}', "application/json", 422, "colour"),
        (b'{"tags": "x"}', "application/json", 422, "tags"),
        (b'{"tags": [1]}', "application/json", 422, "tags.0"),
        (b'{"tags": ["a\\u0000b"]}', "application/json", 422, "tags.0"),
        (b"", "", 422, "tags"),
        (b'{"tags": ', "application/json", 422, "body"),
        (b"[" * 100_000, "application/json", 422, "body"),
        (b'{"tags": ["\xff"]}', "application/json; charset=utf-8", 422, "body"),
        (b'{"tags": []}', "application/json; charset=utf-16", 415, ""),
        (b"tags=x", "application/x-www-form-urlencoded", 415, ""),
        (b'{"tags": []}', "text/plain", 415, ""),
        (b'{"tags": ["' + b"x" * 3_000_000 + b'"]}', "application/json", 413, ""),
    ],
)
def test_bodies_are_taken_strictly(api: Programs, body: bytes, kind: str, status: int, field: str) -> None:
    reply = api.client(Role.SENDER).send(TAGS, body, content_type=kind)
    assert reply.status == status, reply.text
    if field:
        assert field in [one["field"] for one in told(reply)["errors"]]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nowhere", 404, "not-found"),
        ("POST", "/api/issues/1/explode", 404, "not-found"),
        ("GET", "/api/issues/one", 404, "not-found"),
        ("GET", "/api/issues/9999999999999999999999", 404, "not-found"),
        ("GET", "/api/stories/%00", 404, "not-found"),
        ("DELETE", "/api/issues/1", 405, "method"),
        ("GET", "/api/issues/1/approve", 405, "method"),
        ("GET", "/api/issues?stat=sent", 422, "invalid"),
        ("GET", "/api/issues?state=gone", 422, "invalid"),
        ("GET", "/api/issues?state=sent&state=sent", 422, "invalid"),
        ("GET", "/api/issues?newsletter=none", 422, "invalid"),
        ("GET", "/api/issues?cursor=9999-12-31T23:59:59-14:00%201", 422, "invalid"),
        ("GET", "/api/stories?cursor=%00", 422, "invalid"),
        ("GET", "/api/stories?without=xx", 422, "invalid"),
        ("GET", "/api/subscribers?cursor=0", 422, "invalid"),
    ],
)
def test_what_there_is_not_is_told_as_a_problem(
    api: Programs, method: str, path: str, status: int, code: str
) -> None:
    headers = {"authorization": api.client(Role.ADMIN).bearer, "idempotency_key": "k"}
    reply = api.desk.served.ask(method, path, b"", **headers)
    assert (reply.status, told(reply)["code"]) == (status, code), reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert told(reply)["status"] == status

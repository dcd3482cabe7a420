"""Nothing that is sent to the server makes it fail: schemathesis over our own description, against the real server.

``SYNDICATE_OPENAPI_CASES`` makes it a longer one: so many of each operation.
"""

import json
import os
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.journeys.web_server import NOW, Served, reader, served

from syndicate.flows import accounts
from syndicate.model import COMMAND_LINE, Role
from syndicate.staff import new_secret, stored
from syndicate.store import staff as store

CASES = int(os.environ.get("SYNDICATE_OPENAPI_CASES", "6"))
"""Of each public operation; of the API's fewer: each answer of its journeys is checked besides (``api_contract``)."""

API_CASES = max(2, CASES // 3)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# It begins a thread that asks the network about an issue's links.
ASKS_OUTSIDE = r"/preflight$"
# Languages' sign-up pages are one handler each, and one code.
LEFT_OUT = r"^/(ru|ar|az|kk|de|fr|es|zh)/subscribe"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path_factory.mktemp("newsroom")) as made:
        yield made
    monkeypatch.undo()


@pytest.fixture(scope="module")
def token(site: Served) -> str:
    """An admin's, for whom nothing is shut."""
    email, secret = "admin@gazette.example.org", new_secret()
    accounts.add(site.house, email, "Admin One", Role.ADMIN, "en", COMMAND_LINE, NOW)
    number = accounts.find(site.house, email).id
    with site.house.database.begin() as connection:
        store.set_totp(connection, number, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", 0, ())
        store.add_token(connection, stored(secret), number, "a program", Role.ADMIN, NOW, None)
    return secret


@pytest.fixture(scope="module")
def document(site: Served) -> dict[str, Any]:
    reply = site.get("/api/openapi.json")
    assert reply.status == 200
    found: dict[str, Any] = json.loads(reply.body)
    return found


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert {
        "/u/{token}",
        "/p/{token}",
        "/c/{token}",
        "/hooks/{carrier}",
        "/healthz/ready",
        "/metrics",
    } <= set(paths)
    for path, item in paths.items():
        for method, operation in item.items():
            assert operation.get("description"), f"{method} {path} has no docstring"
            assert {"400", "404", "500"} < set(operation["responses"]), f"{method} {path}"


def test_no_page_of_others_is_shown_with_it(site: Served) -> None:
    assert b"<script" not in site.get("/api/").body


def test_the_api_is_described_and_the_console_is_not(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        assert not path.startswith("/staff"), "pages for people may change any day"
        for method, operation in item.items():
            is_api = path.startswith("/api/")
            assert operation.get("security", []) == ([{"token": []}] if is_api else []), f"{method} {path}"
            named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}
            assert ("Idempotency-Key" in named) == (is_api and method == "post"), f"{method} {path}"
            if is_api:
                (success,) = (
                    operation["responses"][one] for one in ("200", "202") if one in operation["responses"]
                )
                content = success["content"].get("application/json", {"schema": {"$ref": "a file has none"}})
                assert "$ref" in content["schema"], f"{method} {path} has no schema"


def test_whatever_is_sent_no_handler_fails(site: Served, document: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(document).exclude(path_regex=f"{LEFT_OUT}|^/api/")
    schema.config.update(base_url=site.url)
    for found in schema.get_all_operations():
        _try(found.ok(), CASES, {})


def test_whatever_a_program_sends_it_is_answered_as_described(
    site: Served, document: dict[str, Any], token: str
) -> None:
    everything = schemathesis.openapi.from_dict(within_reach(document)).include(path_regex="^/api/")
    schema = everything.exclude(path_regex=ASKS_OUTSIDE)
    schema.config.update(base_url=site.url)
    for found in schema.get_all_operations():
        _try(found.ok(), API_CASES, {"Authorization": f"Bearer {token}"})


def within_reach(document: dict[str, Any]) -> dict[str, Any]:
    """The same, with numbers and names that there may be: of a thousand that there are not, all are answered alike."""
    near: dict[str, Any] = json.loads(json.dumps(document))
    for item in near["paths"].values():
        for operation in item.values():
            for one in operation.get("parameters", ()):
                if one["in"] == "path" and one["schema"].get("type") == "integer":
                    one["schema"]["maximum"] = 3
                if one["name"] == "newsletter" and one["in"] == "path":
                    one["schema"] = {"enum": ["weekly", "water", "none"]}
    return near


def _try(operation: Any, cases: int, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=cases, derandomize=True, deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def every(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, timeout=20, headers=headers)

    every()


HOSTILE = [
    "%00", "%0d%0aSet-Cookie:%20a=b", "..%2f..%2fetc%2fpasswd", "%ff%fe", "%F0%9F%92%A9", "A" * 34, "A" * 5000,
    "%E2%80%AE", "{token}", "%25%32%66", "'%20OR%201=1", "AAAAAAEabcd;b", "-", ".", "%2e%2e",
]  # fmt: skip
BODIES = [
    (b"", "application/x-www-form-urlencoded"),
    (b"a" * 60_000, "application/x-www-form-urlencoded"),
    (b"a=b&" * 15_000, "application/x-www-form-urlencoded"),
    (b"email=%00%ff&language=%0d%0a&newsletter=" + b"%F0%9F%92%A9" * 50, "application/x-www-form-urlencoded"),
    (b"\xff\xfe\x00", "text/plain; charset=utf-16"),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\na@b\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    (b"--x", "multipart/form-data"),
    (b"[" * 10_000, "application/json"),
    (b"{}", "application/json; charset=nonsense"),
    (b"x", ""),
]  # fmt: skip
HEADERS: list[dict[str, str]] = [
    {"accept_language": "x" * 4000},
    {"accept_language": "tr;q=nan, en;q=inf, *;q=-1, -;q="},
    {"accept_encoding": "gzip;q=abc, br;q=9, identity;q=0, *;q=0"},
    {"if_none_match": 'W/"' + "a" * 4000},
    {"if_modified_since": "Thu, 99 Foo 0000 99:99:99 GMT"},
    {"range": "bytes=9-1,-,5-"},
    {"host": "evil.example.org"},
    {"host": "[::1"},
    {"cookie": "a=b; " * 200},
    {"x_forwarded_for": "not, an, address"},
    {"a_im": "feed", "if_none_match": '"x"', "user_agent": "Newsboat/2.30"},
    {"x_twilio_email_event_webhook_signature": "ü", "x_twilio_email_event_webhook_timestamp": "9" * 50},
]


def places(document: dict[str, Any]) -> Iterator[str]:
    """Every path, with each hostile value in place of what it has a parameter for."""
    for path in document["paths"]:
        if re.match(LEFT_OUT, path):
            continue
        if "{" not in path:
            yield path
        else:
            head, _, rest = path.partition("{")
            yield from (f"{head}{value}{rest.partition('}')[2]}" for value in HOSTILE)


def test_hostile_paths_bodies_headers_and_methods_are_refused(site: Served, document: dict[str, Any]) -> None:
    """Of the API, without a token, one will do: nobody gets further than its gate."""
    one_of_many = re.compile(r"/api/(?!issues/\{issue\}/draft)")
    paths = {path: item for path, item in document["paths"].items() if not one_of_many.match(path)}
    document = {**document, "paths": paths}
    bad = []
    token = site.house.tokens.make("unsubscribe", reader(site.house, "hostile@example.org", "tr"), "weekly")
    for path in places(document):
        for method in ("GET", "POST"):
            bad += [(method, path) for one in [site.ask(method, path)] if one.status >= 500]
    for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        bad += [
            (method, path)
            for path in document["paths"]
            if not re.match(LEFT_OUT, path)
            for one in [site.ask(method, path)]
            if one.status >= 500
        ]
    posts = [path for path, item in document["paths"].items() if "post" in item and "/subscribe" not in path]
    for path in [*posts, "/en/subscribe"]:
        own = path.replace("{token}", token).replace("{carrier}", "sendgrid")
        for body, kind in BODIES:
            bad += [(path, body[:20]) for one in [site.post(own, body, kind)] if one.status >= 500]
    for path in (
        "/",
        "/feeds/tr/rss.xml",
        "/subscribe",
        f"/u/{token}",
        "/metrics",
        "/healthz/ready",
        "/nowhere",
    ):
        for headers in HEADERS:
            bad += [(path, headers) for one in [site.get(path, **headers)] if one.status >= 500]  # type: ignore[misc]
    for headers in islice(HEADERS, 11, None):
        bad += [
            (headers,) for one in [site.ask("POST", "/hooks/sendgrid", b"[]", **headers)] if one.status >= 500
        ]  # type: ignore[misc]
    assert bad == []

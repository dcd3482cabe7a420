"""What the operator's machines ask: alive, ready, and numbers, for those only who may have them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.journeys.web_server import NOW, Served, served

from syndicate.store import events, pings
from syndicate.store.database import HEAD
from syndicate.web import application
from syndicate.web.metrics import Metrics


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with served(tmp_path_factory.mktemp("newsroom")) as made:
        yield made
    monkeypatch.undo()


def samples(site: Served) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels in order) to value, as Prometheus' own parser reads it."""
    reply = site.get("/metrics")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert reply.headers["cache-control"] == "no-store"
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(reply.text)
        for one in family.samples
    }


def value(site: Served, name: str, **labels: str) -> float:
    return samples(site).get((name, tuple(sorted(labels.items()))), 0)


def test_alive_is_answered_at_once_and_alike_to_head(site: Served) -> None:
    reply, head = site.get("/healthz"), site.ask("HEAD", "/healthz")
    assert (reply.status, reply.body, reply.headers["cache-control"]) == (200, b"ok\n", "no-store")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "3")


def test_ready_says_what_is_missing_and_nothing_more(site: Served, tmp_path: Path) -> None:
    reply = site.get("/healthz/ready")
    assert (reply.status, reply.text) == (200, "database: ok\ntree: ok\nsecret: ok\n")
    assert reply.headers["cache-control"] == "no-store"
    assert site.ask("HEAD", "/healthz/ready").status == 200
    root = site.house.tree.root
    root.rename(root.with_name("elsewhere"))
    try:
        reply = site.get("/healthz/ready")
    finally:
        root.with_name("elsewhere").rename(root)
    assert (reply.status, reply.text) == (503, "database: ok\ntree: not ready\nsecret: ok\n")


def test_ready_notices_a_schema_that_is_not_ours_and_waits_for_no_writer(site: Served) -> None:
    with site.house.database.begin() as connection:
        assert site.get("/healthz/ready").status == 200, "somebody else is writing"
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    try:
        assert site.get("/healthz/ready").text.startswith("database: not ready\n")
        assert site.get("/healthz").status == 200
    finally:
        with site.house.database.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{HEAD}'")
    assert site.get("/healthz/ready").status == 200


def test_answers_are_counted_by_route_and_never_by_path(site: Served) -> None:
    token = site.house.tokens.make("unsubscribe", 1, "weekly")
    before = samples(site)
    tag = site.get("/feeds/tr/rss.xml").headers["etag"]
    for _ in range(3):
        assert site.get("/feeds/tr/rss.xml", if_none_match=tag).status == 304
    assert site.get(f"/u/{token}").status == 200
    assert site.get("/u/not-a-token-of-ours").status == 404
    assert site.get("/nowhere/at/all?who=me@example.org").status == 404
    assert site.ask("BREW", "/feeds/").status in (400, 405)
    after = samples(site)

    def more(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after.get(key, 0) - before.get(key, 0)

    requests = "syndicate_requests_total"
    assert more(requests, route="/feeds/{path}", method="GET", status="200") == 1
    assert more(requests, route="/feeds/{path}", method="GET", status="304") == 3
    assert more("syndicate_feed_answers_total", status="304") == 3
    assert more(requests, route="/u/{token}", method="GET", status="200") == 1
    assert more(requests, route="/u/{token}", method="GET", status="404") == 1
    assert more("syndicate_request_seconds_count", route="/u/{token}", method="GET") == 2
    assert more("syndicate_request_seconds_bucket", route="/u/{token}", method="GET", le="+Inf") == 2
    text = site.get("/metrics").text
    assert not re.search(rf"{token}|not-a-token|nowhere|example\.org|BREW|@", text)


def test_gauges_say_what_waits(site: Served) -> None:
    database = site.house.database
    with database.begin() as connection:
        pings.queue(connection, ["https://elsewhere.example.org/"], ["https://news.example.org/x"], NOW)
        events.receive(connection, "sendgrid", b"[]", NOW)
    found = samples(site)
    assert found["syndicate_database_up", ()] == 1
    assert found["syndicate_issues", (("state", "sent"),)] >= 1
    assert found["syndicate_deliveries_planned", ()] == found["syndicate_deliveries_unsure", ()] == 0
    assert found["syndicate_webhook_bodies_waiting", ()] == 1
    assert found["syndicate_pings_waiting", ()] >= 1
    assert found["process_resident_memory_bytes", ()] > 0


def test_metrics_are_for_those_who_are_named_only(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics(with_(site.house, metrics_for=("127.0.0.1", "10.1.0.0/16", "::1")), lambda: NOW)
    allowed = ("127.0.0.1", "10.1.255.3", "::1", "::ffff:127.0.0.1")
    refused = ("127.0.0.2", "10.2.0.1", "", "unknown", "127.0.0.1.example.org", "2001:db8::1")
    assert [metrics.is_for(one) for one in allowed] == [True] * 4
    assert [metrics.is_for(one) for one in refused] == [False] * 6


def test_two_applications_of_one_process_do_not_share_their_counters(site: Served) -> None:
    site.get("/healthz")
    application(site.house, lambda: NOW)
    other = Metrics(site.house, lambda: NOW)
    assert b'route="/healthz"' not in other.text()
    assert value(site, "syndicate_requests_total", route="/healthz", method="GET", status="200") >= 1


def with_(house: Any, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(house, **changes)

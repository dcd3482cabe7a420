"""What comes back, on every store: once each whatever the order, nobody mailed who must not be, nothing lost."""

import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, edition, person, planned_issue

from syndicate.flows import hear_back
from syndicate.flows.hear_back import HearReport
from syndicate.model import (
    DeliveryState,
    Event,
    EventKind,
    NotFound,
    StoreError,
    SubscriberStatus,
    UnsafeValue,
)
from syndicate.store import Database, claims, deliveries, events, issues, marks, subscribers
from syndicate.store.deliveries import Planned
from syndicate.store.marks import Mark
from syndicate.store.tables import delivery, event, received, subscriber, subscription, suppression
from syndicate.subscribers import address_hash

KEY = b"a key of the tests, long enough"
S, K = DeliveryState, EventKind
_numbers = iter(range(10**9))


def told(kind: EventKind, of: int = 0, minute: int = 0, key: str = "", **values: Any) -> Event:
    at = NOW + timedelta(minutes=minute)
    return Event("sendgrid", key or f"k{next(_numbers)}", kind, at, delivery=of, **values)


class Told:
    """A hook whose bodies stand for lists of events; any other body is one that nobody can read."""

    def __init__(self) -> None:
        self.bodies: dict[bytes, list[Event]] = {}

    def body(self, of: Iterable[Event]) -> bytes:
        name = f"body {len(self.bodies)}".encode()
        self.bodies[name] = list(of)
        return name

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        if headers.get("signed") != "yes":
            raise UnsafeValue("not signed")

    def events(self, body: bytes) -> list[Event]:
        return self.bodies[body]


def hear(database: Database, *bodies: Iterable[Event], hook: Told | None = None) -> HearReport:
    """Receive each and read them all."""
    hook = hook or Told()
    for one in bodies:
        hear_back.receive(database, {"sendgrid": hook}, "sendgrid", {"signed": "yes"}, hook.body(one), NOW)
    return hear_back.hear(database, {"sendgrid": hook}, KEY, NOW + HOUR)


def lines(database: Database, ids: Iterable[int] = ()) -> dict[int, Any]:
    """Of deliveries: what hearing may change."""
    columns = (delivery.c.id, delivery.c.state, delivery.c.reason, delivery.c.delivered_at)
    with database.read() as connection:
        rows = connection.execute(select(*columns).order_by(delivery.c.id)).all()
    wanted = set(ids)
    return {row.id: tuple(row[1:]) for row in rows if not wanted or row.id in wanted}


def numbers(database: Database, issue: int) -> list[int]:
    with database.read() as connection:
        where = delivery.c.issue == issue
        return list(connection.execute(select(delivery.c.id).where(where).order_by(delivery.c.id)).scalars())


def set_state(database: Database, ids: Iterable[int], state: DeliveryState, **values: Any) -> None:
    with database.begin() as connection:
        where = delivery.c.id.in_(list(ids))
        connection.execute(update(delivery).where(where).values(state=state, **values))


def status(database: Database, identity: int) -> str:
    with database.read() as connection:
        found = subscribers.by_id(connection, identity)
    assert found
    return found.status


# -- the set, not the order -----------------------------------------------------------------------------------

PERMUTATIONS = {"sqlite": 600, "postgres": 150}


def test_any_order_and_any_number_of_times_is_the_same_as_once(database: Database, backend: str) -> None:
    """2,000 sets of events (fewer where each costs more), each told to two: at once to one person's delivery, and
    to another's in three parts, three times, shuffled among all others'. Both people and deliveries end alike.
    """
    chance = random.Random(20260601)
    count = PERMUTATIONS[backend]
    issue, people = planned_issue(database, 2 * count)
    ids = numbers(database, issue)
    cases = [_case(chance) for _ in range(count)]
    with database.begin() as connection:
        for n, (state, _) in enumerate(cases):
            where = delivery.c.id.in_(ids[2 * n : 2 * n + 2])
            connection.execute(update(delivery).where(where).values(state=state, reason="why"))
    hear(database, [_renamed(one, ids[2 * n]) for n, (_, some) in enumerate(cases) for one in some])
    again = [_renamed(one, ids[2 * n + 1]) for n, (_, some) in enumerate(cases) for one in some] * 3
    chance.shuffle(again)
    third = len(again) // 3
    report = hear(database, again[:third], again[third : 2 * third], again[2 * third :])
    assert report.again > 0
    found, after = lines(database), _people(database)
    for n in range(count):
        assert found[ids[2 * n]] == found[ids[2 * n + 1]], cases[n]
        assert after[people[2 * n]] == after[people[2 * n + 1]], cases[n]
    with database.read() as connection:
        kept = connection.execute(select(event.c.delivery, event.c.kind, event.c.at)).all()
    assert len(kept) == 2 * sum(len(some) for _, some in cases)


# Mostly what is told mostly, so that not every person is acted for.
_MOSTLY = [*K, *[K.TAKEN, K.DEFERRED, K.DELIVERED, K.OPENED, K.CLICKED] * 6]


def _case(chance: random.Random) -> tuple[DeliveryState, list[Event]]:
    words = ["", "Bounced Address", "Unsubscribed Address", "5.1.1 gone"]
    some = [
        told(chance.choice(_MOSTLY), 1, chance.randrange(9), detail=chance.choice(words))
        for _ in range(chance.randrange(1, 6))
    ]
    return chance.choice([S.PLANNED, S.UNSURE, S.ACCEPTED, S.CANCELLED, S.FAILED, S.SKIPPED]), some


def _renamed(one: Event, of: int) -> Event:
    return Event(one.carrier, f"{of}:{one.key}", one.kind, one.at, delivery=of, detail=one.detail)


def _people(database: Database) -> dict[int, Any]:
    """Status, subscriptions, why they are suppressed."""
    with database.read() as connection:
        held = {row.address_hash: row.reason for row in connection.execute(select(suppression))}
        subscribed = set(connection.execute(select(subscription.c.subscriber)).scalars())
        rows = connection.execute(select(subscriber)).all()
    return {
        row.id: (row.status, row.id in subscribed, held.get(address_hash(KEY, row.canonical))) for row in rows
    }


# -- one at a time --------------------------------------------------------------------------------------------


def test_the_door_keeps_what_is_the_providers_and_nothing_else(database: Database) -> None:
    hooks = {"sendgrid": Told()}
    with pytest.raises(UnsafeValue):
        hear_back.receive(database, hooks, "sendgrid", {}, b"[]", NOW)
    with pytest.raises(NotFound):
        hear_back.receive(database, hooks, "nobody", {"signed": "yes"}, b"[]", NOW)
    with database.read() as connection:
        assert events.unread(connection, 10) == []
    hear_back.receive(database, hooks, "sendgrid", {"signed": "yes"}, b"[\r\n]\r\n", NOW)
    with database.read() as connection:
        assert [(one.carrier, one.body, one.at) for one in events.unread(connection, 10)] == [
            ("sendgrid", b"[\r\n]\r\n", NOW)
        ]


def test_an_early_event_settles_a_doubt_and_what_is_planned_is_not_sent_again(database: Database) -> None:
    issue, _ = planned_issue(database, 2)
    unsure, planned = numbers(database, issue)
    set_state(database, [unsure], S.UNSURE)
    report = hear(database, [told(K.TAKEN, unsure), told(K.DELIVERED, planned, 3)])
    assert [line[0] for line in lines(database).values()] == [S.ACCEPTED, S.ACCEPTED]
    assert lines(database)[planned][2] == NOW + timedelta(minutes=3)
    assert report.changed == {S.ACCEPTED: 2}
    assert _claim(database, issue) is None


def _claim(database: Database, issue: int) -> claims.Claim | None:
    with database.begin() as connection:
        return claims.take(
            connection, issue, "weekly", "outbox", "here#1", after=0, most=10, now=NOW, until=NOW + HOUR
        )


def test_an_event_of_an_earlier_attempt_calls_the_next_one_back(database: Database) -> None:
    """The answer to the first was lost and taken for a no; the second is claimed and not marked: it must not go."""
    issue, _ = planned_issue(database, 2)
    first, second = numbers(database, issue)
    set_state(database, [first], S.PLANNED, handed_at=NOW)
    claimed = _claim(database, issue)
    assert claimed
    hear(database, [told(K.DELIVERED, first)])
    nothing = b"\0"
    with database.begin() as connection:
        assert not marks.record(connection, Mark(claimed.number, 0, b"\1", nothing, NOW + HOUR))
        held = claims.held(connection, claimed.number, "here#1")
    assert held
    assert held[1] == {second}
    assert lines(database)[first][0] == S.ACCEPTED


def test_whose_address_bounced_is_not_mailed_again(database: Database) -> None:
    issue, people = planned_issue(database, 3)
    ids = numbers(database, issue)
    report = hear(
        database,
        [told(K.BOUNCED, ids[0], detail="5.1.1"), told(K.BLOCKED, ids[1]), told(K.COMPLAINED, ids[2])],
    )
    assert [status(database, one) for one in people] == ["suppressed", "active", "suppressed"]
    assert report.suppressed == 2
    assert [line[0] for line in lines(database).values()] == [S.BOUNCED, S.BOUNCED, S.ACCEPTED]
    with database.begin() as connection:
        assert subscribers.is_suppressed(connection, address_hash(KEY, "p0@example.org"))
        assert not subscribers.is_suppressed(connection, address_hash(KEY, "p1@example.org"))
        assert subscribers.history(connection, people[2])[-1][1:] == ("suppressed", "", "complained")
        second = add_issue(connection, slot=NOW + 24 * HOUR)
        made = issues.add_edition(connection, second, edition("c"), DIGEST)
        deliveries.plan(connection, second, [Planned(one, made, f"<2.{one}@e.org>") for one in people], NOW)
    claimed = _claim(database, second)
    assert claimed
    assert [line.subscriber for line in claimed.lines] == [people[1]]


def test_a_suppression_calls_back_what_is_claimed_and_not_marked(database: Database) -> None:
    issue, people = planned_issue(database, 2)
    first = numbers(database, issue)[0]
    with database.begin() as connection:
        other = add_issue(connection, slot=NOW + 24 * HOUR)
        made = issues.add_edition(connection, other, edition("c"), DIGEST)
        deliveries.plan(connection, other, [Planned(one, made, f"<2.{one}@e.org>") for one in people], NOW)
    claimed = _claim(database, other)
    assert claimed
    set_state(database, [first], S.ACCEPTED)
    hear(database, [told(K.COMPLAINED, first)])
    with database.begin() as connection:
        assert not marks.record(connection, Mark(claimed.number, 0, b"\1", b"\0", NOW + HOUR))
        held = claims.held(connection, claimed.number, "here#1")
    assert held
    assert held[1] == {claimed.lines[1].id}


def test_a_reader_who_leaves_at_the_provider_leaves_that_newsletter(database: Database) -> None:
    issue, people = planned_issue(database, 1)
    with database.begin() as connection:
        subscribers.subscribe(connection, people[0], "daily", "form", NOW)
    report = hear(database, [told(K.UNSUBSCRIBED, numbers(database, issue)[0])])
    with database.read() as connection:
        found = subscribers.by_id(connection, people[0])
        history = subscribers.history(connection, people[0])
    assert found
    assert [one.newsletter for one in found.subscriptions] == ["daily"]
    assert history[-1] == (NOW + HOUR, "unsubscribed", "weekly", "sendgrid")
    assert report.unsubscribed == 1


def test_staffs_word_stands_against_old_events_told_again(database: Database) -> None:
    """Somebody was taken back after a bounce: that bounce, told once more, or an old open, changes nothing."""
    issue, people = planned_issue(database, 1)
    number = numbers(database, issue)[0]
    bounce = told(K.BOUNCED, number, key="one")
    hear(database, [bounce])
    with database.begin() as connection:
        subscribers.save(connection, person("p0"), NOW)
    hear(database, [bounce, told(K.OPENED, number)])
    assert status(database, people[0]) == SubscriberStatus.ACTIVE
    hear(database, [told(K.BOUNCED, number, key="two")])
    assert status(database, people[0]) == SubscriberStatus.SUPPRESSED


def test_an_event_that_names_no_delivery_is_found_by_address_and_message(database: Database) -> None:
    issue, people = planned_issue(database, 2)
    first, second = numbers(database, issue)
    named = f"<{people[0]}@example.org>"
    report = hear(
        database,
        [
            told(K.DELIVERED, message_id=named, recipient="P0@EXAMPLE.org"),
            told(K.DELIVERED, message_id=named, recipient="p1@example.org"),
            told(K.DELIVERED, message_id="<nobody@example.org>", recipient="p1@example.org"),
            told(K.DELIVERED, message_id=named, recipient="not an address"),
            told(K.DELIVERED, message_id=named),
        ],
    )
    found = lines(database)
    assert (found[first][0], found[second][0]) == (S.ACCEPTED, S.PLANNED)
    assert report.unknown == 4


def test_events_of_unknown_deliveries_are_kept_and_counted(database: Database) -> None:
    issue, people = planned_issue(database, 1)
    number = numbers(database, issue)[0]
    report = hear(
        database,
        [
            told(K.DELIVERED, 987654),
            told(K.DELIVERED, 2**63 + 5),
            told(K.DELIVERED, -1),
            # Another newsroom of the same account numbers its deliveries, too.
            told(K.BOUNCED, number, recipient="somebody@elsewhere.example"),
            told(K.UNSUBSCRIBED, recipient="p0@example.org"),
        ],
    )
    assert report.unknown == 5
    assert lines(database)[number][0] == S.PLANNED
    assert status(database, people[0]) == "active"
    assert report.unsubscribed == 0
    with database.read() as connection:
        assert list(connection.execute(select(event.c.delivery)).scalars()) == [None] * 5
        # Dead for another newsroom is dead for us.
        assert subscribers.is_suppressed(connection, address_hash(KEY, "somebody@elsewhere.example"))


def test_what_a_mail_says_is_believed_of_our_deliveries_only(database: Database) -> None:
    """Anybody can write a report: without our Message-ID it suppresses nobody."""
    issue, people = planned_issue(database, 2)
    forged = told(K.BOUNCED, recipient="p0@example.org")
    real = told(K.BOUNCED, recipient="p1@example.org", message_id=f"<{people[1]}@example.org>")
    report = HearReport()
    placed = hear_back.hear_report(database, KEY, [forged, real], report, NOW)
    assert [line.id if line else None for _, line in placed] == [None, numbers(database, issue)[1]]
    assert [status(database, one) for one in people] == ["active", "suppressed"]
    with database.read() as connection:
        assert not subscribers.is_suppressed(connection, address_hash(KEY, "p0@example.org"))


def test_a_broken_body_or_event_stops_no_other_and_is_not_lost(database: Database) -> None:
    issue, _ = planned_issue(database, 3)
    ids = numbers(database, issue)
    hook = Told()
    hooks = {"sendgrid": hook}
    naive = Event("sendgrid", "naive", K.DELIVERED, datetime(2026, 6, 1), delivery=ids[1])
    for body in (
        b"nobody can read this",
        hook.body([naive, told(K.DELIVERED, ids[1])]),
        hook.body([told(K.DELIVERED, ids[2])]),
    ):
        hear_back.receive(database, hooks, "sendgrid", {"signed": "yes"}, body, NOW)
    with database.begin() as connection:
        events.receive(connection, "gone", b"of a carrier that is not set up any more", NOW)
    report = hear_back.hear(database, hooks, KEY, NOW)
    assert (report.bodies, report.aside, report.broken) == (4, 3, 1)
    assert [line[0] for line in lines(database).values()] == [S.PLANNED, S.ACCEPTED, S.ACCEPTED]
    assert hear_back.hear(database, hooks, KEY, NOW) == HearReport()
    with database.begin() as connection:
        assert events.aside(connection) == 3
        assert events.read_again(connection) == 3
        assert [one.carrier for one in events.unread(connection, 10)] == ["sendgrid", "sendgrid", "gone"]


def test_strange_words_are_kept_as_far_as_a_database_takes_them(database: Database) -> None:
    issue, _ = planned_issue(database, 1)
    number = numbers(database, issue)[0]
    strange = told(K.BOUNCED, number, key="x\0" * 90, detail="no\0 such \ud800 user 中", raw="\0")
    hear(database, [strange, strange])
    hear(database, [strange])
    assert lines(database)[number][:2] == (S.BOUNCED, "bounced: no such ? user 中")
    with database.read() as connection:
        assert connection.execute(select(event.c.key)).scalar_one().startswith("sha256:")


def test_two_processes_that_read_the_same_bodies_hear_them_once(database: Database) -> None:
    issue, people = planned_issue(database, 30)
    ids = numbers(database, issue)
    hook, reports = Told(), list[HearReport]()
    hooks = {"sendgrid": hook}
    for number in ids:
        body = hook.body([told(K.DELIVERED, number), told(K.BOUNCED, number, 5)])
        hear_back.receive(database, hooks, "sendgrid", {"signed": "yes"}, body, NOW)
    threads = [
        threading.Thread(target=lambda: reports.append(hear_back.hear(database, hooks, KEY, NOW)))
        for _ in range(3)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(reports) == 3
    assert Counter(line[0] for line in lines(database).values()) == {S.BOUNCED: 30}
    assert {status(database, one) for one in people} == {"suppressed"}
    with database.read() as connection:
        assert len(connection.execute(select(event.c.id)).all()) == 60
        assert connection.execute(select(received.c.id)).all() == []
        # One note in the history of each, whoever was first.
        assert {len(subscribers.history(connection, one)) for one in people} == {1}


def test_a_providers_lists_are_taken_over_once(database: Database) -> None:
    _, people = planned_issue(database, 3)
    listed = [
        told(K.BOUNCED, recipient="p0@example.org", key="bounces:0"),
        told(K.UNSUBSCRIBED, recipient="p1@example.org", key="unsubscribes:1"),
        told(K.COMPLAINED, recipient="stranger@example.org", key="spam_reports:2"),
    ]
    first = hear_back.pull_suppressions(database, KEY, iter(listed), NOW)
    assert (first.suppressed, first.unsubscribed, first.again) == (1, 1, 0)
    second = hear_back.pull_suppressions(database, KEY, iter(listed), NOW)
    assert (second.suppressed, second.unsubscribed, second.again) == (0, 0, 3)
    assert [status(database, one) for one in people] == ["suppressed", "active", "active"]
    with database.read() as connection:
        found = subscribers.by_id(connection, people[1])
        assert found
        assert found.subscriptions == ()
        assert subscribers.is_suppressed(connection, address_hash(KEY, "stranger@example.org"))


def test_the_graver_reason_stays_whichever_came_first(database: Database) -> None:
    for n, reasons in enumerate(
        [("bounced", "complained"), ("complained", "bounced"), ("erased", "complained")]
    ):
        with database.begin() as connection:
            for reason in reasons:
                subscribers.suppress(connection, bytes([n]) * 32, reason, NOW)
    with database.read() as connection:
        held = connection.execute(select(suppression.c.reason).order_by(suppression.c.address_hash)).scalars()
        assert list(held) == ["complained", "complained", "complained"]


# -- people ---------------------------------------------------------------------------------------------------


def test_who_is_erased_leaves_no_words_of_carriers(database: Database) -> None:
    issue, people = planned_issue(database, 1)
    number = numbers(database, issue)[0]
    hear(
        database,
        [told(K.BOUNCED, number, detail="550 <p0@example.org> unknown", raw='{"email": "p0@example.org"}')],
    )
    with database.begin() as connection:
        subscribers.erase(connection, people[0])
    assert lines(database)[number][:2] == (S.BOUNCED, "")
    with database.read() as connection:
        assert connection.execute(select(event.c.detail, event.c.raw)).all() == [("", "")]


def test_an_event_of_somebody_erased_is_of_nobody(database: Database) -> None:
    issue, people = planned_issue(database, 1)
    number = numbers(database, issue)[0]
    with database.begin() as connection:
        subscribers.erase(connection, people[0])
    report = hear(database, [told(K.BOUNCED, number, recipient="p0@example.org"), told(K.COMPLAINED, number)])
    assert (lines(database)[number][0], report.suppressed) == (S.BOUNCED, 0)


@pytest.mark.parametrize("way", ["unsubscribe", "save", "rename", "erase", "suppress"])
def test_whatever_takes_consent_away_calls_a_claimed_mail_back(database: Database, way: str) -> None:
    issue, people = planned_issue(database, 2)
    claimed = _claim(database, issue)
    assert claimed
    with database.begin() as connection:
        match way:
            case "unsubscribe":
                assert subscribers.unsubscribe(connection, people[0], "weekly", "page", NOW)
            case "save":
                subscribers.save(connection, person("p0", subscriptions=()), NOW)
            case "rename":
                subscribers.save(connection, person("p0", email="P0@example.org"), NOW)
            case "erase":
                subscribers.erase(connection, people[0])
            case _:
                subscribers.suppress_person(connection, people[0], b"h" * 32, "complained", NOW)
    with database.begin() as connection:
        assert not marks.record(connection, Mark(claimed.number, 0, b"\1", b"\0", NOW + HOUR))
        held = claims.held(connection, claimed.number, "here#1")
    assert held
    assert held[1] == {claimed.lines[1].id}


def test_what_changes_nothing_about_consent_calls_nothing_back(database: Database) -> None:
    issue, _ = planned_issue(database, 1)
    claimed = _claim(database, issue)
    assert claimed
    with database.begin() as connection:
        subscribers.save(connection, person("p0", languages=("ru",)), NOW)
        assert marks.record(connection, Mark(claimed.number, 0, b"\1", b"\0", NOW + HOUR))


def test_a_sender_is_never_kept_waiting_and_nothing_is_lost(database: Database, backend: str) -> None:
    """While somebody holds a line we give up and come again; on SQLite everybody takes turns anyway."""
    if backend == "sqlite":
        pytest.skip("SQLite has one writer: there is nothing to give up")
    issue, _ = planned_issue(database, 2)
    ids = numbers(database, issue)
    hook = Told()
    hooks = {"sendgrid": hook}
    body = hook.body([told(K.DELIVERED, number) for number in ids])
    hear_back.receive(database, hooks, "sendgrid", {"signed": "yes"}, body, NOW)
    with database.begin() as connection:
        connection.execute(select(delivery.c.id).where(delivery.c.id == ids[1]).with_for_update())
        with pytest.raises(StoreError):
            hear_back.hear(database, hooks, KEY, NOW)
    assert [line[0] for line in lines(database).values()] == [S.PLANNED, S.PLANNED]
    assert hear_back.hear(database, hooks, KEY, NOW).changed == {S.ACCEPTED: 2}

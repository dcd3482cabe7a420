"""Subscribers, their consent, and who must never be mailed, on every store."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, edition, person

from syndicate.model import SubscriberStatus, Subscription
from syndicate.store import Database, deliveries, issues, readers, subscribers, totals
from syndicate.store.deliveries import Planned
from syndicate.store.lists import Chosen, people


def test_a_person_comes_back_as_they_were(database: Database) -> None:
    ayse = person(
        "ayse", name="Ayşe Öz 奥兹", languages=("tr", "zh-TW"), subscriptions=(Subscription("b", "daily"),)
    )
    bare = person("bare", name="", consent_at=None, consent_source="", subscriptions=())
    with database.begin() as connection:
        first = subscribers.save(connection, ayse, NOW)
        second = subscribers.save(connection, bare, NOW)
        assert first != second
        assert subscribers.by_canonical(connection, ayse.canonical) == replace(ayse, id=first)
        assert subscribers.by_id(connection, second) == replace(bare, id=second)
        assert subscribers.by_canonical(connection, "nobody@example.org") is None
        assert [one.id for one in people(connection, Chosen())] == [first, second]
        assert totals.subscribers(connection) == {"active": 2}


def test_saving_again_is_the_same_person_with_other_wishes(database: Database) -> None:
    with database.begin() as connection:
        first = subscribers.save(connection, person("ayse"), NOW)
        changed = person(
            "ayse", languages=("ru",), subscriptions=(Subscription("daily"), Subscription("energy"))
        )
        assert subscribers.save(connection, changed, NOW + HOUR) == first
        assert subscribers.by_id(connection, first) == replace(changed, id=first)


def test_an_issue_is_owed_to_active_subscribers_of_it(database: Database) -> None:
    with database.begin() as connection:
        ids = {
            name: subscribers.save(connection, person(name, **values), NOW)
            for name, values in {
                "active": {},
                "pending": {"status": SubscriberStatus.PENDING},
                "left": {"status": SubscriberStatus.UNSUBSCRIBED},
                "bounced": {"status": SubscriberStatus.SUPPRESSED},
                "other": {"subscriptions": (Subscription("daily"),)},
            }.items()
        }
        assert list(readers.every(connection, "weekly")) == [
            (ids["active"], ("tr", "en"), "", "Europe/Istanbul")
        ]


def test_consent_is_a_history(database: Database) -> None:
    with database.begin() as connection:
        one = subscribers.save(connection, person("ayse"), NOW)
        subscribers.note(connection, one, "subscribed", "weekly", "form", NOW)
        assert subscribers.unsubscribe(connection, one, "weekly", "one-click", NOW + HOUR)
        assert not subscribers.unsubscribe(connection, one, "weekly", "one-click", NOW + HOUR)
        assert subscribers.left(connection, one) == {"weekly"}
        subscribers.subscribe(connection, one, "weekly", "page", NOW + 2 * HOUR)
        subscribers.subscribe(connection, one, "weekly", "page", NOW + 3 * HOUR)
        assert subscribers.left(connection, one) == frozenset()
        assert subscribers.history(connection, one) == [
            (NOW, "subscribed", "weekly", "form"),
            (NOW + HOUR, "unsubscribed", "weekly", "one-click"),
            (NOW + 2 * HOUR, "subscribed", "weekly", "page"),
        ]


def test_a_suppressed_address_stays_so(database: Database) -> None:
    with database.begin() as connection:
        subscribers.suppress(connection, b"h" * 32, "complained", NOW)
        subscribers.suppress(connection, b"h" * 32, "erased", NOW)
        assert subscribers.is_suppressed(connection, b"h" * 32)
        assert not subscribers.is_suppressed(connection, b"i" * 32)


def test_who_is_erased_leaves_a_number_that_nobody_gets_again(database: Database) -> None:
    """Links in old mail and lines of the ledger name the number: a new person must not inherit them."""
    with database.begin() as connection:
        subscribers.save(connection, person("first"), NOW)
        gone = subscribers.save(connection, person("gone"), NOW)
        subscribers.note(connection, gone, "subscribed", "weekly", "form", NOW)
        issue = add_issue(connection)
        made = issues.add_edition(connection, issue, edition("a"), DIGEST)
        deliveries.plan(connection, issue, [Planned(gone, made, "<1@e.org>")], NOW)
        subscribers.erase(connection, gone)
        assert subscribers.by_id(connection, gone) is None
        assert subscribers.history(connection, gone) == []
        assert len(deliveries.of_subscriber(connection, gone)) == 1
        assert subscribers.save(connection, person("new"), NOW) > gone


def test_an_address_is_one_person(database: Database) -> None:
    """Even when two processes add it at once: the database itself refuses the second."""
    from syndicate.store.tables import subscriber

    row = {
        "email": "a@e.org", "canonical": "a@e.org", "name": "", "languages": "en", "timezone": "UTC",
        "status": "active", "consent_source": "", "created_at": NOW,
    }  # fmt: skip
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(subscriber.insert(), [row, row])

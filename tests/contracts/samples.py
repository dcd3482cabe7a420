"""Values for the contracts, in few words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from syndicate.model import (
    Article,
    Edition,
    EditionItem,
    IssueState,
    Placement,
    Subscriber,
    SubscriberStatus,
    Subscription,
)
from syndicate.store import Connection, Database, articles, deliveries, issues, subscribers
from syndicate.store.deliveries import Planned

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DIGEST = {
    "subject": "Üç yazı",
    "preheader": "",
    "html": "<p>ş 中</p>",
    "text": "ş 中",
    "language": "tr",
    "direction": "ltr",
    "told": [],
    "on_the_web": [],
}


def article(name: str, **values: Any) -> Article:
    number = int("".join(c for c in name if c.isdigit()) or 1)
    given: dict[str, Any] = {
        "source": "folder",
        "key": f"{name}.md",
        "group": name,
        "language": "en",
        "title": f"Title of {name}",
        "url": f"https://example.org/{name}/",
        "published": NOW,
        "body_html": "<p>Text</p>",
        "id": f"tag:example.org,2026:{name}",
        "story": f"story-{name}",
        "sequence": number,
        "available": NOW,
        "changed": NOW,
        "content_hash": "0" * 64,
    }
    return Article(**(given | values))


def save(database: Database, *values: Article) -> None:
    with database.begin() as connection:
        for one in values:
            articles.save(connection, one, item=one.key, likeness="1" * 64)


def person(mailbox: str, **values: Any) -> Subscriber:
    given: dict[str, Any] = {
        "email": f"{mailbox}@Example.org",
        "canonical": f"{mailbox}@example.org",
        "languages": ("tr", "en"),
        "name": mailbox.title(),
        "timezone": "Europe/Istanbul",
        "status": SubscriberStatus.ACTIVE,
        "subscriptions": (Subscription("weekly"),),
        "consent_at": NOW,
        "consent_source": "form",
    }
    return Subscriber(**(given | values))


def edition(*names: str, language: str = "tr", is_main: bool = True) -> Edition:
    items = tuple(
        EditionItem(f"story-{n}", f"tag:{n}", language, Placement.ITEM if p else Placement.LEAD)
        for p, n in enumerate(names)
    )
    return Edition(language, (language,), items, is_main)


def add_issue(connection: Connection, newsletter: str = "weekly", slot: datetime = NOW, **values: Any) -> int:
    given: dict[str, Any] = {
        "date": slot.date().isoformat(),
        "since": None,
        "cutoff": slot,
        "state": IssueState.APPROVED,
        "choices": {},
        "now": NOW,
    }
    return issues.add(connection, newsletter, slot, **(given | values))


def planned_issue(database: Database, people: int, newsletter: str = "weekly") -> tuple[int, list[int]]:
    """An approved issue with one edition that ``people`` are owed; returns it and them."""
    with database.begin() as connection:
        ids = [subscribers.save(connection, person(f"p{n}"), NOW) for n in range(people)]
        issue = add_issue(connection, newsletter)
        made = issues.add_edition(connection, issue, edition("a", "b"), DIGEST)
        lines = [Planned(one, made, f"<{one}@example.org>") for one in ids]
        deliveries.plan(connection, issue, lines, NOW)
    return issue, ids

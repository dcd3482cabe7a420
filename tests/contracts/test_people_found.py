"""People looked for: what is found is what is true of them, page by page, on every store."""

import pytest
from tests.contracts.samples import NOW, person

from syndicate.model import Subscription
from syndicate.store import Connection, Database, people, subscribers, tags
from syndicate.store.people import Segment

PEOPLE = {
    "ayse": {"name": "Ayşe Öz", "languages": ("tr", "en")},
    "anna": {"name": "Anna de Vries", "languages": ("de",), "timezone": "Europe/Berlin"},
    "li": {"name": "Li Li", "languages": ("zh-TW",)},
    "percent": {"name": "%", "languages": ("en",), "subscriptions": (Subscription("daily"),)},
}


def fill(connection: Connection) -> dict[str, int]:
    return {name: subscribers.save(connection, person(name, **more), NOW) for name, more in PEOPLE.items()}


@pytest.mark.parametrize(
    ("segment", "found"),
    [
        (Segment(), {"ayse", "anna", "li", "percent"}),
        (Segment(language="en"), {"ayse", "percent"}),
        (Segment(language="zh"), {"li"}),
        (Segment(language="n"), set()),
        (Segment(newsletter="daily"), {"percent"}),
        (Segment(zone="Europe/Berlin"), {"anna"}),
        (Segment(domain="example.org", language="tr"), {"ayse"}),
        (Segment(domain="example"), set()),
        (Segment(tag="press"), {"ayse", "li"}),
        (Segment(tag="press", language="tr"), {"ayse"}),
        (Segment(status="pending"), set()),
        (Segment(status="active", newsletter="daily"), {"percent"}),
    ],
)
def test_a_segment_is_whom_all_of_it_is_true_of(
    database: Database, segment: Segment, found: set[str]
) -> None:
    with database.begin() as connection:
        ids = fill(connection)
        tags.add(connection, [ids["ayse"], ids["li"]], "press")
        walked = people.walk(connection, segment, 10)
        assert set(walked.ids) == {ids[name] for name in found}
        assert list(walked.ids) == sorted(walked.ids, reverse=True)
        assert walked.before == 0


@pytest.mark.parametrize(
    ("address", "names", "found"),
    [
        ("a", ("a",), {"ayse", "anna"}),
        ("ann", (), {"anna"}),
        ("", ("vries",), {"anna"}),
        ("", ("li",), {"li"}),
        ("", ("anna d",), {"anna"}),
        ("%", ("%",), {"percent"}),
        ("_", ("_",), set()),
        ("", ("Öz",), {"ayse"}),
    ],
)
def test_the_beginning_of_an_address_or_a_name_is_enough(
    database: Database, address: str, names: tuple[str, ...], found: set[str]
) -> None:
    with database.begin() as connection:
        ids = fill(connection)
        begun = people.beginning(connection, address, names, Segment(), 10)
        assert set(begun.ids) == {ids[name] for name in found}


@pytest.mark.parametrize("segment", [Segment(), Segment(language="tr"), Segment(language="tr", zone="UTC")])
def test_pages_show_everybody_once(
    database: Database, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "SPAN", 40)
    with database.begin() as connection:
        wanted = set()
        for n in range(150):
            reads = (("tr",), ("tr", "en"), ("de",))[n % 3]
            made = person(f"p{n}", languages=reads, timezone="UTC" if n % 5 == 0 else "Europe/Berlin")
            number = subscribers.save(connection, made, NOW)
            is_meant = (not segment.language or n % 3 < 2) and (not segment.zone or n % 5 == 0)
            wanted |= {number} if is_meant else set()
        seen: list[int] = []
        before, pages = 0, 0
        while pages < 100:
            found = people.walk(connection, segment, 7, before)
            seen += found.ids
            before, pages = found.before, pages + 1
            if not before:
                break
        assert seen == sorted(wanted, reverse=True)


def test_tags_are_given_once_and_taken(database: Database) -> None:
    with database.begin() as connection:
        ids = fill(connection)
        assert tags.add(connection, list(ids.values()), "press") == 4
        assert tags.add(connection, [ids["ayse"]], "press") == 0
        assert tags.add(connection, [ids["ayse"]], "vip") == 1
        assert tags.every(connection) == ["press", "vip"]
        assert tags.of(connection, ids["ayse"]) == ("press", "vip")
        assert tags.take(connection, [ids["ayse"], ids["li"]], "press") == 2
        subscribers.erase(connection, ids["ayse"])
        assert tags.every(connection) == ["press"]
        assert people.about(connection) == 4

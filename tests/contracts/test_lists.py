"""A list taken in at once is the same as its lines one after another, on every store; and nobody is overruled."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.contracts.samples import NOW

from syndicate.flows import subscribe
from syndicate.flows.lists import Report, Wanted, add, export, sync
from syndicate.model import SubscriberStatus, SyndicateError
from syndicate.store import Database, subscribers
from syndicate.store.lists import Chosen, people
from syndicate.subscribers import Fate, address_hash, merge, read_lines

KEY = b"a key of the tests, long enough"
LATER = NOW + timedelta(days=1)
NEWSLETTERS = ["daily", "energy", "weekly"]
HEADER = "email,name,languages,timezone,newsletters,cadence,status,consent_at,consent_source"
TABLES = ("consent_event", "subscription", "subscriber", "suppression")


def write(folder: Path, *rows: str, header: str = HEADER, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8", newline="")
    return path


def take(database: Database, path: Path, now: datetime = NOW, **how: Any) -> Report:
    return sync(database, [path], Wanted(NEWSLETTERS, KEY, now, path.parent / "reports", **how))


def fates(path: Path) -> list[tuple[str, ...]]:
    with (path.parent / "reports" / f"{path.stem}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = [tuple(row) for row in csv.reader(file)]
    assert header == ("line", "email", "fate", "reason")
    return rows


def held(database: Database) -> dict[str, Any]:
    """Everything about everybody, without the numbers that people were given."""
    found = {}
    with database.read() as connection:
        for one in people(connection, Chosen()):
            history = sorted(
                (what, key, at, source) for at, what, key, source in subscribers.history(connection, one.id)
            )
            shown = {name: getattr(one, name) for name in one.__slots__ if name != "id"}
            found[one.canonical] = (shown, history)
        rows = connection.execute(text("SELECT address_hash, reason FROM suppression")).all()
    return found | {"suppressed": sorted((bytes(row[0]), row[1]) for row in rows)}


def empty(database: Database) -> None:
    with database.begin() as connection:
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))


def one_by_one(database: Database, path: Path, now: datetime) -> list[str]:
    """What is promised, in the plainest words: each line by itself, in a transaction of its own."""
    told = []
    with path.open(encoding="utf-8", newline="") as file:
        for line in read_lines(file, NEWSLETTERS):
            given_in = line.subscriber
            if given_in is None:
                told.append("refused")
                continue
            with database.begin() as connection:
                hashed = address_hash(KEY, given_in.canonical)
                if subscribers.is_suppressed(connection, hashed):
                    told.append("suppressed")
                    continue
                before = subscribers.by_canonical(connection, given_in.canonical)
                left = subscribers.left(connection, before.id) if before else frozenset()
                fate, after = merge(before, given_in, left)
                told.append(str(fate))
                if fate not in (Fate.ADDED, Fate.UPDATED):
                    continue
                identity = subscribers.save(connection, after, now)
                had = {one.newsletter for one in before.subscriptions} if before else set()
                when = now if before else after.consent_at or now
                for one in after.subscriptions:
                    if one.newsletter not in had:
                        source = after.consent_source or "list"
                        subscribers.note(connection, identity, "subscribed", one.newsletter, source, when)
                if after.status is SubscriberStatus.SUPPRESSED:
                    subscribers.suppress(connection, hashed, "list", now)
    return told


rows = st.builds(
    lambda *cells: ",".join(cells),
    st.sampled_from(
        ["a@x.org", "A@X.org", "b@x.org", "c@x.org", "d@BÜCHER.example", "e@x.org", "no address"]
    ),
    st.sampled_from(["", "Ayşe", "O'Neil", "'=1+1", '"Öz, A"']),
    st.sampled_from(["tr", "en tr", "zh_tw", "", "xx"]),
    st.sampled_from(["", "Asia/Almaty", "Nowhere"]),
    st.sampled_from(["", "weekly", "weekly energy", "daily", "energy daily"]),
    st.sampled_from(["", "daily", "weekly"]),
    st.sampled_from(["", "active", "pending", "unsubscribed", "suppressed"]),
    st.sampled_from(["", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+03:00"]),
    st.sampled_from(["", "form", "event: Almaty"]),
)
lists = st.lists(rows, max_size=12)
people_left = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from([*NEWSLETTERS, "erase", "bar"])), max_size=4
)


@settings(max_examples=15)
@given(before=lists, gone=people_left, after=lists)
def test_at_once_is_the_same_as_one_by_one(
    database: Database, tmp_path: Path, before: list[str], gone: list[tuple[str, str]], after: list[str]
) -> None:
    first, second = write(tmp_path, *before, name="first.csv"), write(tmp_path, *after, name="second.csv")
    told, states = [], []
    for way in (one_by_one, at_once):
        empty(database)
        told.append(way(database, first, NOW))
        leave(database, gone)
        told.append(way(database, second, LATER))
        states.append(held(database))
    assert told[0:2] == told[2:4]
    assert states[0] == states[1]
    take(database, second, LATER)
    assert held(database) == states[1]


def at_once(database: Database, path: Path, now: datetime) -> list[str]:
    report = take(database, path, now)
    told = [fate for _, _, fate, _ in fates(path)]
    assert {fate: told.count(fate) for fate in told} == report.counts
    return told


def leave(database: Database, gone: list[tuple[str, str]]) -> None:
    for who, what in gone:
        with database.begin() as connection:
            person = subscribers.by_canonical(connection, f"{who}@x.org")
            if person is None:
                continue
            hashed = address_hash(KEY, person.canonical)
            if what == "erase":
                subscribers.erase(connection, person.id)
                subscribers.suppress(connection, hashed, "erased", NOW)
            elif what == "bar":
                subscribers.suppress_person(connection, person.id, hashed, "complained", NOW)
            else:
                subscribers.unsubscribe(connection, person.id, what, "page", NOW)


@pytest.fixture
def meanwhile(database: Database, tmp_path: Path) -> Iterator[Callable[..., Report]]:
    """Take a list in, and do something in another connection between the decisions and their transaction."""
    other = Database(database.url)

    def run(path: Path, act: Callable[[Database], None]) -> Report:
        def told(stage: str, done: int, total: int | None = None) -> None:
            if stage.startswith("write "):
                act(other)

        return take(database, path, LATER, progress=told)

    yield run
    other.close()


def test_whoever_acts_while_a_list_is_read_is_not_overruled(
    database: Database, tmp_path: Path, meanwhile: Callable[..., Report]
) -> None:
    take(
        database, write(tmp_path, *(f"{name}@x.org,,tr,,weekly,,,," for name in ("ann", "bob", "cem", "dan")))
    )
    path = write(
        tmp_path,
        "ann@x.org,Ann,tr,,weekly energy,,,,",  # unsubscribes meanwhile
        "bob@x.org,Bob,tr,,weekly energy,,,,",  # is erased
        "cem@x.org,Cem,tr,,weekly energy,,,,",  # complains
        "dan@x.org,Dan,tr,,weekly energy,,,,",  # does nothing
        "eve@x.org,Eve,tr,,weekly,,,,",  # signs up herself, for something else
        "fay@x.org,Fay,tr,,weekly,,,,",  # was never here, and is suppressed
        "gül@x.org,Gül,tr,,weekly,,,,",
        "hal@x.org,Hal,tr,,weekly,,,,",  # does nothing
    )

    def act(other: Database) -> None:
        ids = {name: subscribe.find(other, f"{name}@x.org").id for name in ("ann", "bob", "cem")}
        subscribe.unsubscribe(other, ids["ann"], "weekly", "page", NOW)
        subscribe.erase(other, "bob@x.org", KEY, NOW)
        with other.begin() as connection:
            hashed = address_hash(KEY, "cem@x.org")
            subscribers.suppress_person(connection, ids["cem"], hashed, "complained", NOW)
            subscribers.suppress(connection, address_hash(KEY, "fay@x.org"), "bounced", NOW)
        add(other, {"email": "eve@x.org", "languages": "en", "newsletters": "daily"}, NEWSLETTERS, KEY, NOW)

    report = meanwhile(path, act)
    assert [(email, fate) for _, email, fate, _ in fates(path)] == [
        ("ann@x.org", "updated"), ("bob@x.org", "suppressed"), ("cem@x.org", "suppressed"), ("dan@x.org", "updated"),
        ("eve@x.org", "updated"), ("fay@x.org", "suppressed"), ("gül@x.org", "refused"), ("hal@x.org", "added"),
    ]  # fmt: skip
    assert report.counts == {"updated": 3, "suppressed": 3, "refused": 1, "added": 1}
    found = held(database)
    gets = {
        one: [s.newsletter for s in of[0]["subscriptions"]]
        for one, of in found.items()
        if one != "suppressed"
    }
    assert gets == {
        "ann@x.org": ["energy"], "cem@x.org": ["weekly"], "dan@x.org": ["energy", "weekly"],
        "eve@x.org": ["daily", "weekly"], "hal@x.org": ["weekly"],
    }  # fmt: skip
    assert found["cem@x.org"][0]["status"] == "suppressed"
    assert found["eve@x.org"][0]["languages"] == ("tr",)


def test_a_line_twice_says_so_and_is_merged_in_order(database: Database, tmp_path: Path) -> None:
    path = write(
        tmp_path, "a@x.org,,tr,,weekly,,,,", "A@X.ORG,Ann,en,,energy,daily,,,", "a@x.org,,en,,energy,,,,"
    )
    assert take(database, path).counts == {"added": 1, "updated": 1, "unchanged": 1}
    assert [reason for *_, reason in fates(path)] == ["", *["the same address as line 2"] * 2]
    ann = subscribe.find(database, "a@x.org")
    assert (ann.email, ann.name, ann.languages) == ("a@x.org", "Ann", ("en",))
    assert [(one.newsletter, one.cadence) for one in ann.subscriptions] == [
        ("energy", "daily"),
        ("weekly", ""),
    ]


def test_a_rehearsal_tells_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    take(database, write(tmp_path, "a@x.org,,tr,,weekly,,,,"))
    before = held(database)
    path = write(
        tmp_path, "a@x.org,Ann,tr,,weekly,,,,", "b@x.org,,tr,,weekly,,suppressed,,", "nobody,,tr,,,,,,"
    )
    assert take(database, path, is_rehearsal=True).counts == {"updated": 1, "added": 1, "refused": 1}
    assert held(database) == before


def test_what_cannot_be_read_changes_nothing_and_leaves_nothing(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path, *(f"a{n}@x.org,,tr,,weekly,,,," for n in range(6000)))
    whole = path.read_bytes()
    path.write_bytes(whole + b"b@x.org,\xdcmit,tr,,weekly,,,,\n")
    with pytest.raises(SyndicateError, match=rf"line 6002, byte {len(whole) + 9}: not UTF-8"):
        take(database, path)
    assert held(database) == {"suppressed": []}
    assert not (tmp_path / "reports").exists()


def test_a_report_is_never_written_over_its_list(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path, "a@x.org,,tr,,weekly,,,,")
    with pytest.raises(SyndicateError, match="over the list itself"):
        take(database, path, report=tmp_path / "." / "list.csv")
    assert "a@x.org,,tr" in path.read_text("utf-8")
    assert held(database) == {"suppressed": []}


def test_what_is_exported_comes_in_again_unchanged(database: Database, tmp_path: Path) -> None:
    path = write(
        tmp_path, '+1@x.org,"=cmd()",tr en,Asia/Almaty,weekly,daily,,2026-01-02T03:04:05.678Z,-x',
        "b@x.org,Ən,en-GB,,weekly energy,,pending,,", "c@x.org,,zh_tw,,,,unsubscribed,,form",
    )  # fmt: skip
    take(database, path)
    before, out = held(database), tmp_path / "out.csv"
    assert export(database, out) == 3
    assert take(database, out).counts == {"unchanged": 3}
    assert held(database) == before
    empty(database)
    assert take(database, out).counts == {"added": 3}
    assert {key: of[0] for key, of in held(database).items() if key != "suppressed"} == {
        key: of[0] for key, of in before.items() if key != "suppressed"
    }


@pytest.mark.parametrize(
    ("chosen", "who"),
    [
        (Chosen(), "abc"),
        (Chosen(newsletter="weekly"), "ab"),
        (Chosen(language="en"), "ab"),
        (Chosen(status="unsubscribed"), "c"),
        (Chosen("weekly", "tr", "active"), "a"),
    ],
)
def test_a_part_of_the_people_is_exported(
    database: Database, tmp_path: Path, chosen: Chosen, who: str
) -> None:
    take(
        database,
        write(
            tmp_path,
            "a@x.org,,tr en,,weekly,,,,",
            "b@x.org,,en-GB,,weekly,,pending,,",
            "c@x.org,,enm,,,,unsubscribed,,",
        ),
    )
    out = tmp_path / "out.csv"
    assert export(database, out, chosen) == len(who)
    emails = [row["email"][0] for row in csv.DictReader(io.StringIO(out.read_text("utf-8")))]
    assert "".join(emails) == who


def test_a_moment_is_stored_as_it_always_was(database: Database, tmp_path: Path) -> None:
    """The quick way in writes it by itself."""
    take(
        database,
        write(tmp_path, "a@x.org,,tr,,weekly,,,1066-10-14T09:00:00.5+00:00,", "b@x.org,,tr,,,,,2026-01-02,"),
    )
    assert subscribe.find(database, "a@x.org").consent_at == datetime(
        1066, 10, 14, 9, 0, 0, 500_000, tzinfo=UTC
    )
    assert subscribe.find(database, "b@x.org").consent_at == datetime(2026, 1, 2, tzinfo=UTC)

"""The stage of a list: its lines, and who among them is not simply new."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, Executable, Row, bindparam, text

from syndicate.model import Subscriber, SubscriberStatus, Subscription
from syndicate.store.lists.drafts import Speller, create, fill, measure, speller
from syndicate.store.lists.held import Held, held, split
from syndicate.store.subscribers import loses
from syndicate.store.tables import Moment

_PAGE = 2_000
_REPORT_PAGE = 20_000


class Staged(NamedTuple):
    """A line as :meth:`Stage.put` takes it. ``place`` counts all lines from 1, ``number`` is the file's own.

    ``canonical`` is empty for one that is refused. ``profile`` is a number that :meth:`Stage.put_profile` gave;
    ``address_hash`` is what the suppression list would have of the address.
    """

    place: int
    number: int
    email: str
    canonical: str
    name: str
    profile: int
    consent_at: datetime | None
    address_hash: bytes
    reason: str


class AskedLine(NamedTuple):
    """One line about somebody who is not simply new."""

    place: int
    number: int
    subscriber: Subscriber


class Asked(NamedTuple):
    """An address that is held already, stands in several lines, or is suppressed. ``key`` is that of its first line."""

    key: int
    canonical: str
    address_hash: bytes
    held: Held | None
    is_barred: bool
    lines: tuple[AskedLine, ...]


class Decided(NamedTuple):
    """What is to be written of an :class:`Asked`; ``joined`` are (newsletter, cadence, source, when)."""

    asked: Asked
    value: Subscriber
    joined: Sequence[tuple[str, str, str, datetime]]


class Reported(NamedTuple):
    """A line as the report has it, without its fate; ``reason`` says why it is refused."""

    place: int
    number: int
    email: str
    reason: str


class Stage:
    """The temporary tables of one list, on a connection that has them for itself (:meth:`Database.apart`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._profiles = 0
        self._merged: dict[tuple[tuple[str, ...], str, str, str], int] = {}
        self._profile_rows: list[tuple[Any, ...]] = []
        self._wish_rows: list[tuple[Any, ...]] = []
        create(connection)

    def put(self, lines: Sequence[Staged]) -> None:
        columns = "place, number, email, canonical, name, profile, consent_at, address_hash, reason"
        self._put_profiles()
        spell = speller(self._connection)
        fill(self._connection, "list_line", columns, [_row(line, spell) for line in lines])

    def _put_profiles(self) -> None:
        fill(
            self._connection,
            "list_profile",
            "id, languages, timezone, status, wishes, source",
            self._profile_rows,
        )
        fill(self._connection, "list_wish", "profile, newsletter, cadence", self._wish_rows)
        self._profile_rows.clear()
        self._wish_rows.clear()

    def put_profile(
        self,
        languages: Sequence[str],
        timezone: str,
        status: str,
        wishes: Sequence[Subscription],
        source: str,
    ) -> int:
        """What many lines share; its number."""
        self._profiles += 1
        told = " ".join(f"{one.newsletter}={one.cadence}" for one in wishes)
        row = (self._profiles, " ".join(languages), timezone, str(status), told, source)
        self._profile_rows.append(row)
        self._wish_rows += [(self._profiles, one.newsletter, one.cadence) for one in wishes]
        return self._profiles

    def sort(self) -> int:
        """Order the lines by address, and find those about people who are not simply new; how many those are."""
        measure(self._connection, "list_line", "list_profile", "list_wish")
        self._run(_SORT)
        measure(self._connection, "list_fresh")
        self._run(text(_ASK.format(wishes=_WISHES[self._connection.dialect.name])))
        measure(self._connection, "list_asked")
        return int(self._run(text("SELECT count(*) FROM list_asked")).scalar_one())

    def same(self) -> Iterator[int]:
        """The places of lines that say exactly what is held, of people who are not suppressed."""
        last = 0
        while rows := self._run(_SAME, last=last, most=_REPORT_PAGE).all():
            yield from (row.place for row in rows)
            last = rows[-1].key

    def asked(self) -> Iterator[Asked]:
        """The others of them, by address, with their lines in the order of the file."""
        for _, group in groupby(self._asked_lines(), key=lambda found: found[0].canonical):
            found = list(group)
            first, who = found[0]
            lines = tuple(AskedLine(row.place, row.number, _subscriber(row)) for row, _ in found)
            barred = bool(first.is_barred)
            yield Asked(first.key, first.canonical, bytes(first.address_hash), who, barred, lines)

    def decide(self, decisions: Sequence[Decided]) -> None:
        """Take over what is to be written of some of :meth:`asked`."""
        spell = speller(self._connection)
        changed = [_changed_row(one, spell) for one in decisions if one.asked.held]
        fill(self._connection, "list_changed", _CHANGED, changed)
        joined = [
            (one.asked.canonical, newsletter, cadence, source, spell(at))
            for one in decisions
            for newsletter, cadence, source, at in one.joined
        ]
        fill(self._connection, "list_joined", "canonical, newsletter, cadence, source, at", joined)
        if new := [one for one in decisions if not one.asked.held]:
            self._keep(new)

    def repeated(self, lines: Sequence[tuple[int, int]]) -> None:
        """(place, number of an earlier line of the file with the same address): the report says so."""
        rows = [{"place": place, "reason": f"the same address as line {first}"} for place, first in lines]
        self._connection.execute(text("UPDATE list_line SET reason = :reason WHERE place = :place"), rows)

    def settle(self) -> None:
        """Every decision is taken: only people who are new stay in ``list_fresh``."""
        self._run(text("DELETE FROM list_fresh WHERE key IN (SELECT key FROM list_asked)"))
        measure(self._connection, "list_fresh", "list_changed", "list_joined")

    def reported(self) -> Iterator[Reported]:
        """Every line, in the order of the file."""
        last = 0
        while rows := self._run(_REPORT, last=last, most=_REPORT_PAGE).all():
            yield from (Reported._make(row) for row in rows)
            last = rows[-1][0]

    def _keep(self, new: Sequence[Decided]) -> None:
        """New people of several lines: the first of them stands for all."""
        rows = [
            {"key": one.asked.key, "name": one.value.name, "at": one.value.consent_at,
             "profile": self._profile_of(one.value)}
            for one in new
        ]  # fmt: skip
        self._put_profiles()
        self._connection.execute(_KEEP, rows)
        self._connection.execute(text("DELETE FROM list_asked WHERE key = :key"), rows)

    def _profile_of(self, one: Subscriber) -> int:
        """Without subscriptions: those are in ``list_joined``."""
        key = (one.languages, one.timezone, one.status, one.consent_source)
        if (found := self._merged.get(key)) is None:
            if len(self._merged) >= _MOST_PROFILES:
                self._merged.clear()
            found = self._merged[key] = self.put_profile(*key[:3], (), key[3])
        return found

    def _asked_lines(self) -> Iterator[tuple[Row[*tuple[Any, ...]], Held | None]]:
        last = 0
        while rows := self._run(_ASKED, last=last, most=_PAGE).all():
            people = held(self._connection, {row.held for row in rows if row.held is not None})
            yield from ((row, people.get(row.held)) for row in rows)
            last = rows[-1].key

    def _run(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        return self._connection.execute(statement, values)


def lines_of_late(connection: Connection) -> Iterator[tuple[str, bytes, tuple[AskedLine, ...]]]:
    """(address, its hash, its lines) of those in ``list_late``."""
    rows = connection.execute(_LATE).all()
    for canonical, group in groupby(rows, key=attrgetter("canonical")):
        found = list(group)
        lines = tuple(AskedLine(row.place, row.number, _subscriber(row)) for row in found)
        yield canonical, bytes(found[0].address_hash), lines


_MOST_PROFILES = 20_000
_CHANGED = "id, canonical, name, languages, timezone, status, consent_at, source, address_hash, seal, is_loss"
_LINE = """
    f.place, f.number, coalesce(f.email, f.canonical) AS email, f.canonical, f.name, f.consent_at, f.address_hash,
    p.languages, p.timezone, p.status, p.wishes, p.source
"""
# One sort of all; everything after goes through in this order.
_SORT = text(
    "INSERT INTO list_fresh (place, number, email, canonical, name, profile, consent_at, address_hash) "
    "SELECT place, number, email, canonical, name, profile, consent_at, address_hash "
    "FROM list_line WHERE canonical <> '' ORDER BY canonical, place"
)
# Held, suppressed, or with the same address as a neighbour. `is_same`: it says exactly what is held.
_ASK = """
    INSERT INTO list_asked (key, held, is_barred, is_same)
    SELECT f.key, s.id, CASE WHEN x.address_hash IS NULL THEN 0 ELSE 1 END,
        CASE WHEN x.address_hash IS NULL AND coalesce(b.canonical, '') <> f.canonical
            AND coalesce(a.canonical, '') <> f.canonical
            AND s.status <> 'suppressed' AND s.status = p.status AND s.email = coalesce(f.email, f.canonical)
            AND s.name = f.name AND s.languages = p.languages AND s.timezone = p.timezone
            AND (s.consent_at = f.consent_at OR (s.consent_at IS NULL AND f.consent_at IS NULL))
            AND s.consent_source = p.source AND coalesce({wishes}, '') = p.wishes THEN 1 ELSE 0 END
    FROM list_fresh f JOIN list_profile p ON p.id = f.profile
    LEFT JOIN subscriber s ON s.canonical = f.canonical
    LEFT JOIN suppression x ON x.address_hash = f.address_hash
    LEFT JOIN list_fresh b ON b.key = f.key - 1 LEFT JOIN list_fresh a ON a.key = f.key + 1
    WHERE s.id IS NOT NULL OR x.address_hash IS NOT NULL OR b.canonical = f.canonical OR a.canonical = f.canonical
    ORDER BY f.key
"""
# As `Profile` has them: in order, "newsletter=cadence" with a space between.
_WISHES = {
    "sqlite": "(SELECT group_concat(told, ' ') FROM (SELECT newsletter || '=' || cadence AS told FROM subscription "
    "WHERE subscriber = s.id ORDER BY newsletter))",
    "postgresql": "(SELECT string_agg(newsletter || '=' || cadence, ' ' ORDER BY newsletter COLLATE \"C\") "
    "FROM subscription WHERE subscriber = s.id)",
}
_SAME = text(
    "SELECT a.key, f.place FROM list_asked a JOIN list_fresh f ON f.key = a.key "
    "WHERE a.key > :last AND a.is_same = 1 ORDER BY a.key LIMIT :most"
)
_ASKED = text(
    "SELECT a.key, a.held, a.is_barred, "
    + _LINE
    + "FROM list_asked a JOIN list_fresh f ON f.key = a.key JOIN list_profile p ON p.id = f.profile "
    "WHERE a.key > :last AND a.is_same = 0 ORDER BY a.key LIMIT :most"
).columns(consent_at=Moment)
_LATE = text(
    f"SELECT {_LINE} FROM list_line f JOIN list_profile p ON p.id = f.profile "  # noqa: S608 (no value in it)
    "WHERE f.canonical IN (SELECT canonical FROM list_late) ORDER BY f.canonical, f.place"
).columns(consent_at=Moment)
_KEEP = text(
    "UPDATE list_fresh SET name = :name, profile = :profile, consent_at = :at WHERE key = :key"
).bindparams(bindparam("at", type_=Moment))
_REPORT = text(
    "SELECT place, number, coalesce(email, canonical), reason FROM list_line "
    "WHERE place > :last ORDER BY place LIMIT :most"
)


def _row(line: Staged, spell: Speller) -> tuple[Any, ...]:
    place, number, email, canonical, name, profile, consent_at, address_hash, reason = line
    told = None if email == canonical else email
    at = None if consent_at is None else spell(consent_at)
    return place, number, told, canonical, name, profile, at, address_hash, reason


def _changed_row(one: Decided, spell: Speller) -> tuple[Any, ...]:
    value, was = one.value, one.asked.held
    if was is None:
        raise AssertionError("only people who are held are changed")
    at = None if value.consent_at is None else spell(value.consent_at)
    return (
        was.person.id, value.canonical, value.name, " ".join(value.languages), value.timezone, str(value.status), at,
        value.consent_source, one.asked.address_hash, was.seal, int(loses(was.person, value)),
    )  # fmt: skip


def _subscriber(row: Row[*tuple[Any, ...]]) -> Subscriber:
    return Subscriber(
        email=row.email,
        canonical=row.canonical,
        name=row.name,
        languages=split(row.languages),
        timezone=row.timezone,
        status=SubscriberStatus(row.status),
        subscriptions=_wishes(row.wishes),
        consent_at=row.consent_at,
        consent_source=row.source,
    )


@lru_cache(maxsize=4096)
def _wishes(told: str) -> tuple[Subscription, ...]:
    return tuple(Subscription(*one.split("=")) for one in told.split())

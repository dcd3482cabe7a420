"""Preview: an issue's mails as they would go out, for staff to look at; nothing is written, nothing is sent.

planned, with a draft that is worked in -> decided with it, for nobody -> composed -+-> Sheet: subject, HTML, text
everything else -> the editions as they are frozen -------------------------------+        -> document: what is shown
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from syndicate.digests import Digest, EditionContent, archive_page, compose
from syndicate.digests import sender as sender_of
from syndicate.digests.showing import for_somebody, plain, shown
from syndicate.flows.compose import Instalment, restored
from syndicate.flows.decide import Redo, decide
from syndicate.flows.house import House
from syndicate.flows.prepare import cadences_of
from syndicate.languages import choose
from syndicate.model import Draft, Edition, Issue, IssueState, Newsletter, NotFound, Subscriber
from syndicate.store import Connection, Database, drafts, issues, people, sent, subscribers
from syndicate.store.people import Segment
from syndicate.subscribers.looking import sought

MOST_FOUND = 12
"""People that a search shows."""

GONE = "There is no such subscriber any more."

FRESH = timedelta(seconds=20)
"""How long what was decided of a draft is good for, unless it is saved anew."""

MOST_DRAFTS = 4
"""That are remembered at a time."""

REMEMBERED = 48
"""Digests of drafts that are kept in memory: composing one takes longer than everything else on a page."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """An edition and its mail. ``key`` is what it is called in addresses: its number, or the language of a draft's."""

    key: str
    edition: Edition
    digest: Digest
    content: EditionContent | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The main edition of each language and cadence, in the newsletter's order.

    ``is_draft``: they are what the draft would make of the issue, which nobody has made yet. ``sender`` is who they
    are from, by language: name and address.
    """

    issue: Issue
    newsletter: Newsletter
    sheets: tuple[Sheet, ...]
    is_draft: bool
    sender: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one person gets: the sheet with ``key``, or nothing (None), for ``reason``."""

    person: Subscriber
    key: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How a sheet is looked at: ``view`` is mail, text or web (the page in the archive)."""

    view: str = "mail"
    dark: bool = False


def preview(house: House, number: int, now: datetime) -> Preview:
    """What was decided of a draft is taken for true for ``FRESH``. Raises NotFound."""
    room = _room(house, number, now)
    main = [one for one in room.editions if one.is_main]
    order = {language: n for n, language in enumerate(room.newsletter.languages)}
    main.sort(key=lambda one: (order.get(one.language, len(order)), one.cadence))
    sheets = room.sheets(main)
    names = {one.edition.language: _sender(house, room.newsletter, one.edition.language) for one in sheets}
    return Preview(room.issue, room.newsletter, sheets, room.is_draft, names)


def sheet(house: House, number: int, key: str, now: datetime) -> Sheet:
    """One of them, or any frozen edition by its number. Raises NotFound."""
    room = _room(house, number, now)
    found = next((one for one in room.editions if room.key(one) == key), None)
    if found is None:
        raise NotFound(f"issue {number} has no edition {key!r}")
    return room.sheets([found])[0]


def document(house: House, number: int, one: Sheet, look: Look, name: str = "") -> str:
    """A sheet as a page for a frame, for somebody called ``name``: its links lead nowhere. Raises NotFound."""
    digest, nowhere = one.digest, f"{house.site.public_url}/p/preview"
    if look.view == "text":
        text = for_somebody(digest.text, name, nowhere, is_html=False)
        return plain(text, digest.subject, digest.language, dark=look.dark)
    if look.view == "web":
        content = one.content or contents(house, number, [one.edition])[0]
        return shown(archive_page(content, house.templates).decode(), dark=look.dark)
    return shown(for_somebody(digest.html, name, nowhere, is_html=True), dark=look.dark)


def contents(
    house: House, number: int, editions: Sequence[Edition], *, similar: bool = True
) -> list[EditionContent]:
    """What editions of an issue say, as of its cutoff; without ``similar`` posts in half the time. Raises NotFound."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        instalment = _instalment(connection, house.newsletter(issue.newsletter), issue)
        composer = house.composer if similar else replace(house.composer, similar_count=0)
        return composer.contents(connection, instalment, editions, issue.cutoff)


def reading(house: House, found: Preview, subscriber: int) -> Reading:
    """What somebody gets of an issue: as the ledger has it, or, of a draft, as their languages have it.

    Raises NotFound.
    """
    with house.database.read() as connection:
        person = subscribers.by_id(connection, subscriber)
        if person is None:
            raise NotFound(GONE)
        edition = sent.edition_of(connection, found.issue.id, subscriber)
        line = sent.line(connection, found.issue.id, subscriber)
    if found.is_draft or line is None:
        there = {one.edition.language: one.key for one in reversed(found.sheets)}
        language = choose(person.languages, there)
        return Reading(person, there[language] if language else None)
    return Reading(person, str(edition) if edition else None, line[1])


def called(house: House, subscriber: int) -> str:
    """The name of a subscriber, which may be empty. Raises NotFound."""
    with house.database.read() as connection:
        person = subscribers.by_id(connection, subscriber)
    if person is None:
        raise NotFound(GONE)
    return person.name


def readers(house: House, words: str) -> list[Subscriber]:
    """The first of those whose number, address or name ``words`` are, or begin."""
    meant, number = sought(words), words.strip()
    with house.database.read() as connection:
        if number.isascii() and number.isdecimal() and len(number) <= 18:
            one = subscribers.by_id(connection, int(number))
            return [one] if one else []
        if not (meant.address or meant.names):
            return []
        found = people.beginning(connection, meant.address, meant.names, Segment(), MOST_FOUND)
        return people.people(connection, found.ids)


@dataclass(frozen=True, slots=True)
class _Room:
    """An issue with its editions. ``frozen`` are their digests by number; of a draft all are ``made`` already."""

    issue: Issue
    newsletter: Newsletter
    editions: tuple[Edition, ...]
    frozen: Mapping[int, Mapping[str, Any]]
    made: tuple[Sheet, ...] = ()
    is_draft: bool = False

    def key(self, edition: Edition) -> str:
        if not self.is_draft:
            return str(edition.id)
        return f"{edition.language}.{edition.cadence}" if edition.cadence else edition.language

    def sheets(self, wanted: Sequence[Edition]) -> tuple[Sheet, ...]:
        if self.is_draft:
            return tuple(next(sheet for sheet in self.made if sheet.edition is one) for one in wanted)
        return tuple(Sheet(self.key(one), one, restored(self.frozen[one.id])) for one in wanted)


def _room(house: House, number: int, now: datetime) -> _Room:
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        newsletter = house.newsletter(issue.newsletter)
        held, cadences = drafts.get(connection, number), cadences_of(connection, number)
        if issue.corrects or held.is_applied or issue.state is not IssueState.PLANNED:
            found = issues.editions(connection, number)
            frozen = {one.edition.id: one.digest for one in found}
            return _Room(issue, newsletter, tuple(one.edition for one in found), frozen)
    lately = _LATELY.setdefault(house.database, {})
    known = lately.get(number)
    if known and known.revision == held.revision and abs(now - known.at) < FRESH:
        return known.room
    room = _drafted(house, issue, newsletter, held.draft, cadences)
    lately.pop(number, None)
    lately[number] = _Known(room, held.revision, now)
    for old in list(lately)[:-MOST_DRAFTS]:
        lately.pop(old, None)
    return room


def _drafted(
    house: House, issue: Issue, newsletter: Newsletter, draft: Draft, cadences: tuple[str, ...]
) -> _Room:
    redo = Redo(issue.id, draft, for_readers=False)
    editions = decide(house.database, newsletter, issue.cutoff, cadences, redo).plan.editions
    bare = _Room(issue, newsletter, editions, {}, is_draft=True)
    made = tuple(
        Sheet(bare.key(one), one, _COMPOSED.digest(content, house.templates), content)
        for one, content in zip(editions, contents(house, issue.id, editions), strict=True)
    )
    return replace(bare, made=made)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was decided of a draft, and when."""

    room: _Room
    revision: int
    at: datetime


_LATELY: WeakKeyDictionary[Database, dict[int, _Known]] = WeakKeyDictionary()
"""The last draft of each issue that was looked at: its page and the frames on it ask for the same."""


def _instalment(connection: Connection, newsletter: Newsletter, issue: Issue) -> Instalment:
    draft = drafts.get(connection, issue.id).draft
    return Instalment(newsletter, date.fromisoformat(issue.date), issue.name, draft)


def _sender(house: House, newsletter: Newsletter, language: str) -> tuple[str, str]:
    made = sender_of(newsletter, house.site, language, house.from_address, house.reply_to)
    return made.name, made.email


class _Composed:
    """The last digests of drafts, by all that they are made of: what is found here is never out of date."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Digest] = OrderedDict()
        self._lock = threading.Lock()

    def digest(self, content: EditionContent, templates: tuple[Path, ...]) -> Digest:
        written = [(file, file.stat().st_mtime_ns) for one in templates for file in one.glob("*/*.j2")]
        key = hashlib.sha256(f"{written}{content!r}".encode()).hexdigest()
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = compose(content, templates)
        with self._lock:
            self._found[key] = made
            while len(self._found) > REMEMBERED:
                self._found.popitem(last=False)
        return made


_COMPOSED = _Composed()

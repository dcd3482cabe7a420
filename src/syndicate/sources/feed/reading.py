"""A parsed feed against what is known of it: new and changed entries become manuscripts."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from syndicate.languages import detect, match, normalise, slug
from syndicate.model import (
    Author,
    Credit,
    Found,
    Gone,
    Image,
    LanguageTagError,
    Link,
    Manuscript,
    Problem,
    SourceItem,
    Tag,
    Touched,
)
from syndicate.sources import clean, footnotes
from syndicate.sources.clean.addresses import absolute
from syndicate.sources.feed import FeedSettings, json_feed, xml
from syndicate.sources.feed.arrival import Document
from syndicate.sources.feed.entry import Entry, Parsed, Person
from syndicate.sources.feed.grouping import groups
from syndicate.sources.lines import credit, fingerprint, first_words, line

_WEB = ("http://", "https://")
_TOLD = 50
_SURE = 0.6
_NEVER_MAIL = re.compile(r"\S+@\S+")


class Unreadable(ValueError):
    """The entry cannot become an article; ``advice`` says what to do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


class Reading:
    """One document, read once."""

    def __init__(
        self, settings: FeedSettings, document: Document, known: Mapping[str, str], now: datetime
    ) -> None:
        self.settings, self.document, self.known, self.now = settings, document, known, now
        is_json = document.text.lstrip()[:1] == "{"
        parse = json_feed.parse if is_json else xml.parse
        self.feed: Parsed = parse(document.text, document.place)
        self.home = self._web(self.feed.link, document.base_url) or document.base_url

    def items(self) -> Iterator[SourceItem]:
        yield from self._faults()
        keyed, nameless = self._keyed()
        yield from nameless
        named = groups(
            list(keyed.items()), self.settings.group, self.known, lambda entry, href: self._url(entry, href)
        )
        has_failed = any(problem.fatal for problem in nameless)
        for key, entry in keyed.items():
            for item in self._entry(key, entry, named[key]):
                has_failed |= isinstance(item, Problem) and item.fatal
                yield item
        yield from (Gone(ref) for ref in self.feed.deleted if ref in self.known and ref not in keyed)
        if not has_failed:
            # with a failure the document is asked for again, so that the failure is told until it is mended
            remember = (Touched(key, value) for key, value in self.document.remember)
            yield from (one for one in remember if self.known.get(one.key, "") != one.fingerprint)

    def _faults(self) -> Iterator[Problem]:
        advice = "what could be read was taken; tell its makers"
        if self.document.doubt:
            yield Problem(self.document.place, self.document.doubt, advice, fatal=False)
        for number, fault in self.feed.faults:
            where = f"{self.document.place}:{number}" if number else self.document.place
            yield Problem(where, f"is malformed: {fault}", advice, fatal=False)

    def _keyed(self) -> tuple[dict[str, Entry], list[Problem]]:
        """Entries by id, else by link. Of two with one id the later change counts."""
        keyed: dict[str, Entry] = {}
        problems = []
        for number, entry in enumerate(self.feed.entries, 1):
            key = _plain(entry.id) or self._url(entry, entry.link)
            if not key:
                reason = (
                    f"entry {number} ({line(entry.title)[:60] or 'untitled'}) has neither an id nor a link"
                )
                problems.append(Problem(self.document.place, reason, "give it an id; it was left out"))
                continue
            key = f"entry {key}" if key.startswith(":") else key
            if key in keyed:
                reason = f"entry {number} has the id of another; the one changed last is taken"
                problems.append(Problem(self.document.place, reason, "give each its own id", fatal=False))
            if key not in keyed or _age(keyed[key]) < _age(entry):
                keyed[key] = entry
        return keyed, self._counted(problems)

    def _counted(self, problems: list[Problem]) -> list[Problem]:
        """The first of them, and how many more: a broken feed of a hundred thousand has one fault, not as many."""
        more = problems[_TOLD:]
        if not more:
            return problems
        reason = f"{len(more)} more entries have no id, or that of another"
        advice = "give each entry its own id"
        return [
            *problems[:_TOLD],
            Problem(self.document.place, reason, advice, any(problem.fatal for problem in more)),
        ]

    # --- one entry

    def _entry(self, key: str, entry: Entry, group: str) -> Iterator[SourceItem]:
        since = self._since(key, entry)
        mark = f"{fingerprint(repr(entry), repr(self.settings.full_text))}|{since}|{group}"
        if self.known.get(key) == mark:
            return
        place = self._url(entry, entry.link) or f"{self.document.place} {line(key)[:120]}"
        try:
            language = self._language(entry)
            if left_out := self._left_out(language, place):
                yield Found(key, mark, problems=(left_out,))
                return
            yield self._found(key, mark, entry, language, group, place)
        except Unreadable as error:
            yield Problem(place, str(error), error.advice)

    def _found(self, key: str, mark: str, entry: Entry, language: str, group: str, place: str) -> Found:
        problems: list[Problem] = []
        warn = partial(_warn, problems, place)
        url = self._url(entry, entry.link) or (key if key.startswith(_WEB) else "")
        if not url:
            warn("it has no link; the feed's own page stands for it", "give it a link")
            url = self.home
        if not url.startswith(_WEB):
            raise Unreadable("it has no address, and neither has its feed", "give the entry a link")
        base = self._url(entry, entry.base) if entry.base else url
        body, summary, text = self._texts(entry, base, language, place, problems)
        noted = footnotes.extract(body.html, place=place)
        published = entry.published or entry.updated or self._arrived(mark, warn)
        people = entry.authors or self.feed.authors
        manuscript = Manuscript(
            source=self.settings.name,
            key=key,
            group=group,
            language=language,
            title=_title(entry, text, warn),
            url=url,
            published=published,
            updated=entry.updated,
            body_html=noted.html,
            summary=summary,
            footnotes=noted.footnotes,
            images=self._images(entry, body, base),
            tags=tuple(_tags(entry, self.settings.group)),
            authors=_credits(people),
            translators=_credits(entry.translators),
            permanent_id=_plain(entry.id),
            links=body.links,
        )
        authors = tuple(self._authors((*people, *entry.translators)))
        return Found(key, mark, (manuscript,), authors, (*problems, *noted.problems))

    def _texts(
        self, entry: Entry, base: str, language: str, place: str, problems: list[Problem]
    ) -> tuple[clean.Cleaned, str, str]:
        """Clean body, summary as a line, and the text to name an untitled entry by. Content before summary."""
        content = entry.html if self.settings.full_text else ""
        body = clean.fragment(content or entry.summary, base_url=base, language=language, place=place)
        if fatal := next((p for p in body.problems if p.fatal), None):
            raise Unreadable(fatal.reason, fatal.advice)
        problems += body.problems
        short = clean.fragment(entry.summary, base_url=base, language=language, place=place).text
        summary = " ".join(short.split()) if content else ""
        return body, summary, body.text or summary

    def _since(self, key: str, entry: Entry) -> str:
        """When an undated entry was first seen, kept in its fingerprint: its date must not move."""
        if entry.published or entry.updated:
            return ""
        before = self.known.get(key, "").split("|")
        return before[1] if len(before) > 2 and before[1] else (self.feed.date or self.now).isoformat()

    def _arrived(self, mark: str, warn: "partial[None]") -> datetime:
        since = mark.split("|")[1]
        reason = f"it has no date; {since[:10]} stands for it"
        warn(reason, "give it a published date")
        found = json_feed.moment(since)
        return found or self.now.astimezone(UTC)

    def _language(self, entry: Entry) -> str:
        """As set, as the entry says, as the feed says, as it reads. Raises Unreadable."""
        settings = self.settings
        for tag in (settings.language, entry.language, self.feed.language):
            with suppress(LanguageTagError):
                if tag:
                    found = normalise(tag)
                    return match(found, settings.languages) or found
        guess = detect(f"{line(entry.title)} {line(entry.html or entry.summary)}", settings.languages)
        if guess.language == "und" or guess.confidence < _SURE:
            raise Unreadable("its language is neither declared nor clear", "set language for this source")
        return guess.language

    def _left_out(self, language: str, place: str) -> Problem | None:
        if not self.settings.languages or language in self.settings.languages:
            return None
        reason = f"is in {language}, which is not among the languages of this source, and was left out"
        return Problem(place, reason, "add the language if it is wanted", fatal=False)

    # --- its parts

    def _url(self, entry: Entry, href: str) -> str:
        base = entry.base if entry.base.startswith(_WEB) else self.home
        return self._web(href, base)

    def _web(self, href: str, base: str) -> str:
        url = absolute(href, base)
        return url if url.startswith(_WEB) else ""

    def _images(self, entry: Entry, body: clean.Cleaned, base: str) -> tuple[Image, ...]:
        """Those in the body know their alternative text, so they win over the same as an enclosure."""
        held = {image.url: image for image in body.images}
        lead = [Image(self._web(i.url, base), line(i.alt), i.caption) for i in entry.images if i.url]
        ordered = [held.get(image.url, image) for image in lead if image.url]
        return tuple({image.url: image for image in (*ordered, *body.images)}.values())

    def _authors(self, people: tuple[Person, ...]) -> Iterator[Author]:
        """Those of whom more than the name is said."""
        for one in people:
            url, photo = self._web(one.url, self.home), self._web(one.photo, self.home)
            who = _one_credit(one)
            if who and (url or photo):
                links = (Link(line(url.split("/")[2]).removeprefix("www."), url),) if url else ()
                yield Author(who.key, who.name, photo=photo, links=links)


def _plain(text: str) -> str:
    """An id as a key: one line, nothing invisible, not without end."""
    return line(text.replace("<", "&lt;"))[:500]


def _age(entry: Entry) -> datetime:
    return entry.updated or entry.published or datetime.min.replace(tzinfo=UTC)


def _warn(problems: list[Problem], place: str, reason: str, advice: str) -> None:
    problems.append(Problem(place, reason, advice, fatal=False))


def _title(entry: Entry, text: str, warn: "partial[None]") -> str:
    if entry.title:
        return entry.title
    if not (words := first_words(text)):
        raise Unreadable("it has neither title nor text", "write it, or take it out of the feed")
    warn("it has no title; its first words stand for it", "give it a title")
    return words


def _credits(people: tuple[Person, ...]) -> tuple[Credit, ...]:
    found = [who for one in people for name in _names(one.name) if (who := credit(name))]
    return tuple({who.key: who for who in found}.values())


def _one_credit(one: Person) -> Credit | None:
    names = _names(one.name)
    return credit(names[0]) if len(names) == 1 else None


def _names(text: str) -> list[str]:
    """``Ann Lee, Bob Ray`` are two; ``Lee, Ann`` is one. A mail address is no name and is not shown."""
    printed = line(_NEVER_MAIL.sub("", text)).strip(" ()<>,;")
    parts = [part.strip() for part in re.split(r"[,;،、]", printed)]
    are_whole = len(parts) > 1 and all(" " in part for part in parts)
    return parts if are_whole else [printed] if printed else []


def _tags(entry: Entry, how: str) -> Iterator[Tag]:
    """Categories, but not the one that only says which story this is."""
    seen = set()
    for term, scheme, label in entry.categories:
        shown = line(label or term)
        name = slug(line(term) or shown)
        if shown and name not in seen and how != f"category:{scheme}":
            seen.add(name)
            yield Tag(name, shown)

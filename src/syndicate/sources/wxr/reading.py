"""Two passes over one export: first what posts refer to, then the posts."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from syndicate.languages import detect, match, normalise, slug
from syndicate.model import (
    ArticleState,
    Author,
    Credit,
    Found,
    Gone,
    Image,
    LanguageTagError,
    Manuscript,
    Problem,
    SourceError,
    SourceItem,
    Tag,
    Touched,
)
from syndicate.sources import clean, footnotes
from syndicate.sources.clean.addresses import absolute
from syndicate.sources.lines import credit, fingerprint, first_words, line
from syndicate.sources.wxr import WxrSettings, raw_content
from syndicate.sources.wxr.stream import Element, elements, encoded, text

FILE = ":file"
_STATES = {
    "publish": ArticleState.PUBLISHED,
    "future": ArticleState.PUBLISHED,
    "draft": ArticleState.DRAFT,
    "pending": ArticleState.DRAFT,
    "private": ArticleState.DRAFT,
    "trash": ArticleState.WITHDRAWN,
}
_TRANSLATED_ID = re.compile(r'"[a-z_-]+";i:(\d+);')
_NO_DATE = "0000"


class Unreadable(ValueError):
    """The post cannot become an article."""


@dataclass(slots=True)
class Small:
    """What pass 1 keeps: small things, by id or login."""

    names: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


class Reading:
    """One reading of one file."""

    def __init__(self, settings: WxrSettings, known: Mapping[str, str], now: datetime) -> None:
        self.settings, self.known, self.now = settings, known, now
        self.zone = ZoneInfo(settings.timezone)
        self.small = Small()

    def items(self) -> Iterator[SourceItem]:
        mark = _digest(self.settings)
        if self.known.get(FILE) == mark:
            return
        self._look()
        seen: set[str] = set()
        has_failed = False
        for item in elements(self.settings.path, "item"):
            if text(item, "post_type") in self.settings.post_types:
                for found in self._post(item, seen):
                    has_failed |= isinstance(found, Problem)
                    yield found
        yield from (Gone(key) for key in self.known if key.isdecimal() and key not in seen)
        if not has_failed:
            yield Touched(FILE, mark)

    def _look(self) -> None:
        """Pass 1: authors, pictures, Polylang's groups (a serialised PHP array of language and id)."""
        for element in elements(self.settings.path, "author", "term", "item"):
            kind = str(element.tag).rpartition("}")[2]
            if kind == "author":
                login = text(element, "author_login")
                self.small.names[login] = text(element, "author_display_name") or login
            elif kind == "term" and text(element, "term_taxonomy") == "post_translations":
                ids = _TRANSLATED_ID.findall(text(element, "term_description"))
                self.small.groups |= dict.fromkeys(ids, min(ids, key=int)) if ids else {}
            elif text(element, "post_type") == "attachment":
                picture = (text(element, "attachment_url"), _meta(element, "_wp_attachment_image_alt"))
                self.small.pictures[text(element, "post_id")] = (*picture, encoded(element, "excerpt"))

    def _post(self, item: Element, seen: set[str]) -> Iterator[SourceItem]:
        key = text(item, "post_id").strip()
        place = f"{self.settings.path}: post {line(key) or 'without id'} ({line(text(item, 'title'))[:60]})"
        state = _STATES.get(text(item, "status"))
        if state is None:
            return
        seen.add(key)
        try:
            if not key.isdecimal():
                raise Unreadable("it has no wp:post_id")
            yield from self._found(item, key, state, place)
        except Unreadable as error:
            yield Problem(place, str(error), "look at the post in WordPress and export again")

    def _found(self, item: Element, key: str, state: ArticleState, place: str) -> Iterator[SourceItem]:
        group = self.small.groups.get(key, key)
        mark = f"{fingerprint(*map(str, item.itertext()), repr(self._lead(item)))}@{group}"
        if self.known.get(key) == mark:
            return
        if text(item, "post_password"):
            yield Found(
                key, mark, problems=(Problem(place, "is protected by a password, left out", "", False),)
            )
            return
        manuscript, authors, problems = self._manuscript(item, key, group, state, place)
        languages = self.settings.languages
        if languages and manuscript.language not in languages:
            reason = f"is in {manuscript.language}, which is not among the languages of this source"
            yield Found(key, mark, problems=(Problem(place, reason, "add it if it is wanted", False),))
            return
        yield Found(key, mark, (manuscript,), authors, problems)

    def _manuscript(
        self, item: Element, key: str, group: str, state: ArticleState, place: str
    ) -> tuple[Manuscript, tuple[Author, ...], tuple[Problem, ...]]:
        url = absolute(text(item, "link"), "")
        if not url.startswith(("http://", "https://")):
            raise Unreadable("it has no address")
        raw, dropped = raw_content.html(encoded(item, "content"))
        language = self._language(item, raw)
        body = clean.fragment(raw, base_url=url, language=language, place=place)
        if fatal := next((p for p in body.problems if p.fatal), None):
            raise Unreadable(fatal.reason)
        noted = footnotes.extract(body.html, place=place)
        warnings = [*body.problems, *noted.problems]
        if dropped:
            reason = f"shortcodes were left out: {', '.join(dropped)}"
            warnings.append(Problem(place, reason, "see whether readers miss something", fatal=False))
        who = self._credit(item)
        lead = self._lead(item)
        summary = clean.fragment(encoded(item, "excerpt"), base_url=url, language=language, place=place).text
        manuscript = Manuscript(
            source=self.settings.name,
            key=key,
            group=group,
            language=language,
            title=_title(item, body.text, place, warnings),
            url=url,
            published=self._date(item, "post_date") or self._date(item, "post_modified") or self.now,
            updated=self._date(item, "post_modified"),
            body_html=noted.html,
            summary=" ".join(summary.split()),
            footnotes=noted.footnotes,
            images=tuple({image.url: image for image in (*lead, *body.images)}.values()),
            tags=tuple(_tags(item)),
            authors=(who,) if who else (),
            state=state,
            links=body.links,
        )
        return manuscript, (Author(who.key, who.name),) if who else (), tuple(warnings)

    def _language(self, item: Element, raw: str) -> str:
        """Polylang's term, else the only one, the detected one, the default."""
        languages = self.settings.languages
        for term in item:
            if term.get("domain") == "language":
                with suppress(LanguageTagError):
                    tag = normalise(term.get("nicename") or "")
                    return match(tag, languages) or tag
        if len(languages) == 1:
            return languages[0]
        guess = detect(line(f"{text(item, 'title')} {raw[:20_000]}"), languages)
        found = guess.language if guess.confidence >= 0.6 else self.settings.default_language
        if not found or found == "und":
            raise Unreadable("its language is not known; set default_language for this source")
        return found

    def _credit(self, item: Element) -> Credit | None:
        login = text(item, "creator")
        return credit(self.small.names.get(login, login), login)

    def _lead(self, item: Element) -> tuple[Image, ...]:
        address, alt, caption = self.small.pictures.get(_meta(item, "_thumbnail_id"), ("", "", ""))
        url = absolute(address, "")
        return (Image(url, line(alt), line(caption)),) if url.startswith(("http://", "https://")) else ()

    def _date(self, item: Element, name: str) -> datetime | None:
        """The UTC twin, else the local one; drafts have 0000-00-00 for both or for the first."""
        for suffix, zone in (("_gmt", UTC), ("", self.zone)):
            value = text(item, f"{name}{suffix}")
            with suppress(ValueError):
                if value and not value.startswith(_NO_DATE):
                    return datetime.fromisoformat(value).replace(tzinfo=zone).astimezone(UTC)
        return None


def _digest(settings: WxrSettings) -> str:
    """Of the file's bytes and of what of the settings shapes the result."""
    digest = hashlib.sha256(repr(settings).encode())
    try:
        with settings.path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise SourceError(f"{settings.path}: cannot be read ({error.strerror or error})") from None
    return digest.hexdigest()[:16]


def _meta(item: Element, key: str) -> str:
    metas = (child for child in item if str(child.tag).endswith("}postmeta"))
    return next((text(meta, "meta_value") for meta in metas if text(meta, "meta_key") == key), "")


def _title(item: Element, body: str, place: str, problems: list[Problem]) -> str:
    if title := line(text(item, "title")):
        return title
    if not (words := first_words(body)):
        raise Unreadable("it has neither title nor text")
    problems.append(Problem(place, "it has no title; its first words stand for it", "give it one", False))
    return words


def _tags(item: Element) -> Iterator[Tag]:
    seen = {"uncategorized"}
    for term in item:
        if term.get("domain") in ("category", "post_tag"):
            label = line(term.text or "")
            name = slug(unquote(term.get("nicename") or "") or label)
            if label and name not in seen:
                seen.add(name)
                yield Tag(name, label)

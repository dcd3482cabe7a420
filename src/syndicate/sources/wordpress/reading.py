"""One reading of a site, from cursor to cursor."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syndicate.model import Author, Credit, Found, Gone, Problem, SourceItem, Touched
from syndicate.sources.lines import fingerprint
from syndicate.sources.wordpress import WordPressSettings, people, posts, translation
from syndicate.sources.wordpress.api import Api, ApiRefused, Json, Page

CURSOR = "cursor"
OVERLAP = timedelta(minutes=2)
"""Read again each time: clocks differ, and what was saved within the second of the last reading."""
SCHEDULED_OVERLAP = timedelta(days=1)
"""A scheduled post comes out without being modified, as late as the site's next visitor wakes WP-Cron."""

_EMBED = "author,wp:featuredmedia,wp:term"
_IDS_AT_ONCE = 100
_PROBED = 20
_CLOSED = frozenset({400, 401, 403, 404})
_FEW = 10
# what of a post makes a change; links to the API itself and counters of plugins do not
_MARKED = (
    *("title", "content", "excerpt", "date_gmt", "date", "modified_gmt", "link", "status", "author"),
    *("coauthors", "featured_media", "categories", "tags", "lang", "translations", "language_code"),
    *("polylang_current_lang", "polylang_translations", "wpml_current_locale", "wpml_translations"),
)


class Reading:
    """State of one reading: what was seen, how far it may be trusted."""

    def __init__(
        self, settings: WordPressSettings, api: Api, known: Mapping[str, str], now: datetime
    ) -> None:
        self.settings, self.api, self.known, self.now = settings, api, known, now
        self.zone = ZoneInfo(settings.timezone)
        self.users: set[str] = set()
        self.seen: set[str] = set()
        self.gone: set[str] = set()
        self.newest: datetime | None = None
        self.oldest_failure: datetime | None = None
        self.has_moved = False

    def items(self) -> Iterator[SourceItem]:
        if self.api.credentials:
            # WordPress answers a wrong password like none at all; only this route says that it is wrong
            self.api.page("wp/v2/users/me", {"_fields": "id"})
        passes = self._passes()
        yield from self._authors(passes)
        for route in self.settings.post_types:
            for query in self._queries():
                for language in passes:
                    yield from self._listing(route, language, query)
        yield from self._trashed()
        yield from self._reconciled(passes)
        if cursor := self._cursor():
            yield Touched(CURSOR, cursor)

    # --- what to ask for

    def _passes(self) -> tuple[str, ...]:
        languages = self.settings.languages
        if len(languages) < 2:
            return ("",)
        route, newest = self.settings.post_types[0], {}
        for language in languages:
            query = {"_fields": "id", "per_page": str(_PROBED), "lang": language.lower()}
            found = self.api.page(f"wp/v2/{route}", query).items
            newest[language] = frozenset(int(item["id"]) for item in found if _has_id(item))
        return translation.passes(newest, self.settings.default_language or languages[0])

    def _queries(self) -> tuple[dict[str, str], ...]:
        """Everything the first time; then what was modified, and what came out, since the cursor."""
        try:
            cursor = datetime.fromisoformat(self.known.get(CURSOR, ""))
        except ValueError:
            return ({},)
        return (
            {"modified_after": _stamp(cursor - OVERLAP)},
            {"after": _stamp(cursor - SCHEDULED_OVERLAP)},
        )

    def _base(self, language: str) -> dict[str, str]:
        query = {"per_page": str(min(self.settings.page_size, 100)), "status": self._statuses()}
        return query | ({"lang": language.lower()} if language else {})

    def _statuses(self) -> str:
        wants_drafts = self.settings.drafts and self.api.credentials
        return "publish,future,draft,pending,private" if wants_drafts else "publish"

    # --- authors

    def _authors(self, passes: tuple[str, ...]) -> Iterator[SourceItem]:
        """All public users in every language. Where the listing is closed, posts bring their authors."""
        versions: dict[str, list[tuple[str, Json]]] = {}
        try:
            for language in passes:
                query = {"per_page": "100"} | ({"lang": language.lower()} if language else {})
                for page in self.api.pages("wp/v2/users", query):
                    for user in page.items:
                        versions.setdefault(str(user.get("id")), []).append((language, user))
        except ApiRefused as refusal:
            if refusal.status not in _CLOSED:
                raise
            return
        for number, said in versions.items():
            yield from self._author(number, said)

    def _author(self, number: str, said: list[tuple[str, Json]]) -> Iterator[SourceItem]:
        who = people.person(said[0][1])
        if who is None:
            return
        self.users.add(who.key)
        author = people.author(who, said, self.settings.languages, self.settings.url)
        mark, key = fingerprint(repr(author)), f"user/{number}"
        if self.known.get(key) != mark:
            yield Found(key, mark, authors=(author,))

    # --- posts

    def _listing(self, route: str, language: str, query: Mapping[str, str]) -> Iterator[SourceItem]:
        """Newest change first: an edit meanwhile shows a post twice, never hides one."""
        ordered = {"orderby": "modified", "order": "desc", "_embed": _EMBED}
        totals = set()
        for page in self.api.pages(f"wp/v2/{route}", {**self._base(language), **ordered, **query}):
            totals.add(page.total)
            yield from self._taken(page, language)
        self.has_moved |= len(totals) > 1

    def _taken(self, page: Page, language: str) -> Iterator[SourceItem]:
        for item in page.items:
            if _has_id(item) and str(item["id"]) not in self.seen:
                self.seen.add(str(item["id"]))
                yield from self._post(item, language)

    def _post(self, item: Json, requested: str) -> Iterator[SourceItem]:
        changed = posts.modified(item, self.zone)
        try:
            yield from self._article(item, requested)
        except (posts.Unreadable, ValueError, TypeError, AttributeError, OverflowError) as error:
            # a failure must be told again until it is mended, so the cursor stays before it
            if changed:
                self.oldest_failure = min(self.oldest_failure or changed, changed)
            reason = str(error) if isinstance(error, posts.Unreadable) else f"cannot be read ({error!r:.120})"
            advice = getattr(error, "advice", "look at the post in WordPress; other posts were read")
            yield Problem(posts.place(item), reason, advice)
        if changed:
            self.newest = max(self.newest or changed, changed)

    def _article(self, item: Json, requested: str) -> Iterator[SourceItem]:
        key, languages = str(item["id"]), self.settings.languages
        group = translation.group(item, self.known)
        mark = f"{fingerprint(_stable(item))}@{group}"
        if self.known.get(key) == mark:
            return
        language = posts.language_of(item, requested, languages, self.settings.default_language)
        if left_out := self._left_out(item, language):
            yield Found(key, mark, problems=(left_out,))
            return
        credits_, authors = self._credits(item, language)
        manuscript, problems = posts.manuscript(
            item,
            source=self.settings.name,
            language=language,
            group=group,
            credits_=credits_,
            zone=self.zone,
        )
        unlisted = tuple(author for author in authors if author.key not in self.users)
        yield Found(key, mark, (manuscript,), unlisted, problems)

    def _left_out(self, item: Json, language: str) -> Problem | None:
        """Posts that are read well and yet not for our readers."""
        content = item.get("content")
        if isinstance(content, dict) and content.get("protected"):
            return Problem(posts.place(item), "is protected by a password and was left out", fatal=False)
        if self.settings.languages and language not in self.settings.languages:
            reason = f"is in {language}, which is not among the languages of this source, and was left out"
            return Problem(posts.place(item), reason, "add the language if it is wanted", fatal=False)
        return None

    def _credits(self, item: Json, language: str) -> tuple[tuple[Credit, ...], tuple[Author, ...]]:
        together = self._coauthors(item)
        pairs = [(who, user) for user in together if (who := people.person(user))]
        if not pairs:
            return posts.embedded_authors(item, self.settings.languages, language)
        languages, here = self.settings.languages, posts.place(item)
        authors = tuple(people.author(who, [(language, user)], languages, here) for who, user in pairs)
        return tuple(who for who, _ in pairs), authors

    def _coauthors(self, item: Json) -> list[Json]:
        """Everybody Co-Authors Plus credits: inline, or from its own route when the post has its taxonomy."""
        inline = item.get("coauthors")
        if isinstance(inline, list) and inline and isinstance(inline[0], dict):
            return [one for one in inline if isinstance(one, dict)]
        if not inline and not _has_author_terms(item):
            return []
        try:
            return list(self.api.page("coauthors/v1/coauthors", {"post_id": str(item["id"])}).items)
        except ApiRefused:
            return []

    # --- what is there no more

    def _trashed(self) -> Iterator[SourceItem]:
        """With a password the trash can be looked into; a user who may not is no failure."""
        if not self.api.credentials or CURSOR not in self.known:
            return
        try:
            for route in self.settings.post_types:
                query = {"status": "trash", "_fields": "id", "per_page": str(_IDS_AT_ONCE)}
                for page in self.api.pages(f"wp/v2/{route}", query):
                    for item in page.items:
                        yield from self._missing(str(item.get("id")))
        except ApiRefused as refusal:
            if refusal.status not in _CLOSED:
                raise

    def _missing(self, key: str) -> Iterator[SourceItem]:
        if key in self.known and key not in self.gone and key not in self.seen:
            self.gone.add(key)
            yield Gone(key)

    def _reconciled(self, passes: tuple[str, ...]) -> Iterator[SourceItem]:
        """If the site counts other posts than we do, go through its ids: what is missing, what was missed."""
        held = {key for key in self.known if key.isdecimal()}
        if not held or len((held | self.seen) - self.gone) == self._total(passes):
            return
        listed: set[str] = set()
        for route in self.settings.post_types:
            for language in passes:
                there = self._ids(route, language)
                listed |= there
                yield from self._missed(route, language, sorted(there - held - self.seen, key=int))
        yield from self._vanished(sorted(held - listed, key=int), len(held))

    def _vanished(self, keys: list[str], held: int) -> Iterator[SourceItem]:
        """Gone, each of them; unless so many went at once that the site is more likely to be at fault."""
        if len(keys) > max(_FEW, held * self.settings.most_gone):
            reason = f"{len(keys)} of {held} known posts are listed no more; they were kept"
            advice = "mend the site, or set most_gone = 1 for this source if they were really taken out"
            yield Problem(self.settings.url, reason, advice)
            return
        for key in keys:
            yield from self._missing(key)

    def _total(self, passes: tuple[str, ...]) -> int:
        return sum(
            self.api.page(f"wp/v2/{route}", {**self._base(language), "per_page": "1", "_fields": "id"}).total
            for route in self.settings.post_types
            for language in passes
        )

    def _ids(self, route: str, language: str) -> set[str]:
        query = {**self._base(language), "per_page": str(_IDS_AT_ONCE), "_fields": "id", "orderby": "id"}
        pages = self.api.pages(f"wp/v2/{route}", query)
        return {str(item["id"]) for page in pages for item in page.items if _has_id(item)}

    def _missed(self, route: str, language: str, keys: list[str]) -> Iterator[SourceItem]:
        size = min(self.settings.page_size, _IDS_AT_ONCE)
        for start in range(0, len(keys), size):
            wanted = {"include": ",".join(keys[start : start + size]), "_embed": _EMBED}
            for page in self.api.pages(f"wp/v2/{route}", {**self._base(language), **wanted}):
                yield from self._taken(page, language)

    def _cursor(self) -> str:
        """The newest change seen, before any failure; what it was if the listing moved under our hands."""
        before = self.known.get(CURSOR, "")
        if self.has_moved or self.newest is None:
            return ""
        newest = min(self.newest, self.oldest_failure or self.newest)
        return _stamp(newest) if not before or _stamp(newest) > before else ""


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _has_id(item: Json) -> bool:
    return isinstance(item.get("id"), int)


def _has_author_terms(item: Json) -> bool:
    held = item.get("_links")
    terms = held.get("wp:term") if isinstance(held, dict) else None
    listed = terms if isinstance(terms, list) else []
    return any(isinstance(term, dict) and term.get("taxonomy") == "author" for term in listed)


def _stable(item: Json) -> str:
    """The marked fields and the names of the terms as one text."""
    kept = {name: item[name] for name in _MARKED if name in item}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False) + repr(posts.embedded(item, "wp:term"))

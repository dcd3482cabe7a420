"""Which article a manuscript is, and which story it belongs to.

    manuscript -> known key? -> same article
               -> permanent id, or title and body, of one whose key is gone? -> same article, renamed
               -> none -> a new article, of the story its group names

An identity is made once, from where the article was first seen, and then kept: it survives changes of slug,
title, domain and language (DESIGN section 4, ``docs/reference`` on feeds: ids are never derived from addresses).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from syndicate.model import Article, ArticleState, HeldArticle, Manuscript, Problem

SEEN = (
    "language",
    "title",
    "summary",
    "url",
    "body_html",
    "footnotes",
    "images",
    "tags",
    "authors",
    "translators",
    "series",
    "state",
    "state_note",
    "published",
)
"""What a reader sees of an article: a change of these is a change of its feed entry."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An article with its identity; ``is_new`` and ``has_changed`` say what there is to do."""

    article: Article
    item: str
    likeness: str
    is_new: bool
    has_changed: bool
    problems: tuple[Problem, ...] = ()


class Ledger:
    """The identities of one source. Feed it manuscripts in the order in which they should be numbered.

    ``baseline`` is the hour of the source's first ingest (None: this is it): what arrives later with an
    older date counts as available from its arrival, so that no issue's window misses it.
    """

    def __init__(
        self,
        authority: str,
        held: Iterable[HeldArticle],
        next_sequence: int,
        baseline: datetime | None,
        now: datetime,
    ) -> None:
        self.authority, self.sequence, self.baseline, self.now = authority, next_sequence, baseline, now
        self.by_key: dict[str, HeldArticle] = {}
        self.released: dict[str, dict[str, HeldArticle]] = {}
        self.by_item: dict[str, set[str]] = {}
        self.slots: dict[tuple[str, str], str] = {}
        self.members: dict[tuple[str, str], set[str]] = {}
        self.stories: dict[str, str] = {}
        self.taken: set[str] = set()
        for one in sorted(held, key=lambda one: (one.state is not ArticleState.WITHDRAWN, one.sequence)):
            self._learn(one)
            if one.state is ArticleState.WITHDRAWN:
                self._release(one)

    def release(self, item: str) -> None:
        """The source holds ``item`` no more: what it held may be found again under another key."""
        for one in self.held_by(item):
            self._release(one)

    def held_by(self, item: str) -> tuple[HeldArticle, ...]:
        """What the source key ``item`` holds, as far as it was not found again under another."""
        return tuple(self.by_key[key] for key in sorted(self.by_item.get(item, ())))

    def place(self, manuscript: Manuscript, item: str) -> Placed:
        """Give the manuscript its identity, dates and story."""
        mark = likeness(manuscript)
        before = self._recognise(manuscript, mark)
        manuscript, story, problems = self._join(manuscript, before)
        article = self._new(manuscript, story) if before is None else self._again(manuscript, story, before)
        now_held = _held(article, item, mark)
        self._learn(now_held, before)
        return Placed(article, item, mark, before is None, now_held != before, problems)

    def _recognise(self, manuscript: Manuscript, mark: str) -> HeldArticle | None:
        if manuscript.key in self.by_key:
            return self.by_key[manuscript.key]
        for sign in filter(None, (manuscript.permanent_id, mark)):
            found = sorted(
                self.released.get(sign, {}).values(),
                key=lambda one: (one.language != manuscript.language, one.sequence),
            )
            if found:
                return found[0]
        return None

    def _release(self, one: HeldArticle) -> None:
        for sign in filter(None, (one.permanent_id, one.likeness)):
            self.released.setdefault(sign, {})[one.id] = one

    def _is_released(self, one: HeldArticle) -> bool:
        return one.id in self.released.get(one.likeness, {})

    def _join(
        self, manuscript: Manuscript, before: HeldArticle | None
    ) -> tuple[Manuscript, str, tuple[Problem, ...]]:
        """The story it belongs to. It has one article per language: a second one becomes its own, and that is said."""
        story = self._story(manuscript, before)
        holder = self._holder(story, manuscript, before)
        if holder is None:
            return manuscript, story, ()
        problem = Problem(
            place=f"{manuscript.source}: {manuscript.key}",
            reason=f"the story already has an article in {manuscript.language}: {holder}",
            advice="give them different translation keys, or languages; until then this is a story of its own",
            fatal=False,
        )
        apart = replace(manuscript, group=f"{manuscript.group}#{manuscript.key}")
        story = self._story(apart, before)
        if self._holder(story, apart, before):
            story = self._new_story(apart)
        return apart, story, (problem,)

    def _holder(self, story: str, manuscript: Manuscript, before: HeldArticle | None) -> str | None:
        """The key of the other article that is the story's version in this language, unless it is gone."""
        holder = self.slots.get((story, manuscript.language))
        if holder in {None, manuscript.key, before and before.key}:
            return None
        is_out = manuscript.state is not ArticleState.WITHDRAWN and not self._is_released(self.by_key[holder])
        return holder if is_out else None

    def _new(self, manuscript: Manuscript, story: str) -> Article:
        sequence, self.sequence = self.sequence, self.sequence + 1
        backdated = self.baseline is not None and manuscript.published < self.now
        return _article(
            manuscript,
            id=self._fresh(f"tag:{self.authority}:", manuscript.source, manuscript.key),
            story=story,
            sequence=sequence,
            available=self.now if backdated else manuscript.published,
            changed=max(manuscript.published, min(manuscript.updated or manuscript.published, self.now)),
            content_hash=content_hash(manuscript),
        )

    def _again(self, manuscript: Manuscript, story: str, before: HeldArticle) -> Article:
        new_hash = content_hash(manuscript)
        same = new_hash == before.content_hash and manuscript.state is before.state
        return _article(
            manuscript,
            id=before.id,
            story=story,
            sequence=before.sequence,
            available=self._available_again(manuscript, before),
            changed=max(before.changed, manuscript.published) if same else self._changed(manuscript, before),
            content_hash=new_hash,
        )

    def _available_again(self, manuscript: Manuscript, before: HeldArticle) -> datetime:
        """What was not out yet follows its date, but never into the past: an issue's window may be closed there.

        A draft that comes out counts from now; the rest stays.
        """
        comes_out = before.state is ArticleState.DRAFT and manuscript.state is not ArticleState.DRAFT
        if before.available > self.now or comes_out:
            return max(manuscript.published, self.now)
        return before.available

    def _changed(self, manuscript: Manuscript, before: HeldArticle) -> datetime:
        """The date the source gives if it moved forward, else the hour at which we saw the change."""
        if manuscript.updated and before.changed < manuscript.updated <= self.now:
            return max(manuscript.updated, manuscript.published)
        return max(self.now, manuscript.published)

    def _story(self, manuscript: Manuscript, before: HeldArticle | None) -> str:
        """The story its group names; a group renamed as a whole keeps its story."""
        if before and manuscript.group == before.group:
            return before.story
        known = self.stories.get(manuscript.group)
        if known or before is None or self._leaves_others(before):
            return known or self._new_story(manuscript)
        return before.story

    def _leaves_others(self, one: HeldArticle) -> bool:
        left = self.members.get((one.group, one.story), set()) - {one.key}
        return any(not self._is_released(self.by_key[key]) for key in left)

    def _new_story(self, manuscript: Manuscript) -> str:
        return self._fresh("", "story", manuscript.source, manuscript.group)

    def _fresh(self, prefix: str, *parts: str) -> str:
        """A name made from ``parts``: the same in a database made anew, but never one that is taken.

        What was named after a path keeps its name when it is renamed; somebody else may then have the path.
        """
        again = 0
        while (name := prefix + _digest(*parts, *(("again", str(again)) if again else ()))) in self.taken:
            again += 1
        return name

    def _learn(self, one: HeldArticle, before: HeldArticle | None = None) -> None:
        if before is not None:
            self._unlearn(before)
        self.by_key[one.key] = one
        self.by_item.setdefault(one.item, set()).add(one.key)
        if one.state is not ArticleState.WITHDRAWN:
            self.slots[one.story, one.language] = one.key
        self.members.setdefault((one.group, one.story), set()).add(one.key)
        self.stories[one.group] = one.story
        self.taken.update((one.id, one.story))

    def _unlearn(self, one: HeldArticle) -> None:
        self.by_key.pop(one.key, None)
        self.by_item.get(one.item, set()).discard(one.key)
        for sign in (one.permanent_id, one.likeness):
            self.released.get(sign, {}).pop(one.id, None)
        if self.slots.get((one.story, one.language)) == one.key:
            del self.slots[one.story, one.language]
        members = self.members.get((one.group, one.story), set())
        members.discard(one.key)
        if not members and self.stories.get(one.group) == one.story:
            del self.stories[one.group]


def likeness(manuscript: Manuscript) -> str:
    """What stays the same when a file is renamed or its language relabelled: title and body."""
    return _digest("likeness", manuscript.title, manuscript.body_html, length=64)


def content_hash(manuscript: Manuscript) -> str:
    """sha256 hex over all that a reader sees (:data:`SEEN`)."""
    return _digest(*(_seen(getattr(manuscript, name)) for name in SEEN), length=64)


def _seen(value: Any) -> str:
    """The same text for the same moment, whatever object stands for UTC in it."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else repr(value)


def _digest(*parts: str, length: int = 20) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:length]


def _article(manuscript: Manuscript, **place: Any) -> Article:
    values: dict[str, Any] = {f.name: getattr(manuscript, f.name) for f in fields(Manuscript)}
    return Article(**values, **place)


def _held(article: Article, item: str, mark: str) -> HeldArticle:
    return HeldArticle(
        id=article.id,
        story=article.story,
        language=article.language,
        sequence=article.sequence,
        key=article.key,
        item=item,
        group=article.group,
        permanent_id=article.permanent_id,
        likeness=mark,
        state=article.state,
        published=article.published,
        available=article.available,
        changed=article.changed,
        content_hash=article.content_hash,
    )

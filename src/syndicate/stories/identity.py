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
from datetime import datetime
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
        self.released: dict[str, HeldArticle] = {}
        self.by_item: dict[str, set[str]] = {}
        self.slots: dict[tuple[str, str], str] = {}
        self.stories: dict[str, str] = {}
        for one in held:
            self._learn(one)

    def release(self, item: str) -> None:
        """The source holds ``item`` no more: what it held may be found again under another key."""
        for one in self.held_by(item):
            self.released[one.likeness] = one
            if one.permanent_id:
                self.released[one.permanent_id] = one

    def held_by(self, item: str) -> tuple[HeldArticle, ...]:
        """What the source key ``item`` holds, as far as it was not found again under another."""
        return tuple(self.by_key[key] for key in sorted(self.by_item.get(item, ())))

    def place(self, manuscript: Manuscript, item: str) -> Placed:
        """Give the manuscript its identity, dates and story."""
        mark = likeness(manuscript)
        before = self._recognise(manuscript, mark)
        manuscript, problems = self._unclash(manuscript, before)
        article = self._new(manuscript) if before is None else self._again(manuscript, before)
        self._learn(_held(article, item, mark), before)
        changed = before is None or before.content_hash != article.content_hash or before.item != item
        return Placed(article, item, mark, before is None, changed, problems)

    def _recognise(self, manuscript: Manuscript, mark: str) -> HeldArticle | None:
        if manuscript.key in self.by_key:
            return self.by_key[manuscript.key]
        return self.released.get(manuscript.permanent_id) or self.released.get(mark)

    def _unclash(
        self, manuscript: Manuscript, before: HeldArticle | None
    ) -> tuple[Manuscript, tuple[Problem, ...]]:
        """A story has one article per language: a second one becomes a story of its own, and that is said."""
        holder = self.slots.get((manuscript.group, manuscript.language))
        if holder is None or holder == manuscript.key or (before and before.key == holder):
            return manuscript, ()
        problem = Problem(
            place=f"{manuscript.source}: {manuscript.key}",
            reason=f"the story already has an article in {manuscript.language}: {holder}",
            advice="give them different translation keys, or languages; until then this is a story of its own",
            fatal=False,
        )
        return replace(manuscript, group=f"{manuscript.group}#{manuscript.key}"), (problem,)

    def _new(self, manuscript: Manuscript) -> Article:
        sequence, self.sequence = self.sequence, self.sequence + 1
        backdated = self.baseline is not None and manuscript.published < self.now
        return _article(
            manuscript,
            id=f"tag:{self.authority}:{_digest(manuscript.source, manuscript.key)}",
            story=self._story(manuscript),
            sequence=sequence,
            available=self.now if backdated else manuscript.published,
            changed=max(manuscript.published, manuscript.updated or manuscript.published),
            content_hash=content_hash(manuscript),
        )

    def _again(self, manuscript: Manuscript, before: HeldArticle) -> Article:
        new_hash = content_hash(manuscript)
        same = new_hash == before.content_hash
        return _article(
            manuscript,
            id=before.id,
            story=before.story if before.group == manuscript.group else self._story(manuscript),
            sequence=before.sequence,
            available=self._available_again(manuscript, before),
            changed=before.changed if same else self._changed(manuscript, before),
            content_hash=new_hash,
        )

    def _available_again(self, manuscript: Manuscript, before: HeldArticle) -> datetime:
        """What was not out yet follows its date; a draft that comes out counts from now; the rest stays."""
        if before.available > self.now:
            return (
                max(manuscript.published, self.now)
                if before.state is ArticleState.DRAFT
                else manuscript.published
            )
        if before.state is ArticleState.DRAFT and manuscript.state is ArticleState.PUBLISHED:
            return max(manuscript.published, self.now)
        return before.available

    def _changed(self, manuscript: Manuscript, before: HeldArticle) -> datetime:
        """The date the source gives if it moved forward, else the hour at which we saw the change."""
        if manuscript.updated and before.changed < manuscript.updated <= self.now:
            return manuscript.updated
        return max(self.now, manuscript.published)

    def _story(self, manuscript: Manuscript) -> str:
        return self.stories.get(manuscript.group) or _digest("story", manuscript.source, manuscript.group)

    def _learn(self, one: HeldArticle, before: HeldArticle | None = None) -> None:
        if before is not None:
            self._unlearn(before)
        self.by_key[one.key] = one
        self.by_item.setdefault(one.item, set()).add(one.key)
        self.slots[one.group, one.language] = one.key
        self.stories.setdefault(one.group, one.story)

    def _unlearn(self, one: HeldArticle) -> None:
        self.by_key.pop(one.key, None)
        self.by_item.get(one.item, set()).discard(one.key)
        self.released.pop(one.likeness, None)
        self.released.pop(one.permanent_id, None)
        if self.slots.get((one.group, one.language)) == one.key:
            del self.slots[one.group, one.language]


def likeness(manuscript: Manuscript) -> str:
    """What stays the same when a file is renamed or its language relabelled: title and body."""
    return _digest("likeness", manuscript.title, manuscript.body_html, length=64)


def content_hash(manuscript: Manuscript) -> str:
    """sha256 hex over all that a reader sees (:data:`SEEN`)."""
    return _digest(*(repr(getattr(manuscript, name)) for name in SEEN), length=64)


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

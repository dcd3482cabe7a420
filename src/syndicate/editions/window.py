"""Whether one story belongs into an issue for readers of given languages. Pure; every answer has a reason.

A version *counts* once it has been left unchanged for a while (``settle``). A story becomes *ready* for a group of
readers once: when it counts in their first language, or when it counts in another language they accept and the wait
for a translation is over, whichever is earlier. It belongs to the issue in whose window that hour falls, so no story
falls between two issues and none into both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syndicate.languages import match
from syndicate.model import Article, Choice, Newsletter, Story, Verdict


@dataclass(frozen=True, slots=True)
class Versions:
    """A story as one group may read it: in their first language, and in others they accept, best first."""

    own: Article | None
    others: tuple[Article, ...]


def decide(
    story: Story, newsletter: Newsletter, reads: Sequence[str], since: datetime | None, cutoff: datetime
) -> Choice:
    """The verdict on ``story`` for readers of ``reads`` (first preference first) in the window (since, cutoff]."""
    if not story.published:
        return Choice(story.id, Verdict.WITHDRAWN, detail=_note(story))
    if not belongs(story, newsletter):
        return Choice(story.id, Verdict.FILTERED)
    versions = readable(story, reads, newsletter.fallback)
    ready = ready_at(versions, newsletter)
    if ready is None:
        return Choice(story.id, Verdict.NO_LANGUAGE, detail=", ".join(a.language for a in story.published))
    if ready > cutoff:
        return Choice(story.id, _not_ready(versions, newsletter, cutoff), detail=f"until {_utc(ready)}")
    if since is not None and ready <= since:
        return Choice(story.id, Verdict.TOO_OLD, detail=f"ready {_utc(ready)}")
    return _chosen(story, newsletter, versions, cutoff)


def belongs(story: Story, newsletter: Newsletter) -> bool:
    """Whether any version has a tag, author or source that the newsletter takes; without filters all belong."""
    if not (newsletter.tags or newsletter.authors or newsletter.sources):
        return True
    return any(
        a.source in newsletter.sources
        or any(tag.slug in newsletter.tags for tag in a.tags)
        or any(credit.key in newsletter.authors for credit in a.authors)
        for a in story.published
    )


def readable(story: Story, reads: Sequence[str], fallback: Sequence[str]) -> Versions:
    """The versions a reader of ``reads`` accepts, the newsletter's fallback languages last."""
    by_language = {a.language: a for a in story.published}
    own = match(reads[0], by_language)
    accepted: list[Article] = []
    for wanted in (*reads[1:], *fallback):
        found = match(wanted, by_language)
        if found and found != own and by_language[found] not in accepted:
            accepted.append(by_language[found])
    return Versions(by_language[own] if own else None, tuple(accepted))


class Timed(Protocol):
    """When an article was out, and when it was last changed."""

    @property
    def available(self) -> datetime: ...
    @property
    def changed(self) -> datetime: ...


def counts_at(article: Timed, newsletter: Newsletter) -> datetime:
    """When an article counts: once nobody has changed it for ``settle``, at the latest ``settle_at_most`` after it
    was out. An article that is changed all the time is not put off for ever."""
    if not newsletter.settle:
        return article.available
    quiet = max(article.changed, article.available) + newsletter.settle
    return max(article.available, min(quiet, article.available + newsletter.settle_at_most))


def awaited_until(published: Iterable[Timed], newsletter: Newsletter) -> datetime | None:
    """Until when translations of a story that has these versions are waited for; None when it has none."""
    counted = [counts_at(one, newsletter) for one in published]
    return min(counted) + newsletter.wait_for_translation if counted else None


def ready_at(versions: Versions, newsletter: Newsletter) -> datetime | None:
    """When the story became sendable to the group; None when it is in no language they accept.

    A translation that is out before the wait for it is over is not overtaken because it has not settled.
    """
    own = counts_at(versions.own, newsletter) if versions.own else None
    if not versions.others:
        return own
    borrowed = min(counts_at(a, newsletter) for a in versions.others) + newsletter.wait_for_translation
    if versions.own and versions.own.available <= borrowed:
        return own
    return borrowed


def _not_ready(versions: Versions, newsletter: Newsletter, cutoff: datetime) -> Verdict:
    if versions.own and versions.own.available <= cutoff:
        return Verdict.NOT_SETTLED
    if any(counts_at(a, newsletter) <= cutoff for a in versions.others):
        return Verdict.WAITING
    is_out = any(a.available <= cutoff for a in versions.others)
    return Verdict.NOT_SETTLED if is_out else Verdict.NOT_YET


def _chosen(story: Story, newsletter: Newsletter, versions: Versions, cutoff: datetime) -> Choice:
    if versions.own and counts_at(versions.own, newsletter) <= cutoff:
        return Choice(story.id, Verdict.IN, versions.own.id, versions.own.language)
    best = next(a for a in versions.others if counts_at(a, newsletter) <= cutoff)
    return Choice(story.id, Verdict.IN_FALLBACK, best.id, best.language)


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _note(story: Story) -> str:
    return next((a.state_note for a in story.articles if a.state_note), "")

"""Withdraw: a story, or one language version of it, is told no more, whatever its source says; and put back.

    look (what that will do) -> withdraw -> feeds: a tombstone; archive: gone           } at the next publishing
                                         -> issues that are leaving: paused             } at once
                                         -> issues that can be taken back: taken back   }
                                         -> issues that wait: made again without it     }
    put back -> the article as its source has it by now

What went out stays out: no mail can be called back.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syndicate.flows import control
from syndicate.flows.approve import take_back
from syndicate.flows.house import House
from syndicate.flows.prepare import apply
from syndicate.flows.reach import Reach, reach, tellings_of
from syndicate.flows.seen import OUTDATED, Outdated
from syndicate.languages import match, visible
from syndicate.model import (
    Actor,
    Article,
    Issue,
    IssueState,
    NotFound,
    Story,
    SyndicateError,
    UnsafeValue,
    Verdict,
)
from syndicate.store import Connection, articles, audit, cards, corrections, issues, told
from syndicate.store.corrections import NOTE, WITHDRAWAL, Correction
from syndicate.store.told import Telling

LONGEST_REASON = 1000
REASON_TOO_LONG = "The note is too long: 1,000 characters at most."
NO_VERSION = "The story has no version in that language that could be withdrawn."


class Upshot(StrEnum):
    """What a withdrawal does to an issue that tells the story."""

    MADE_AGAIN = "made again"
    TAKEN_BACK = "taken back"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Affected:
    """An issue that tells the story and is not done, and what becomes of it."""

    issue: Issue
    upshot: Upshot


@dataclass(frozen=True, slots=True)
class Held:
    """A story for those who correct and withdraw: its versions, and what staff said of each, by article.

    ``title`` is in ``language``. ``mark`` changes with whatever is said of it (see ``seen``).
    """

    story: Story
    title: str
    language: str
    withdrawals: Mapping[str, Correction]
    notes: Mapping[str, Correction]
    mark: str

    @property
    def out(self) -> tuple[Article, ...]:
        """The versions that could be withdrawn, or corrected."""
        return self.story.published


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a withdrawal would do. ``chosen`` are the articles; ``reached`` who got these already."""

    held: Held
    chosen: tuple[Article, ...]
    affected: tuple[Affected, ...]
    reached: tuple[Reach, ...]

    @property
    def people(self) -> int:
        """Who got it, each mail counted."""
        return sum(one.got for one in self.reached)


def subject_of(story: str) -> str:
    """What the audit log calls a story."""
    return f"story {story}"


def held(connection: Connection, house: House, story: str, language: str = "") -> Held:
    """With its title in ``language``, where it has one. Raises NotFound."""
    found = articles.light(connection, [story]).get(story)
    if found is None:
        raise NotFound(f"there is no story {story}; the console lists them")
    order = {tag: n for n, tag in enumerate(house.site.languages)}
    found = Story(story, tuple(sorted(found.articles, key=lambda one: order.get(one.language, len(order)))))
    titles = {one.language: one.title for one in reversed(found.articles)}
    wanted = (language, *house.site.languages, *titles)
    spoken = next(tag for one in wanted if one and (tag := match(one, titles)))
    return Held(
        found,
        titles[spoken],
        spoken,
        corrections.of_story(connection, story, WITHDRAWAL),
        corrections.of_story(connection, story, NOTE),
        str(audit.last(connection, subject_of(story))),
    )


def known(house: House, story: str, language: str) -> Held:
    """What staff said of it, with its title in ``language``, where it has one. Raises NotFound."""
    with house.database.read() as connection:
        return held(connection, house, story, language)


def outlook(house: House, story: str, only: str, language: str, now: datetime) -> Outlook:
    """What it would do to withdraw a story, ``only`` in one language (empty: in all). Raises NotFound."""
    tellings = tellings_of(house, story)
    with house.database.read() as connection:
        found = held(connection, house, story, language)
        chosen = _chosen(found, only)
        affected = tuple(_affected(connection, tellings, chosen, now))
    languages = {one.language for one in chosen}
    reached = tuple(one for one in reach(house, tellings, now) if one.language in languages)
    return Outlook(found, chosen, affected, reached)


def withdraw(
    house: House, story: str, only: str, note: str, actor: Actor, now: datetime, seen: str | None = None
) -> tuple[Affected, ...]:
    """Withdraw a story, ``only`` in one language (empty: in all, and in those it is translated into later).

    ``note`` is what readers of feeds are told, if anything. Asked again, it changes nothing. Returns what became of the
    issues that told it. Raises NotFound, UnsafeValue for a note that is too long, SyndicateError where there is nothing
    to withdraw, Outdated.
    """
    told_why = reason_of(note)
    tellings = tellings_of(house, story)
    with house.database.begin() as connection:
        found = held(connection, house, story)
        if _is_done(found, only):
            return ()
        _check(found, seen)
        chosen = _chosen(found, only)
        if not chosen:
            raise SyndicateError(NO_VERSION)
        affected = tuple(_affected(connection, tellings, chosen, now))
        named = [one.id for one in (chosen if only else found.story.articles)]
        corrections.withdraw(connection, story, named, told_why, actor, now, is_whole=not only)
        cards.refresh(connection, cards.stories_of(connection, named))
        languages = sorted(one.language for one in chosen)
        audit.note(connection, actor, "story.withdraw", subject_of(story), now, languages=languages)
    for one in affected:
        _settle(house, one, actor, now)
    return affected


def put_back(
    house: House, story: str, only: str, actor: Actor, now: datetime, seen: str | None = None
) -> tuple[str, ...]:
    """Undo it, ``only`` in one language (empty: in all); the languages. Issues that wait may tell the story again.

    Asked again, it changes nothing. Raises NotFound, Outdated.
    """
    with house.database.begin() as connection:
        found = held(connection, house, story)
        back = [
            one for one in found.story.articles if one.id in found.withdrawals and only in ("", one.language)
        ]
        if not back:
            return ()
        _check(found, seen)
        ids = [one.id for one in back]
        corrections.put_back(connection, story, ids, now)
        cards.refresh(connection, cards.stories_of(connection, ids))
        languages = sorted(one.language for one in back)
        audit.note(connection, actor, "story.put-back", subject_of(story), now, languages=languages)
        waiting = list(_waiting(connection, story))
    for number in waiting:
        make_again(house, number, now)
    return tuple(languages)


def reason_of(text: str) -> str:
    """One line of plain text. Raises UnsafeValue when it is too long."""
    told_why = visible(text).strip()
    if len(told_why) > LONGEST_REASON:
        raise UnsafeValue(REASON_TOO_LONG)
    return told_why


def _is_done(found: Held, only: str) -> bool:
    """Whether all that is to be withdrawn is, by staff, in this way."""
    said = [found.withdrawals.get(one.id) for one in found.story.articles if only in ("", one.language)]
    return bool(said) and all(one and (only or one.is_whole) for one in said)


def _check(found: Held, seen: str | None) -> None:
    if seen is not None and seen != found.mark:
        raise Outdated(OUTDATED)


def _chosen(found: Held, only: str) -> tuple[Article, ...]:
    return tuple(one for one in found.out if only in ("", one.language))


def _affected(
    connection: Connection, tellings: Collection[Telling], chosen: Collection[Article], now: datetime
) -> Iterator[Affected]:
    ids = {one.id for one in chosen}
    for number in sorted({one.issue for one in tellings}):
        issue = issues.get(connection, number)
        upshot = _upshot(issue, now)
        if upshot and ids & issues.chosen(connection, number):
            yield Affected(issue, upshot)


def _upshot(issue: Issue, now: datetime) -> Upshot | None:
    """None for what is over."""
    match issue.state:
        case IssueState.PLANNED:
            return Upshot.CANCELLED if issue.corrects else Upshot.MADE_AGAIN
        case IssueState.APPROVED if issue.is_held(now):
            return Upshot.CANCELLED if issue.corrects else Upshot.TAKEN_BACK
        case IssueState.APPROVED | IssueState.SENDING | IssueState.PAUSED:
            return Upshot.PAUSED
    return None


def _settle(house: House, one: Affected, actor: Actor, now: datetime) -> None:
    """What somebody else did to the issue meanwhile stands: nothing that tells what was withdrawn is approved."""
    number = one.issue.id
    with suppress(SyndicateError):
        match one.upshot:
            case Upshot.PAUSED:
                control.pause(house, number, actor, now)
            case Upshot.CANCELLED:
                control.cancel(house, number, actor, now)
            case Upshot.TAKEN_BACK:
                _take_back(house, number, actor, now)
            case Upshot.MADE_AGAIN:
                make_again(house, number, now)


def _take_back(house: House, number: int, actor: Actor, now: datetime) -> None:
    try:
        take_back(house, number, actor, now)
    except SyndicateError:
        control.pause(house, number, actor, now)
    else:
        make_again(house, number, now)


def make_again(house: House, number: int, now: datetime) -> None:
    """Decide and render a planned issue once more. One whose newsletter is none any more stays as it is."""
    with suppress(SyndicateError):
        apply(house, number, now, anyway=True)


def _waiting(connection: Connection, story: str) -> Iterator[int]:
    """Planned issues that left it out because it was withdrawn."""
    for issue in told.open_issues(connection):
        made = issues.choices(connection, issue.id).values()
        if issue.state is IssueState.PLANNED and any(
            looked_at == story and verdict == Verdict.WITHDRAWN
            for choices in made
            for looked_at, verdict, *_ in choices
        ):
            yield issue.id

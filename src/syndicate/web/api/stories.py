"""Stories in all their languages, and the sources that they come from."""

from datetime import datetime
from typing import Any

from syndicate.feeds import FeedScope
from syndicate.flows import shelf
from syndicate.flows.shelf import Copy, Origin, Spine, Verdicts
from syndicate.model import ArticleState, Role, Verdict
from syndicate.store.cards import Wanted
from syndicate.store.sources import Noted
from syndicate.stories.standing import Version
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.problems import wrong
from syndicate.web.api.shapes import Cursor, Given, Line, Nothing, Told, cursor, place


class StoriesWanted(Given):
    """Those with every word of `words`; lacking the language `without`; `unsent`: in no issue yet."""

    words: Line = ""
    without: Line = ""
    unsent: bool = False
    cursor: Cursor | None = None


class VersionTold(Told):
    """`at` is since when it is out, changed or withdrawn, or until when it is awaited."""

    language: str
    version: Version
    at: datetime | None


class ToldIn(Told):
    """An issue that tells it. `people` it was handed over to, null while nobody counted."""

    issue: int
    newsletter: str
    name: str
    is_gone: bool
    people: int | None


class LackTold(Told):
    """What is wanting in a language: bios of these people, sources of these notes."""

    language: str
    bios: list[str]
    notes: list[int]


class StoryLineTold(Told):
    """`title` is in `language`."""

    id: str
    title: str
    language: str
    latest: datetime
    versions: list[VersionTold]
    authors: list[str]
    issues: list[ToldIn]
    lacks: list[LackTold]


class StoriesTold(Told):
    items: list[StoryLineTold]
    next: str | None


class FeedTold(Told):
    scope: FeedScope
    slug: str
    url: str


class ArticleTold(Told):
    id: str
    language: str
    title: str
    url: str
    summary: str
    state: ArticleState
    state_note: str
    published: datetime
    available: datetime
    changed: datetime
    authors: list[str]
    translators: list[str]
    tags: list[str]
    feeds: list[FeedTold]


class ChoiceTold(Told):
    """Why it is in an issue or not, for readers of a language; `issue` is null for the one to come."""

    newsletter: str
    issue: int | None
    language: str
    verdict: Verdict
    detail: str


class ProblemTold(Told):
    """Of what is at fault at a source; `is_fatal`: it was left out."""

    source: str
    item: str
    reason: str
    is_fatal: bool
    at: datetime


class StoryTold(Told):
    story: StoryLineTold
    articles: list[ArticleTold]
    choices: list[ChoiceTold]
    problems: list[ProblemTold]


class SourceTold(Told):
    """`read_at` is when it was last read to its end. `left_out` and `warnings` count all its problems."""

    name: str
    read_at: datetime | None
    articles: int
    left_out: int
    warnings: int
    problems: list[ProblemTold]


class SourcesTold(Told):
    items: list[SourceTold]


def stories(gate: Gate) -> None:
    @gate.look("/api/stories", Role.VIEWER, StoriesWanted, StoriesTold)
    def every(call: Call[StoriesWanted]) -> StoriesTold:
        """Stories, newest first, 30 at a time."""
        given = call.given
        if given.without and given.without not in call.house.site.languages:
            raise wrong("without", f"is not one of {', '.join(call.house.site.languages)}")
        wanted = Wanted(given.words.strip()[:200], given.without, given.unsent)
        before = place(given.cursor) if given.cursor else None
        found = shelf.shelf(call.house, wanted, _language(call), call.now, before)
        last = found.older
        return StoriesTold(
            items=[_line(one) for one in found.stories],
            next=cursor(last.latest, last.story) if last else None,
        )

    @gate.look("/api/stories/{story}", Role.VIEWER, Nothing, StoryTold)
    def one(call: Call[Nothing]) -> StoryTold:
        """One story: its versions, and why it is in which issue or not."""
        found = shelf.volume(call.house, call.name("story"), _language(call), call.now)
        made = [*found.past, *found.coming]
        return StoryTold(
            story=_line(found.spine),
            articles=[_article(one) for one in found.copies],
            choices=[choice for verdicts in made for choice in _choices(verdicts)],
            problems=[_problem(one) for one in found.problems],
        )

    @gate.look("/api/sources", Role.VIEWER, Nothing, SourcesTold)
    def sources(call: Call[Nothing]) -> SourcesTold:
        """The sources of config.toml, when each was read, and what is wrong with what it holds."""
        return SourcesTold(items=[_source(one) for one in shelf.origins(call.house)])


def _language(call: Call[StoriesWanted] | Call[Nothing]) -> str:
    return call.house.site.languages[0]


def _line(one: Spine) -> StoryLineTold:
    return StoryLineTold(
        id=one.id,
        title=one.title,
        language=one.language,
        latest=one.latest,
        versions=[VersionTold.model_validate(each) for each in one.standings],
        authors=list(one.authors),
        issues=[ToldIn.model_validate(each) for each in one.sent],
        lacks=[LackTold.model_validate(each) for each in one.lacks],
    )


def _article(one: Copy) -> ArticleTold:
    article = one.article
    lists: dict[str, Any] = {
        "authors": [credit.name for credit in article.authors],
        "translators": [credit.name for credit in article.translators],
        "tags": [tag.slug for tag in article.tags],
        "feeds": [FeedTold(scope=scope, slug=slug, url=url) for scope, slug, url in one.feeds],
    }
    plain = set(ArticleTold.model_fields) - set(lists)
    return ArticleTold(**lists, **{name: getattr(article, name) for name in plain})


def _choices(verdicts: Verdicts) -> list[ChoiceTold]:
    number = verdicts.issue.id if verdicts.issue else None
    return [
        ChoiceTold(
            newsletter=verdicts.newsletter,
            issue=number,
            language=language,
            verdict=choice.verdict,
            detail=choice.detail,
        )
        for language, choice in verdicts.choices
    ]


def _problem(one: Noted) -> ProblemTold:
    return ProblemTold(
        source=one.source,
        item=one.item,
        reason=one.problem.reason,
        is_fatal=one.problem.fatal,
        at=one.at,
    )


def _source(one: Origin) -> SourceTold:
    plain = set(SourceTold.model_fields) - {"problems"}
    problems = [_problem(each) for each in one.problems]
    return SourceTold(problems=problems, **{name: getattr(one, name) for name in plain})

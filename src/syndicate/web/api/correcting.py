"""A story is corrected, withdrawn, and put back."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from syndicate.flows import correct as corrects
from syndicate.flows import withdraw as withdraws
from syndicate.flows.correct import Mailing
from syndicate.flows.withdraw import LONGEST_REASON, Affected, Upshot
from syndicate.model import Role
from syndicate.web.api.call import Call
from syndicate.web.api.drafts import Language
from syndicate.web.api.gate import Gate
from syndicate.web.api.issues import IssueTold, issue_told
from syndicate.web.api.shapes import TEXT, Given, Nothing, Seen, Told, example

STORY = "/api/stories/{story}"

Note = Annotated[str, StringConstraints(max_length=LONGEST_REASON, pattern=TEXT)]


class WithdrawalGiven(Given):
    """`language`: only that version; without it, the story. `note` is what readers of feeds are told, if anything."""

    language: Language | None = None
    note: Note = ""
    seen: Seen | None = None


class ReturnGiven(Given):
    """`language`: only that version; without it, all that were withdrawn."""

    language: Language | None = None
    seen: Seen | None = None


class CorrectionGiven(Given):
    """`notes` by language of the version: what was wrong; an empty one takes a note away. `mail`: the languages in
    which those who got it are mailed, too; `doubtful_too`: who may have got it besides."""

    model_config = example({"notes": {"en": "It opened in 1931, not in 1913."}, "mail": ["en"]})

    notes: Annotated[Mapping[Language, Note], Field(min_length=1, max_length=100)]
    mail: Annotated[list[Language], Field(max_length=100)] = Field(default_factory=list)
    doubtful_too: bool = False
    seen: Seen | None = None


class ReachTold(Told):
    """People by what became of the mails that told them the version in `language`."""

    language: str
    got: int
    doubtful: int
    waiting: int
    lost: int


class AffectedTold(Told):
    """An issue that tells the story and is not over, and what a withdrawal does to it."""

    issue: IssueTold
    upshot: Upshot


class ConsequencesTold(Told):
    """`notes` are the corrections that stand, and `withdrawn` the versions that staff withdrew, by language.
    `unreachable`: how many of who got it must not be mailed any more, null where they are too many to look at each."""

    reached: list[ReachTold]
    affected: list[AffectedTold]
    unreachable: Mapping[str, int] | None
    notes: Mapping[str, str]
    withdrawn: list[str]
    corrections: list[IssueTold]
    mark: str


class WithdrawnTold(Told):
    affected: list[AffectedTold]


class ReturnedTold(Told):
    languages: list[str]


class CorrectedTold(Told):
    """The issues that mail the correction; each waits to be approved."""

    issues: list[IssueTold]


def correcting(gate: Gate) -> None:
    @gate.look(f"{STORY}/outlook", Role.EDITOR, Nothing, ConsequencesTold)
    def look(call: Call[Nothing]) -> ConsequencesTold:
        """Who got it, and what correcting or withdrawing it would do."""
        story, language = call.name("story"), call.house.site.languages[0]
        found = corrects.outlook(call.house, story, language, call.now)
        gone = withdraws.outlook(call.house, story, "", language, call.now)
        spoken = {one.id: one.language for one in found.held.story.articles}
        return ConsequencesTold(
            reached=[ReachTold.model_validate(one) for one in found.reached],
            affected=_affected(call, gone.affected),
            unreachable=found.unreachable,
            notes={spoken[article]: one.note for article, one in found.held.notes.items()},
            withdrawn=sorted(spoken[article] for article in found.held.withdrawals),
            corrections=[issue_told(call, one) for one in found.corrections],
            mark=found.held.mark,
        )

    @gate.act(f"{STORY}/withdraw", Role.SENDER, WithdrawalGiven, WithdrawnTold)
    def withdraw(call: Call[WithdrawalGiven]) -> WithdrawnTold:
        """Tell it no more, whatever its source says: feeds get a tombstone, issues that are not over do without it. No
        mail is called back."""
        given, story = call.given, call.name("story")
        made = withdraws.withdraw(
            call.house, story, given.language or "", given.note, call.actor, call.now, given.seen
        )
        return WithdrawnTold(affected=_affected(call, made))

    @gate.act(f"{STORY}/put-back", Role.SENDER, ReturnGiven, ReturnedTold)
    def put_back(call: Call[ReturnGiven]) -> ReturnedTold:
        """Undo a withdrawal, as its source has the story by now."""
        given, story = call.given, call.name("story")
        back = withdraws.put_back(call.house, story, given.language or "", call.actor, call.now, given.seen)
        return ReturnedTold(languages=list(back))

    @gate.act(f"{STORY}/correct", Role.EDITOR, CorrectionGiven, CorrectedTold, is_repeatable=False)
    def correct(call: Call[CorrectionGiven]) -> CorrectedTold:
        """Say what was wrong, in feeds and archive; and by mail, to exactly those who got it, once that is approved."""
        given, story = call.given, call.name("story")
        mailing = Mailing(tuple(given.mail), given.doubtful_too)
        made = corrects.correct(call.house, story, given.notes, call.actor, call.now, mailing, given.seen)
        return CorrectedTold(issues=[issue_told(call, one) for one in made])


def _affected(call: Call[Nothing] | Call[WithdrawalGiven], found: tuple[Affected, ...]) -> list[AffectedTold]:
    return [AffectedTold(issue=issue_told(call, one.issue), upshot=one.upshot) for one in found]

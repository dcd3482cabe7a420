"""Issues: the list, one, its editions. ``watching`` says how they do."""

from datetime import datetime
from typing import Any

from syndicate.flows import browse
from syndicate.flows.issues import editions
from syndicate.model import Edition, Issue, IssueState, Placement, Role
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.problems import wrong
from syndicate.web.api.shapes import Cursor, Given, Line, Nothing, Told, cursor, place

ISSUE = "/api/issues/{issue:int}"


class IssuesWanted(Given):
    newsletter: Line = ""
    state: IssueState | None = None
    cursor: Cursor | None = None


class IssueTold(Told):
    """`slot` is the time of the timetable, `date` its local date. `is_held`: approved, and can be taken back until
    `not_before`. `note` is why it waits for staff, or what became of its slot; `corrects` the story it corrects."""

    id: int
    newsletter: str
    name: str
    date: str
    slot: datetime
    since: datetime | None
    cutoff: datetime
    state: IssueState
    is_held: bool
    not_before: datetime | None
    note: str
    corrects: str


class TongueTold(Told):
    """`owed` people, of whom `left` are still to be mailed; null where nobody counted yet."""

    language: str
    subject: str
    owed: int | None
    left: int | None


class IssueLineTold(Told):
    issue: IssueTold
    languages: list[TongueTold]


class IssuesTold(Told):
    items: list[IssueLineTold]
    next: str | None


class ItemTold(Told):
    """`is_fallback`: it is not in the edition's language, and labelled."""

    story: str
    article_id: str
    language: str
    placement: Placement
    is_fallback: bool


class EditionTold(Told):
    """`is_main`: the one that most readers of the language get; others are for who has had a story of it before."""

    id: int
    language: str
    reads: list[str]
    cadence: str
    is_main: bool
    subject: str
    items: list[ItemTold]


class EditionsTold(Told):
    items: list[EditionTold]


def issues(gate: Gate) -> None:
    @gate.look("/api/issues", Role.VIEWER, IssuesWanted, IssuesTold)
    def every(call: Call[IssuesWanted]) -> IssuesTold:
        """Issues, newest first, 25 at a time; of a newsletter, in a state, or all."""
        wanted = call.given
        if wanted.newsletter:
            call.newsletter("newsletter", wanted.newsletter)
        found = browse.browse(call.house, wanted.newsletter, wanted.state or "", _place(wanted.cursor))
        last = found.older
        return IssuesTold(
            items=[_line(call, row) for row in found.rows],
            next=cursor(last.slot, last.id) if last else None,
        )

    @gate.look(ISSUE, Role.VIEWER, Nothing, IssueLineTold)
    def one(call: Call[Nothing]) -> IssueLineTold:
        """One issue, with its subjects and people by language."""
        return line_told(call)

    @gate.look(f"{ISSUE}/editions", Role.VIEWER, Nothing, EditionsTold)
    def all_editions(call: Call[Nothing]) -> EditionsTold:
        """What is in it, for each group of readers."""
        found = editions(call.house, call.number("issue"))
        return EditionsTold(items=[_edition(one.edition, one.digest["subject"]) for one in found])


def issue_told(call: Call[Any], issue: Issue) -> IssueTold:
    names = set(IssueTold.model_fields) - {"is_held"}
    values = {name: getattr(issue, name) for name in names}
    return IssueTold(is_held=issue.is_held(call.now), **values)


def line_told(call: Call[Any]) -> IssueLineTold:
    """The issue that the path names, as it is now."""
    return _line(call, browse.one(call.house, call.number("issue")))


def _place(given: str | None) -> tuple[datetime, int] | None:
    if given is None:
        return None
    slot, number = place(given)
    if not (number.isascii() and number.isdecimal()) or len(number) > 18:
        raise wrong("cursor", "is not the `next` of a page")
    return slot, int(number)


def _line(call: Call[Any], row: browse.Row) -> IssueLineTold:
    tongues = [TongueTold.model_validate(one) for one in row.tongues]
    return IssueLineTold(issue=issue_told(call, row.issue), languages=tongues)


def _edition(one: Edition, subject: str) -> EditionTold:
    names = set(EditionTold.model_fields) - {"subject", "items"}
    items = [ItemTold.model_validate(item) for item in one.items]
    return EditionTold(subject=subject, items=items, **{name: getattr(one, name) for name in names})

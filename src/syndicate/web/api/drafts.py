"""What staff change about an issue before it is approved: which stories, in which order, notes and subjects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from syndicate.editions import LONGEST_NOTE, LONGEST_SUBJECT
from syndicate.flows import prepare
from syndicate.flows.prepare import Conflict
from syndicate.model import Draft, Role
from syndicate.store.drafts import Held
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.issues import ISSUE, IssueLineTold, line_told
from syndicate.web.api.problems import Problem
from syndicate.web.api.shapes import LINE, TEXT, Count, Given, Nothing, Told, example

DRAFT = f"{ISSUE}/draft"

StoryId = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=LINE)]
Stories = Annotated[list[StoryId], Field(max_length=200)]
Language = Annotated[str, StringConstraints(min_length=2, max_length=35, pattern=r"^[A-Za-z0-9-]+$")]
Note = Annotated[str, StringConstraints(max_length=LONGEST_NOTE, pattern=TEXT)]
Subject = Annotated[str, StringConstraints(max_length=LONGEST_SUBJECT, pattern=LINE)]


class DraftGiven(Given):
    """All of it: what is not named is as the timetable has it. `revision` is that of the draft it was made of."""

    model_config = example(
        {"revision": 3, "left_out": ["a9e75a4134491455fa96"], "notes": {"tr": "Bu hafta liman."}}
    )

    revision: Count
    included: Stories = Field(default_factory=list)
    left_out: Stories = Field(default_factory=list)
    order: Stories = Field(default_factory=list)
    lead: Annotated[str, StringConstraints(max_length=500, pattern=LINE)] = ""
    notes: Mapping[Language, Note] = Field(default_factory=dict)
    subjects: Mapping[Language, Subject] = Field(default_factory=dict)


class RevisionGiven(Given):
    revision: Count


class DraftTold(Told):
    """`is_applied`: the editions are made of it. `undoable`: how many changes can be taken back."""

    revision: int
    included: list[str]
    left_out: list[str]
    order: list[str]
    lead: str
    notes: Mapping[str, str]
    subjects: Mapping[str, str]
    saved_by: str
    saved_at: datetime | None
    undoable: int
    is_applied: bool


def drafts(gate: Gate) -> None:
    @gate.look(DRAFT, Role.VIEWER, Nothing, DraftTold)
    def look(call: Call[Nothing]) -> DraftTold:
        """What was changed about the automatic choice; revision 0 where nothing was."""
        return _told(prepare.draft_of(call.house, call.number("issue")))

    @gate.act(DRAFT, Role.EDITOR, DraftGiven, DraftTold)
    def save(call: Call[DraftGiven]) -> DraftTold:
        """Keep a draft. Where somebody saved since its revision nothing is kept: 409, with `current`."""
        given = call.given
        wanted = Draft(
            included=tuple(given.included),
            left_out=tuple(given.left_out),
            order=tuple(given.order),
            lead=given.lead,
            notes=given.notes,
            subjects=given.subjects,
        )
        number = call.number("issue")
        return _saved(prepare.save(call.house, number, wanted, given.revision, call.actor, call.now))

    @gate.act(f"{DRAFT}/undo", Role.EDITOR, RevisionGiven, DraftTold)
    def undo(call: Call[RevisionGiven]) -> DraftTold:
        """Take the last change back."""
        number, revision = call.number("issue"), call.given.revision
        return _saved(prepare.undo(call.house, number, revision, call.actor, call.now))

    @gate.act(f"{DRAFT}/finish", Role.EDITOR, Nothing, IssueLineTold)
    def finish(call: Call[Nothing]) -> IssueLineTold:
        """Make the editions of it, for the readers of now. Approving does so, too."""
        prepare.apply(call.house, call.number("issue"), call.now, anyway=True)
        return line_told(call)


def _saved(found: Held | Conflict) -> DraftTold:
    if isinstance(found, Conflict):
        raise Problem(
            409,
            "outdated",
            f"Somebody saved meanwhile: the newest is revision {found.theirs.revision}. Make your changes to that.",
            current=_told(found.theirs).model_dump(mode="json"),
        )
    return _told(found)


def _told(held: Held) -> DraftTold:
    draft = held.draft
    return DraftTold(
        revision=held.revision,
        included=list(draft.included),
        left_out=list(draft.left_out),
        order=list(draft.order),
        lead=draft.lead,
        notes=draft.notes,
        subjects=draft.subjects,
        saved_by=held.name,
        saved_at=held.at,
        undoable=held.undoable,
        is_applied=held.is_applied,
    )

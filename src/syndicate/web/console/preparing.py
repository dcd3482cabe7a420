"""Preparing an issue: what is in it and why, in which order; the editor's note and subject in each language."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from syndicate.editions import LONGEST_NOTE, LONGEST_SUBJECT, changed
from syndicate.flows import prepare, shelf
from syndicate.flows.prepare import Conflict, Desk
from syndicate.model import Choice, Draft, IssueState, Role, Verdict
from syndicate.store.cards import Wanted
from syndicate.web.console.door import Door
from syndicate.web.console.stories import titles
from syndicate.web.console.visit import Form, Visit
from syndicate.web.routes import Answer

PREPARE = "/staff/issues/{issue:str}/prepare"
MOST_FOUND = 12
"""Stories that a search shows."""

_NEXT = {"in": "out", "out": "in", "lead": "down"}
"""The button that stands where one was pressed that is gone then: it has the focus."""

_IN = (Verdict.IN, Verdict.IN_FALLBACK)


@dataclass(frozen=True, slots=True)
class Line:
    """A story on the desk: ``made`` are (language, choice, what the timetable chose) by language of its readers."""

    story: str
    title: str
    made: tuple[tuple[str, Choice, Choice], ...]

    @property
    def reasons(self) -> tuple[tuple[tuple[str, ...], Choice, Choice], ...]:
        """Languages of whose readers the same is to be said stand together: (languages, choice, what was chosen)."""
        alike: dict[tuple[Verdict, str, Verdict], list[tuple[str, Choice, Choice]]] = {}
        for label, choice, plain in self.made:
            alike.setdefault((choice.verdict, choice.detail, plain.verdict), []).append(
                (label, choice, plain)
            )
        return tuple((tuple(label for label, _, _ in some), *some[0][1:]) for some in alike.values())

    @property
    def is_in(self) -> bool:
        return any(choice.verdict in _IN for _, choice, _ in self.made)

    @property
    def can_be_included(self) -> bool:
        return all(choice.verdict is not Verdict.WITHDRAWN for _, choice, _ in self.made)


def prepare_pages(door: Door) -> None:
    screens = door.screens

    @door.look(PREPARE, Role.VIEWER)
    def look(visit: Visit) -> Answer:
        desk = prepare.look(visit.house, visit.number("issue"))
        return screens.show(visit, "prepare", **_of(visit, desk))

    @door.act(PREPARE, Role.EDITOR)
    def save(visit: Visit) -> Answer:
        number, form = visit.number("issue"), visit.form
        verb, _, story = form.get("do").partition(":")
        revision = form.number("revision")
        if verb == "undo":
            found = prepare.undo(visit.house, number, revision, visit.actor, visit.now)
        else:
            wanted = changed(_draft(form), form.all("order"), verb, story)
            found = prepare.save(visit.house, number, wanted, revision, visit.actor, visit.now)
        if isinstance(found, Conflict):
            return _conflict(visit, number, found)
        at = f"?at={quote(f'{_NEXT.get(verb, verb)}:{story}')}" if story else ""
        return screens.redirect(f"/staff/issues/{number}/prepare{at}")

    @door.act(PREPARE + "/finish", Role.EDITOR)
    def finish(visit: Visit) -> Answer:
        """Save what stands in the form, and make the editions of it."""
        number, form = visit.number("issue"), visit.form
        wanted = changed(_draft(form), form.all("order"), "", "")
        found = prepare.save(visit.house, number, wanted, form.number("revision"), visit.actor, visit.now)
        if isinstance(found, Conflict):
            return _conflict(visit, number, found)
        prepare.apply(visit.house, number, visit.now, anyway=True)
        return screens.redirect(f"/staff/issues/{number}/?said=saved")

    def _conflict(visit: Visit, number: int, found: Conflict) -> Answer:
        desk = prepare.look(visit.house, number)
        return screens.show(visit, "prepare_conflict", 409, found=found, **_of(visit, desk))


def _draft(form: Form) -> Draft:
    """As the page had it; ``order`` only where staff put it in order."""
    return Draft(
        included=form.all("included"),
        left_out=form.all("left_out"),
        order=form.all("order") if form.get("ordered") else (),
        lead=form.get("lead"),
        notes=form.under("note."),
        subjects=form.under("subject."),
    )


def _of(visit: Visit, desk: Desk) -> dict[str, Any]:
    lines = _lines(desk)
    return {
        "desk": desk,
        "inside": [one for one in lines if one.is_in],
        "outside": [one for one in lines if not one.is_in],
        "title": titles(visit).get(desk.newsletter.key, desk.newsletter.key),
        "zone": desk.newsletter.timezone,
        "may_change": desk.issue.state is IssueState.PLANNED,
        "at": visit.query("at"),
        "words": visit.query("words")[:200],
        "found_stories": _found(visit, {one.story for one in lines}),
        "longest_note": LONGEST_NOTE,
        "longest_subject": LONGEST_SUBJECT,
        "titled": lambda story: desk.titles.get(story, story),
    }


def _lines(desk: Desk) -> list[Line]:
    """Stories in the order in which they stand: the lead, as staff put them, as the editions have them."""
    made: dict[str, list[tuple[str, Choice, Choice]]] = {}
    for label, choices in desk.choices.items():
        for choice, plain in zip(choices, desk.automatic[label], strict=True):
            made.setdefault(choice.story, []).append((label, choice, plain))
    draft = desk.held.draft
    told = (item.story for one in desk.editions for item in one.items)
    order = dict.fromkeys((draft.lead, *draft.order, *told, *made))
    return [
        Line(story, desk.titles.get(story, story), tuple(made[story])) for story in order if story in made
    ]


def _found(visit: Visit, but: set[str]) -> list[shelf.Spine]:
    words = visit.query("words")[:200].strip()
    if not words:
        return []
    found = shelf.shelf(visit.house, Wanted(words), visit.language, visit.now)
    return [one for one in found.stories if one.id not in but][:MOST_FOUND]

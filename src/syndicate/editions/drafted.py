"""What staff changed about an issue's automatic choice, laid over it. Pure; nobody is asked twice.

automatic verdict -> left out by staff, or included by staff -> in the order that staff gave -> their lead first
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from syndicate.editions.window import readable
from syndicate.model import Choice, Draft, Newsletter, Story, UnsafeValue, Verdict

IN = frozenset({Verdict.IN, Verdict.IN_FALLBACK})

UNCHANGED = Draft()
LONGEST_NOTE = 4000
LONGEST_SUBJECT = 120
MOST_STORIES = 200
"""That a draft names in each of its lists."""

INCLUDED = "included by staff"
NOTE_TOO_LONG = "The note is too long: 4,000 characters at most."
SUBJECT_TOO_LONG = "The subject is too long: 120 characters at most."
TOO_MANY = "That is too many stories for one issue."


def amended(
    choice: Choice, story: Story, newsletter: Newsletter, reads: Sequence[str], cutoff: datetime, draft: Draft
) -> Choice:
    """``choice``, unless staff want it otherwise for all readers.

    What is left out is out, whatever else is said. What is included is in for those who read one of its versions that
    is out at the cutoff: their own first, else one of another language, labelled. Never what was withdrawn.
    """
    if story.id in draft.left_out:
        return replace(choice, verdict=Verdict.LEFT_OUT, detail="") if choice.verdict in IN else choice
    if story.id in draft.included and choice.verdict not in IN | {Verdict.WITHDRAWN}:
        return _included(choice, story, newsletter, reads, cutoff)
    return choice


def arranged(chosen: Sequence[Choice], draft: Draft) -> list[Choice]:
    """In the order that staff gave, what they did not name behind it, as it was; their lead before all."""
    place = {story: n for n, story in enumerate(draft.order)}
    ordered = sorted(chosen, key=lambda one: place.get(one.story, len(place)))
    return sorted(ordered, key=lambda one: one.story != draft.lead)


def is_led(chosen: Iterable[Choice], draft: Draft) -> bool:
    """Whether staff said which of ``chosen`` comes first, by naming it or by putting them in order."""
    named = {draft.lead, *draft.order}
    return any(one.story in named for one in chosen)


def changed(draft: Draft, shown: Sequence[str], verb: str, story: str) -> Draft:
    """``draft`` after one thing that an editor did with ``story``; ``shown`` are the stories in it, as they stood.

    ``up`` and ``down`` move it by a place, ``order`` keeps ``shown``; ``lead`` puts it first for good; ``in`` and
    ``out`` include it and leave it out. Anything else changes nothing.
    """
    if verb in ("up", "down") and story in shown:
        return replace(draft, order=_moved(shown, story, -1 if verb == "up" else 1), lead="")
    if verb == "order":
        return replace(draft, order=tuple(shown), lead="")
    if verb == "lead":
        return replace(draft, lead=story)
    if verb == "out":
        included = tuple(one for one in draft.included if one != story)
        return replace(draft, included=included, left_out=(*draft.left_out, story))
    if verb == "in":
        left_out = tuple(one for one in draft.left_out if one != story)
        return replace(draft, included=(*draft.included, story), left_out=left_out)
    return draft


def _moved(shown: Sequence[str], story: str, by: int) -> tuple[str, ...]:
    place = shown.index(story)
    rest = [one for one in shown if one != story]
    rest.insert(max(0, place + by), story)
    return tuple(rest)


def tidied(draft: Draft) -> Draft:
    """Each story once, lists that do not contradict each other, texts without blank ends.

    Raises UnsafeValue for what is too long.
    """
    left_out = tuple(dict.fromkeys(filter(None, draft.left_out)))
    included = tuple(one for one in dict.fromkeys(filter(None, draft.included)) if one not in left_out)
    order = tuple(one for one in dict.fromkeys(filter(None, draft.order)) if one not in left_out)
    if max(len(left_out), len(included), len(order)) > MOST_STORIES:
        raise UnsafeValue(TOO_MANY)
    return Draft(
        included=included,
        left_out=left_out,
        order=order,
        lead="" if draft.lead in left_out else draft.lead,
        notes=_texts(draft.notes, _block, LONGEST_NOTE, NOTE_TOO_LONG),
        subjects=_texts(draft.subjects, _line, LONGEST_SUBJECT, SUBJECT_TOO_LONG),
    )


def _included(
    choice: Choice, story: Story, newsletter: Newsletter, reads: Sequence[str], cutoff: datetime
) -> Choice:
    versions = readable(story, reads, newsletter.fallback)
    if versions.own and versions.own.available <= cutoff:
        return Choice(story.id, Verdict.IN, versions.own.id, versions.own.language, INCLUDED)
    other = next((one for one in versions.others if one.available <= cutoff), None)
    if other is None:
        return choice
    return Choice(story.id, Verdict.IN_FALLBACK, other.id, other.language, INCLUDED)


def _texts(
    given: Mapping[str, str], tidy: Callable[[str], str], longest: int, refusal: str
) -> dict[str, str]:
    found = {language: tidy(text) for language, text in given.items()}
    if any(len(text) > longest for text in found.values()):
        raise UnsafeValue(refusal)
    return {language: text for language, text in found.items() if text}


def _block(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _line(text: str) -> str:
    return " ".join(text.split())

"""An issue (one dated instalment of a newsletter) and its editions (one per language and selection)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IssueState(StrEnum):
    """``PLANNED`` may still be changed; from ``APPROVED`` on its editions are frozen.

    ``EMPTY``: nothing was new. ``FOLDED``: its hour was missed, its stories go out with the next.
    """

    PLANNED = "planned"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    EMPTY = "empty"
    FOLDED = "folded"


class Placement(StrEnum):
    """Where a story stands in a digest. ``WEB``: named in the mail, told in full on the archive page."""

    LEAD = "lead"
    ITEM = "item"
    WEB = "web"


class Verdict(StrEnum):
    """Why a story is in or out; each has a sentence in ``editions``."""

    IN = "in"
    IN_FALLBACK = "in, in another language"
    TOO_OLD = "before this issue's window"
    NOT_YET = "not out yet at the cutoff"
    NOT_SETTLED = "may still be changed"
    WAITING = "waiting for a translation"
    NO_LANGUAGE = "in no language these readers read"
    FILTERED = "not what this newsletter is about"
    WITHDRAWN = "withdrawn"
    BEFORE_FIRST = "older than the first issue takes"
    LEFT_OUT = "left out by staff"


@dataclass(frozen=True, slots=True)
class Choice:
    """The decision about one story for one group of readers, with its reason."""

    story: str
    verdict: Verdict
    article_id: str = ""
    language: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """(``newsletter``, ``slot``) is unique. ``slot`` is the UTC time of the timetable, ``date`` its local date.

    ``name`` is what it is called in addresses: the date, with the local time (``2026-05-04-0830``) where a day may
    have several issues. ``note`` is why it waits for staff, or what became of its slot.

    ``since`` is the cutoff of the issue before (None for the first); ``cutoff`` is this one's, both UTC. Nothing
    leaves before ``not_before`` (UTC): until then an approval can be taken back.

    ``corrects`` is the story that it corrects, to those who got it; empty for what the timetable makes. Nobody asks
    such an issue when one plans: its slot, since and cutoff are the moment at which it was made.
    """

    id: int
    newsletter: str
    slot: datetime
    date: str
    since: datetime | None
    cutoff: datetime
    state: IssueState
    name: str = ""
    note: str = ""
    not_before: datetime | None = None
    corrects: str = ""

    def is_held(self, now: datetime) -> bool:
        """Whether it is approved, and can be taken back still."""
        return self.state is IssueState.APPROVED and self.not_before is not None and self.not_before > now


@dataclass(frozen=True, slots=True)
class EditionItem:
    """One chosen article. ``is_fallback``: it is not in the edition's language and must be labelled."""

    story: str
    article_id: str
    language: str
    placement: Placement
    is_fallback: bool = False


@dataclass(frozen=True, slots=True)
class Edition:
    """An issue for the readers of one language who are owed the same selection.

    Most readers of a language share one edition (``is_main``). Those who have had a story already, or
    who read further languages, share another. ``reads`` is the group's languages, its own first. ``cadence`` is how
    often its readers want the newsletter, empty for as often as it comes.
    """

    language: str
    reads: tuple[str, ...]
    items: tuple[EditionItem, ...]
    is_main: bool
    id: int = 0
    cadence: str = ""

    @property
    def selection(self) -> str:
        """What distinguishes the editions of one issue: language, cadence and articles, in order."""
        told = (f"{i.article_id}:{i.placement}" for i in self.items)
        return " ".join((self.language, *([self.cadence] if self.cadence else []), *told))

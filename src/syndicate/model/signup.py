"""A sign-up: somebody asked for newsletters on the web, and has yet to confirm by mail."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SignupState(StrEnum):
    """``ASKED`` waits for its mail, ``MAILED`` for its reader; ``DROPPED`` was not mailed, or is given up."""

    ASKED = "asked"
    MAILED = "mailed"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. ``languages`` in order of preference; ``cadence`` is empty for the newsletters' own."""

    languages: tuple[str, ...]
    newsletters: tuple[str, ...]
    name: str = ""
    cadence: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signup:
    """One request. ``email`` is fit for an envelope, ``language`` the page's, ``words`` what the page said.

    ``origin`` is the page and ``network`` the network it came from. ``due_at`` is when it is looked at (again);
    ``mailed_at`` when a mail was, or may have been, handed over. Times are UTC.
    """

    email: str
    canonical: str
    network: str
    language: str
    wish: Wish
    words: str
    origin: str
    at: datetime
    due_at: datetime
    expires_at: datetime
    state: SignupState = SignupState.ASKED
    reason: str = ""
    attempts: int = 0
    mailed_at: datetime | None = None
    confirmed_at: datetime | None = None
    id: int = 0

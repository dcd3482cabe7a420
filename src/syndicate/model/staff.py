"""Staff: who may look, edit, send and configure; and what they change about an issue before it goes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """Each may do what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    SENDER = "sender"
    ADMIN = "admin"

    def may(self, needed: "Role") -> bool:
        """Whether this role covers what needs ``needed``."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """``email`` signs in; ``language`` is that of the console. ``has_totp``: a second factor is asked for.

    ``has_password`` is false until the one-time link was used. Disabled members keep their name in the audit log.
    """

    id: int
    email: str
    name: str
    role: Role
    language: str
    has_password: bool
    has_totp: bool
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """``id`` is the hash of the secret in the cookie. ``network`` and ``agent`` are what its owner knows it by."""

    id: str
    staff: int
    created_at: datetime
    seen_at: datetime
    stepped_up_at: datetime | None
    network: str
    agent: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, for the audit log: a member of staff by the console or an API token, or the command line.

    ``staff`` is 0 for the command line. ``network`` is where from (never a whole address), empty for this machine.
    """

    staff: int
    name: str
    role: Role
    network: str = ""


COMMAND_LINE = Actor(0, "command line", Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What staff changed about an issue's automatic choice. Stories are named by their id.

    ``included`` are those the timetable left out, ``left_out`` those it took; ``order`` wins over the automatic one
    for the stories in it, ``lead`` over both. ``notes`` and ``subjects`` are plain text per language; a language
    without one has no note, or the automatic subject.
    """

    included: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    lead: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)

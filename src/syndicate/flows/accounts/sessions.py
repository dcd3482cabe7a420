"""Signing in and out, and who a session belongs to."""

from dataclasses import dataclass
from datetime import datetime

from syndicate.flows.accounts.throttling import SignInRefused
from syndicate.flows.accounts.throttling import one_try as _one_try
from syndicate.flows.house import House
from syndicate.languages import visible
from syndicate.model import Actor, Role, Session, StaffMember, UnsafeValue
from syndicate.staff import (
    hashed,
    is_alive,
    is_outdated,
    is_required,
    matching_step,
    new_secret,
    stored,
    verify,
)
from syndicate.staff.sessions import IDLE, LONGEST, SEEN_EVERY
from syndicate.store import Connection, audit
from syndicate.store import staff as store
from syndicate.subscribers import canonical

REFUSED = "The address, the password or the code is wrong."
NOT_THEM = "The password is wrong."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member in a session of theirs."""

    member: StaffMember
    session: Session

    def actor(self, network: str) -> Actor:
        return Actor(self.member.id, self.member.name, self.member.role, network)


def sign_in(
    house: House, email: str, password: str, code: str, network: str, agent: str, now: datetime
) -> str:
    """The secret of a new session. Raises SignInRefused, with the same words whatever was wrong."""
    with _one_try(house, email, network, now):
        member = _known(house, email)
        if not _proven(house, member, password, code, now) or member is None:
            _note_refusal(house, member, network, now)
            raise SignInRefused(REFUSED)
    secret = new_secret()
    kept = Session(stored(secret), member.id, now, now, now, network, visible(agent)[:200])
    with house.database.begin() as connection:
        store.forget_sessions(connection, now - IDLE, now - LONGEST)
        store.begin_session(connection, kept)
        audit.note(connection, SignedIn(member, kept).actor(network), "sign_in", f"staff {member.id}", now)
    return secret


def signed_in(house: House, secret: str, now: datetime) -> SignedIn | None:
    """Who a session's secret belongs to; None when it ended, or its owner was disabled."""
    with house.database.read() as connection:
        found = store.session(connection, stored(secret))
        if found is None or not is_alive(found, now):
            return None
        member = store.get(connection, found.staff)
    if member.disabled_at:
        return None
    if now - found.seen_at > SEEN_EVERY:
        with house.database.begin() as connection:
            store.touch_session(connection, found.id, seen_at=now)
    return SignedIn(member, found)


def lacks_second_factor(house: House, member: StaffMember) -> bool:
    """Whether their role needs one (``[staff] second_factor``) that they have still to set up."""
    return not member.has_totp and is_required(house.second_factor, member.role)


def step_up(house: House, signed: SignedIn, password: str, network: str, now: datetime) -> None:
    """The password given again, for what needs it. Raises SignInRefused."""
    check_password(house, signed, password, network, now)
    with house.database.begin() as connection:
        store.touch_session(connection, signed.session.id, stepped_up_at=now)


def check_password(house: House, signed: SignedIn, password: str, network: str, now: datetime) -> None:
    """Whether it is really them who sits there. Raises SignInRefused."""
    with _one_try(house, signed.member.email, network, now):
        with house.database.read() as connection:
            kept = store.secrets_of(connection, signed.member.id).password
        if not verify(kept, password):
            raise SignInRefused(NOT_THEM)


def sign_out(house: House, signed: SignedIn) -> None:
    with house.database.begin() as connection:
        store.end_sessions(connection, signed.member.id, only=signed.session.id)


def end_sessions(
    house: House, number: int, actor: Actor, now: datetime, only: str = "", but: str = ""
) -> int:
    """End sessions of a member: one, all, or all but one; returns how many. Raises NotFound."""
    with house.database.begin() as connection:
        store.get(connection, number)
        ended = store.end_sessions(connection, number, only, but)
        audit.note(connection, actor, "staff.sign_out", f"staff {number}", now, sessions=ended)
        return ended


def _known(house: House, email: str) -> StaffMember | None:
    try:
        unique = canonical(email)
    except UnsafeValue:
        return None
    with house.database.read() as connection:
        return store.by_canonical(connection, unique)


def _proven(house: House, member: StaffMember | None, password: str, code: str, now: datetime) -> bool:
    """Whether it is them. The password is hashed whoever it is, so that nobody learns who has an account."""
    if member is None:
        verify("", password)
        return False
    with house.database.read() as connection:
        kept = store.secrets_of(connection, member.id).password
    if not verify(kept, password) or member.disabled_at:
        return False
    fresh = hashed(password) if is_outdated(kept) else ""
    with house.database.begin() as connection:
        is_them = _second_factor(connection, member.id, code, now)
        if fresh and is_them:
            store.set_password(connection, member.id, fresh)
        return is_them


def _second_factor(connection: Connection, number: int, code: str, now: datetime) -> bool:
    """A code of the device, or a recovery code; each works once."""
    held = store.secrets_of(connection, number, hold=True)
    if not held.totp_secret:
        return True
    if step := matching_step(held.totp_secret, code, now, held.totp_step):
        store.use_step(connection, number, step)
        return True
    given = stored(code.strip().lower())
    if given not in held.recovery:
        return False
    left = [one for one in held.recovery if one != given]
    store.set_totp(connection, number, held.totp_secret, held.totp_step, left)
    return True


def _note_refusal(house: House, member: StaffMember | None, network: str, now: datetime) -> None:
    """Of an account there is: the throttle keeps the lines few."""
    if member:
        with house.database.begin() as connection:
            who = Actor(0, "sign-in", Role.VIEWER, network)
            audit.note(connection, who, "sign_in.refused", f"staff {member.id}", now)

"""Accounts of staff: invite, set a password and a second factor, sign in, end sessions, disable.

    staff add -> one-time link -> password -> second factor -> sign in (throttled) -> session -> step up

Everything that changes something writes a line of the audit log in its own transaction.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.flows.house import House
from syndicate.languages import SHIPPED, choose, visible
from syndicate.model import (
    Actor,
    LanguageTagError,
    NotFound,
    Role,
    Session,
    StaffMember,
    SyndicateError,
    UnsafeValue,
)
from syndicate.staff import (
    hashed,
    is_alive,
    is_outdated,
    matching_step,
    new_secret,
    objection,
    recovery_codes,
    stored,
    verify,
    wait,
)
from syndicate.staff.sessions import IDLE, LONGEST
from syndicate.staff.throttle import WINDOW
from syndicate.store import Connection, audit
from syndicate.store import staff as store
from syndicate.store.audit import Entry
from syndicate.store.staff import ApiToken
from syndicate.subscribers import canonical

LINK_WORKS = timedelta(hours=48)
SEEN_EVERY = timedelta(minutes=5)
"""How stale ``seen_at`` may be: a write for every page would be too many."""

REFUSED = "The address, the password or the code is wrong."


class SignInRefused(SyndicateError):
    """The message is one of the catalogue; ``pause`` is how long no try is looked at."""

    def __init__(self, message: str, pause: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.pause = pause


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member in a session of theirs."""

    member: StaffMember
    session: Session

    def actor(self, network: str) -> Actor:
        return Actor(self.member.id, self.member.name, self.member.role, network)


def add(house: House, email: str, name: str, role: Role, language: str, actor: Actor, now: datetime) -> str:
    """Make an account, and return the secret of its one-time link. Raises SyndicateError, UnsafeValue."""
    unique = canonical(email)
    with house.database.begin() as connection:
        if store.by_canonical(connection, unique):
            raise SyndicateError("there is an account with this address; see: syndicate staff list")
        number = store.add(
            connection, email.strip(), unique, visible(name)[:100] or unique, role, _language(language), now
        )
        audit.note(connection, actor, "staff.add", f"staff {number}", now, role=role)
        return _link(connection, number, "invite", now)


def new_link(house: House, number: int, actor: Actor, now: datetime) -> str:
    """A one-time link for who lost the password or the device; their sessions end. Raises NotFound."""
    with house.database.begin() as connection:
        member = store.get(connection, number)
        if member.disabled_at:
            raise SyndicateError("the account is disabled")
        store.end_sessions(connection, number)
        audit.note(connection, actor, "staff.reset", f"staff {number}", now)
        return _link(connection, number, "reset", now)


def linked(house: House, secret: str, now: datetime) -> StaffMember:
    """Whose one-time link it is. Changes nothing. Raises UnsafeValue for one that does not work (any more)."""
    with house.database.read() as connection:
        found = store.linked(connection, stored(secret), now)
        if found is None:
            raise UnsafeValue("this link is not valid")
        return store.get(connection, found[0])


def set_password(house: House, secret: str, password: str, actor_network: str, now: datetime) -> StaffMember:
    """Use a one-time link. Other sessions end, and the second factor is to be set up anew.

    Raises UnsafeValue, its message one of the catalogue, for a password that will not do or a link that does not work.
    """
    member = linked(house, secret, now)
    if wrong := objection(password, member.email, member.name):
        raise UnsafeValue(wrong)
    kept = hashed(password)
    with house.database.begin() as connection:
        if not store.use_link(connection, stored(secret), now):
            raise UnsafeValue("this link is not valid")
        store.set_password(connection, member.id, kept)
        store.set_totp(connection, member.id, "", 0, ())
        store.end_sessions(connection, member.id)
        store.revoke_tokens(connection, now, staff_member=member.id)
        audit.note(connection, _self(member, actor_network), "staff.password", f"staff {member.id}", now)
    return member


def change_password(house: House, signed: SignedIn, old: str, new: str, network: str, now: datetime) -> None:
    """By its owner; all their other sessions end. Raises UnsafeValue."""
    member = signed.member
    if wrong := objection(new, member.email, member.name):
        raise UnsafeValue(wrong)
    with house.database.read() as connection:
        kept = store.secrets_of(connection, member.id).password
    if not verify(kept, old):
        raise UnsafeValue("The password is wrong.")
    fresh = hashed(new)
    with house.database.begin() as connection:
        store.set_password(connection, member.id, fresh)
        store.end_sessions(connection, member.id, but=signed.session.id)
        audit.note(connection, signed.actor(network), "staff.password", f"staff {member.id}", now)


def set_totp(
    house: House, signed: SignedIn, secret: str, code: str, network: str, now: datetime
) -> tuple[str, ...]:
    """Confirm a second factor by its first code; returns recovery codes, shown this once. Raises UnsafeValue."""
    step = matching_step(secret, code, now, 0)
    if not step:
        raise UnsafeValue("The code is wrong.")
    codes = recovery_codes()
    member = signed.member
    with house.database.begin() as connection:
        store.set_totp(connection, member.id, secret, step, [stored(one) for one in codes])
        store.end_sessions(connection, member.id, but=signed.session.id)
        audit.note(connection, signed.actor(network), "staff.second_factor", f"staff {member.id}", now)
    return codes


def sign_in(
    house: House, email: str, password: str, code: str, network: str, agent: str, now: datetime
) -> str:
    """The secret of a new session. Raises SignInRefused, with the same words whatever was wrong."""
    keys = (("account", _account_key(email)), ("network", network))
    _throttle(house, keys, now)
    member = _known(house, email)
    number = _proven(house, member, password, code, now)
    if member is None or not number:
        with house.database.begin() as connection:
            for kind, key in keys:
                store.note_failure(connection, kind, key, now)
            who = f"staff {member.id}" if member else "nobody"
            audit.note(connection, Actor(0, "sign-in", Role.VIEWER, network), "sign_in.refused", who, now)
        raise SignInRefused(REFUSED)
    secret = new_secret()
    kept = Session(stored(secret), member.id, now, now, now, network, visible(agent)[:200])
    with house.database.begin() as connection:
        store.forget_failures(connection, now, WINDOW, *keys[0])
        store.forget_sessions(connection, now - IDLE, now - LONGEST)
        store.begin_session(connection, kept)
        audit.note(connection, _self(member, network), "sign_in", f"staff {member.id}", now)
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


def step_up(house: House, signed: SignedIn, password: str, network: str, now: datetime) -> None:
    """The password given again, for what needs it. Raises SignInRefused."""
    keys = (("account", _account_key(signed.member.email)), ("network", network))
    _throttle(house, keys, now)
    with house.database.read() as connection:
        kept = store.secrets_of(connection, signed.member.id).password
    if not verify(kept, password):
        with house.database.begin() as connection:
            for kind, key in keys:
                store.note_failure(connection, kind, key, now)
        raise SignInRefused("The password is wrong.")
    with house.database.begin() as connection:
        store.touch_session(connection, signed.session.id, stepped_up_at=now)


def sign_out(house: House, signed: SignedIn) -> None:
    with house.database.begin() as connection:
        store.end_sessions(connection, signed.member.id, only=signed.session.id)


def end_sessions(
    house: House, number: int, actor: Actor, now: datetime, only: str = "", but: str = ""
) -> int:
    """End sessions of a member: one, all, or all but one; returns how many."""
    with house.database.begin() as connection:
        ended = store.end_sessions(connection, number, only, but)
        audit.note(connection, actor, "staff.sign_out", f"staff {number}", now, sessions=ended)
        return ended


def change_role(house: House, number: int, role: Role, actor: Actor, now: datetime) -> None:
    """Raises NotFound, or SyndicateError for the last admin."""

    def to_role(connection: Connection, member: StaffMember) -> None:
        _keep_an_admin(connection, member, role is Role.ADMIN)
        store.change(connection, number, role=role)
        audit.note(connection, actor, "staff.role", f"staff {number}", now, old=member.role, new=role)

    _change(house, number, to_role)


def disable(house: House, number: int, actor: Actor, now: datetime) -> None:
    """Their sessions and tokens end at once. Raises NotFound, or SyndicateError for the last admin."""

    def end(connection: Connection, member: StaffMember) -> None:
        _keep_an_admin(connection, member, stays=False)
        store.change(connection, number, disabled_at=now)
        store.end_sessions(connection, number)
        store.revoke_tokens(connection, now, staff_member=number)
        audit.note(connection, actor, "staff.disable", f"staff {number}", now)

    _change(house, number, end)


def enable(house: House, number: int, actor: Actor, now: datetime) -> None:
    def again(connection: Connection, member: StaffMember) -> None:
        store.change(connection, number, disabled_at=None)
        audit.note(connection, actor, "staff.enable", f"staff {number}", now)

    _change(house, number, again)


def find(house: House, email: str) -> StaffMember:
    """Raises NotFound, or UnsafeValue for what is no address."""
    with house.database.read() as connection:
        found = store.by_canonical(connection, canonical(email))
    if found is None:
        raise NotFound("no member of staff has this address; see: syndicate staff list")
    return found


def members(house: House) -> list[StaffMember]:
    """By name, disabled ones last."""
    with house.database.read() as connection:
        return store.every(connection)


@dataclass(frozen=True, slots=True)
class Account:
    """What a member sees of their own account."""

    sessions: list[Session]
    tokens: list[ApiToken]


def account(house: House, number: int) -> Account:
    with house.database.read() as connection:
        return Account(store.sessions(connection, number), store.tokens(connection, number))


def audit_log(house: House, before: int = 0, subject: str = "") -> list[Entry]:
    """Fifty lines, newest first, those older than the line ``before``; of one subject where given."""
    with house.database.read() as connection:
        return audit.entries(connection, before=before, subject=subject)


def change_language(house: House, signed: SignedIn, language: str) -> None:
    with house.database.begin() as connection:
        store.change(connection, signed.member.id, language=_language(language))


def add_token(
    house: House,
    signed: SignedIn,
    name: str,
    role: Role,
    lasts: timedelta | None,
    network: str,
    now: datetime,
) -> str:
    """The secret of an API token, shown this once. Raises SyndicateError for a role above one's own."""
    if not signed.member.role.may(role):
        raise SyndicateError("a token cannot do more than its owner")
    secret = new_secret()
    with house.database.begin() as connection:
        number = store.add_token(
            connection,
            stored(secret),
            signed.member.id,
            visible(name)[:100] or "token",
            role,
            now,
            now + lasts if lasts else None,
        )
        audit.note(connection, signed.actor(network), "token.add", f"token {number}", now, role=role)
    return secret


def revoke_token(house: House, signed: SignedIn, number: int, network: str, now: datetime) -> None:
    """One's own; an admin's word ends anybody's. Raises NotFound."""
    with house.database.begin() as connection:
        theirs = 0 if signed.member.role is Role.ADMIN else signed.member.id
        if number not in {one.id for one in store.tokens(connection, theirs)}:
            raise NotFound("there is no such token")
        store.revoke_tokens(connection, now, only=number)
        audit.note(connection, signed.actor(network), "token.revoke", f"token {number}", now)


def token_actor(house: House, secret: str, network: str, now: datetime) -> Actor | None:
    """Whom an API token acts for, with the lesser of its role and its owner's; None for one that is not valid."""
    with house.database.read() as connection:
        found = store.token(connection, stored(secret))
        if found is None or found.revoked_at or (found.expires_at and found.expires_at <= now):
            return None
        member = store.get(connection, found.staff)
    if member.disabled_at:
        return None
    if found.used_at is None or now - found.used_at > SEEN_EVERY:
        with house.database.begin() as connection:
            store.use_token(connection, found.id, now)
    role = found.role if member.role.may(found.role) else member.role
    return Actor(member.id, f"{member.name} ({found.name})", role, network)


def _change(house: House, number: int, what: Callable[[Connection, StaffMember], None]) -> None:
    with house.database.begin() as connection:
        what(connection, store.get(connection, number))


def _keep_an_admin(connection: Connection, member: StaffMember, stays: bool) -> None:
    is_last = member.role is Role.ADMIN and not member.disabled_at and store.count_admins(connection) == 1
    if is_last and not stays:
        raise SyndicateError("this is the last admin; make another one first")


def _throttle(house: House, keys: tuple[tuple[str, str], ...], now: datetime) -> None:
    with house.database.read() as connection:
        pauses = [wait(store.failures(connection, kind, key, now - WINDOW), kind, now) for kind, key in keys]
    if pause := max(pauses):
        raise SignInRefused("Too many tries. Please wait a little.", pause)


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
        if fresh:
            store.set_password(connection, member.id, fresh)
        return _second_factor(connection, member.id, code, now)


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


def _link(connection: Connection, number: int, purpose: str, now: datetime) -> str:
    secret = new_secret()
    store.add_link(connection, stored(secret), number, purpose, now + LINK_WORKS)
    return secret


def _account_key(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def _language(wanted: str) -> str:
    try:
        return choose((wanted,), SHIPPED) or "en"
    except LanguageTagError:
        return "en"


def _self(member: StaffMember, network: str) -> Actor:
    return Actor(member.id, member.name, member.role, network)

"""Tokens by which programs act for a member."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.flows.accounts.members import named
from syndicate.flows.accounts.sessions import SignedIn, lacks_second_factor
from syndicate.flows.house import House
from syndicate.model import Actor, NotFound, Role, SyndicateError
from syndicate.staff import new_secret, stored, wait
from syndicate.staff.sessions import SEEN_EVERY
from syndicate.staff.throttle import WINDOW
from syndicate.store import audit
from syndicate.store import staff as store

TOKEN = "token"  # noqa: S105 (the name of a kind)
"""The kind of failure that a wrong token is: it bars nobody from signing in."""


def add_token(
    house: House,
    signed: SignedIn,
    name: str,
    role: Role,
    lasts: timedelta | None,
    network: str,
    now: datetime,
) -> str:
    """The secret of an API token, shown this once; it ends after ``lasts``, or never.

    Raises UnsafeValue for a name that will not do, SyndicateError for a role above one's own.
    """
    if not signed.member.role.may(role):
        raise SyndicateError("A token cannot do more than its owner.")
    secret, ends = new_secret(), now + lasts if lasts else None
    with house.database.begin() as connection:
        number = store.add_token(connection, stored(secret), signed.member.id, named(name), role, now, ends)
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


@dataclass(frozen=True, slots=True)
class Bearer:
    """A program: the number of its token, and whom it acts for. ``lacks_factor``: its owner has still to set up the
    second factor that their role needs."""

    token: int
    actor: Actor
    lacks_factor: bool


def bearer(house: House, secret: str, network: str, now: datetime) -> Bearer | None:
    """Whose token it is, with the lesser of its role and its owner's; None for one that is not valid."""
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
    actor = Actor(member.id, f"{member.name} ({found.name})", role, network)
    return Bearer(found.id, actor, lacks_second_factor(house, member))


def wrong_token(house: House, network: str, now: datetime) -> timedelta:
    """Somebody there tried one that is not valid; how long the network has to wait, zero for not at all.

    Nobody guesses 256 bits: this keeps a program with an old token from filling the store, and tells who looks.
    """
    with house.database.begin() as connection:
        tried = store.failures(connection, TOKEN, network, now - WINDOW)
        pause = wait(tried, TOKEN, now)
        if not pause:
            store.note_failure(connection, TOKEN, network, now)
            store.forget_failures(connection, now - WINDOW)
        return pause

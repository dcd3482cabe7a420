"""Tokens by which programs act for a member."""

from datetime import datetime, timedelta

from syndicate.flows.accounts.members import named
from syndicate.flows.accounts.sessions import SignedIn
from syndicate.flows.house import House
from syndicate.model import Actor, NotFound, Role, SyndicateError
from syndicate.staff import new_secret, stored
from syndicate.staff.sessions import SEEN_EVERY
from syndicate.store import audit
from syndicate.store import staff as store


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

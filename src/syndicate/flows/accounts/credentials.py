"""What a member proves themselves by: the one-time link, the password, the second factor. And their language."""

from datetime import datetime

from syndicate.flows.accounts.sessions import SignedIn, check_password
from syndicate.flows.house import House
from syndicate.languages import SHIPPED, choose
from syndicate.model import Actor, LanguageTagError, StaffMember, UnsafeValue
from syndicate.staff import hashed, matching_step, objection, recovery_codes, stored
from syndicate.store import audit
from syndicate.store import staff as store

LINK_GONE = "This link works no more"


def linked(house: House, secret: str, now: datetime) -> StaffMember:
    """Whose one-time link it is. Changes nothing. Raises UnsafeValue for one that does not work (any more)."""
    with house.database.read() as connection:
        found = store.linked(connection, stored(secret), now)
        member = store.get(connection, found) if found else None
    if member is None or member.disabled_at:
        raise UnsafeValue(LINK_GONE)
    return member


def set_password(house: House, secret: str, password: str, network: str, now: datetime) -> StaffMember:
    """Use a one-time link. Sessions and tokens end, and the second factor is to be set up anew.

    Raises UnsafeValue for a password that will not do or a link that does not work.
    """
    member = linked(house, secret, now)
    if wrong := objection(password, member.email, member.name):
        raise UnsafeValue(wrong)
    kept = hashed(password)
    with house.database.begin() as connection:
        if not store.use_link(connection, stored(secret), now):
            raise UnsafeValue(LINK_GONE)
        store.set_password(connection, member.id, kept)
        store.set_totp(connection, member.id, "", 0, ())
        store.end_sessions(connection, member.id)
        store.revoke_tokens(connection, now, staff_member=member.id)
        them = Actor(member.id, member.name, member.role, network)
        audit.note(connection, them, "staff.password", f"staff {member.id}", now)
    return member


def change_password(house: House, signed: SignedIn, old: str, new: str, network: str, now: datetime) -> None:
    """By its owner; their other sessions and their tokens end. Raises UnsafeValue, SignInRefused."""
    member = signed.member
    if wrong := objection(new, member.email, member.name):
        raise UnsafeValue(wrong)
    check_password(house, signed, old, network, now)
    fresh = hashed(new)
    with house.database.begin() as connection:
        store.set_password(connection, member.id, fresh)
        store.end_sessions(connection, member.id, but=signed.session.id)
        store.revoke_tokens(connection, now, staff_member=member.id)
        audit.note(connection, signed.actor(network), "staff.password", f"staff {member.id}", now)


def set_totp(
    house: House, signed: SignedIn, secret: str, code: str, network: str, now: datetime
) -> tuple[str, ...]:
    """Confirm a second factor by its first code; returns recovery codes, shown this once. Raises UnsafeValue.

    Their other sessions end.
    """
    step = matching_step(secret, code, now, 0)
    if not step:
        raise UnsafeValue("The code is wrong.")
    codes, member = recovery_codes(), signed.member
    with house.database.begin() as connection:
        store.set_totp(connection, member.id, secret, step, [stored(one) for one in codes])
        store.end_sessions(connection, member.id, but=signed.session.id)
        audit.note(connection, signed.actor(network), "staff.second_factor", f"staff {member.id}", now)
    return codes


def change_language(house: House, signed: SignedIn, language: str) -> None:
    """English for one that is not shipped."""
    with house.database.begin() as connection:
        store.change(connection, signed.member.id, language=shipped(language))


def shipped(wanted: str) -> str:
    """The nearest language that the console speaks."""
    try:
        return choose((wanted,), SHIPPED) or "en"
    except LanguageTagError:
        return "en"

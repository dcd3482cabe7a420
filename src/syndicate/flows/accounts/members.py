"""Members of staff: invite, change a role, a new link, disable."""

from collections.abc import Callable
from datetime import datetime, timedelta

from syndicate.flows.accounts.credentials import shipped
from syndicate.flows.house import House
from syndicate.languages import visible
from syndicate.model import Actor, NotFound, Role, StaffMember, SyndicateError, UnsafeValue
from syndicate.staff import new_secret, stored
from syndicate.store import Connection, audit
from syndicate.store import staff as store
from syndicate.subscribers import canonical

LINK_WORKS = timedelta(hours=48)


def add(house: House, email: str, name: str, role: Role, language: str, actor: Actor, now: datetime) -> str:
    """Make an account, and return the secret of its one-time link. Raises SyndicateError, UnsafeValue."""
    unique, called = canonical(email), named(name)
    with house.database.begin() as connection:
        if store.by_canonical(connection, unique):
            raise SyndicateError("There is an account with this address.")
        number = store.add(connection, email.strip(), unique, called, role, shipped(language), now)
        audit.note(connection, actor, "staff.add", f"staff {number}", now, role=role)
        return _link(connection, number, "invite", now)


def named(name: str) -> str:
    """A name as it is kept; names stand in the audit log, addresses never. Raises UnsafeValue."""
    shown = visible(name).strip()[:100]
    if not shown or "@" in shown:
        raise UnsafeValue("Enter a name, not an address.")
    return shown


def new_link(house: House, number: int, actor: Actor, now: datetime) -> str:
    """A one-time link for who lost the password or the device. Raises NotFound, SyndicateError.

    What they had works no more: password, sessions, tokens.
    """
    with house.database.begin() as connection:
        if store.get(connection, number).disabled_at:
            raise SyndicateError("The account is disabled.")
        store.set_password(connection, number, "")
        _end(connection, number, now)
        audit.note(connection, actor, "staff.link", f"staff {number}", now)
        return _link(connection, number, "reset", now)


def change_role(house: House, number: int, role: Role, actor: Actor, now: datetime) -> None:
    """It holds from their next request on. Raises NotFound, or SyndicateError for the last admin."""

    def to_role(connection: Connection, member: StaffMember) -> None:
        if role is not Role.ADMIN:
            _keep_an_admin(connection, member)
        store.change(connection, number, role=role)
        audit.note(connection, actor, "staff.role", f"staff {number}", now, old=member.role, new=role)

    _change(house, number, to_role)


def disable(house: House, number: int, actor: Actor, now: datetime) -> None:
    """Their sessions and tokens end at once. Raises NotFound, or SyndicateError for the last admin."""

    def end(connection: Connection, member: StaffMember) -> None:
        _keep_an_admin(connection, member)
        store.change(connection, number, disabled_at=now)
        _end(connection, number, now)
        audit.note(connection, actor, "staff.disable", f"staff {number}", now)

    _change(house, number, end)


def enable(house: House, number: int, actor: Actor, now: datetime) -> None:
    """Raises NotFound."""

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


def member(house: House, number: int) -> StaffMember:
    """Raises NotFound."""
    with house.database.read() as connection:
        return store.get(connection, number)


def members(house: House) -> list[StaffMember]:
    """By name, disabled ones last."""
    with house.database.read() as connection:
        return store.every(connection)


def _change(house: House, number: int, what: Callable[[Connection, StaffMember], None]) -> None:
    with house.database.begin() as connection:
        what(connection, store.get(connection, number))


def _keep_an_admin(connection: Connection, member: StaffMember) -> None:
    if store.held_admins(connection) == [member.id]:
        raise SyndicateError("This is the last admin. Make another one first.")


def _end(connection: Connection, number: int, now: datetime) -> None:
    store.end_sessions(connection, number)
    store.revoke_tokens(connection, now, staff_member=number)


def _link(connection: Connection, number: int, purpose: str, now: datetime) -> str:
    secret = new_secret()
    store.add_link(connection, stored(secret), number, purpose, now + LINK_WORKS)
    return secret

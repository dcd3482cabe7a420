"""Staff: members, their one-time links, sessions, API tokens, and failures to sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from syndicate.model import NotFound, Role, Session, StaffMember
from syndicate.store.tables import api_token, sign_in_failure, staff, staff_link, staff_session


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only signing in needs to know of a member. ``recovery`` are hashes of codes not used yet."""

    password: str
    totp_secret: str
    totp_step: int
    recovery: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApiToken:
    """``role`` is at most its owner's: whoever loses a role loses it here, too."""

    id: int
    staff: int
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def add(
    connection: Connection, email: str, canonical: str, name: str, role: Role, language: str, now: datetime
) -> int:
    """Insert a member without a password. Raises ``sqlalchemy.exc.IntegrityError`` when the address is taken."""
    values = {
        "email": email,
        "canonical": canonical,
        "name": name,
        "role": role,
        "language": language,
        "password": "",
        "totp_secret": "",
        "totp_step": 0,
        "recovery": [],
        "created_at": now,
    }
    return int(connection.execute(staff.insert().values(values).returning(staff.c.id)).scalar_one())


def get(connection: Connection, identity: int) -> StaffMember:
    """Raises NotFound."""
    row = connection.execute(select(staff).where(staff.c.id == identity)).first()
    if row is None:
        raise NotFound(f"there is no member of staff {identity}; see: syndicate staff list")
    return _member(row)


def by_canonical(connection: Connection, canonical: str) -> StaffMember | None:
    row = connection.execute(select(staff).where(staff.c.canonical == canonical)).first()
    return _member(row) if row else None


def every(connection: Connection) -> list[StaffMember]:
    """By name, disabled ones last."""
    order = (staff.c.disabled_at.is_not(None), func.lower(staff.c.name), staff.c.id)
    return [_member(row) for row in connection.execute(select(staff).order_by(*order))]


def change(connection: Connection, identity: int, **values: Any) -> None:
    """Set columns (name, role, language, disabled_at) of a member."""
    connection.execute(update(staff).where(staff.c.id == identity).values(values))


def secrets_of(connection: Connection, identity: int, *, hold: bool = False) -> Secrets:
    """For signing in; with ``hold`` the row is held until the end of the transaction: a code is used once."""
    columns = (staff.c.password, staff.c.totp_secret, staff.c.totp_step, staff.c.recovery)
    query = select(*columns).where(staff.c.id == identity)
    row = connection.execute(query.with_for_update() if hold else query).one()
    return Secrets(row.password, row.totp_secret, row.totp_step, tuple(row.recovery))


def set_password(connection: Connection, identity: int, hashed: str) -> None:
    connection.execute(update(staff).where(staff.c.id == identity).values(password=hashed))


def set_totp(connection: Connection, identity: int, secret: str, step: int, recovery: Sequence[str]) -> None:
    """An empty ``secret`` takes the second factor away."""
    values = {"totp_secret": secret, "totp_step": step, "recovery": list(recovery)}
    connection.execute(update(staff).where(staff.c.id == identity).values(values))


def use_step(connection: Connection, identity: int, step: int) -> None:
    connection.execute(update(staff).where(staff.c.id == identity).values(totp_step=step))


def held_admins(connection: Connection) -> list[int]:
    """Those who are not disabled, and stay so until the end of the transaction: the last one is never lost."""
    query = select(staff.c.id).where(staff.c.role == Role.ADMIN, staff.c.disabled_at.is_(None))
    return list(connection.execute(query.order_by(staff.c.id).with_for_update()).scalars())


def add_link(connection: Connection, hashed: str, identity: int, purpose: str, expires: datetime) -> None:
    """``purpose`` is invite or reset. Earlier links work no more."""
    where = (staff_link.c.staff == identity, staff_link.c.used_at.is_(None))
    connection.execute(delete(staff_link).where(*where))
    values = {"id": hashed, "staff": identity, "purpose": purpose, "expires_at": expires}
    connection.execute(staff_link.insert().values(values))


def linked(connection: Connection, hashed: str, now: datetime) -> int:
    """Whose link it is; 0 when it does not work any more."""
    where = (staff_link.c.id == hashed, staff_link.c.used_at.is_(None), staff_link.c.expires_at > now)
    return connection.execute(select(staff_link.c.staff).where(*where)).scalar() or 0


def use_link(connection: Connection, hashed: str, now: datetime) -> bool:
    """False when somebody used it before."""
    where = (staff_link.c.id == hashed, staff_link.c.used_at.is_(None), staff_link.c.expires_at > now)
    return connection.execute(update(staff_link).where(*where).values(used_at=now)).rowcount == 1


def begin_session(connection: Connection, kept: Session) -> None:
    values = {
        "id": kept.id,
        "staff": kept.staff,
        "created_at": kept.created_at,
        "seen_at": kept.seen_at,
        "stepped_up_at": kept.stepped_up_at,
        "network": kept.network,
        "agent": kept.agent,
    }
    connection.execute(staff_session.insert().values(values))


def session(connection: Connection, hashed: str) -> Session | None:
    row = connection.execute(select(staff_session).where(staff_session.c.id == hashed)).first()
    return Session(*row) if row else None


def sessions(connection: Connection, identity: int) -> list[Session]:
    """Last used first."""
    query = select(staff_session).where(staff_session.c.staff == identity)
    return [Session(*row) for row in connection.execute(query.order_by(staff_session.c.seen_at.desc()))]


def touch_session(connection: Connection, hashed: str, **values: datetime) -> None:
    """Set ``seen_at`` or ``stepped_up_at``."""
    connection.execute(update(staff_session).where(staff_session.c.id == hashed).values(values))


def end_sessions(connection: Connection, identity: int, only: str = "", but: str = "") -> int:
    """End all sessions of a member, ``only`` one, or all ``but`` one; returns how many."""
    where = [staff_session.c.staff == identity]
    if only:
        where.append(staff_session.c.id == only)
    if but:
        where.append(staff_session.c.id != but)
    return connection.execute(delete(staff_session).where(*where)).rowcount


def forget_sessions(connection: Connection, seen_before: datetime, created_before: datetime) -> None:
    old = (staff_session.c.seen_at < seen_before) | (staff_session.c.created_at < created_before)
    connection.execute(delete(staff_session).where(old))


def note_failure(connection: Connection, kind: str, key: str, now: datetime) -> int:
    """``kind`` is account or network; returns its number, to take it back by."""
    query = sign_in_failure.insert().values(kind=kind, key=key, at=now).returning(sign_in_failure.c.id)
    return int(connection.execute(query).scalar_one())


def failures(connection: Connection, kind: str, key: str, since: datetime) -> list[datetime]:
    """Their moments. Until the end of the transaction nobody else counts those of this key."""
    if connection.dialect.name == "postgresql":  # on SQLite there is one writer anyway
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(kind + key, 0))))
    where = (sign_in_failure.c.kind == kind, sign_in_failure.c.key == key, sign_in_failure.c.at > since)
    return list(connection.execute(select(sign_in_failure.c.at).where(*where)).scalars())


def take_back_failures(connection: Connection, noted: Sequence[int], kind: str, key: str) -> None:
    """Those ``noted`` that were none, and all of a key that has signed in."""
    theirs = (sign_in_failure.c.kind == kind) & (sign_in_failure.c.key == key)
    connection.execute(delete(sign_in_failure).where(theirs | sign_in_failure.c.id.in_(noted)))


def forget_failures(connection: Connection, before: datetime) -> None:
    connection.execute(delete(sign_in_failure).where(sign_in_failure.c.at < before))


def add_token(
    connection: Connection,
    hashed: str,
    identity: int,
    name: str,
    role: Role,
    now: datetime,
    expires: datetime | None,
) -> int:
    values = {
        "secret": hashed,
        "staff": identity,
        "name": name,
        "role": role,
        "created_at": now,
        "expires_at": expires,
    }
    query = api_token.insert().values(values).returning(api_token.c.id)
    return int(connection.execute(query).scalar_one())


def token(connection: Connection, hashed: str) -> ApiToken | None:
    """Revoked and expired ones, too."""
    row = connection.execute(select(api_token).where(api_token.c.secret == hashed)).first()
    return _token(row) if row else None


def tokens(connection: Connection, identity: int = 0) -> list[ApiToken]:
    """Newest first, of everybody or of one member."""
    query = select(api_token).order_by(api_token.c.id.desc())
    if identity:
        query = query.where(api_token.c.staff == identity)
    return [_token(row) for row in connection.execute(query)]


def use_token(connection: Connection, identity: int, now: datetime) -> None:
    connection.execute(update(api_token).where(api_token.c.id == identity).values(used_at=now))


def revoke_tokens(connection: Connection, now: datetime, *, only: int = 0, staff_member: int = 0) -> int:
    """Revoke one, or all of a member; returns how many that were valid."""
    theirs = api_token.c.id == only if only else api_token.c.staff == staff_member
    where = (api_token.c.revoked_at.is_(None), theirs)
    return connection.execute(update(api_token).where(*where).values(revoked_at=now)).rowcount


def _member(row: Row[*tuple[Any, ...]]) -> StaffMember:
    return StaffMember(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        language=row.language,
        has_password=bool(row.password),
        has_totp=bool(row.totp_secret),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


def _token(row: Row[*tuple[Any, ...]]) -> ApiToken:
    return ApiToken(
        row.id,
        row.staff,
        row.name,
        Role(row.role),
        row.created_at,
        row.expires_at,
        row.used_at,
        row.revoked_at,
    )

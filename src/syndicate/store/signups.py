"""Sign-ups: who asked on the web, until they confirm.

Whoever admits one, takes some to be mailed or confirms one calls :func:`in_turn` first: limits are then exact, and an
address is mailed once, however many processes do so at the same time.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    bindparam,
    delete,
    exists,
    func,
    select,
    text,
    update,
)

from syndicate.model import Signup, SignupState, Wish
from syndicate.store.tables import is_asked, signup

_TURN = 0x5349474E  # any number, the same in every syndicate


_SINCE = signup.c.at > bindparam("since")


def _count(*where: ColumnElement[bool]) -> ScalarSelect[int]:
    some = select(signup.c.id).where(*where).limit(bindparam("most")).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


# Made once: it is asked whenever somebody asks.
_COUNTS = select(_count(signup.c.network == bindparam("network"), _SINCE), _count(_SINCE))


def in_turn(connection: Connection) -> None:
    """One after the other, until the end of the transaction; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_TURN})"))


def asked_since(connection: Connection, network: str, since: datetime, most: int) -> tuple[int, int]:
    """How many asked, of one network and in all, after ``since``; none is counted beyond ``most``."""
    row = connection.execute(_COUNTS, {"network": network, "since": since, "most": most}).one()
    return row[0], row[1]


def add(connection: Connection, value: Signup) -> int:
    """Keep a request; its number."""
    row = asdict(value) | {"wish": asdict(value.wish)}
    del row["id"]
    return int(connection.execute(signup.insert().values(row).returning(signup.c.id)).scalar_one())


def get(connection: Connection, identity: int) -> Signup | None:
    row = connection.execute(select(signup).where(signup.c.id == identity)).first()
    return _signup(row) if row else None


def due(connection: Connection, now: datetime, most: int) -> list[Signup]:
    """What waits for its mail and is due, the longest first."""
    where = (is_asked, signup.c.due_at <= now)
    rows = connection.execute(select(signup).where(*where).order_by(signup.c.due_at, signup.c.id).limit(most))
    return [_signup(row) for row in rows]


def is_due(connection: Connection, now: datetime) -> bool:
    return bool(connection.execute(select(exists().where(is_asked, signup.c.due_at <= now))).scalar())


def is_mailed(connection: Connection, value: Signup, since: datetime) -> bool:
    """Whether another request for the same address was mailed, or may have been, after ``since``."""
    where = (signup.c.canonical == value.canonical, signup.c.mailed_at > since, signup.c.id != value.id)
    return bool(connection.execute(select(exists().where(*where))).scalar())


def hold(connection: Connection, value: Signup, now: datetime, until: datetime) -> bool:
    """Take one to be mailed: nobody else does before ``until``. False when somebody has meanwhile.

    ``until`` is what the holder is known by afterwards.
    """
    values = {"due_at": until, "mailed_at": now, "attempts": signup.c.attempts + 1}
    return _written(connection, value.id, value.due_at, values)


def drop_others(connection: Connection, value: Signup, now: datetime, reason: str) -> int:
    """Drop whatever else is due for the same address and nobody holds, however many there are; how many."""
    where = (
        signup.c.canonical == value.canonical,
        signup.c.mailed_at.is_(None),
        signup.c.id != value.id,
        is_asked,
        signup.c.due_at <= now,
    )
    values = {"state": SignupState.DROPPED, "reason": reason}
    return connection.execute(update(signup).where(*where).values(values)).rowcount


def renew(connection: Connection, identity: int, held: datetime, until: datetime) -> bool:
    """Hold it longer; False when it is not ours any more, was confirmed or is gone."""
    return _written(connection, identity, held, {"due_at": until})


def settle(connection: Connection, identity: int, held: datetime, state: SignupState, reason: str) -> bool:
    """Its end, as far as the mail goes."""
    return _written(connection, identity, held, {"state": state, "reason": reason})


def put_off(
    connection: Connection, identity: int, held: datetime, due: datetime, reason: str, *, is_certain: bool
) -> bool:
    """Try again later. ``is_certain``: nothing of the mail went out, so another may for the same address."""
    values: dict[str, Any] = {"due_at": due, "reason": reason}
    return _written(connection, identity, held, values | ({"mailed_at": None} if is_certain else {}))


def give_back(connection: Connection, identity: int, held: datetime, due: datetime) -> bool:
    """It was not tried."""
    values = {"due_at": due, "mailed_at": None, "attempts": signup.c.attempts - 1}
    return _written(connection, identity, held, values)


def confirm(connection: Connection, identity: int, now: datetime) -> None:
    values = {"state": SignupState.CONFIRMED, "reason": "", "confirmed_at": now}
    connection.execute(update(signup).where(signup.c.id == identity).values(values))


def of_address(connection: Connection, canonical: str) -> list[Signup]:
    """Everything that was asked with an address, oldest first."""
    rows = connection.execute(select(signup).where(signup.c.canonical == canonical).order_by(signup.c.id))
    return [_signup(row) for row in rows]


def forget(connection: Connection, canonical: str) -> int:
    """Delete everything that was asked with an address; how many."""
    return connection.execute(delete(signup).where(signup.c.canonical == canonical)).rowcount


def prune(connection: Connection, before: datetime) -> int:
    """Delete what expired ``before``; how many. Who confirmed has it in their history of consent."""
    # Nothing expires before it was asked: the first condition is for the index.
    where = (signup.c.at < before, signup.c.expires_at < before)
    return connection.execute(delete(signup).where(*where)).rowcount


def is_old(connection: Connection, before: datetime) -> bool:
    """Whether :func:`prune` would find any."""
    where = (signup.c.at < before, signup.c.expires_at < before)
    return bool(connection.execute(select(exists().where(*where))).scalar())


def _written(connection: Connection, identity: int, held: datetime, values: dict[str, Any]) -> bool:
    """Whether it was as we knew it, and is written."""
    where = (signup.c.id == identity, signup.c.state == SignupState.ASKED, signup.c.due_at == held)
    return connection.execute(update(signup).where(*where).values(values)).rowcount == 1


def _signup(row: Row[*tuple[Any, ...]]) -> Signup:
    wish = {key: tuple(value) if isinstance(value, list) else value for key, value in row.wish.items()}
    return Signup(
        id=row.id,
        email=row.email,
        canonical=row.canonical,
        network=row.network,
        language=row.language,
        wish=Wish(**wish),
        words=row.words,
        origin=row.origin,
        at=row.at,
        state=SignupState(row.state),
        reason=row.reason,
        attempts=row.attempts,
        due_at=row.due_at,
        mailed_at=row.mailed_at,
        expires_at=row.expires_at,
        confirmed_at=row.confirmed_at,
    )

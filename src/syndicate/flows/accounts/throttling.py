"""How often a password may be tried: counted for the account, and for the network it is tried from."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from syndicate.flows.house import House
from syndicate.model import SyndicateError, UnsafeValue
from syndicate.staff import wait
from syndicate.staff.throttle import WINDOW
from syndicate.store import Connection
from syndicate.store import staff as store
from syndicate.subscribers import canonical


class SignInRefused(SyndicateError):
    """The message is one of the catalogues; ``pause`` is how long no try is looked at."""

    def __init__(self, message: str, pause: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.pause = pause


@contextmanager
def one_try(house: House, email: str, network: str, now: datetime) -> Iterator[None]:
    """Look at one try within the block; it is a failure if that raises SignInRefused.

    Raises SignInRefused itself while no try is looked at. The try is written down as a failure before it is looked
    at, and taken back after: many at once are no way round.
    """
    keys = (("account", _key(email)), ("network", network))
    with house.database.begin() as connection:
        _wait(connection, keys, now)
        noted = [store.note_failure(connection, kind, key, now) for kind, key in keys]
        store.forget_failures(connection, now - WINDOW)
    yield
    with house.database.begin() as connection:
        store.take_back_failures(connection, noted, *keys[0])


def _wait(connection: Connection, keys: tuple[tuple[str, str], ...], now: datetime) -> None:
    pauses = [wait(store.failures(connection, kind, key, now - WINDOW), kind, now) for kind, key in keys]
    if pause := max(pauses):
        raise SignInRefused("Too many tries. Please wait a little.", pause)


def _key(email: str) -> str:
    """The same for every spelling of an address, and no address."""
    try:
        unique = canonical(email)
    except UnsafeValue:
        unique = email.strip().lower()
    return hashlib.sha256(unique.encode("utf-8", "replace")).hexdigest()

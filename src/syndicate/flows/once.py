"""Once: a request that carries a key of its own is done once, however often it is sent.

    begin (the key is written down, with the request's hash) -> the deed, in its own transaction -> keep (the answer)
      |-> known, and answered: the same answer again
      |-> known, under way: wait
      \\-> known, under way for long: whoever did it has died; the deed may be done, its answer is lost

What a verb that finds its deed done answers is the same answer: it is asked again then. Of the few that would do more
the second time, a person has to look (draft-ietf-httpapi-idempotency-key-header-07, section 2.6).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.model import SyndicateError
from syndicate.store import Database, answered
from syndicate.store.answered import UNDER_WAY, Answered

KEPT = timedelta(hours=48)
"""How long an answer is kept."""

LOST_AFTER = timedelta(minutes=5)
"""Nothing takes so long: whoever worked on it then works on it no more."""


_WAIT = "This request is being worked on. Send it again in a moment, with the same key."


class Reused(SyndicateError):
    """The key came with another request before."""


class UnderWay(SyndicateError):
    """The same request is being worked on."""


class Lost(SyndicateError):
    """The same request was begun, and nobody knows how it ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """``who`` is whose keys these are, ``key`` the one that was sent, ``request`` the hash of all that was asked."""

    who: str
    key: str
    request: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer: its status, and its body to the byte."""

    status: int
    body: str


def begin(database: Database, asked: Request, now: datetime, *, is_repeatable: bool) -> Kept | None:
    """The answer that there is; None: do it, then :func:`keep` or :func:`let_go`, with the same ``now``.

    ``is_repeatable``: done twice it is as if done once. Raises Reused, UnderWay, Lost.
    """
    with database.begin() as connection:
        found = answered.get(connection, asked.who, asked.key)
        if found and now - found.at >= KEPT:
            answered.forget(connection, asked.who, asked.key, found.at)
            found = None
        if found is None:
            if answered.claim(connection, asked.who, asked.key, asked.request, now):
                return None
            raise UnderWay(_WAIT)  # another was faster
        if found.request != asked.request:
            raise Reused("This key was used for another request. Make a new key for each new request.")
        if found.status != UNDER_WAY:
            return Kept(found.status, found.body)
        _may_begin_again(found, now, is_repeatable=is_repeatable)
        if not answered.take_over(connection, asked.who, asked.key, found.at, now):
            raise UnderWay(_WAIT)
        return None


def _may_begin_again(found: Answered, now: datetime, *, is_repeatable: bool) -> None:
    if now - found.at < LOST_AFTER:
        raise UnderWay(_WAIT)
    if not is_repeatable:
        raise Lost(
            "This request was begun and its answer is lost: it may be done, or not. Look, and if it is not, "
            "send it with a new key."
        )


def keep(database: Database, asked: Request, began: datetime, answer: Kept) -> None:
    """What was answered, to be answered again."""
    with database.begin() as connection:
        answered.keep(connection, asked.who, asked.key, began, answer.status, answer.body)


def let_go(database: Database, asked: Request, began: datetime) -> None:
    """Nothing was done, and it may be tried again with the same key."""
    with database.begin() as connection:
        answered.forget(connection, asked.who, asked.key, began)


def prune(database: Database, now: datetime) -> int:
    """Forget answers that are old; how many."""
    with database.begin() as connection:
        return answered.prune(connection, now - KEPT)

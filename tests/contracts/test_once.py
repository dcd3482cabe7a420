"""A request with a key of its own is begun once, on both databases, whoever asks and dies at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.flows import once
from syndicate.flows.once import KEPT, LOST_AFTER, Kept, Lost, Request, Reused, UnderWay
from syndicate.store import Database

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ASKED = Request("token 1", "a key", "0" * 64)
ANSWER = Kept(200, '{"name": "Ayşe \\u0000"}')


def begun(
    database: Database, asked: Request = ASKED, now: datetime = NOW, *, is_repeatable: bool = True
) -> Kept | None:
    return once.begin(database, asked, now, is_repeatable=is_repeatable)


def test_an_answer_is_given_again_to_the_byte_for_two_days(database: Database) -> None:
    assert begun(database) is None
    once.keep(database, ASKED, NOW, ANSWER)
    for later in (NOW, NOW + LOST_AFTER, NOW + KEPT - SECOND):
        assert begun(database, now=later) == ANSWER
    assert begun(database, now=NOW + KEPT) is None, "after two days a key is new again"


def test_a_key_is_of_one_request_and_of_one_program(database: Database) -> None:
    begun(database)
    once.keep(database, ASKED, NOW, ANSWER)
    with pytest.raises(Reused):
        begun(database, Request("token 1", "a key", "1" * 64))
    assert begun(database, Request("token 1", "another key", "1" * 64)) is None
    assert begun(database, Request("token 2", "a key", "1" * 64)) is None


def test_who_comes_while_it_is_worked_on_waits(database: Database) -> None:
    begun(database)
    with pytest.raises(UnderWay):
        begun(database, now=NOW + LOST_AFTER - SECOND)
    once.let_go(database, ASKED, NOW)
    assert begun(database, now=NOW + SECOND) is None, "what was let go of is begun anew"


def test_of_many_at_once_one_begins(database: Database) -> None:
    def ask(_: int) -> bool:
        try:
            return begun(database) is None
        except UnderWay:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(24))) == 1


def test_what_somebody_died_of_is_begun_again_by_one(database: Database) -> None:
    begun(database)
    later = NOW + LOST_AFTER

    def ask(n: int) -> bool:
        try:
            return begun(database, now=later + n * SECOND) is None
        except UnderWay:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ask, range(8))) == 1


def test_who_was_only_slow_does_not_overwrite_whoever_took_over(database: Database) -> None:
    begun(database)
    later = NOW + LOST_AFTER
    assert begun(database, now=later) is None
    once.keep(database, ASKED, NOW, Kept(409, "of the slow one"))
    once.let_go(database, ASKED, NOW)
    with pytest.raises(UnderWay):
        begun(database, now=later + SECOND)
    once.keep(database, ASKED, later, ANSWER)
    assert begun(database, now=later + SECOND) == ANSWER


def test_what_would_do_more_the_second_time_is_for_a_person_to_look_at(database: Database) -> None:
    begun(database, is_repeatable=False)
    for later in (NOW + LOST_AFTER, NOW + KEPT - SECOND):
        with pytest.raises(Lost):
            begun(database, now=later, is_repeatable=False)


def test_old_answers_are_forgotten(database: Database) -> None:
    begun(database)
    once.keep(database, ASKED, NOW, ANSWER)
    assert once.prune(database, NOW + KEPT) == 0
    assert once.prune(database, NOW + KEPT + SECOND) == 1
    assert begun(database, Request("token 1", "a key", "1" * 64)) is None

"""Accounts of staff on both databases: links, passwords, second factors, sessions, tokens, and the audit log."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.journeys.web_server import CONFIG

from syndicate.app import open_house
from syndicate.flows import accounts
from syndicate.flows.accounts import SignedIn, SignInRefused
from syndicate.flows.house import House
from syndicate.model import COMMAND_LINE, Actor, NotFound, Role, Session, SyndicateError, UnsafeValue
from syndicate.staff import hashed, new_secret, stored
from syndicate.staff.sessions import IDLE, LONGEST
from syndicate.staff.throttle import FREE, WINDOW
from syndicate.store import Database, audit
from syndicate.store import staff as store

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HERE = "192.0.2.0/24"
PASSWORD = "seven herons over the harbour"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(scope="session")
def kept() -> str:
    return hashed(PASSWORD)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    (tmp_path / "room").mkdir()
    config = tmp_path / "room" / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    opened = open_house(config)
    yield replace(opened, database=database)
    opened.database.close()


def member(house: House, name: str, role: Role, kept: str = "", totp: str = "") -> int:
    """Somebody who has used their link, if there is a password."""
    accounts.add(house, f"{name}@gazette.example.org", name.capitalize(), role, "en", COMMAND_LINE, NOW)
    number = accounts.find(house, f"{name}@gazette.example.org").id
    with house.database.begin() as connection:
        store.set_password(connection, number, kept)
        store.set_totp(connection, number, totp, 0, ())
    return number


def entered(house: House, number: int, now: datetime = NOW) -> tuple[str, SignedIn]:
    """A session of theirs, and its secret."""
    secret = new_secret()
    with house.database.begin() as connection:
        store.begin_session(connection, Session(stored(secret), number, now, now, now, HERE, "a browser"))
    found = accounts.signed_in(house, secret, now)
    assert found is not None
    return secret, found


def sign_in(house: House, name: str, password: str = PASSWORD, code: str = "", now: datetime = NOW) -> str:
    return accounts.sign_in(house, f"{name}@gazette.example.org", password, code, HERE, "a browser", now)


def actions(house: House) -> list[str]:
    """Oldest first."""
    return [one.action for one in reversed(accounts.audit_log(house))]


def test_from_the_link_to_the_second_factor(house: House) -> None:
    link = accounts.add(house, " Ayse@Gazette.example.org ", "Ayşe", Role.SENDER, "tr-TR", COMMAND_LINE, NOW)
    found = accounts.linked(house, link, NOW)
    assert (found.email, found.language, found.has_password) == ("Ayse@Gazette.example.org", "tr", False)
    with pytest.raises(SyndicateError, match="There is an account"):
        accounts.add(house, "AYSE@gazette.example.org", "Other", Role.VIEWER, "en", COMMAND_LINE, NOW)
    with pytest.raises(UnsafeValue, match="12 characters"):
        accounts.set_password(house, link, "short", HERE, NOW)
    accounts.set_password(house, link, PASSWORD, HERE, NOW)
    with pytest.raises(UnsafeValue):
        accounts.set_password(house, link, PASSWORD + "!", HERE, NOW)

    signed = accounts.signed_in(house, sign_in(house, "ayse"), NOW)
    assert signed is not None
    assert accounts.lacks_second_factor(house, signed.member)
    with pytest.raises(UnsafeValue, match="code is wrong"):
        accounts.set_totp(house, signed, TOTP, "000000", HERE, NOW)
    codes = accounts.set_totp(house, signed, TOTP, pyotp.TOTP(TOTP).at(NOW), HERE, NOW)
    assert not accounts.lacks_second_factor(house, accounts.find(house, "ayse@gazette.example.org"))

    used = pyotp.TOTP(TOTP).at(NOW)
    for wrong in ("", "000000", used):
        with pytest.raises(SignInRefused, match="address, the password or the code"):
            sign_in(house, "ayse", code=wrong)
    assert sign_in(house, "ayse", code=pyotp.TOTP(TOTP).at(NOW + MINUTE), now=NOW + MINUTE)
    assert sign_in(house, "ayse", code=f" {codes[3].upper()} ", now=NOW + MINUTE)
    with pytest.raises(SignInRefused):
        sign_in(house, "ayse", code=codes[3], now=NOW + MINUTE)
    assert set(actions(house)) == {
        "staff.add", "staff.password", "sign_in", "staff.second_factor", "sign_in.refused",
    }  # fmt: skip


def test_a_link_grows_old_and_a_newer_one_ends_it(house: House, kept: str) -> None:
    number = member(house, "ayse", Role.EDITOR, kept)
    secret, signed = entered(house, number)
    token = accounts.add_token(house, signed, "script", Role.VIEWER, None, HERE, NOW)
    first = accounts.new_link(house, number, COMMAND_LINE, NOW)
    second = accounts.new_link(house, number, COMMAND_LINE, NOW)
    with pytest.raises(UnsafeValue):
        accounts.linked(house, first, NOW)
    assert accounts.linked(house, second, NOW + 47 * 60 * MINUTE).id == number
    with pytest.raises(UnsafeValue):
        accounts.linked(house, second, NOW + 48 * 60 * MINUTE)

    assert accounts.signed_in(house, secret, NOW) is None
    assert accounts.bearer(house, token, HERE, NOW) is None
    with pytest.raises(SignInRefused):
        sign_in(house, "ayse")
    accounts.disable(house, number, COMMAND_LINE, NOW)
    with pytest.raises(UnsafeValue):
        accounts.linked(house, second, NOW)
    with pytest.raises(SyndicateError, match="disabled"):
        accounts.new_link(house, number, COMMAND_LINE, NOW)


def test_known_and_unknown_are_refused_alike_and_made_to_wait_alike(house: House, kept: str) -> None:
    member(house, "ayse", Role.VIEWER, kept)
    said = []
    for name in ("ayse", "nobody"):
        for n in range(5):
            with pytest.raises(SignInRefused) as refused:
                accounts.sign_in(house, f"{name}@gazette.example.org", "wrong", "", f"10.0.{n}.0/24", "", NOW)
            said.append((str(refused.value), refused.value.pause))
        with pytest.raises(SignInRefused) as refused:
            sign_in(house, name.upper())
        said.append((str(refused.value), refused.value.pause))
    assert said[:6] == said[6:]
    assert said[5] == ("Too many tries. Please wait a little.", timedelta(seconds=30))
    assert sign_in(house, "ayse", now=NOW + MINUTE)
    with pytest.raises(SignInRefused, match="wrong"):  # the count began again
        sign_in(house, "ayse", "wrong", now=NOW + MINUTE)


def test_a_network_that_tries_many_accounts_waits(house: House) -> None:
    with house.database.begin() as connection:
        for n in range(20):
            store.note_failure(connection, "account", f"somebody {n}", NOW)
            store.note_failure(connection, "network", HERE, NOW)
    with pytest.raises(SignInRefused, match="Too many"):
        sign_in(house, "ayse")


def test_many_tries_at_once_are_no_way_round(house: House, kept: str) -> None:
    member(house, "ayse", Role.VIEWER, kept)

    def attempt(_: int) -> str:
        with pytest.raises(SignInRefused) as refused:
            sign_in(house, "ayse", "wrong")
        return str(refused.value)

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(attempt, range(16)))
    assert said.count("Too many tries. Please wait a little.") == 11
    with house.database.read() as connection:
        assert len(store.failures(connection, "network", HERE, NOW - MINUTE)) == 5


def test_a_password_that_is_guessed_at_in_a_session_waits_too(house: House, kept: str) -> None:
    _, signed = entered(house, member(house, "ayse", Role.VIEWER, kept))
    for _ in range(5):
        with pytest.raises(SignInRefused, match="The password is wrong"):
            accounts.change_password(house, signed, "wrong", "a quite different sentence", HERE, NOW)
    with pytest.raises(SignInRefused, match="Too many"):
        accounts.step_up(house, signed, PASSWORD, HERE, NOW)


def test_a_new_password_ends_what_the_old_one_opened(house: House, kept: str) -> None:
    number = member(house, "ayse", Role.VIEWER, kept)
    here, signed = entered(house, number)
    there, _ = entered(house, number)
    token = accounts.add_token(house, signed, "script", Role.VIEWER, None, HERE, NOW)
    accounts.change_password(house, signed, PASSWORD, "a quite different sentence", HERE, NOW)
    assert accounts.signed_in(house, here, NOW) is not None
    assert accounts.signed_in(house, there, NOW) is None
    assert accounts.bearer(house, token, HERE, NOW) is None
    assert sign_in(house, "ayse", "a quite different sentence")


def test_a_session_ends_when_it_is_idle_old_or_its_owner_disabled(house: House, kept: str) -> None:
    number = member(house, "ayse", Role.VIEWER, kept)
    secret, _ = entered(house, number)
    assert accounts.signed_in(house, secret, NOW + IDLE) is None
    moment = NOW
    while moment + IDLE / 2 < NOW + LONGEST:
        moment += IDLE / 2
        assert accounts.signed_in(house, secret, moment) is not None
    assert accounts.signed_in(house, secret, NOW + LONGEST) is None
    assert accounts.signed_in(house, stored(secret), NOW) is None

    secret, _ = entered(house, number)
    accounts.disable(house, number, COMMAND_LINE, NOW)
    assert accounts.signed_in(house, secret, NOW) is None
    with pytest.raises(SignInRefused):
        sign_in(house, "ayse")
    accounts.enable(house, number, COMMAND_LINE, NOW)
    assert accounts.signed_in(house, secret, NOW) is None
    accounts.sign_out(house, accounts.signed_in(house, sign_in(house, "ayse"), NOW) or pytest.fail("not in"))


def test_the_last_admin_stays_even_when_two_go_at_once(house: House) -> None:
    one = member(house, "ayse", Role.ADMIN)
    with pytest.raises(SyndicateError, match="last admin"):
        accounts.disable(house, one, COMMAND_LINE, NOW)
    with pytest.raises(SyndicateError, match="last admin"):
        accounts.change_role(house, one, Role.SENDER, COMMAND_LINE, NOW)
    accounts.change_role(house, one, Role.ADMIN, COMMAND_LINE, NOW)
    other = member(house, "bora", Role.ADMIN)

    def go(number: int) -> bool:
        try:
            accounts.disable(house, number, COMMAND_LINE, NOW)
        except SyndicateError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, (one, other))) == [False, True]
    with pytest.raises(NotFound):
        accounts.change_role(house, 999, Role.ADMIN, COMMAND_LINE, NOW)


def test_a_token_does_the_lesser_of_what_it_and_its_owner_may(house: House) -> None:
    number = member(house, "ayse", Role.EDITOR)
    _, signed = entered(house, number)
    with pytest.raises(SyndicateError, match="cannot do more"):
        accounts.add_token(house, signed, "script", Role.SENDER, None, HERE, NOW)
    with pytest.raises(UnsafeValue, match="name"):
        accounts.add_token(house, signed, "ayse@gazette.example.org", Role.VIEWER, None, HERE, NOW)
    token = accounts.add_token(house, signed, "script", Role.EDITOR, 2 * MINUTE, HERE, NOW)
    known = accounts.bearer(house, token, HERE, NOW)
    assert known is not None
    assert known.actor == Actor(number, "Ayse (script)", Role.EDITOR, HERE)
    assert accounts.bearer(house, token, HERE, NOW + 2 * MINUTE) is None
    assert accounts.bearer(house, token + "x", HERE, NOW) is None
    accounts.change_role(house, number, Role.VIEWER, COMMAND_LINE, NOW)
    lessened = accounts.bearer(house, token, HERE, NOW)
    assert lessened is not None
    assert lessened.actor.role is Role.VIEWER

    _, stranger = entered(house, member(house, "bora", Role.SENDER))
    mine = accounts.account(house, number).tokens[0].id
    with pytest.raises(NotFound):
        accounts.revoke_token(house, stranger, mine, HERE, NOW)
    accounts.revoke_token(house, signed, mine, HERE, NOW)
    assert accounts.bearer(house, token, HERE, NOW) is None


def test_wrong_tokens_of_a_network_wait_and_lock_nobody_out(house: House, kept: str) -> None:
    pauses = [accounts.wrong_token(house, HERE, NOW) for _ in range(FREE["token"] + 3)]
    assert pauses[: FREE["token"]] == [timedelta(0)] * FREE["token"]
    assert all(pauses[FREE["token"] :])
    assert accounts.wrong_token(house, "198.51.100.0/24", NOW) == timedelta(0)
    assert accounts.wrong_token(house, HERE, NOW + WINDOW + MINUTE) == timedelta(0)
    member(house, "ayse", Role.EDITOR, kept)
    assert accounts.sign_in(house, "ayse@gazette.example.org", PASSWORD, "", HERE, "a browser", NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET name = 'somebody else'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
        "TRUNCATE audit",
        "INSERT OR REPLACE INTO audit SELECT id, at, 0, 'nobody', role, action, subject, detail, network FROM audit",
        "INSERT INTO audit SELECT * FROM audit ON CONFLICT (id) DO UPDATE SET name = 'somebody else'",
    ],
)
def test_a_line_of_the_audit_log_stays(database: Database, statement: str) -> None:
    with database.begin() as connection:
        audit.note(connection, COMMAND_LINE, "issue.approve", "issue 1", NOW, stories=3)
        before = audit.entries(connection)
    with pytest.raises(DBAPIError), database.engine.begin() as connection:
        connection.execute(text(statement))
    with database.begin() as connection:
        assert audit.entries(connection) == before
        audit.note(connection, COMMAND_LINE, "issue.send", "issue 1", NOW)
        assert [one.id for one in audit.entries(connection)] == [2, 1]


def test_no_line_of_it_holds_an_address(house: House, kept: str) -> None:
    number = member(house, "canary", Role.SENDER, kept, TOTP)
    for name in ("", " ", "canary@gazette.example.org", "Canary <canary@gazette.example.org>"):
        with pytest.raises(UnsafeValue, match="name"):
            accounts.add(house, "other@gazette.example.org", name, Role.VIEWER, "en", COMMAND_LINE, NOW)
    with pytest.raises(SignInRefused):
        sign_in(house, "canary", "canary@gazette.example.org")
    _, signed = entered(house, number)
    accounts.change_language(house, signed, "ar")
    accounts.change_role(house, number, Role.EDITOR, signed.actor(HERE), NOW)
    accounts.end_sessions(house, number, signed.actor(HERE), NOW)
    accounts.new_link(house, number, signed.actor(HERE), NOW)
    accounts.disable(house, number, signed.actor(HERE), NOW)
    with house.database.read() as connection:
        lines = [str(tuple(row)) for row in connection.execute(text("SELECT * FROM audit"))]
    assert len(lines) == len(actions(house)) >= 6
    assert not [line for line in lines if "@" in line or "gazette.example.org" in line]

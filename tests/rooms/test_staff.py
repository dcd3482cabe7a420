"""Staff: passwords, codes, sessions, and how long one waits after failures."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.model import Role, Session
from syndicate.staff import (
    anti_forgery,
    hashed,
    is_alive,
    is_outdated,
    is_required,
    is_stepped_up,
    is_totp_secret,
    matching_step,
    new_secret,
    new_totp_secret,
    objection,
    passwords,
    provisioning_uri,
    qr_svg,
    recovery_codes,
    stored,
    verify,
    wait,
)
from syndicate.staff.sessions import IDLE, LONGEST, STEP_UP
from syndicate.staff.throttle import FREE, WINDOW
from syndicate.staff.throttle import LONGEST as LONGEST_WAIT

# The other tests hash cheaply (see tests/conftest.py).
IN_SERVICE = passwords._hasher
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
AGO = st.lists(st.timedeltas(timedelta(0), WINDOW * 2), max_size=60)
RFC_6238 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The key of its test vectors, ``12345678901234567890``."""


def test_a_password_is_known_again_however_a_keyboard_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = hashed("a password of a test")
    monkeypatch.setattr(passwords, "_hasher", IN_SERVICE)
    written = "köprünün üstünde yedi martı"
    kept = hashed(unicodedata.normalize("NFD", written))
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert verify(kept, written)
    assert not verify(kept, written + " ")
    assert not is_outdated(kept)
    assert is_outdated(cheap), "made again at the next sign-in"


def test_nobody_has_no_password_and_half_a_hash_is_none() -> None:
    assert not verify("", "nobody has this password")
    assert not verify("$argon2id$v=19$", "seven herons over the harbour")


def test_what_is_longer_than_may_be_chosen_is_not_cut_to_fit() -> None:
    longest = "a heron, " * 22 + "ab"
    kept = hashed(longest)
    assert len(longest) == 200
    assert verify(kept, longest)
    assert not verify(kept, longest + "c")
    assert not verify(kept, longest + "cd")


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("seven herons over the harbour", ""),
        ("short", "Use at least 12 characters."),
        ("x" * 201, "Use at most 200 characters."),
        ("aaaaaaaaaaaaaaaa", "This is too easy to guess."),
        ("abababababababab", "This is too easy to guess."),
        ("i am called Ayşe, yes", "This is too easy to guess."),
        ("ayse.demir in istanbul", "This is too easy to guess."),
    ],
)
def test_what_is_held_against_a_password(password: str, wrong: str) -> None:
    assert objection(password, "ayse.demir@gazette.example.org", "Ayşe Demir") == wrong


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_of_rfc_6238(at: int, code: str) -> None:
    moment = datetime.fromtimestamp(at, UTC)
    assert matching_step(RFC_6238, code, moment, 0) == at // 30
    assert matching_step(RFC_6238, f"{code[:3]} {code[3:]}", moment, 0) == at // 30


def test_a_code_works_once_and_a_step_to_either_side() -> None:
    secret = new_totp_secret()
    step = int(NOW.timestamp()) // 30
    code = pyotp.TOTP(secret).at(NOW)
    assert matching_step(secret, code, NOW + 30 * SECOND, 0) == step
    assert matching_step(secret, code, NOW - 30 * SECOND, 0) == step
    assert matching_step(secret, code, NOW + 61 * SECOND, 0) == 0
    assert matching_step(secret, code, NOW, step) == 0


@given(st.text(max_size=40), st.text(max_size=12))
def test_no_text_breaks_a_look_at_a_code(secret: str, code: str) -> None:
    assert matching_step(secret, code, NOW, 0) == 0
    assert matching_step(RFC_6238, code, NOW, 10**9) == 0


def test_what_is_made_for_an_authenticator() -> None:
    secret = new_totp_secret()
    assert is_totp_secret(secret)
    assert not is_totp_secret(secret.lower())
    uri = provisioning_uri(secret, "ayse@gazette.example.org", "Gazete: sabah")
    assert pyotp.parse_uri(uri).now() == pyotp.TOTP(secret).now()
    svg = qr_svg(uri)
    assert svg.startswith("<svg")
    assert "style=" not in svg
    assert len(set(recovery_codes())) == 10


@pytest.mark.parametrize(
    ("rule", "roles"),
    [("senders", "sender admin"), ("everybody", "viewer editor sender admin"), ("nobody", "")],
)
def test_who_must_have_a_second_factor(rule: str, roles: str) -> None:
    assert [role for role in Role if is_required(rule, role)] == roles.split()


def test_each_role_may_what_those_before_it_may() -> None:
    order = list(Role)
    assert [[mine.may(needed) for needed in order] for mine in order] == [
        [n <= m for n in range(4)] for m in range(4)
    ]


@given(AGO, st.sampled_from(sorted(FREE)))
def test_a_wait_is_short_and_nobody_waits_who_failed_seldom(ago: list[timedelta], kind: str) -> None:
    failures = [NOW - one for one in ago]
    recent = [one for one in ago if one < WINDOW]
    found = wait(failures, kind, NOW)
    assert timedelta(0) <= found <= LONGEST_WAIT
    assert len(recent) >= FREE[kind] or not found
    if found:
        assert not wait(failures, kind, NOW + found)


@given(AGO)
def test_one_more_failure_never_shortens_the_wait(ago: list[timedelta]) -> None:
    failures = [NOW - one for one in ago]
    assert wait([*failures, NOW], "account", NOW) >= wait(failures, "account", NOW)


def session(created: timedelta, seen: timedelta, proven: timedelta | None = None) -> Session:
    """Of so long ago."""
    return Session("x", 1, NOW - created, NOW - seen, NOW - proven if proven is not None else None, "", "")


def test_when_a_session_ends() -> None:
    zero = timedelta(0)
    assert is_alive(session(LONGEST - SECOND, IDLE - SECOND), NOW)
    assert not is_alive(session(LONGEST, zero), NOW)
    assert not is_alive(session(IDLE, IDLE), NOW)
    assert is_stepped_up(session(zero, zero, STEP_UP - SECOND), NOW)
    assert not is_stepped_up(session(zero, zero, STEP_UP), NOW)
    assert not is_stepped_up(session(zero, zero), NOW)


def test_secrets_are_kept_as_hashes_and_forms_are_a_sessions_own() -> None:
    secret = new_secret()
    assert len(secret) == 43
    assert secret not in stored(secret)
    assert anti_forgery(b"key", "a") != anti_forgery(b"key", "b") != anti_forgery(b"other", "b")

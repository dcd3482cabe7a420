"""Addresses, tokens and lists: who may be mailed, and how a link proves whose it is."""

import base64
import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.languages import visible
from syndicate.model import Subscriber, SubscriberStatus, Subscription, UnsafeValue
from syndicate.subscribers import (
    Fate,
    Token,
    Tokens,
    address_hash,
    address_hashes,
    canonical,
    merge,
    message_id,
    read_lines,
    write_lines,
)
from syndicate.subscribers.addresses import mailbox
from syndicate.subscribers.lists.cells import text

KEY = b"a key of the tests, long enough"
MOMENT = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
LISTS = Path(__file__).parents[2] / "subscribers"


# -- addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_in", "folded"),
    [
        ("Ayse@Example.ORG", "ayse@example.org"),
        ("  ayse+news@example.org ", "ayse+news@example.org"),
        ("ayse@bücher.example", "ayse@xn--bcher-kva.example"),
        ("ayse@BÜCHER.example.", "ayse@xn--bcher-kva.example"),
        ("a@пример.испытание", "a@xn--e1afmkfd.xn--80akhbyknj4f"),
        ("o'hara@mail.example.co", "o'hara@mail.example.co"),
        ("a@ｅxample．org", "a@example.org"),
    ],
)
def test_two_spellings_of_one_address_are_one(given_in: str, folded: str) -> None:
    assert canonical(given_in) == folded
    assert canonical(canonical(given_in)) == folded


@pytest.mark.parametrize(
    "bad",
    [
        "", "@", "a@", "@example.org", "nobody", "a@localhost", "a b@example.org", "a@example..org", ".a@example.org",
        "a.@example.org", "a@-x.example", "a@x_y.example", "ağ@example.org", '"a b"@example.org', "a@[127.0.0.1]",
        "a@example.org\r\nBcc: b@example.org", "a\n@example.org",
        "<a@example.org>", "a@example.org>", "a,b@example.org",
        "x" * 65 + "@example.org", "a@" + "x" * 64 + ".org", "a@" + "x" * 60 + ("." + "y" * 60) * 4 + ".org",
        "a@\u202eexample.org", "a@exa mple.org", "a\x00@example.org",
        "x" * 60 + "@" + "y" * 60 + ("." + "y" * 60) * 2 + ".example.org",
    ],
)  # fmt: skip
def test_what_cannot_be_mailed_is_refused(bad: str) -> None:
    for check in (canonical, mailbox):
        with pytest.raises(UnsafeValue):
            check(bad)


def test_the_envelope_keeps_the_local_part_as_given() -> None:
    assert mailbox("Ayse.Oz@BÜCHER.example") == "Ayse.Oz@xn--bcher-kva.example"


@given(st.from_regex(r"\A[aZ9_+.-]{1,50}@[a-z0-9.-]{1,60}\Z"))
def test_the_quick_way_and_the_careful_one_agree(email: str) -> None:
    """With a space before it, an address goes the careful one."""
    try:
        careful = mailbox(f" {email}")
    except UnsafeValue:
        with pytest.raises(UnsafeValue):
            mailbox(email)
    else:
        assert mailbox(email) == careful


@given(st.text(max_size=40))
def test_whatever_is_given_an_address_is_safe_or_refused(text: str) -> None:
    try:
        made = canonical(f"{text}@example.org")
    except UnsafeValue:
        return
    assert made.isascii()
    assert made.count("@") == 1
    assert not set(made) & set(' \r\n\t<>,;:"\\()[]')


def test_the_hash_of_an_address_tells_nothing_without_the_key() -> None:
    one = address_hash(KEY, "a@example.org")
    assert len(one) == 32
    assert one == address_hash(KEY, "a@example.org")
    assert one not in {address_hash(KEY, "b@example.org"), address_hash(KEY + b"x", "a@example.org")}


# -- tokens ---------------------------------------------------------------------------------------------------

NEWSLETTERS = ["weekly", "energy", "daily"]


@given(
    st.integers(0, 2**40 - 1), st.sampled_from(NEWSLETTERS), st.sampled_from(["unsubscribe", "preferences"])
)
def test_a_token_says_whose_it_is_and_for_what(subscriber: int, newsletter: str, purpose: str) -> None:
    token = Tokens(KEY).make(purpose, subscriber, newsletter)
    assert len(token) == 34
    assert Tokens(KEY).read(purpose, token, NEWSLETTERS) == Token(subscriber, newsletter)
    other = {"unsubscribe": "preferences", "preferences": "unsubscribe"}[purpose]
    for tokens, reads, known in (
        (Tokens(KEY), other, NEWSLETTERS),
        (Tokens(KEY + b"!"), purpose, NEWSLETTERS),
        (Tokens(KEY), purpose, [n for n in NEWSLETTERS if n != newsletter]),
    ):
        with pytest.raises(UnsafeValue):
            tokens.read(reads, token, known)


@given(st.binary(max_size=100), st.integers(0, 2**40 - 1), st.sampled_from(NEWSLETTERS))
def test_two_tokens_at_once_are_those_made_one_by_one(key: bytes, subscriber: int, newsletter: str) -> None:
    tokens, purposes = Tokens(key), ("unsubscribe", "preferences")
    made = tuple(tokens.make(purpose, subscriber, newsletter) for purpose in purposes)
    assert tokens.pairs(*purposes, newsletter)(subscriber) == made


@given(data=st.data())
def test_a_token_has_one_spelling_and_cannot_be_made_from_another(data: st.DataObject) -> None:
    tokens = Tokens(KEY)
    token = tokens.make("unsubscribe", 7, "weekly")
    letters = st.characters(codec="ascii", exclude_categories=("Cc",))
    where = data.draw(st.integers(0, len(token)))
    cut = data.draw(st.integers(0, 2))
    forged = token[:where] + data.draw(st.text(letters, max_size=3)) + token[where + cut :]
    if forged != token:
        with pytest.raises(UnsafeValue):
            tokens.read("unsubscribe", forged, NEWSLETTERS)


def test_somebody_else_s_number_does_not_fit_the_proof() -> None:
    tokens = Tokens(KEY)
    raw = bytearray(base64.urlsafe_b64decode(tokens.make("unsubscribe", 7, "weekly") + "=="))
    raw[4] += 1
    with pytest.raises(UnsafeValue):
        tokens.read("unsubscribe", base64.urlsafe_b64encode(raw).decode().rstrip("="), NEWSLETTERS)


def test_a_message_has_one_name_however_often_it_is_made() -> None:
    name = message_id(KEY, "weekly", "2026-06-01", 7, "example.org")
    assert name == message_id(KEY, "weekly", "2026-06-01", 7, "example.org")
    assert name.startswith("<")
    assert name.endswith("@example.org>")
    others = {
        message_id(KEY, "energy", "2026-06-01", 7, "example.org"),
        message_id(KEY, "weekly", "2026-06-02", 7, "example.org"),
        message_id(KEY, "weekly", "2026-06-01", 8, "example.org"),
        message_id(KEY + b"x", "weekly", "2026-06-01", 7, "example.org"),
    }
    assert len(others | {name}) == 5


@given(st.binary(min_size=1, max_size=100), st.text(max_size=50))
def test_many_hashes_are_the_hash_of_each(key: bytes, address: str) -> None:
    assert address_hashes(key)(address) == address_hash(key, address)


# -- lists ----------------------------------------------------------------------------------------------------


def lines(text: str) -> list[tuple[int, Subscriber | None, str]]:
    read = read_lines(io.StringIO(text, newline=""), ["weekly", "energy"])
    return [(line.number, line.subscriber, line.reason) for line in read]


def test_a_line_becomes_a_person() -> None:
    header = "email,name,languages,timezone,newsletters,cadence,status,consent_at,consent_source\n"
    row = 'A@Example.org,"Öz, Ayşe",zh_tw TR tr,Asia/Almaty,weekly energy,daily,pending,2026-06-01T11:00:00+03:00,form'
    assert lines(header + row) == [
        (
            2,
            Subscriber(
                email="A@Example.org", canonical="a@example.org", name="Öz, Ayşe", languages=("zh-TW", "tr"),
                timezone="Asia/Almaty", status=SubscriberStatus.PENDING, consent_at=MOMENT, consent_source="form",
                subscriptions=(Subscription("energy", "daily"), Subscription("weekly", "daily")),
            ),
            "",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"email": "nobody"}, "address"),
        ({"languages": ""}, "no language"),
        ({"languages": "xx"}, "no language has the code xx"),
        ({"languages": "tr qq en"}, "qq"),
        ({"languages": "english"}, "not a language tag"),
        ({"timezone": "Europe/Atlantis"}, "not a time zone"),
        ({"timezone": "../../etc/passwd"}, "not a time zone"),
        ({"newsletters": "weekly monthly"}, "no newsletter monthly"),
        ({"cadence": "hourly"}, "not a cadence"),
        ({"status": "vip"}, "not a status"),
        ({"consent_at": "last week"}, "not a date"),
        ({"consent_at": "0001-01-01T00:00:00+14:00"}, "not a date"),
    ],
)
def test_a_line_that_cannot_be_taken_says_why_and_the_next_goes_on(
    cells: dict[str, str], reason: str
) -> None:
    good = {"email": "b@example.org", "languages": "tr"}
    bad = {"email": "a@example.org", "languages": "tr"} | cells
    columns = sorted({*good, *bad})
    text = "\n".join([",".join(columns), *(",".join(row.get(c, "") for c in columns) for row in (bad, good))])
    first, second = lines(text)
    assert first[1] is None
    assert reason in first[2]
    assert second[1]
    assert second[1].canonical == "b@example.org"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=250))
def test_a_name_is_one_visible_line_and_stays_so(given_in: str) -> None:
    """The quick way for most names is the thorough one's."""
    name = text(given_in)
    assert name == text(name) == visible(name)
    if len(given_in) <= 200:
        assert name == visible(given_in)


line_ends = st.sampled_from(["\n", "\r\n", "\r"])


@given(st.lists(st.text('ab"\n, ;é', max_size=8), max_size=6), st.sampled_from(",;\t"), line_ends)
def test_whatever_stands_between_the_lines_around_it_are_read(
    noise: list[str], delimiter: str, end: str
) -> None:
    """Quotes left open, line ends within them, too many cells: none takes a good line with it."""
    good = [delimiter.join((f"r{n}@example.org", "tr", "")) for n in range(len(noise) + 1)]
    mixed = [cell for pair in zip(good, noise, strict=False) for cell in pair] + good[len(noise) :]
    found = lines(end.join((delimiter.join(("email", "languages", "name")), *mixed)) + end)
    assert {one.email for _, one, _ in found if one} == {f"r{n}@example.org" for n in range(len(good))}


def test_too_many_cells_are_no_line() -> None:
    assert lines("email,languages\na@example.org,tr,more\n")[0][1:] == (
        None,
        "more cells than the header has columns",
    )


@pytest.mark.parametrize(
    "text",
    ["", "languages\ntr\n", "email,languages,shoe size\n", "email,languages,Email\n", "x" * 200_000,
     "email|languages\na@b.org|tr\n"],
    ids=["empty", "no address", "unknown column", "a column twice", "huge header", "another delimiter"],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(UnsafeValue, match="line"):
        lines(text)


def test_the_sample_list_has_its_three_bad_lines() -> None:
    if not (LISTS / "sample.csv").exists():
        pytest.skip("subscribers/sample.csv is not here")
    fates, held, refused = dict.fromkeys(Fate, 0), dict[str, Subscriber](), dict[int, str]()
    with (LISTS / "sample.csv").open(encoding="utf-8-sig", newline="") as file:
        for line in read_lines(file, ["weekly", "energy"]):
            if line.subscriber is None:
                fates[Fate.REFUSED] += 1
                refused[line.number] = line.reason
                continue
            fate, merged = merge(held.get(line.subscriber.canonical), line.subscriber)
            fates[fate] += 1
            held[merged.canonical] = merged
    assert {fate: n for fate, n in fates.items() if n} == {
        Fate.ADDED: 199,
        Fate.UNCHANGED: 1,
        Fate.REFUSED: 3,
    }
    assert [
        word in reason
        for word, reason in zip(("from a to z", "@", "language"), refused.values(), strict=True)
    ] == [True] * 3


def person(**values: Any) -> Subscriber:
    given_in: dict[str, Any] = {
        "email": "a@example.org", "canonical": "a@example.org", "languages": ("tr",),
        "status": SubscriberStatus.ACTIVE, "subscriptions": (Subscription("weekly"),),
    }  # fmt: skip
    return Subscriber(**(given_in | values))


every_status = st.sampled_from(SubscriberStatus)
some = st.sets(st.sampled_from(NEWSLETTERS)).map(lambda keys: tuple(Subscription(k) for k in sorted(keys)))


@given(every_status, every_status, some, some, st.sets(st.sampled_from(NEWSLETTERS)))
def test_a_list_never_brings_anybody_back(
    held: SubscriberStatus,
    given_in: SubscriberStatus,
    has: tuple[Subscription, ...],
    wanted: tuple[Subscription, ...],
    left: set[str],
) -> None:
    has = tuple(s for s in has if s.newsletter not in left)
    before = person(id=7, status=held, subscriptions=has)
    fate, after = merge(before, person(status=given_in, subscriptions=wanted), left)
    if held in {SubscriberStatus.SUPPRESSED, SubscriberStatus.UNSUBSCRIBED}:
        assert after.status in {held, SubscriberStatus.SUPPRESSED}
    if held is SubscriberStatus.SUPPRESSED:
        assert (fate, after) == (Fate.SUPPRESSED, before)
    assert not {s.newsletter for s in after.subscriptions} & left
    assert set(has) <= set(after.subscriptions)
    assert after.id == 7
    if fate is Fate.UPDATED:
        again, _ = merge(after, person(status=given_in, subscriptions=wanted), left)
        assert again is (Fate.SUPPRESSED if after.status is SubscriberStatus.SUPPRESSED else Fate.UNCHANGED)


@given(every_status, some, st.sets(st.sampled_from(NEWSLETTERS)))
def test_a_line_that_says_what_is_held_leaves_it_so(
    status: SubscriberStatus, has: tuple[Subscription, ...], left: set[str]
) -> None:
    """A whole list of such lines is passed over without asking."""
    one = person(id=7, status=status, subscriptions=tuple(s for s in has if s.newsletter not in left))
    fate = Fate.SUPPRESSED if status is SubscriberStatus.SUPPRESSED else Fate.UNCHANGED
    assert merge(one, replace(one, id=0), left) == (fate, one)


def test_a_list_does_not_rewrite_what_a_person_consented_to() -> None:
    before = person(id=7, name="Ayşe", consent_at=MOMENT, consent_source="form")
    later = replace(before, id=0, name="", consent_at=MOMENT.replace(year=2027), consent_source="list")
    assert merge(before, later) == (Fate.UNCHANGED, before)
    assert merge(None, later) == (Fate.ADDED, later)


locals_ = st.text("abcxyz0189!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=12)
people = st.builds(
    lambda local, name, languages, status, keys, at, cadence: person(
        email=f"{local}@example.org",
        canonical=f"{local}@example.org",
        name=visible(name),
        languages=languages,
        status=status,
        subscriptions=tuple(Subscription(k, cadence if keys else "") for k in sorted(keys)),
        consent_at=at,
        consent_source=visible(name)[:9].strip(),
    ),
    locals_,
    st.text(max_size=20)
    | st.sampled_from(["=1+1", "+49", "-x", "@SUM(A1)", "'=x", "''-", "'", "\t=a", "'a"]),
    st.sampled_from([("tr",), ("zh-TW", "en")]),
    every_status,
    st.sets(st.sampled_from(["weekly", "energy"])),
    st.none() | st.just(MOMENT),
    st.sampled_from(["", "daily"]),
)


@given(st.lists(people, max_size=4, unique_by=lambda one: one.canonical))
def test_what_is_exported_reads_back_the_same_and_runs_in_no_spreadsheet(given_in: list[Subscriber]) -> None:
    file = io.StringIO(newline="")
    assert write_lines(file, given_in) == len(given_in)
    cells = [cell for row in csv.reader(io.StringIO(file.getvalue(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [one for _, one, _ in lines(file.getvalue())] == given_in

"""Signatures that two other implementations verify, in every language; keys that are refused; processes that sign."""

import hashlib
import re
import shutil
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from dkim.canonicalization import CanonicalizationPolicy
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.test_digests_samples import RECIPIENT, TEMPLATES, WHEN, content, sample_sender

from syndicate.carriers.dkim import OVERSIGNED, Signer, SigningPool, prepare, sign
from syndicate.digests import compose, stencil
from syndicate.languages import SHIPPED
from syndicate.model import CarrierError, UnsafeValue

DOMAIN = "news.crossroads.example.org"
OPENDKIM = shutil.which("opendkim") or shutil.which("opendkim", path="/usr/sbin:/usr/local/sbin")
PRIVATE = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
PLAIN = serialization.NoEncryption()
Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
EXPONENT = 65537


@cache
def key(kind: str) -> Key:
    return rsa.generate_private_key(EXPONENT, 2048) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()


@cache
def signer(kind: str) -> Signer:
    return Signer(DOMAIN, kind, key(kind).private_bytes(*PRIVATE, PLAIN))


def record(kind: str) -> bytes:
    """What stands in the DNS (RFC 6376, section 3.6.1; RFC 8463, section 4)."""
    public = key(kind).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        raw = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    else:
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; p={b64encode(raw).decode()}".encode()


@cache
def message(language: str = "en") -> bytes:
    digest = compose(content(language, 2), TEMPLATES)
    return stencil(digest, sample_sender(language)).message(RECIPIENT, WHEN)


def signed(raw: bytes, *kinds: str) -> bytes:
    return sign((raw,), [signer(kind) for kind in kinds]) + raw


def verified(raw: bytes, count: int = 1) -> list[bool]:
    """By dkimpy, which reads the DNS that we hand it; Ed25519 wants PyNaCl there."""
    if b"ed25519" in raw:
        pytest.importorskip(
            "nacl", reason="dkimpy verifies Ed25519 with PyNaCl only; OpenDKIM's test has it, too"
        )

    def answer(name: bytes, timeout: int = 5) -> bytes:
        selector, _, rest = name.decode().partition("._domainkey.")
        assert rest.rstrip(".") == DOMAIN
        return record(selector)

    return [dkim.DKIM(raw).verify(idx=n, dnsfunc=answer) for n in range(count)]


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("language", SHIPPED)
def test_dkimpy_verifies_every_language(language: str, kind: str) -> None:
    assert verified(signed(message(language), kind)) == [True]


def test_two_signatures_of_one_message() -> None:
    assert verified(signed(message(), "rsa", "ed25519"), 2) == [True, True]


def judged(folder: Path, raws: list[bytes]) -> list[list[str]]:
    """What OpenDKIM writes into Authentication-Results, for each message the verdicts by signature."""
    keys = folder / "keys"
    keys.write_bytes(
        b"".join(f"{k}._domainkey.{DOMAIN} ".encode() + record(k) + b"\n" for k in ("rsa", "ed25519"))
    )
    settings = folder / "opendkim.conf"
    settings.write_text(f"Mode v\nTestPublicKeys {keys}\n")
    verdicts = []
    for n, raw in enumerate(raws):
        path = folder / f"{n}.eml"
        path.write_bytes(raw)
        done = subprocess.run(
            [str(OPENDKIM), "-x", settings, "-t", path, "-vv"], capture_output=True, text=True, timeout=60
        )
        verdicts.append(re.findall(r"\bdkim=(\w+)[^;]*header\.a=\w", done.stdout + done.stderr))
    return verdicts


@pytest.mark.skipif(OPENDKIM is None, reason="Debian's opendkim is not installed")
def test_opendkim_verifies_every_language_and_both_kinds(tmp_path: Path) -> None:
    found = judged(tmp_path, [signed(message(language), "rsa", "ed25519") for language in SHIPPED])
    assert found == [["pass", "pass"]] * len(SHIPPED)


@pytest.mark.skipif(OPENDKIM is None, reason="Debian's opendkim is not installed")
def test_opendkim_refuses_what_was_changed(tmp_path: Path) -> None:
    raw = signed(message(), "rsa", "ed25519")
    found = judged(tmp_path, [raw.replace(b"Aral", b"Oral"), raw.replace(b"\r\nFrom: ", b"\r\nFrom: x ", 1)])
    assert found == [["fail", "fail"]] * 2


def test_what_relays_do_leaves_a_signature_good() -> None:
    raw = signed(message(), "rsa")
    relayed = b"Received: from a by b; Mon, 23 Nov 2026 07:00:00 +0000\r\n" + raw
    assert verified(relayed) == [True]
    assert verified(raw.replace(b"\r\nPrecedence: bulk", b"\r\nPRECEDENCE:\t bulk \t")) == [True]
    assert verified(raw.replace(b"Auto-Submitted: ", b"Auto-Submitted:\r\n\t ")) == [True]
    assert verified(raw + b"\r\n\r\n") == [True]


@pytest.mark.parametrize(
    "name", sorted({*OVERSIGNED, b"list-id", b"feedback-id", b"content-type", b"content-language"})
)
def test_a_header_that_is_changed_or_lost_breaks_it(name: bytes) -> None:
    raw = signed(message(), "rsa")
    pattern = re.compile(rb"(?im)^(%b:)((?:.*\r\n[ \t])*.*\r\n)" % re.escape(name))
    head, end, body = raw.partition(b"\r\n\r\n")
    for changed in (pattern.sub(rb"\1 x\2", head + b"\r\n"), pattern.sub(b"", head + b"\r\n")):
        assert changed != head + b"\r\n"
        assert verified_or_not(changed + end[2:] + body) is False


@pytest.mark.parametrize("name", OVERSIGNED)
def test_nobody_can_add_a_second_one(name: bytes) -> None:
    assert verified_or_not(name + b": x\r\n" + signed(message(), "rsa")) is False
    if name.startswith(b"list-"):
        without = b"From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n"
        assert verified(signed(without, "rsa")) == [True]
        assert verified_or_not(name + b": x\r\n" + signed(without, "rsa")) is False


def verified_or_not(raw: bytes) -> bool:
    try:
        return verified(raw) == [True]
    except dkim.DKIMException:
        return False


@pytest.mark.parametrize(
    "tail", [b"", b"\r\n", b"\r\n\r\n\r\n", b"x", b"x\r\n", b"x\r\n\r\n", b"\r\n.x", b" \r\n"]
)
def test_ends_of_bodies(tail: bytes) -> None:
    raw = b"From: a@b.example\r\nDate: x\r\n\r\n" + tail
    assert verified(signed(raw, "rsa")) == [True]


def test_a_head_alone() -> None:
    assert prepare((b"From: a@b.example",)).body == b64encode(hashlib.sha256(b"\r\n").digest())


HEADS = st.lists(
    st.tuples(
        st.sampled_from(["From", "to", "SUBJECT", "Date", "List-Id", "X-Other", "Reply-To", "Content-Type"]),
        st.sampled_from(["", " ", "\t", " \t "]),
        st.lists(
            st.text("ab:;= \t", min_size=1, max_size=12).map(lambda t: f"x{t}y"), min_size=1, max_size=3
        ),
    ),
    max_size=9,
)
BODIES = st.lists(st.sampled_from(["", "a", " b ", "\tc", ".", "字"]), max_size=9)


@given(HEADS, BODIES)
def test_forms_are_those_of_dkimpy(head: list[tuple[str, str, list[str]]], body: list[str]) -> None:
    fields = [*head, ("From", " ", ["a@b.example"])]
    lines = [(name.encode(), (space + "\r\n ".join(runs) + "\r\n").encode()) for name, space, runs in fields]
    end = "\r\n".join(body).encode()
    made = prepare((b"".join(name + b":" + value for name, value in lines), b"\r\n", end))
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/simple")
    assert b64decode(made.body) == hashlib.sha256(policy.canonicalize_body(end)).digest()
    theirs = policy.canonicalize_headers(lines)
    asked = re.sub(rb"\s", b"", made.names).split(b":")
    assert made.head == b"".join(name + b":" + value for name, value in chosen(theirs, asked))


FRAGMENTS = st.lists(
    st.sampled_from(
        [b"From: a@b.example\r\n", b"from:\t x \t y\r\n", b"SUBJECT : a\r\n  b\r\n\tc\r\n", b"X-Other: 1\r\n",
         b"List-Id", b":", b" folded\r\n", b"\t", b"\r\n", b"\r\n\r\n", b"\r", b"\n", b".", b"body", b""]
    ),
    max_size=5,
).map(b"".join)  # fmt: skip
FIRST = st.sampled_from([b"From: a@b.example\r\n", b"Date: x\r\nFrom: a@b.example\r\nTo: y\r\n"])
SECOND = FRAGMENTS.map(lambda some: b"Subject: x\r\n\r\n" + some)


@given(st.one_of(st.lists(FRAGMENTS), st.tuples(FIRST, SECOND, FRAGMENTS, FRAGMENTS, FRAGMENTS)))
def test_it_does_not_matter_where_a_message_is_cut(pieces: Sequence[bytes]) -> None:
    try:
        whole = prepare((b"".join(pieces),))
    except UnsafeValue:
        with pytest.raises(UnsafeValue):
            prepare(pieces)
    else:
        assert prepare(pieces) == whole


@pytest.mark.parametrize("language", SHIPPED)
def test_a_message_of_an_edition_is_signed_as_it_was_cut(language: str) -> None:
    made = stencil(compose(content(language, 2), TEMPLATES), sample_sender(language))
    for name in ("", "Ada", "<Ada> & 'co'"):
        pieces = made.pieces(RECIPIENT._replace(name=name), WHEN)
        whole = b"".join(pieces)
        head = sign(pieces, [signer("rsa")])
        assert head == sign((whole,), [signer("rsa")])
        assert verified(head + whole) == [True]


def chosen(fields: list[tuple[bytes, bytes]], names: list[bytes]) -> list[tuple[bytes, bytes]]:
    """From the bottom up, each field once (RFC 6376, section 5.4.2)."""
    left, found = fields[:], []
    for name in names:
        at = next((n for n in reversed(range(len(left))) if left[n][0] == name), None)
        if at is not None:
            found.append(left.pop(at))
    return found


def test_the_field_itself() -> None:
    lines = signer("rsa").sign((message(),)).split(b"\r\n")
    assert lines[0].startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple;")
    assert lines[1] == f" d={DOMAIN}; s=rsa;".encode()
    assert lines.pop() == b""
    assert all(line.startswith(b" ") for line in lines[1:])
    assert max(map(len, lines)) <= 78
    whole = re.sub(rb"\s", b"", b"".join(lines))
    assert b"l=" not in whole.partition(b"h=")[0]
    names = re.search(rb";h=([^;]+);", whole)
    assert names is not None
    asked = names[1].split(b":")
    assert [asked.count(name) for name in OVERSIGNED] == [2] * len(OVERSIGNED)
    for name in (
        b"list-id",
        b"list-archive",
        b"feedback-id",
        b"precedence",
        b"auto-submitted",
        b"content-type",
    ):
        assert asked.count(name) == 1


def test_a_message_without_from_is_not_signed() -> None:
    with pytest.raises(UnsafeValue):
        signer("rsa").sign((b"To: a@b.example\r\n\r\nx\r\n",))


def test_kinds_are_told_from_keys() -> None:
    assert (signer("rsa").kind, signer("ed25519").kind) == ("rsa-sha256", "ed25519-sha256")
    assert signer("rsa").key_pem.decode().splitlines()[1] not in repr(signer("rsa"))
    old = rsa.generate_private_key(EXPONENT, 1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, PLAIN
    )
    assert Signer(DOMAIN, "old", old).kind == "rsa-sha256"


def bad_keys() -> dict[str, bytes]:
    good = key("rsa")
    public = good.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    locked = good.private_bytes(*PRIVATE, serialization.BestAvailableEncryption(b"open sesame"))
    return {
        "encrypted": locked,
        "no private key": public,
        "neither": ec.generate_private_key(ec.SECP256R1()).private_bytes(*PRIVATE, PLAIN),
        "neither RSA": dsa.generate_private_key(1024).private_bytes(*PRIVATE, PLAIN),
        "private key in PEM": b"",
        "in PEM": good.private_bytes(*PRIVATE, PLAIN)[:400],
    }


@pytest.mark.parametrize(
    "said", ["encrypted", "no private key", "neither", "neither RSA", "private key in PEM", "in PEM"]
)
def test_a_bad_key_is_refused_and_not_shown(said: str) -> None:
    pem = bad_keys()[said]
    with pytest.raises(CarrierError, match=said) as caught:
        Signer(DOMAIN, "s1", pem)
    text = str(caught.value)
    assert f"s1._domainkey.{DOMAIN}" in text
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not [line for line in pem.decode().splitlines() if len(line) > 20 and line in text]


@pytest.mark.parametrize("bits", [512, 768])
def test_a_short_key_is_refused(bits: int) -> None:
    made = (
        subprocess.run(["openssl", "genrsa", str(bits)], capture_output=True, check=False)
        if shutil.which("openssl")
        else None
    )
    if made is None or made.returncode:
        pytest.skip("openssl is not here, or makes no keys as short as that")
    with pytest.raises(CarrierError, match=r"take 2048|no private key"):
        Signer(DOMAIN, "s1", made.stdout)


@pytest.mark.parametrize(
    ("domain", "selector"),
    [
        ("a b", "s"),
        ("", "s"),
        ("x.example", "s;"),
        ("x.example\r\nY: z", "s"),
        ("ü.example", "s"),
        ("-x.example", "s"),
    ],
)
def test_domains_and_selectors_are_names(domain: str, selector: str) -> None:
    with pytest.raises(UnsafeValue):
        Signer(domain, selector, signer("rsa").key_pem)


@pytest.mark.parametrize("processes", [0, 1, 2, None])
def test_processes_sign_for_many_threads_at_once(processes: int | None) -> None:
    both = [signer("rsa"), signer("ed25519")]
    raws = [message(language) for language in SHIPPED]
    made: dict[int, bytes] = {}
    with SigningPool(both, processes) as pool:

        def run(first: int) -> None:
            for n in range(first, 40, 8):
                made[n] = pool.sign((raws[n % len(raws)],))

        threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert made == {n: sign((raws[n % len(raws)],), both) for n in range(40)}


def test_a_process_that_died_costs_no_message() -> None:
    with SigningPool([signer("rsa")], 2) as pool:
        for worker in pool._workers:
            worker._process.kill()
            worker._process.wait()
        for _ in range(5):
            assert pool.sign((message(),)) == signer("rsa").sign((message(),))


def test_processes_end_with_whoever_started_them_though_killed(tmp_path: Path) -> None:
    """All of them hold this standard error, so that its end is theirs."""
    pem = tmp_path / "key.pem"
    pem.write_bytes(signer("rsa").key_pem)
    script = (
        "import sys, time\n"
        "from syndicate.carriers.dkim import Signer, SigningPool\n"
        "pool = SigningPool([Signer('x.example', 's', open(sys.argv[1], 'rb').read())], 2).__enter__()\n"
        "assert pool.sign([b'From: a@b.example\\r\\n\\r\\n'])\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, pem], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        parent.kill()
        assert parent.communicate(timeout=60) == (b"", b"")

"""Safe text and slugs, against hostile titles."""

import email
import re
import unicodedata
from email.header import decode_header
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.languages import slug, visible

WORDS = st.builds(
    lambda charset, kind, body, tail: f"=?{charset}?{kind}?{body}{tail}",
    st.sampled_from(["utf-8", "UTF-8*en", "iso-8859-9", "nonsense", "utf-16", "utf-7", ""]),
    st.sampled_from("qQbBx"),
    st.one_of(
        st.sampled_from(
            ["Hi=0D=0ABcc:_evil@x", "=3D?utf-8?q?a=0Ab?=3D", "DQpCY2M6IGV2aWw=", "PT91dGYtOD9xP2E9MEFiPz0="]
        ),
        st.text(alphabet="=?_0AD3DFbcQ+/ \r\n\u202e", max_size=30),
    ),
    st.sampled_from(["?=", "? =", "?\u200b=", "?", "=", "?=\r\n "]),
)
HOSTILE = st.lists(
    st.one_of(
        WORDS,
        st.text(max_size=12),
        st.sampled_from(["\u202eabc", "=\u200b?", "\x00", "\ud800", "x\u200dy", "\ufeff"]),
    ),
    max_size=6,
).map("".join)
NEVER = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=?utf-8?q?Hi=0D=0ABcc:_evil@x?=", "Hi Bcc: evil@x"),
        ("=?utf-8?b?SGkNCkJjYzogZXZpbEB4?=", "Hi Bcc: evil@x"),
        ("=?nonsense?q?a=0D=0Ab?=", "= ?nonsense?q?a=0D=0Ab?="),
        ("=\u200b?utf-8?q?a=0Ab?=", "a b"),
        ("  two\r\n lines\tand\u2028more ", "two lines and more"),
        ("gpj.\u202egnp\u202c exe", "gpj.gnp exe"),
        ("pay\u200bpal \u2066x\u2069", "paypal x"),
        ("pay\u200dpal", "paypal"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("🏴\U000e0067\U000e0062\U000e007f a\U000e0041b", "🏴\U000e0067\U000e0062\U000e007f ab"),
        ("e\u0301", "é"),
        ("bell\x07 nul\x00 \x9b31m del\x7f", "bell nul 31m del"),
        ("İstanbul’da “ışık” — שלום العربية 中文", "İstanbul’da “ışık” — שלום العربية 中文"),
        ("", ""),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(HOSTILE)
def test_visible_text_hides_nothing_and_is_stable(text: str) -> None:
    shown = visible(text)
    assert not NEVER.search(shown)
    assert visible(shown) == shown
    assert unicodedata.is_normalized("NFC", shown)
    assert shown == " ".join(shown.split())


@given(HOSTILE, HOSTILE)
def test_no_header_can_be_made_to_hold_a_control(first: str, second: str) -> None:
    subject = f"{visible(first)} and {visible(second)}"
    assert decode_header(subject) == [(subject, None)]
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    again = email.message_from_bytes(message.as_bytes(), policy=SMTP)
    assert again.keys() == ["Subject"]
    assert not NEVER.search(str(again["Subject"]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Işık Çağı: İSTANBUL’da", "isik-cagi-istanbulda"),
        ("Қазақстан мен Әзербайжан", "qazaqstan-men-azerbayzhan"),
        ("Президент в Баку", "prezident-v-baku"),
        ("北京的故事", "bei-jing-de-gu-shi"),
        ("Azərbaycan", "azerbaycan"),
        ("straße & co.", "strasse-co"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_slugs_differ_where_no_letter_is_left() -> None:
    assert slug("!!!") != slug("???")
    assert slug("العربية") == slug("العربية")
    assert len(slug("a" * 500)) == 80
    assert not slug("word " * 60).endswith("-")


@given(st.text(max_size=120))
def test_a_slug_is_always_an_address(text: str) -> None:
    found = slug(text)
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?", found)
    assert slug(found) == found

"""Tags, fallback and direction."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.languages import (
    SHIPPED,
    choose,
    direction,
    interface,
    is_cjk,
    isolate,
    match,
    normalise,
    primary,
)
from syndicate.model import LanguageTagError

TAGS = st.from_regex(r"[a-zA-Z]{2,3}([-_][a-zA-Z]{4})?([-_]([a-zA-Z]{2}|[0-9]{3}))?", fullmatch=True)


@pytest.mark.parametrize(
    ("given_tag", "canonical"),
    [
        ("TR", "tr"),
        ("zh_tw", "zh-TW"),
        ("zh-cn", "zh-CN"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("AZ-cyrl_az", "az-Cyrl-AZ"),
        ("iw", "he"),
        ("in-ID", "id-ID"),
        ("ji", "yi"),
        ("es-419", "es-419"),
        ("de_DE_formal", "de-DE-formal"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("de-1996", "de-1996"),
        ("zh-yue-HK", "yue-HK"),
        ("i-klingon", "tlh"),
        ("en-u-ca-buddhist-x-own", "en-u-ca-buddhist-x-own"),
        (" fr ", "fr"),
    ],
)
def test_tags_have_one_spelling(given_tag: str, canonical: str) -> None:
    assert normalise(given_tag) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "e",
        "english",
        "turkish",
        "en--GB",
        "en-",
        "-en",
        "t r",
        "tr\nBcc",
        "тр",
        "x-own",
        "12",
        "en-" + "abcde-" * 30,
    ],
)
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(LanguageTagError):
        normalise(text)


@given(TAGS)
def test_normalising_twice_changes_nothing(tag: str) -> None:
    once = normalise(tag)
    assert normalise(once) == once
    assert normalise(tag.upper()) == normalise(tag.lower()) == once
    assert once.startswith(primary(tag))


@given(st.text(alphabet=string.printable + "ığßé\u202e\u0000", max_size=40))
def test_any_text_is_a_clean_tag_or_an_error(text: str) -> None:
    try:
        tag = normalise(text)
    except LanguageTagError:
        return
    assert set(tag) <= set(string.ascii_letters + string.digits + "-")


@pytest.mark.parametrize(
    ("wanted", "available", "found"),
    [
        ("tr", ["en", "tr"], "tr"),
        ("tr-CY", ["en", "tr"], "tr"),
        ("tr", ["en", "tr-TR"], "tr-TR"),
        ("pt-BR", ["pt-PT", "pt"], "pt"),
        ("zh-HK", ["zh-CN", "zh-TW"], "zh-TW"),
        ("zh-Hant", ["zh", "zh-TW"], "zh"),
        ("zh", ["zh-TW", "zh-CN"], "zh-CN"),
        ("iw", ["he"], "he"),
        ("zh-tw", ["zh_TW"], "zh_TW"),
        ("ru", ["uk", "be"], None),
        ("ru", ["not a tag", "ru"], "ru"),
        ("ru", [], None),
    ],
)
def test_match(wanted: str, available: list[str], found: str | None) -> None:
    assert match(wanted, available) == found


def test_choose_follows_the_readers_order() -> None:
    assert choose(("kk", "ru", "en"), ["en", "ru"]) == "ru"
    assert choose(("en-GB", "ru"), iter(["ru", "en"])) == "en"
    assert choose(("ja",), ["en"]) is None
    assert choose((), ["en"]) is None


@given(st.lists(TAGS, max_size=4), st.lists(TAGS, max_size=4))
def test_what_is_chosen_was_offered_and_wanted(wanted: list[str], available: list[str]) -> None:
    found = choose(wanted, available)
    assert found is None or (found in available and primary(found) in {primary(w) for w in wanted})


def test_interface_is_a_shipped_language() -> None:
    assert [interface(tag) for tag in SHIPPED] == list(SHIPPED)
    assert (interface("tr-CY"), interface("zh-TW"), interface("pt"), interface("ja")) == (
        "tr",
        "zh",
        "en",
        "en",
    )


def test_direction_follows_script_then_country_then_language() -> None:
    rtl = ["ar", "fa", "he", "iw", "ur-PK", "ckb", "az-Arab", "az-IR", "pa-PK", "dv"]
    ltr = ["tr", "az", "zh", "ru", "ar-Latn", "ur-Latn", "pa", "ku", "en"]
    assert {direction(t) for t in rtl} == {"rtl"}
    assert {direction(t) for t in ltr} == {"ltr"}


def test_isolate_and_cjk() -> None:
    assert isolate("abc") == "\u2068abc\u2069"
    assert [is_cjk(t) for t in ("zh-TW", "ja", "ko", "yue", "ru", "vi")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]

"""Terms: folding, stems, scripts without spaces, boilerplate."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.stories.similar.document import Document
from syndicate.stories.similar.tokenizer import fold, terms
from syndicate.stories.similar.tokens import line_key, masked_title, repeated, term_key, tokenize


def document(title: str, text: str, language: str = "en") -> Document:
    return Document(
        id="a",
        story="s",
        language=language,
        title=title,
        text=text,
        published=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_chinese_and_japanese_are_pairs_of_characters() -> None:
    assert terms("北京大学 2024", "zh") == ["北京", "京大", "大学", "2024"]
    assert terms("東京でRuby", "ja") == ["東京", "京で", "ruby"]
    assert terms("海", "zh-TW") == ["海"]


def test_korean_is_pairs_within_a_word() -> None:
    assert terms("서울에서 비", "ko") == ["서울", "울에", "에서", "비"]


@pytest.mark.parametrize("language", ["tr", "az", "tr-CY"])
def test_turkish_letters_fold_their_own_way(language: str) -> None:
    assert fold("ISPARTA IŞIK İZMİR", language) == "ısparta ışık izmir"
    assert fold("ISPARTA", "en") == "isparta"


def test_a_turkish_name_loses_what_follows_its_apostrophe() -> None:
    assert terms("Ankara'nın", "tr") == terms("Ankara’da", "tr") == terms("ANKARA", "tr")
    assert terms("İstanbul'un", "tr") == terms("istanbul", "tr")


def test_stems_join_forms_of_a_word() -> None:
    assert terms("fishing boats", "en") == terms("fished boat", "en")
    assert terms("книги", "ru") == terms("книга", "ru")
    assert terms("l'harbour", "fr") == terms("harbour", "fr")


def test_hindi_words_stay_whole() -> None:
    assert len(terms("हिन्दी में समाचार", "hi")) == 3


def test_numbers_with_points_stay_whole() -> None:
    assert terms("Ruby 3.2.1 is out", "en")[1] == "3.2.1"


def test_decomposed_and_composed_letters_are_the_same() -> None:
    assert terms("cafe\u0301", "fr") == terms("caf\u00e9", "fr")
    assert terms("كتـــاب", "ar") == terms("كتاب", "ar")


def test_lines_in_more_than_two_articles_are_boilerplate() -> None:
    texts = [
        "Follow us on the fediverse\nOne",
        "Follow us on the fediverse\nTwo",
        "Follow us on the fediverse\nOne",
    ]
    readings = [tokenize(document("Title", text)) for text in texts]
    often = repeated(readings, 2)
    assert often.tolist() == [line_key("Follow us on the fediverse")]
    left = readings[0].without(often)
    assert term_key("one") in left
    assert term_key("titl") in left
    assert term_key("fediver") not in left


def test_a_title_is_never_boilerplate() -> None:
    readings = [tokenize(document("The same", "x")) for _ in range(4)]
    assert term_key("same") in readings[0].without(repeated(readings, 2))


def test_titles_are_siblings_when_only_digits_differ() -> None:
    same = {masked_title(document(f"Ruby {v} Released", "")) for v in ("3.2.1", "3.10.22", "4.0.0")}
    assert len(same) == 1
    assert masked_title(document("Rails 3.2.1 Released", "")) not in same


@given(st.text(), st.sampled_from(["en", "tr", "zh", "ar", "hi", "und"]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    reading = tokenize(document(text, text, language))
    assert int(reading.lengths.sum()) == len(reading.terms)
    assert len(reading.keys) == len(reading.lengths)
    assert np.array_equal(tokenize(document(text, text, language)).terms, reading.terms)

"""Language names, dates, numbers, lists and reading time."""

import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from syndicate.languages import (
    SHIPPED,
    endonym,
    format_date,
    format_list,
    format_number,
    from_name,
    name_in,
    reading_minutes,
)

DAY = date(2022, 8, 24)


def test_endonyms_stand_alone() -> None:
    own = {tag: endonym(tag) for tag in SHIPPED}
    assert own == {
        "tr": "Türkçe",
        "en": "English",
        "ru": "Русский",
        "ar": "العربية",
        "az": "Azərbaycanca",
        "kk": "Қазақша",
        "de": "Deutsch",
        "fr": "Français",
        "es": "Español",
        "zh": "中文",
    }
    assert (endonym("ka"), endonym("zh-TW"), endonym("pt-BR")) == (
        "ქართული",
        "繁體中文",
        "Português (Brasil)",
    )
    assert endonym("xx") == "xx"


def test_names_in_the_readers_language() -> None:
    assert name_in("tr", "en") == "Turkish"
    assert name_in("tr", "de") == "Türkisch"
    assert name_in("tr", "zh") == "土耳其语"
    assert name_in("tr", "az") == "türk dili"
    assert name_in("az", "tr") == "Azerbaycanca"
    assert name_in("zh-TW", "en") == "Traditional Chinese"
    assert name_in("tr-CY", "ru") == "турецкий"
    assert name_in("xx", "en") == "xx"
    assert name_in("tr", "xx") == "Turkish"


@pytest.mark.parametrize(
    "text",
    [
        "Türkçe",
        "TÜRKÇE",
        "türkçe",
        "Turkce",
        "Turkish",
        "TURKISH",
        "Türkisch",
        "土耳其语",
        "турецкий",
        "التركية",
        "TR",
        "tr",
    ],
)
def test_turkish_has_many_names(text: str) -> None:
    assert from_name(text) == "tr"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Русский", "ru"),
        ("İngilizce", "en"),
        ("INGILIZCE", "en"),
        ("ingilizce", "en"),
        ("Қазақша", "kk"),
        ("Қазақ тілі", "kk"),
        ("Azərbaycan dili", "az"),
        ("العربية", "ar"),
        ("عربي", "ar"),
        ("简体中文", "zh-Hans"),
        ("Chinese (Simplified)", "zh-Hans"),
        ("Chinese", "zh"),
        ("日本語", "ja"),
        ("한국어", "ko"),
        ("Українська", "uk"),
        ("فارسی", "fa"),
        ("Кыргызча", "ky"),
        ("o‘zbek", "uz"),
        ("Português do Brasil", None),
        ("Arabic (العربية)", "ar"),
        (" Deutsch. ", "de"),
        ("zh_CN", "zh-CN"),
        ("en-US", "en-US"),
        ("no language at all", None),
        ("und", None),
        ("", None),
        ("(", None),
    ],
)
def test_from_name(text: str, tag: str | None) -> None:
    assert from_name(text) == tag


@pytest.mark.parametrize("reader", SHIPPED)
def test_every_name_we_print_is_read_back(reader: str) -> None:
    for tag in SHIPPED:
        assert from_name(name_in(tag, reader)) == tag
        assert from_name(endonym(tag)) == tag


@pytest.mark.parametrize(
    ("tag", "long"),
    [
        ("tr", "24 Ağustos 2022"),
        ("en", "24 August 2022"),
        ("en-US", "August 24, 2022"),
        ("az", "24 avqust 2022"),
        ("ar", "24 أغسطس 2022"),
        ("ar-EG", "24 أغسطس 2022"),
        ("de", "24. August 2022"),
        ("fr", "24 août 2022"),
        ("es", "24 de agosto de 2022"),
        ("zh", "2022年8月24日"),
    ],
)
def test_long_dates(tag: str, long: str) -> None:
    assert format_date(DAY, tag, "long") == long


@pytest.mark.parametrize("tag", [*SHIPPED, "pt", "xx"])
def test_every_style_names_the_day_in_latin_digits(tag: str) -> None:
    for style in ("full", "long", "medium", "short"):
        text = format_date(datetime(2022, 8, 24, 23, 59, tzinfo=UTC), tag, style)
        assert "24" in text
        assert not {c for c in text if c.isdigit() and not c.isascii()}


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="iso"):
        format_date(DAY, "en", "iso")


def test_numbers_and_lists() -> None:
    assert [format_number(1234567, t) for t in ("en", "tr", "ar")] == ["1,234,567", "1.234.567", "1,234,567"]
    assert format_number(1234567, "ru").split() == ["1", "234", "567"]
    assert [format_list(list("ABC"), t) for t in ("en", "tr", "zh")] == ["A, B and C", "A, B ve C", "A、B和C"]
    assert format_list([], "en") == ""
    assert format_list(["{0.__class__}", "{x}"], "en") == "{0.__class__} and {x}"


def test_reading_time() -> None:
    assert reading_minutes("", "en") == 1
    assert reading_minutes("word " * 2200, "en") == 10
    assert reading_minutes("мир’а " * 2200, "ru") == 10
    assert reading_minutes("国" * 5000, "zh") == 10
    assert reading_minutes("国" * 5000, "en") == 10
    assert reading_minutes("かな" * 2500 + " word" * 2200, "ja") == 20
    assert reading_minutes("ก" * 5000, "th") == 5


def test_importing_the_room_is_cheap() -> None:
    code = (
        "import sys, syndicate.languages as l; l.slug, l.detect, l.catalogue;"
        "print([m for m in ('babel', 'numpy', 'py3langid', 'anyascii', 'jinja2', 'markupsafe') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

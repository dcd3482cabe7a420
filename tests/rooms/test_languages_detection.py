"""Detection on real sentences, short bios and the seed page."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.languages import SHIPPED, Guess, detect, detection

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"

ARTICLES = Path(__file__).parents[2] / "articles"

SENTENCES = [
    ("tr", "Orta Koridor, Çin’den başlayıp Orta Asya üzerinden Hazar’a ulaşan bir ticaret yoludur."),
    ("tr", "Ankara Üniversitesi mezunu; Kafkasya ve enerji politikaları üzerine yazar."),
    ("tr", "Gazeteci, iki kitap kaleme aldı."),
    ("en", "The Middle Corridor starts in China, crosses Central Asia and reaches the Caucasus."),
    ("en", "She writes about water and borders from Almaty."),
    ("ru", "Средний коридор начинается в Китае и проходит через Центральную Азию."),
    ("ru", "Журналистка из Алматы, пишет о воде и границах."),
    ("ar", "يبدأ الممر الأوسط من الصين ويمر عبر آسيا الوسطى ثم يصل إلى القوقاز."),
    ("ar", "صحفية من عمّان تكتب عن المياه والحدود."),
    ("az", "Orta Dəhliz Çindən başlayır, Orta Asiyadan keçərək Qafqaza çatır."),
    ("az", "Bakıda yaşayan jurnalist, enerji siyasəti haqqında yazır."),
    ("kk", "Орта дәліз Қытайдан басталып, Орталық Азия арқылы Кавказға жетеді."),
    ("kk", "Алматыда тұратын журналист, су мен шекара туралы жазады."),
    ("de", "Der Mittlere Korridor beginnt in China und führt durch Zentralasien in den Kaukasus."),
    ("de", "Sie schreibt aus Wien über Energie und Grenzen."),
    ("fr", "Le corridor médian part de Chine, traverse l’Asie centrale et rejoint le Caucase."),
    ("fr", "Journaliste à Lyon, elle écrit sur l’eau et les frontières."),
    ("es", "El corredor medio sale de China, cruza Asia Central y llega al Cáucaso."),
    ("es", "Periodista de Madrid, escribe sobre el agua y las fronteras."),
    ("zh", "中间走廊始于中国，穿越中亚，抵达高加索地区。"),
    ("zh", "驻北京记者，关注水资源与边境议题。"),
]
OTHERS = [
    ("ja", "中央回廊は中国から始まり、中央アジアを通ってコーカサスに至る。"),
    ("ja", "東京在住の記者。水と国境について書く。"),
    ("ko", "중앙 회랑은 중국에서 시작하여 중앙아시아를 지나 캅카스에 이른다."),
    ("uk", "Середній коридор починається в Китаї та проходить через Центральну Азію до Кавказу."),
    ("uk", "Журналістка з Києва, пише про воду і кордони."),
    ("fa", "راهروی میانی از چین آغاز می‌شود و از آسیای میانه می‌گذرد."),
    ("fa", "روزنامه‌نگار ساکن تهران که درباره آب و مرزها می‌نویسد."),
]


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_a_sentence_among_the_shipped_languages(language: str, text: str) -> None:
    guess = detect(text, SHIPPED)
    assert guess.language == language
    assert guess.confidence > 0.6


@pytest.mark.parametrize(("language", "text"), SENTENCES + OTHERS)
def test_a_sentence_among_all_languages(language: str, text: str) -> None:
    assert detect(text).language == language


@pytest.mark.parametrize(
    "text", ["", " \n", "12:30 — 2022!", "https://example.org/turkce x@example.org", "\x00\ud800"]
)
def test_nothing_to_read_is_undetermined(text: str) -> None:
    assert detect(text) == Guess("und", 0.0)
    assert detect(text, SHIPPED) == Guess("und", 0.0)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The port was closed, and the ships that are waiting for it have been sent away."),
        (
            "tr",
            "Liman kapandı ve gemiler çok uzun süre bekledi ancak yük için başka bir yol vardı; bu kadar.",
        ),
        ("ru", "Порт был закрыт, и суда, которые ждали его, ушли, но это было уже не важно."),
        ("de", "Der Hafen ist geschlossen und das Schiff wird nicht mit der Ladung auf See warten."),
    ],
)
def test_small_words_tell_a_plain_sentence_without_the_model(
    language: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(text: str) -> dict[str, float]:
        raise AssertionError(f"the model was asked about {text}")

    monkeypatch.setattr(detection, "_scores", refuse)
    assert detect(text, (*SHIPPED, "uk", "bg", "nl", "pt", "ro")).language == language


def test_small_words_of_two_languages_leave_it_to_the_model() -> None:
    both = "The port was closed and it is that. Der Hafen ist zu und das Schiff wird nicht auf uns warten."
    assert detection._by_small_words(both, ("en", "de")) == ""
    assert detection._by_small_words("the of", ("en", "de")) == ""
    assert detection._by_small_words("The port was closed and it is that.", ("tr", "de")) == ""


def test_the_answer_is_a_candidate_as_it_was_given() -> None:
    assert detect("驻北京记者，关注水资源与边境议题。", ("en", "zh-TW")).language == "zh-TW"
    assert detect("Sie schreibt aus Wien über Energie.", ("tr", "de_AT")).language == "de_AT"


def test_a_script_of_no_candidate_is_undetermined() -> None:
    assert detect("驻北京记者，关注水资源与边境议题。", ("tr", "en", "ru")) == Guess("und", 0.0)
    assert detect("Novinarka iz Beograda piše o vodi i granicama.", ("sr", "en")).language == "sr"
    assert detect("東京在住の記者。水と国境について書く。", SHIPPED) == Guess("und", 0.0)


def test_quoted_foreign_words_do_not_decide() -> None:
    text = (
        "In his article “Казахстан построит центр” he writes about the cooperation of the two countries.[1]"
    )
    assert detect(text, SHIPPED).language == "en"
    assert detect("ŞİRKET HABERLERİ VE YENİ YATIRIMLAR", SHIPPED).language == "tr"


@given(st.text(max_size=80), st.lists(st.sampled_from([*SHIPPED, "ja", "xx", "zh-TW"]), max_size=4))
def test_any_text_gets_an_answer_in_range(text: str, candidates: list[str]) -> None:
    guess = detect(text, candidates)
    assert 0.0 <= guess.confidence <= 1.0
    assert guess.language == "und" or not candidates or guess.language in candidates


def test_the_sample_newsroom_is_told_apart() -> None:
    """Every article of the sample newsroom, its language being the end of its file name."""
    pages = [path for path in ARTICLES.rglob("*.*.md") if path.stem.rpartition(".")[2] in SHIPPED]
    if not pages:
        pytest.skip("no articles named name.language.md")
    wrong = []
    for path in pages:
        guess = detect(path.read_text("utf-8").split("---", 2)[-1], SHIPPED)
        if guess.language != path.stem.rpartition(".")[2]:
            wrong.append((path.name, guess))
    assert not wrong


def test_the_bio_of_the_seed_page_is_turkish_under_an_english_article() -> None:
    pages = sorted(SEEDS.glob("*.txt"))
    if not pages:
        pytest.skip(f"no seed pages in {SEEDS}")
    lines = [line for line in pages[0].read_text("utf-8").splitlines() if len(line) > 200]
    assert detect(lines[0], SHIPPED).language == "en"
    assert detect(lines[-1], SHIPPED) == detect(lines[-1], ("tr", "en", "ru"))
    assert detect(lines[-1]).language == "tr"
    for sentence in (s for s in lines[-1].split(". ") if len(s) > 40):
        assert detect(sentence, SHIPPED).language == "tr"

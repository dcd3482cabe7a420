# ruff: noqa: E501
"""Editions in languages without a catalogue: the words they borrow say which language they are."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import lxml.html
import pytest
from tests.rooms import test_digests_samples as samples
from tests.rooms.test_digests_checker import CHECKER, checker, verdict
from tests.rooms.test_digests_samples import DAY, NEWSLETTER, RECIPIENT, SITE, TEMPLATES, WHEN

from syndicate.digests import (
    ArchivedIssue,
    ArchiveListing,
    EditionArticle,
    EditionContent,
    archive_index,
    archive_page,
    compose,
    sender,
    stencil,
)
from syndicate.digests.tongues import is_borrowed, spoken
from syndicate.languages import SHIPPED, direction, format_date
from syndicate.model import Bio

__all__ = ["checker"]

STORIES = {
    "ja": ("干上がったアラル海の底を読む", "カスピ海の船はなぜ時刻表どおりに来ないのか", "隊商の道から鉄道へ"),
    "ko": ("마른 아랄해의 바닥을 읽는 법", "카스피해의 배는 왜 시간표를 지키지 못하는가", "대상의 길에서 철도까지"),
    "uk": ("Після моря: як навчитися читати сухе дно Аралу", "Чому на Каспії не тримається розклад поромів", "Від караванного шляху до залізниці"),
    "fa": ("پس از دریا: آموختن خواندن بستر خشک آرال", "چرا هیچ برنامهٔ کشتی در دریای خزر پایدار نمی‌ماند؟", "از راه کاروان تا راه‌آهن"),
    "pt": ("Depois do mar: aprender a ler o leito seco do Aral", "Porque não há horário de barco que dure no Cáspio", "Do caminho das caravanas à ferrovia"),
    "vi": ("Sau biển: học cách đọc đáy khô của Aral", "Vì sao lịch phà trên biển Caspi không bao giờ đúng", "Từ đường lữ hành đến đường sắt"),
    "zh-TW": ("海退之後：學會閱讀鹹海乾涸的湖床", "裡海上的渡輪時刻表為何總是失靈？", "從商隊之路到鐵路"),
}  # fmt: skip
TEXTS = {
    "ja": "空から見ると、アラルの底は一枚の白い染みのように見える。歩いてみれば、それが間違いだと分かるまで一時間もかからない。貝殻の平地を過ぎると、小麦粉のように細かい砂になる。",
    "ko": "하늘에서 보면 아랄의 바닥은 하나의 흐릿한 얼룩처럼 보인다. 걸어 보면 그것이 틀렸다는 것을 아는 데 한 시간도 걸리지 않는다. 조개껍데기로 덮인 평지를 지나면 밀가루처럼 고운 모래가 나온다.",
    "uk": "З повітря дно Аралу здається однією блідою плямою. Пішки не треба й години, щоб зрозуміти, що це не так. За рівниною, повною черепашок, починається пісок, дрібний, як борошно.",
    "fa": "از آسمان، بستر آرال مانند لکه‌ای رنگ‌پریده به چشم می‌آید. پیاده که بروید، کمتر از یک ساعت می‌فهمید که چنین نیست. پس از دشتی پر از صدف، ماسه‌ای به نرمی آرد می‌رسد.",
    "pt": "Visto do ar, o leito do Aral parece uma só mancha pálida. A pé, não é preciso uma hora para perceber que não é assim. Depois de uma planície cheia de conchas vem uma areia fina como farinha.",
    "vi": "Nhìn từ trên cao, đáy biển Aral giống như một vết nhạt. Đi bộ chưa đến một giờ là hiểu rằng điều đó sai. Sau bãi đất đầy vỏ sò là cát mịn như bột mì.",
    "zh-TW": "從空中看，鹹海的湖床像一整塊蒼白的斑。步行不到一個小時，就會明白並非如此。走過鋪滿貝殼的平地，便是細如麵粉的沙。",
}
NAMES = {"ja": "週刊十字路", "ko": "주간 교차로", "uk": "Перехрестя тижня", "fa": "هفته‌نامهٔ چهارراه", "pt": "Encruzilhada da semana", "vi": "Ngã tư hằng tuần", "zh-TW": "路口週刊"}  # fmt: skip
AUTHORS = {"ja": "山田 花子", "ko": "김민지", "uk": "Олена Коваль", "fa": "نرگس احمدی", "pt": "Inês Araújo", "vi": "Nguyễn Thị Hoa", "zh-TW": "陳怡君"}  # fmt: skip
# The checker knows the word for leaving in these, and rightly misses it: nobody has translated it here.
WANTS_ITS_OWN_WORD = {"ja", "ko", "pt"}
WORDS = ("Unsubscribe", "Change your preferences", "All issues", "Read in your browser", "You get this because you subscribed to")  # fmt: skip

LANGUAGES = tuple(STORIES)


@pytest.fixture(autouse=True)
def _more_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    for language in LANGUAGES:
        monkeypatch.setitem(samples.TITLES, language, STORIES[language])
        monkeypatch.setitem(samples.SENTENCES, language, TEXTS[language])


def edition(language: str, stories: int, fallback: str = "") -> EditionContent:
    """A sample edition, its authors and names those of the language."""
    made = samples.content(language, stories, fallback)

    def named(item: EditionArticle) -> EditionArticle:
        told = item.complete
        if told.article.language != language:
            return item
        bylines = tuple(
            replace(b, name=AUTHORS[language], bio=Bio(language, "", TEXTS[language])) for b in told.bylines
        )
        return replace(item, complete=replace(told, bylines=bylines))

    lead, more = made.lead, EditionArticle(samples.article("tr", 7))
    return replace(
        made,
        site=replace(SITE, name={**SITE.name, language: NAMES[language]}),
        newsletter=replace(NEWSLETTER, title={**NEWSLETTER.title, language: NAMES[language]}),
        lead=named(lead) if lead else None,
        items=tuple(map(named, made.items)),
        on_the_web=(more,) if fallback and stories > 1 else (),
    )


def tongue(element: lxml.html.HtmlElement) -> tuple[str | None, str | None]:
    """The language and the direction that an element has from itself or from above."""
    found = [next((a.get(key) for a in (element, *element.iterancestors()) if a.get(key)), None) for key in ("lang", "dir")]  # fmt: skip
    return found[0], found[1]


def saying(html: str | bytes, words: str) -> list[lxml.html.HtmlElement]:
    page = lxml.html.fromstring(html.encode() if isinstance(html, str) else html)
    return [e for e in page.iter() if isinstance(e.tag, str) and words in (e.text or "")]


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", "en"), ("fa", "en"), ("pt-BR", "en"), ("tr-CY", "tr-CY"), ("zh-TW", "zh-Hans"), ("zh-Hant", "zh-Hans"), ("zh-SG", "zh-SG"),
     ("zh-Hans-TW", "zh-Hans-TW"), ("az-IR", "az-Latn"), ("az-Arab", "az-Latn"), ("kk-Latn", "kk-Cyrl"), ("de-CH", "de-CH"), *((tag, tag) for tag in SHIPPED)],
)  # fmt: skip
def test_words_are_borrowed_where_language_or_script_is_another(language: str, words: str) -> None:
    assert spoken(language) == words
    assert is_borrowed(language) is (language != words)


@pytest.mark.parametrize("stories", [1, 5])
@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if spoken(tag) == "en"])
def test_every_borrowed_word_says_its_language(language: str, stories: int) -> None:
    content = edition(language, stories, "tr")
    digest = compose(content, TEMPLATES)
    several = ("In this issue", "Only in Turkish for now", "in Turkish", "About the authors", "Corrected on 23 November 2026") if stories > 1 else ()  # fmt: skip
    for words in (*WORDS, *several, "Read “", "By ", "min read", "Read next"):
        elements = saying(digest.html, words) or [
            e.getparent()
            for e in lxml.html.fromstring(digest.html.encode()).iter()
            if words in (e.tail or "")
        ]
        assert elements, words
        for element in elements:
            assert tongue(element) == ("en", "ltr"), (words, lxml.html.tostring(element))
    for words in (NAMES[language], STORIES[language][0], AUTHORS[language], format_date(DAY, language)):
        elements = [e for e in saying(digest.html, words) if e.tag != "title"]
        assert elements, words
        for element in elements:
            assert tongue(element)[0] == language, (words, lxml.html.tostring(element))
            assert tongue(element)[1] == direction(language), (words, lxml.html.tostring(element))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_subject_holds_no_borrowed_word(language: str) -> None:
    one, five = (compose(edition(language, n), TEMPLATES) for n in (1, 5))
    mark = "\u200e" if direction(language) == "rtl" else ""
    assert one.subject.removeprefix(f"{NAMES[language]}: ") == STORIES[language][0]
    assert five.subject.removeprefix(f"{NAMES[language]}: ") == f"{STORIES[language][0]} ({mark}+4)"
    assert "more stor" not in five.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_part_keeps_runs_of_two_directions_apart(language: str) -> None:
    text = compose(edition(language, 5, "tr"), TEMPLATES).text
    said = "in Turkish" if spoken(language) == "en" else "土耳其语"
    assert (f"(\u2068{said}\u2069)" in text) is (direction(language) == "rtl")
    assert ("\u2068" + NAMES[language] + "\u2069" in text) is (direction(language) == "rtl")


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if spoken(tag) == "en"])
def test_the_pages_of_the_archive_say_it_too(language: str) -> None:
    content = edition(language, 5, "tr")
    page = archive_page(content, TEMPLATES)
    listing = ArchiveListing(
        newsletter=content.newsletter, site=content.site, language=language, url="https://news.example.org/a/",
        siblings=content.siblings,
        issues=(ArchivedIssue(DAY, STORIES[language][0], "https://news.example.org/a/1/", 5),),
    )  # fmt: skip
    index = archive_index(listing, TEMPLATES)
    for html, every in ((page, ("Notes", "Similar posts", "In this issue", "Only in Turkish", "Issues of ", "Subscribe to ")), (index, ("Issues of ", "Subscribe to ", "5 stories"))):  # fmt: skip
        for words in every:
            assert {tongue(e) for e in saying(html, words)} == {("en", "ltr")}, words
        assert lxml.html.fromstring(html).xpath("//nav[@aria-label='Languages']/@lang") == ["en"]
        assert "&lt;span" not in html.decode()
        assert not saying(html.split(b"</title>")[0], "Issues of")


@pytest.mark.skipif(not CHECKER.exists(), reason="../shared/tools/eml_check.py is not here")
@pytest.mark.parametrize("stories", [1, 5])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_checker_finds_nothing_but_the_word_we_lack(
    checker: ModuleType, tmp_path: Path, language: str, stories: int
) -> None:
    content = edition(language, stories, "tr")
    who = sender(content.newsletter, content.site, language, "weekly@news.crossroads.example.org")
    _, said = verdict(
        checker,
        tmp_path,
        stencil(compose(content, TEMPLATES), who).message(RECIPIENT, WHEN),
        "--lang",
        language,
    )
    found = [line.split()[1] for line in said.splitlines() if line.strip().startswith(("WARN", "FAIL"))]
    assert found == (["lang.footer"] if language in WANTS_ITS_OWN_WORD else []), said
